"""A problem: what is wrong in a file, told at its own place in the words of a person.

The jsonschema library blames a mapping for its keys, and says of a value that may have several
forms that it fits none. Here each key is told at the key, and of several forms the one meant.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from megaplan_cloud.engine.dialect import only_key
from megaplan_cloud.engine.fault import Fault, Spot
from megaplan_cloud.engine.source import Octal
from megaplan_cloud.engine.suggestion import suggestion


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong at a spot. It is `vague` when it says only that the value is of no use."""

    what: str
    spot: Spot
    hint: str = ""
    vague: bool = False


def problems(faults: Iterable[Fault]) -> list[Problem]:
    """Return what faults say, each thing once."""
    found: dict[tuple[str, Spot], Problem] = {}
    told: set[Spot] = set()
    for fault in faults:
        if fault.spot in told:
            continue
        here = [*TELL.get(fault.keyword, _otherwise)(fault)]
        found |= {(problem.what, problem.spot): problem for problem in here}
        # Of a text or a number one thing is said; a mapping or a list can be wrong in many ways.
        if not isinstance(fault.value, dict | list) or any(each.vague for each in here):
            told.add(fault.spot)
    return [*found.values()]


def _type(fault: Fault) -> Iterator[Problem]:
    names = [fault.wanted] if isinstance(fault.wanted, str) else fault.wanted
    words = fault.schema.get("x-expected") or _either([TYPES[name] for name in names])
    hint = _octal_digits(fault.value) if fault.schema.get("x-octal") else ""
    called = str(fault.spot) if fault.spot.name.startswith("'") else fault.title
    yield _of_no_use(fault, words, hint or _spelling(fault.value, words), called)


TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}


def _enum(fault: Fault) -> Iterator[Problem]:
    value, known = fault.value, [str(each) for each in fault.wanted]
    words = fault.schema.get("x-expected") or _either(known)
    hint = _spelling(value, words)
    if isinstance(value, str):
        near = suggestion(value, known)
        hint = f"Did you mean '{near}'?" if near else hint
        hint = fault.schema.get("x-hints", {}).get(value, hint)
    yield _of_no_use(fault, words, hint)


def _const(fault: Fault) -> Iterator[Problem]:
    words = fault.schema.get("x-const")
    what = f"{fault.spot} {words or f'must be {_shown(fault.wanted)}'}"
    yield Problem(what, fault.spot, vague=not words)


def _limit(fault: Fault) -> Iterator[Problem]:
    most = LIMITS[fault.keyword].format(limit=fault.wanted, s="" if fault.wanted == 1 else "s")
    empty = fault.value in ("", [], {}) and fault.keyword.startswith("min")
    yield Problem(f"{fault.spot} {'is empty' if empty else most}", fault.spot)


LIMITS = {
    "minimum": "must be at least {limit}",
    "maximum": "must be at most {limit}",
    "exclusiveMinimum": "must be more than {limit}",
    "exclusiveMaximum": "must be less than {limit}",
    "minLength": "must have at least {limit} character{s}",
    "maxLength": "must have at most {limit} character{s}",
    "minItems": "must have at least {limit} item{s}",
    "maxItems": "must have at most {limit} item{s}",
    "minProperties": "must have at least {limit} key{s}",
    "maxProperties": "must have at most {limit} key{s}",
}


def _pattern(fault: Fault) -> Iterator[Problem]:
    words = fault.schema.get("patternErrorMessage")
    value = _shown(fault.value)
    what = f"{fault.spot} {words or f'must match {fault.wanted}'}"
    known = fault.spot.name == value
    yield Problem(what if known else f"{what}, not {value}", fault.spot, vague=not words)


def _unique(fault: Fault) -> Iterator[Problem]:
    for index, item in enumerate(fault.value):
        if item in fault.value[:index]:
            place = fault.spot.inside(fault.value, index)
            yield Problem(f"{fault.spot} has {_shown(item)} twice", place)


def _extra_keys(fault: Fault) -> Iterator[Problem]:
    """Yield each key that is not known, with what to write instead if that is clear."""
    for key in _extra(fault):
        what, advice = f"'{key}' is not a key of {fault.title}", _refused(key, fault)
        near = "" if advice else _nearest_key(key, fault)
        what = f"{what}; did you mean '{near}'?" if near else what
        yield Problem(what, fault.spot.at_key(fault.value, key), advice)


def _extra(fault: Fault) -> list[str]:
    """Return the keys that a schema without additional properties does not know."""
    known, patterns = (fault.schema.get(name, {}) for name in ("properties", "patternProperties"))
    return [
        key
        for key in fault.value
        if key not in known and not any(re.search(pattern, key) for pattern in patterns)
    ]


