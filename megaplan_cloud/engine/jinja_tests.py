"""The tests of the language, `x is <test>`, besides Jinja's own, with Ansible's meaning."""

import operator
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any


def failed(result: Any) -> bool:
    """Say whether a registered result failed."""
    return bool(_result(result, "failed").get("failed", False))


def succeeded(result: Any) -> bool:
    """Say whether a registered result did not fail."""
    return not failed(result)


def changed(result: Any) -> bool:
    """Say whether a registered result, or an item of its loop, changed something."""
    answer = _result(result, "changed")
    if "changed" in answer:
        return bool(answer["changed"])
    items = answer.get("results", [])
    return any(isinstance(item, Mapping) and bool(item.get("changed")) for item in items)


def skipped(result: Any) -> bool:
    """Say whether a registered result was skipped."""
    return bool(_result(result, "skipped").get("skipped", False))


def _result(value: Any, test: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise TypeError(f"the '{test}' test expects a registered result, not {value!r}")
    return value


def regex(
    value: Any,
    pattern: str,
    ignorecase: bool = False,  # noqa: FBT001, FBT002 - Ansible's signature
    multiline: bool = False,  # noqa: FBT001, FBT002
    match_type: str = "search",
) -> bool:
    """Say whether the pattern is found in the text; `match_type` names a method of `re`."""
    flags = (re.IGNORECASE if ignorecase else 0) | (re.MULTILINE if multiline else 0)
    methods = {"search": re.search, "match": re.match, "fullmatch": re.fullmatch}
    return methods[match_type](pattern, str(value), flags) is not None


def match(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:  # noqa: FBT001, FBT002
    """Say whether the text begins with the pattern."""
    return regex(value, pattern, ignorecase, multiline, "match")


def search(value: Any, pattern: str, ignorecase: bool = False, multiline: bool = False) -> bool:  # noqa: FBT001, FBT002
    """Say whether the pattern is found anywhere in the text."""
    return regex(value, pattern, ignorecase, multiline)


def contains(collection: Any, item: Any) -> bool:
    """Say whether the collection holds the item."""
    return item in collection


def subset(small: Any, large: Any) -> bool:
    """Say whether every item of the first is in the second."""
    return all(item in large for item in small)


def superset(large: Any, small: Any) -> bool:
    """Say whether every item of the second is in the first."""
    return subset(small, large)


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    **dict.fromkeys(("==", "=", "eq"), operator.eq),
    **dict.fromkeys(("!=", "<>", "ne"), operator.ne),
    **dict.fromkeys(("<", "lt"), operator.lt),
    **dict.fromkeys(("<=", "le"), operator.le),
    **dict.fromkeys((">", "gt"), operator.gt),
    **dict.fromkeys((">=", "ge"), operator.ge),
}


def version(
    value: Any,
    other: Any,
    operator: str = "eq",
    strict: bool | None = None,  # noqa: FBT001 - Ansible's signature
    version_type: str | None = None,
) -> bool:
    """Say whether two versions compare so: `1.10` is after `1.9`."""
    if str(value) == "" or str(other) == "":
        raise ValueError("a version to compare cannot be empty")
    if operator not in OPERATORS:
        raise ValueError(f"'{operator}' compares no versions; use one of {', '.join(OPERATORS)}")
    if strict and version_type:
        raise ValueError("give 'strict' or 'version_type', not both")
    kind = "strict" if strict else version_type or "loose"
    if kind not in READERS:
        raise ValueError(f"there is no version type '{kind}'; use one of {', '.join(READERS)}")
    read = READERS[kind]
    return bool(OPERATORS[operator](read(str(value)), read(str(other))))


def _loose(text: str) -> list[int | str]:
    """Return the numbers and words of a version, in order."""
    parts = re.findall(r"\d+|[a-z]+|[^\da-z.]+", text)
    return [int(part) if part.isdigit() else part for part in parts]


def _strict(text: str) -> tuple[list[int], tuple[float, float]]:
    found = re.fullmatch(r"(\d+)\.(\d+)(?:\.(\d+))?(?:([ab])(\d+))?", text)
    if not found:
        raise ValueError(f"'{text}' is no strict version")
    major, minor, patch, phase, number = found.groups()
    release = [int(major), int(minor), int(patch or 0)]
    return release, (ord(phase), int(number)) if phase else (float("inf"), 0)


def _semantic(text: str) -> Any:
    found = re.fullmatch(r"(\d+)\.(\d+)\.(\d+)(?:-([0-9A-Za-z.-]+))?(?:\+[0-9A-Za-z.-]+)?", text)
    if not found:
        raise ValueError(f"'{text}' is no semantic version")
    *release, early = found.groups()
    words = early.split(".") if early else []
    key = [(0, int(word), "") if word.isdigit() else (1, 0, word) for word in words]
    return [int(number) for number in release], not words, key


READERS: dict[str, Callable[[str], Any]] = {
    "loose": _loose,
    "strict": _strict,
    "semver": _semantic,
    "semantic": _semantic,
}


TESTS: dict[str, Callable[..., bool]] = {
    "failed": failed,
    "failure": failed,
    "succeeded": succeeded,
    "success": succeeded,
    "successful": succeeded,
    "changed": changed,
    "change": changed,
    "skipped": skipped,
    "skip": skipped,
    "match": match,
    "search": search,
    "regex": regex,
    "version": version,
    "version_compare": version,
    "contains": contains,
    "subset": subset,
    "issubset": subset,
    "superset": superset,
    "issuperset": superset,
    "all": all,
    "any": any,
    "truthy": bool,
    "falsy": lambda value: not value,
    "exists": lambda path: Path(path).exists(),
    "file": lambda path: Path(path).is_file(),
    "directory": lambda path: Path(path).is_dir(),
}
