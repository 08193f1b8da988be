"""A difference: what a task changed or would change, as lines that people know how to read."""

import difflib
import json
from collections.abc import Iterator, Mapping
from typing import Any


def difference(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of a result's `diff`, which is one mapping or a list of them.

    Each has `before` and `after` (texts or mappings), a `prepared` text, or says why it is
    `hidden`.
    """
    found = result.get("diff") or ()
    for one in (found,) if isinstance(found, Mapping) else found:
        yield from one_difference(one)


def one_difference(diff: Mapping[str, Any]) -> Iterator[str]:
    """Yield the lines of one difference."""
    if "prepared" in diff:
        yield from str(diff["prepared"]).splitlines()
    elif "hidden" in diff:
        yield f"{diff.get('after_header', 'the content')}: {diff['hidden']}"
    else:
        yield from difflib.unified_diff(
            lines(diff.get("before", "")),
            lines(diff.get("after", "")),
            f"before: {diff.get('before_header', '')}",
            f"after: {diff.get('after_header', '')}",
            lineterm="",
        )


def lines(side: Any) -> list[str]:
    """Return one side as lines; a mapping has one line per key."""
    if isinstance(side, Mapping):
        return [f"{key}: {json.dumps(value)}" for key, value in sorted(side.items())]
    return str(side).splitlines()
