"""A constraint: one keyword of JSON Schema draft-07 as a function that tells what is wrong."""

import re
from collections.abc import Callable, Mapping, Sequence, Sized
from dataclasses import dataclass
from typing import Any, NamedTuple

from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.source import Octal
from megaplan_cloud.engine.suggestion import suggestion


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

ANNOTATIONS = frozenset(
    {
        *("$schema", "$id", "$comment", "title", "description", "default", "examples", "format"),
        *("definitions", "readOnly", "writeOnly", "contentMediaType", "contentEncoding"),
        *("patternErrorMessage", "errorMessage", "deprecationMessage", "markdownDescription"),
        *("then", "else", "additionalItems", "additionalProperties", "patternProperties"),
    }
)


def compile_schema(schema: Any, compile_part: Compile) -> Check:
    """Return the check of a schema; `compile_part` makes those of the schemas inside it.

    Raises `ValueError` for a keyword that is not draft-07's: a rule must never be passed over.
    """
    if schema is True or schema == {}:
        return _anything
    if schema is False:
        return _nothing
    unknown = [
        key
        for key in schema
        if key not in KEYWORDS and key not in ANNOTATIONS and not key.startswith("x-")
    ]
    if unknown:
        raise ValueError(f"not keywords of JSON Schema draft-07: {', '.join(unknown)}")
    if not {"additionalProperties", "patternProperties", "properties"}.isdisjoint(schema):
        schema = {"properties": {}, **schema}
    parts = [make(schema, compile_part) for key, make in KEYWORDS.items() if key in schema]
    return parts[0] if len(parts) == 1 else _all(parts)


def _anything(_value: Any, _spot: Spot, _found: list[Problem]) -> None:
    pass


def _nothing(_value: Any, spot: Spot, found: list[Problem]) -> None:
    found.append(Problem(f"{called(spot)} may not stand here", spot))


def _all(parts: Sequence[Check]) -> Check:
    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        before = len(found)
        for part in parts:
            part(value, spot, found)
            if len(found) > before and found[-1].vague:
                return

    return check


# --- what a value is


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


def _type(schema: Schema, _compile: Compile) -> Check:
    names = [schema["type"]] if isinstance(schema["type"], str) else schema["type"]
    tests = [TYPES[name][1] for name in names]
    words = schema.get("x-expected") or either([TYPES[name][0] for name in names])
    octal = bool(schema.get("x-octal"))
    title = schema.get("title", "")

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if not any(test(value) for test in tests):
            hint = _octal(value) if octal else spelling(value, words)
            named = spot._replace(name=title) if title and not spot.name.startswith("'") else spot
            found.append(_wrong(named, words, value, hint))

    return check


def _enum(schema: Schema, _compile: Compile) -> Check:
    values = schema["enum"]
    words = schema.get("x-expected") or either([str(value) for value in values])
    hints = schema.get("x-hints", {})

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if any(_same(value, known) for known in values):
            return
        near = suggestion(value, map(str, values)) if isinstance(value, str) else ""
        hint = hints.get(value, "") if isinstance(value, str) else ""
        hint = hint or (f"Did you mean '{near}'?" if near else spelling(value, words))
        found.append(_wrong(spot, words, value, hint))

    return check


def _const(schema: Schema, _compile: Compile) -> Check:
    wanted = schema["const"]
    words = schema.get("x-const", f"must be {shown(wanted)}")

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if not _same(value, wanted):
            vague = "x-const" not in schema
            found.append(Problem(f"{called(spot)} {words}", spot, vague=vague))

    return check


def _wrong(spot: Spot, words: str, value: Any, hint: str) -> Problem:
    what = f"{called(spot)} must be {words}, not {shown(value)}"
    return Problem(what, spot, hint, vague=True)


# --- numbers and texts


def _bound(key: str, holds: Callable[[Any, Any], bool], words: str) -> "Maker":
    """Return the maker of a check that compares a number with the keyword's."""

    def make(schema: Schema, _compile: Compile) -> Check:
        limit = schema[key]

        def check(value: Any, spot: Spot, found: list[Problem]) -> None:
            if TYPES["number"][1](value) and not holds(value, limit):
                found.append(Problem(f"{called(spot)} must be {words} {limit}", spot))

        return check

    return make


def _size(key: str, kind: type[Sized], holds: Callable[[int, int], bool], words: str) -> "Maker":
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


