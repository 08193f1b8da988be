"""A problem: what is wrong at a spot of a file, in the words of a person."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.source import Octal


class Spot(NamedTuple):
    """The value being checked: where it stands, what it is called, and its JSON path."""

    mark: Mark | None
    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a spot. It is `vague` when it says only that the value is of no use."""

    what: str
    spot: Spot
    hint: str = ""
    vague: bool = False


Check = Callable[[Any, Spot, list[Problem]], None]
Compile = Callable[[Any], Check]
Schema = Mapping[str, Any]
Maker = Callable[[Schema, Compile], Check]


def wrong(spot: Spot, words: str, value: Any, hint: str) -> Problem:
    """Return the problem of a value that is of no use: what would be right, and what is there."""
    what = f"{called(spot)} must be {words}, not {shown(value)}"
    return Problem(what, spot, hint, vague=True)


def called(spot: Spot) -> str:
    """Return what a person calls the value: its key in quotes, or the file."""
    return spot.name or "the file"


def shown(value: Any) -> str:
    """Return a value as a message shows it, short."""
    match value:
        case None:
            return "nothing"
        case bool():
            return str(value).lower()
        case str():
            return repr(str(value if len(value) <= SHOWN else f"{value[:SHOWN]}…"))
        case dict():
            return "a mapping"
        case list():
            return "a list"
        case _:
            return f"the number {value}"


SHOWN = 40


def either(words: Sequence[str]) -> str:
    """Return `a, b or c`."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def spelling(value: Any, words: str) -> str:
    """Return how to write a value that only looks wrong: `yes` for `true`, `"3"` for `3`."""
    if isinstance(value, str):
        lower = value.lower()
        if "true or false" in words and lower in TRUTHS:
            return f"Write {TRUTHS[lower]}."
        if "mapping" in words and re.match(r"\w+=", value):
            return "Write the arguments as a mapping: each as key: value."
        if "number" in words and re.fullmatch(r"-?\d+(\.\d+)?", value):
            return f"Write {value} without quotes."
    elif "text" in words and isinstance(value, bool | int | float):
        return f'Write "{shown(value).removeprefix("the number ")}" in quotes.'
    return ""


TRUTHS = {
    **dict.fromkeys(("yes", "on", "y", "true", "1"), "true"),
    **dict.fromkeys(("no", "off", "n", "false", "0"), "false"),
}


def octal_digits(value: Any) -> str:
    """Return how to write a file mode that was given as a number."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return ""
    written = not isinstance(value, Octal) and re.fullmatch("[0-7]{3,4}", str(value))
    digits = str(value) if written else f"{value:o}"
    return f'Write "{digits.rjust(4, "0")}" in quotes.'


def title_of(schema: Schema, spot: Spot) -> str:
    """Return what a person calls a thing of this schema."""
    return str(schema.get("title") or called(spot))


def description_of(schema: Any) -> str:
    """Return the sentence that a schema says about itself."""
    return str(schema.get("description", "")) if isinstance(schema, Mapping) else ""


def inside(mapping: Mapping[str, Any], key: str, spot: Spot) -> Spot:
    """Return the spot of the value under a key."""
    marks = getattr(mapping, "values_at", None)
    return Spot(marks.get(key) if marks else None, f"'{key}'", f"{spot.path}.{key}")


def at_key(mapping: Mapping[str, Any], key: str, spot: Spot) -> Spot:
    """Return the spot of a key itself."""
    marks = getattr(mapping, "keys_at", None)
    return Spot(marks.get(key) if marks else None, f"'{key}'", f"{spot.path}.{key}")


def same(value: Any, other: Any) -> bool:
    """Say whether two values are the same in JSON, where `true` is not 1."""
    if isinstance(value, bool) is not isinstance(other, bool):
        return False
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(same, value, other))
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(same(value[key], other[key]) for key in value)
    return bool(value == other)


def fits(check: Check, value: Any, spot: Spot) -> bool:
    """Say whether a value obeys a check."""
    found: list[Problem] = []
    check(value, spot, found)
    return not found