def _refused(key: str, fault: Fault) -> str:
    """Return the advice about a key of other tools; a `*` stands for the rest of one."""
    for refused, advice in fault.schema.get("x-refused", {}).items():
        if key == refused or (refused.endswith("*") and key.startswith(refused[:-1])):
            return str(advice)
    return ""


def _nearest_key(key: str, fault: Fault) -> str:
    known = [*fault.schema.get("x-known", ()), *fault.schema.get("properties", ())]
    short = [word for word in known if "." not in word or "." in key]
    return suggestion(key, [word for word in short if word not in fault.value] or short)


def _missing_keys(fault: Fault) -> Iterator[Problem]:
    """Yield the keys that lack, without those that the problem of another key names."""
    extra = _extra(fault) if fault.schema.get("additionalProperties") is False else []
    for key in fault.wanted:
        named = (
            suggestion(other, [key]) or key in re.findall(r"\w+", _refused(other, fault))
            for other in extra
        )
        if key not in fault.value and not any(named):
            about = fault.schema.get("properties", {}).get(key)
            described = isinstance(about, dict) and "description" in about
            hint = f"{key}: {about['description']}" if described else ""
            yield Problem(f"{fault.title} needs the key '{key}'", fault.spot, hint)


def _dependencies(fault: Fault) -> Iterator[Problem]:
    for key, needed in fault.wanted.items():
        for other in needed if key in fault.value and isinstance(needed, list) else ():
            if other not in fault.value:
                what = f"'{key}' needs '{other}' beside it"
                yield Problem(what, fault.spot.at_key(fault.value, key))


def _not(fault: Fault) -> Iterator[Problem]:
    words = fault.schema.get("x-not")
    what = f"{fault.spot} {words or 'is what it must not be'}"
    yield Problem(what, fault.spot, vague=not words)


def _any_of(fault: Fault) -> Iterable[Problem]:
    """Return the problems of the form that was meant; where none is, what would be right."""
    forms = [problems(form) for form in fault.forms]
    meant = [form for form in forms if not any(problem.vague for problem in form)]
    deeper = [form for form in forms if all(problem.spot != fault.spot for problem in form)]
    words = fault.schema.get("x-expected")
    if meant or deeper or not words:
        return min(meant or deeper or forms, key=len)
    hints = fault.schema.get("x-hints", {})
    hint = hints.get(fault.value) if isinstance(fault.value, str) else ""
    inner = next((problem.hint for form in forms for problem in form if problem.hint), "")
    return [_of_no_use(fault, words, hint or _spelling(fault.value, words) or inner)]


def _one_of(fault: Fault) -> Iterable[Problem]:
    """Return which of several keys lacks or is too much, else the same as for `anyOf`."""
    keys = [only_key(form) for form in fault.wanted]
    if all(keys):
        verb, rest = ("needs", "") if fault.forms else ("takes", ", not both")
        choice = _either([f"'{key}'" for key in keys])
        return [Problem(f"{fault.title} {verb} {choice}{rest}", fault.spot)]
    if not fault.forms:
        return [Problem(f"{fault.spot} can be read in more than one way", fault.spot)]
    return _any_of(fault)


def _otherwise(fault: Fault) -> Iterator[Problem]:
    """Yield the library's own sentence, for what our schemas do not use."""
    yield Problem(f"{fault.spot}: {fault.message}", fault.spot)


TELL: Mapping[str, Callable[[Fault], Iterable[Problem]]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    **dict.fromkeys(LIMITS, _limit),
    "pattern": _pattern,
    "uniqueItems": _unique,
    "additionalProperties": _extra_keys,
    "required": _missing_keys,
    "dependencies": _dependencies,
    "not": _not,
    "anyOf": _any_of,
    "oneOf": _one_of,
}


def _of_no_use(fault: Fault, words: str, hint: str, called: str = "") -> Problem:
    """Return the problem of a value that is of no use: what would be right, and what is there."""
    what = f"{called or fault.spot} must be {words}, not {_shown(fault.value)}"
    return Problem(what, fault.spot, hint, vague=True)


def _shown(value: Any) -> str:
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


def _either(words: Sequence[str]) -> str:
    """Return `a, b or c`."""
    return " or ".join(filter(None, [", ".join(words[:-1]), words[-1]]))


def _spelling(value: Any, words: str) -> str:
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
        return f'Write "{_shown(value).removeprefix("the number ")}" in quotes.'
    return ""


TRUTHS = {
    **dict.fromkeys(("yes", "on", "y", "true", "1"), "true"),
    **dict.fromkeys(("no", "off", "n", "false", "0"), "false"),
}


def _octal_digits(value: Any) -> str:
    """Return how to write a file mode that was given as a number."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        return ""
    written = not isinstance(value, Octal) and re.fullmatch("[0-7]{3,4}", str(value))
    digits = str(value) if written else f"{value:o}"
    return f'Write "{digits.rjust(4, "0")}" in quotes.'