def _pattern(schema: Schema, _compile: Compile) -> Check:
    pattern = schema["pattern"]
    search = re.compile(pattern).search
    words = schema.get("patternErrorMessage", "")

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if isinstance(value, str) and not search(value):
            what = f"{called(spot)} {words or f'must match {pattern}'}"
            known = "" if spot.name == shown(value) else f", not {shown(value)}"
            found.append(Problem(f"{what}{known}", spot, vague=not words))

    return check


# --- lists


def _items(schema: Schema, compile_part: Compile) -> Check:
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


def _contains(schema: Schema, compile_part: Compile) -> Check:
    part = compile_part(schema["contains"])

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if isinstance(value, list) and not any(fits(part, item, spot) for item in value):
            found.append(Problem(f"no item of {called(spot)} is what one must be", spot))

    return check


def _unique(schema: Schema, _compile: Compile) -> Check:
    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if not isinstance(value, list) or not schema["uniqueItems"]:
            return
        marks = getattr(value, "items_at", None)
        for index, item in enumerate(value):
            if any(_same(item, earlier) for earlier in value[:index]):
                place = spot._replace(mark=marks[index]) if marks else spot
                found.append(Problem(f"{called(spot)} has {shown(item)} twice", place))

    return check


# --- mappings


def _properties(schema: Schema, compile_part: Compile) -> Check:
    known = {key: compile_part(part) for key, part in schema["properties"].items()}
    patterns = [
        (re.compile(pattern).search, compile_part(part))
        for pattern, part in schema.get("patternProperties", {}).items()
    ]
    other = schema.get("additionalProperties", True)
    extra = None if other is False else compile_part(other)

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            return
        for key, inner in value.items():
            checks = [part for search, part in patterns if search(key)] if patterns else []
            if key in known:
                checks.append(known[key])
            if checks:
                for part in checks:
                    part(inner, _inside(value, key, spot), found)
            elif extra is None:
                found.append(_extra_key(key, value, spot, schema))
            elif extra is not _anything:
                extra(inner, _inside(value, key, spot), found)

    return check


def _extra_key(key: str, mapping: Mapping[str, Any], spot: Spot, schema: Schema) -> Problem:
    """Return the error for a key that is not known: what to write instead, if that is clear."""
    place = _at_key(mapping, key, spot)
    for refused, advice in schema.get("x-refused", {}).items():
        if key == refused or (refused.endswith("*") and key.startswith(refused[:-1])):
            return Problem(f"'{key}' is not a key of {_title(schema, spot)}", place, advice)
    known = [*schema.get("x-known", ()), *schema["properties"]]
    short = [word for word in known if "." not in word or "." in key]
    near = suggestion(key, [word for word in short if word not in mapping] or short)
    what = f"'{key}' is not a key of {_title(schema, spot)}"
    return Problem(f"{what}; did you mean '{near}'?" if near else what, place)


def _required(schema: Schema, _compile: Compile) -> Check:
    keys = schema["required"]
    properties = schema.get("properties", {})

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            return
        for key in keys:
            if key not in value and not _misspelt(key, value, schema):
                what = f"{_title(schema, spot)} needs the key '{key}'"
                hint = _description(properties.get(key))
                found.append(Problem(what, spot, f"{key}: {hint}" if hint else ""))

    return check


def _misspelt(key: str, mapping: Mapping[str, Any], schema: Schema) -> bool:
    """Say whether the error of another key tells already that `key` was meant."""
    properties = schema.get("properties", {})
    if schema.get("additionalProperties") is not False:
        return False
    advice = schema.get("x-refused", {})
    return any(
        suggestion(other, [key]) or key in re.findall(r"\w+", advice.get(other, ""))
        for other in mapping
        if other not in properties
    )


def _property_names(schema: Schema, compile_part: Compile) -> Check:
    part = compile_part(schema["propertyNames"])

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if isinstance(value, dict):
            for key in value:
                part(key, _at_key(value, key, spot), found)

    return check


def _dependencies(schema: Schema, compile_part: Compile) -> Check:
    needed = {key: part for key, part in schema["dependencies"].items() if isinstance(part, list)}
    parts = {
        key: compile_part(part)
        for key, part in schema["dependencies"].items()
        if not isinstance(part, list)
    }

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            return
        for key in value:
            for other in needed.get(key, ()):
                if other not in value:
                    what = f"'{key}' needs '{other}' beside it"
                    found.append(Problem(what, _at_key(value, key, spot)))
            if key in parts:
                parts[key](value, spot, found)

    return check


