"""A constraint on keys: which a mapping may have, must have, and what stands under each."""

import re
from collections.abc import Mapping
from typing import Any

from megaplan_cloud.engine.combination import anything
from megaplan_cloud.engine.problem import (
    Check,
    Compile,
    Problem,
    Schema,
    Spot,
    at_key,
    description_of,
    inside,
    title_of,
)
from megaplan_cloud.engine.suggestion import suggestion


def properties_of(schema: Schema, compile_part: Compile) -> Check:
    """Return the check of the values of a mapping, and of keys that nothing knows."""
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
                    part(inner, inside(value, key, spot), found)
            elif extra is None:
                found.append(_extra_key(key, value, spot, schema))
            elif extra is not anything:
                extra(inner, inside(value, key, spot), found)

    return check


def _extra_key(key: str, mapping: Mapping[str, Any], spot: Spot, schema: Schema) -> Problem:
    """Return the error for a key that is not known: what to write instead, if that is clear."""
    place = at_key(mapping, key, spot)
    for refused, advice in schema.get("x-refused", {}).items():
        if key == refused or (refused.endswith("*") and key.startswith(refused[:-1])):
            return Problem(f"'{key}' is not a key of {title_of(schema, spot)}", place, advice)
    known = [*schema.get("x-known", ()), *schema["properties"]]
    short = [word for word in known if "." not in word or "." in key]
    near = suggestion(key, [word for word in short if word not in mapping] or short)
    what = f"'{key}' is not a key of {title_of(schema, spot)}"
    return Problem(f"{what}; did you mean '{near}'?" if near else what, place)


def required(schema: Schema, _compile: Compile) -> Check:
    """Return the check that a mapping has the keys of `required`."""
    keys = schema["required"]
    properties = schema.get("properties", {})

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if not isinstance(value, dict):
            return
        for key in keys:
            if key not in value and not _misspelt(key, value, schema):
                what = f"{title_of(schema, spot)} needs the key '{key}'"
                hint = description_of(properties.get(key))
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


def property_names(schema: Schema, compile_part: Compile) -> Check:
    """Return the check of the keys themselves."""
    part = compile_part(schema["propertyNames"])

    def check(value: Any, spot: Spot, found: list[Problem]) -> None:
        if isinstance(value, dict):
            for key in value:
                part(key, at_key(value, key, spot), found)

    return check


def dependencies(schema: Schema, compile_part: Compile) -> Check:
    """Return the check of what a key needs beside it."""
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
                    found.append(Problem(what, at_key(value, key, spot)))
            if key in parts:
                parts[key](value, spot, found)

    return check
