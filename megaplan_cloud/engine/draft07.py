"""Draft-07 of JSON Schema: its keywords, and how a schema becomes a check."""

import operator
from collections.abc import Mapping
from typing import Any

from megaplan_cloud.engine import combination, constraint
from megaplan_cloud.engine import key_constraint as keys
from megaplan_cloud.engine.combination import anything, nothing, together
from megaplan_cloud.engine.constraint import bound, size
from megaplan_cloud.engine.problem import Check, Compile, Maker

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
        return anything
    if schema is False:
        return nothing
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
    return parts[0] if len(parts) == 1 else together(parts)


# In the order in which they speak: what a value is comes before what is in it.
KEYWORDS: Mapping[str, Maker] = {
    "type": constraint.kind,
    "enum": constraint.choice,
    "const": constraint.constant,
    "minimum": bound("minimum", operator.ge, "at least"),
    "maximum": bound("maximum", operator.le, "at most"),
    "exclusiveMinimum": bound("exclusiveMinimum", operator.gt, "more than"),
    "exclusiveMaximum": bound("exclusiveMaximum", operator.lt, "less than"),
    "multipleOf": bound("multipleOf", lambda value, unit: not value % unit, "a multiple of"),
    "minLength": size("minLength", str, operator.ge, "must have at least {limit} character{s}"),
    "maxLength": size("maxLength", str, operator.le, "must have at most {limit} character{s}"),
    "pattern": constraint.pattern_of,
    "minItems": size("minItems", list, operator.ge, "must have at least {limit} item{s}"),
    "maxItems": size("maxItems", list, operator.le, "must have at most {limit} item{s}"),
    "uniqueItems": constraint.unique,
    "items": constraint.items,
    "contains": constraint.contains,
    "minProperties": size("minProperties", dict, operator.ge, "must have at least {limit} key{s}"),
    "maxProperties": size("maxProperties", dict, operator.le, "must have at most {limit} key{s}"),
    "propertyNames": keys.property_names,
    "required": keys.required,
    "properties": keys.properties_of,
    "dependencies": keys.dependencies,
    "if": combination.conditional,
    "allOf": combination.all_of,
    "anyOf": combination.any_of,
    "oneOf": combination.one_of,
    "not": combination.negation,
}