# --- several schemas


def _all_of(schema: Schema, compile_part: Compile) -> Check:
    return _all([compile_part(part) for part in schema["allOf"]])


def _any_of(schema: Schema, compile_part: Compile) -> Check:
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


def _one_of(schema: Schema, compile_part: Compile) -> Check:
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
            found.append(Problem(f"{_title(schema, spot)} {verb} {choice}{rest}", spot))
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
    return [_wrong(spot, words, value, hint)]


def _not(schema: Schema, compile_part: Compile) -> Check:
    part = compile_part(schema["not"])
    words = schema.get("x-not", "is what it must not be")

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if fits(part, value, spot):
            found.append(Problem(f"{called(spot)} {words}", spot, vague="x-not" not in schema))

    return check


def _if(schema: Schema, compile_part: Compile) -> Check:
    condition = compile_part(schema["if"])
    then = compile_part(schema.get("then", True))
    other = compile_part(schema.get("else", True))

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        (then if fits(condition, value, spot) else other)(value, spot, found)

    return check


def fits(check: Check, value: Any, spot: Spot) -> bool:
    """Say whether a value obeys a check."""
    found: list[Problem] = []
    check(value, spot, found)
    return not found


# --- words


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


def _octal(value: Any) -> str:
    """Return how to write a file mode that was given as a number."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return ""
    written = not isinstance(value, Octal) and re.fullmatch("[0-7]{3,4}", str(value))
    digits = str(value) if written else f"{value:o}"
    return f'Write "{digits.rjust(4, "0")}" in quotes.'


def _title(schema: Schema, spot: Spot) -> str:
    return str(schema.get("title") or called(spot))


def _description(schema: Any) -> str:
    return str(schema.get("description", "")) if isinstance(schema, Mapping) else ""


def _inside(mapping: Mapping[str, Any], key: str, spot: Spot) -> Spot:
    marks = getattr(mapping, "values_at", None)
    return Spot(marks.get(key) if marks else None, f"'{key}'", f"{spot.path}.{key}")


def _at_key(mapping: Mapping[str, Any], key: str, spot: Spot) -> Spot:
    marks = getattr(mapping, "keys_at", None)
    return Spot(marks.get(key) if marks else None, f"'{key}'", f"{spot.path}.{key}")


def _same(value: Any, other: Any) -> bool:
    """Compare as JSON does: `true` is not 1."""
    if isinstance(value, bool) is not isinstance(other, bool):
        return False
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(_same, value, other))
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_same(value[key], other[key]) for key in value)
    return bool(value == other)


Maker = Callable[[Schema, Compile], Check]

# In the order in which they speak: what a value is comes before what is in it.
KEYWORDS: Mapping[str, Maker] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "minimum": _bound("minimum", lambda value, limit: value >= limit, "at least"),
    "maximum": _bound("maximum", lambda value, limit: value <= limit, "at most"),
    "exclusiveMinimum": _bound("exclusiveMinimum", lambda value, limit: value > limit, "more than"),
    "exclusiveMaximum": _bound("exclusiveMaximum", lambda value, limit: value < limit, "less than"),
    "multipleOf": _bound("multipleOf", lambda value, unit: not value % unit, "a multiple of"),
    "minLength": _size(
        "minLength",
        str,
        lambda size, least: size >= least,
        "must have at least {limit} character{s}",
    ),
    "maxLength": _size(
        "maxLength", str, lambda size, most: size <= most, "must have at most {limit} character{s}"
    ),
    "pattern": _pattern,
    "minItems": _size(
        "minItems", list, lambda size, least: size >= least, "must have at least {limit} item{s}"
    ),
    "maxItems": _size(
        "maxItems", list, lambda size, most: size <= most, "must have at most {limit} item{s}"
    ),
    "uniqueItems": _unique,
    "items": _items,
    "contains": _contains,
    "minProperties": _size(
        "minProperties",
        dict,
        lambda size, least: size >= least,
        "must have at least {limit} key{s}",
    ),
    "maxProperties": _size(
        "maxProperties", dict, lambda size, most: size <= most, "must have at most {limit} key{s}"
    ),
    "propertyNames": _property_names,
    "required": _required,
    "properties": _properties,
    "dependencies": _dependencies,
    "if": _if,
    "allOf": _all_of,
    "anyOf": _any_of,
    "oneOf": _one_of,
    "not": _not,
}
