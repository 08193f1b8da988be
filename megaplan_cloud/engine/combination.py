"""A combination: a schema made of several, and which of them a wrong value was meant for."""

from collections.abc import Mapping, Sequence
from typing import Any

from megaplan_cloud.engine.problem import (
    Check,
    Compile,
    Problem,
    Schema,
    Spot,
    called,
    either,
    fits,
    spelling,
    title_of,
    wrong,
)


def anything(_value: Any, _spot: Spot, _found: list[Problem]) -> None:
    """Find nothing wrong: the check of the schema `true`."""


def nothing(_value: Any, spot: Spot, found: list[Problem]) -> None:
    """Refuse the value: the check of the schema `false`."""
    found.append(Problem(f"{called(spot)} may not stand here", spot))


def together(parts: Sequence[Check]) -> Check:
    """Return the check that makes all these checks, until one sees no use in the value."""

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        before = len(found)
        for part in parts:
            part(value, spot, found)
            if len(found) > before and found[-1].vague and found[-1].spot.path == spot.path:
                return

    return check


def all_of(schema: Schema, compile_part: Compile) -> Check:
    """Return the check of several schemas that must all hold."""
    return together([compile_part(part) for part in schema["allOf"]])


def any_of(schema: Schema, compile_part: Compile) -> Check:
    """Return the check of several schemas of which one must hold."""
    parts = [compile_part(part) for part in schema["anyOf"]]

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        branches: list[list[Problem]] = []
        for part in parts:
            inner: list[Problem] = []
            part(value, spot, inner)
            if not inner:
                return
            branches.append(inner)
        found += _nearest(branches, value, spot, schema)

    return check


def one_of(schema: Schema, compile_part: Compile) -> Check:
    """Return the check of several schemas of which exactly one must hold."""
    parts = [compile_part(part) for part in schema["oneOf"]]
    keys = [part["required"][0] for part in schema["oneOf"] if _asks_for_one_key(part)]
    choice = either([f"'{key}'" for key in keys]) if len(keys) == len(parts) else ""

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        branches: list[list[Problem]] = [[] for _ in parts]
        for part, inner in zip(parts, branches, strict=True):
            part(value, spot, inner)
        matches = sum(not inner for inner in branches)
        if matches == 1:
            return
        if choice:
            verb, rest = ("takes", ", not both") if matches else ("needs", "")
            found.append(Problem(f"{title_of(schema, spot)} {verb} {choice}{rest}", spot))
        elif matches:
            found.append(Problem(f"{called(spot)} can be read in more than one way", spot))
        else:
            found += _nearest(branches, value, spot, schema)

    return check


def _asks_for_one_key(schema: Any) -> bool:
    return (
        isinstance(schema, Mapping)
        and list(schema) == ["required"]
        and len(schema["required"]) == 1
    )


def _nearest(
    branches: Sequence[list[Problem]], value: Any, spot: Spot, schema: Schema
) -> list[Problem]:
    """Return the problems of the branch that was meant; where none is, what would be right."""
    meant = [inner for inner in branches if not any(problem.vague for problem in inner)]
    deeper = [inner for inner in branches if all(problem.spot != spot for problem in inner)]
    for candidates in (meant, deeper):
        if candidates:
            return min(candidates, key=len)
    words = schema.get("x-expected")
    if not words:
        return min(branches, key=len)
    text = value if isinstance(value, str) else ""
    advice = (problem.hint for inner in branches for problem in inner if problem.hint)
    hint = schema.get("x-hints", {}).get(text) or spelling(value, words) or next(advice, "")
    return [wrong(spot, words, value, hint)]


def negation(schema: Schema, compile_part: Compile) -> Check:
    """Return the check that a schema does not hold."""
    part = compile_part(schema["not"])
    words = schema.get("x-not", "is what it must not be")

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if fits(part, value, spot):
            found.append(Problem(f"{called(spot)} {words}", spot, vague="x-not" not in schema))

    return check


def conditional(schema: Schema, compile_part: Compile) -> Check:
    """Return the check that follows from whether `if` holds."""
    condition = compile_part(schema["if"])
    then = compile_part(schema.get("then", True))
    other = compile_part(schema.get("else", True))

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        (then if fits(condition, value, spot) else other)(value, spot, found)

    return check
