"""Finding an agent's answer in what it wrote, and holding it to its schema."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from megaplan_cloud.engine import schema as schemas
from megaplan_cloud.harness.errors import AgentError

# An answer longer than this, or hidden behind more braces, is not looked for.
LONGEST = 8 * 1024 * 1024
MOST_BRACES = 20_000
SHOWN = 5


def read(text: str, schema: str) -> dict[str, Any]:
    """Return the answer in `text` that obeys `schemas/phases/<schema>.schema.json`.

    It is the last JSON object with all required keys; logs may stand around it. Raises
    AgentError `parse_error` when there is none, `schema_error` telling what is wrong with it.
    """
    required = set(described(schema)["required"])
    found = [each for each in objects(text) if required <= each.keys()]
    if not found:
        raise AgentError("parse_error", _not_found(text, required), raw=text)
    problems = [error.what for error in schemas.check(found[-1], f"phases/{schema}")]
    if problems:
        more = f" (and {len(problems) - SHOWN} more)" if len(problems) > SHOWN else ""
        raise AgentError(
            "schema_error",
            f"the answer is not as asked: {'; '.join(problems[:SHOWN])}{more}",
            raw=text,
            details={"problems": problems[:SHOWN]},
        )
    return found[-1]


def described(schema: str) -> Mapping[str, Any]:
    """Return the schema itself, for the prompt that asks for an answer."""
    return schemas.document(f"phases/{schema}")


def objects(text: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects in `text`, in order; those inside others when the outer one ends."""
    decoder = json.JSONDecoder()
    text = text[-LONGEST:]
    place = text.find("{")
    for _ in range(MOST_BRACES):
        if place < 0:
            return
        try:
            value, _end = decoder.raw_decode(text, place)
        except (ValueError, RecursionError):
            pass
        else:
            yield from _inside(value)
            place = _end - 1
        place = text.find("{", place + 1)


def _inside(value: Any) -> Iterator[dict[str, Any]]:
    """Yield the objects within a value, innermost first, so that the outermost is the last."""
    if isinstance(value, dict):
        for each in value.values():
            yield from _inside(each)
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _inside(each)


def _not_found(text: str, required: set[str]) -> str:
    keys = ", ".join(sorted(required))
    if not text.strip():
        return f"the agent answered nothing; a JSON object with {keys} was asked for"
    return f"no JSON object with {keys} is in the agent's answer: {_excerpt(text)}"


def _excerpt(text: str) -> str:
    line = text.strip().splitlines()[-1]
    return line if len(line) <= 200 else f"{line[:200]}…"  # noqa: PLR2004
