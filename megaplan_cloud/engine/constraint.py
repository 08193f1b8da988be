"""A constraint: what a value, a text, a number or a list may be, told where it is not."""

import re
from collections.abc import Callable, Mapping, Sized
from typing import Any

from megaplan_cloud.engine.problem import (
    Check,
    Compile,
    Maker,
    Problem,
    Schema,
    Spot,
    called,
    either,
    fits,
    octal_digits,
    same,
    shown,
    spelling,
    wrong,
)
from megaplan_cloud.engine.suggestion import suggestion

TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "string": ("text", lambda value: isinstance(value, str)),
    "integer": (
        "a whole number",
        lambda value: (
            (isinstance(value, int) and not isinstance(value, bool))
            or (isinstance(value, float) and value.is_integer())
        ),
    ),
    "number": (
        "a number",
        lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    ),
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "object": ("a mapping", lambda value: isinstance(value, dict)),
    "array": ("a list", lambda value: isinstance(value, list)),
    "null": ("nothing", lambda value: value is None),
}


def kind(schema: Schema, _compile: Compile) -> Check:
    """Return the check that a value is of the types that `type` names."""
    names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    tests = [TYPES[name][1] for name in names]
    words = schema.get("x-expected") or either([TYPES[name][0] for name in names])
    octal = bool(schema.get("x-octal"))
    title = schema.get("title", "")

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if not any(test(value) for test in tests):
            hint = octal_digits(value) if octal else spelling(value, words)
            named = spot._replace(name=title) if title and not spot.name.startswith("'") else spot
            found.append(wrong(named, words, value, hint))

    return check


def choice(schema: Schema, _compile: Compile) -> Check:
    """Return the check that a value is one of `enum`."""
    values = schema["enum"]
    words = schema.get("x-expected") or either([str(value) for value in values])
    hints = schema.get("x-hints", {})

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if any(same(value, known) for known in values):
            return
        near = suggestion(value, map(str, values)) if isinstance(value, str) else ""
        hint = hints.get(value, "") if isinstance(value, str) else ""
        hint = hint or (f"Did you mean '{near}'?" if near else spelling(value, words))
        found.append(wrong(spot, words, value, hint))

    return check


def constant(schema: Schema, _compile: Compile) -> Check:
    """Return the check that a value is `const`."""
    wanted = schema["const"]
    words = schema.get("x-const", f"must be {shown(wanted)}")

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if not same(value, wanted):
            vague = "x-const" not in schema
            found.append(Problem(f"{called(spot)} {words}", spot, vague=vague))

    return check


def bound(key: str, holds: Callable[[Any, Any], bool], words: str) -> Maker:
    """Return the maker of a check that compares a number with the keyword's."""

    def make(schema: Schema, _compile: Compile) -> Check:
        limit = schema[key]

        def check(value: Any, spot: Spot, found: list[Problem]) -> None:
            if TYPES["number"][1](value) and not holds(value, limit):
                found.append(Problem(f"{called(spot)} must be {words} {limit}", spot))

        return check

    return make


def size(key: str, kind: type[Sized], holds: Callable[[int, int], bool], words: str) -> Maker:
    """Return the maker of a check that compares a size with the keyword's."""

    def make(schema: Schema, _compile: Compile) -> Check:
        limit = schema[key]
        most = words.format(limit=limit, s="" if limit == 1 else "s")

        def check(value: Any, spot: Spot, found: list[Problem]) -> None:
            if isinstance(value, kind) and not holds(len(value), limit):
                empty = not value and key.startswith("min")
                found.append(Problem(f"{called(spot)} {'is empty' if empty else most}", spot))

        return check

    return make


def pattern_of(schema: Schema, _compile: Compile) -> Check:
    """Return the check that a text matches `pattern`."""
    pattern = schema["pattern"]
    search = re.compile(pattern).search
    words = schema.get("patternErrorMessage", "")

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if isinstance(value, str) and not search(value):
            what = f"{called(spot)} {words or f'must match {pattern}'}"
            known = "" if spot.name == shown(value) else f", not {shown(value)}"
            found.append(Problem(f"{what}{known}", spot, vague=not words))

    return check


def items(schema: Schema, compile_part: Compile) -> Check:
    """Return the check of the items of a list."""
    if isinstance(schema["items"], list):
        first = [compile_part(part) for part in schema["items"]]
        rest = compile_part(schema.get("additionalItems", True))
    else:
        first, rest = [], compile_part(schema["items"])

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if not isinstance(value, list):
            return
        marks = getattr(value, "items_at", None)
        for index, item in enumerate(value):
            mark = marks[index] if marks else spot.mark and None
            inner = Spot(mark, f"item {index + 1} of {called(spot)}", f"{spot.path}[{index}]")
            (first[index] if index < len(first) else rest)(item, inner, found)

    return check


def contains(schema: Schema, compile_part: Compile) -> Check:
    """Return the check that a list has an item that obeys `contains`."""
    part = compile_part(schema["contains"])

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if isinstance(value, list) and not any(fits(part, item, spot) for item in value):
            found.append(Problem(f"no item of {called(spot)} is what one must be", spot))

    return check


def unique(schema: Schema, _compile: Compile) -> Check:
    """Return the check that a list has nothing twice."""

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if not isinstance(value, list) or not schema["uniqueItems"]:
            return
        marks = getattr(value, "items_at", None)
        for index, item in enumerate(value):
            if any(same(item, earlier) for earlier in value[:index]):
                place = spot._replace(mark=marks[index]) if marks else spot
                found.append(Problem(f"{called(spot)} has {shown(item)} twice", place))

    return check
