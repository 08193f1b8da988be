"""A dialect: JSON Schema draft-07 as the jsonschema library applies it, with two keywords of ours.

A long playbook has thousands of `$ref`s and of `if`s that tell a task from a block. The library
resolves each of them anew, which takes seconds; here a reference is looked up once, and a question
for a key is asked of the mapping.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

if TYPE_CHECKING:
    from jsonschema import ValidationError
    from jsonschema.protocols import Validator


def dialect(retrieve: Callable[[str], Any]) -> "type[Validator]":
    """Return the class of validators whose schemas have absolute `$ref`s.

    `retrieve` returns the schema at an address without fragment; each is asked for once.
    """
    from jsonschema import Draft7Validator
    from jsonschema.validators import extend
    from referencing import Registry
    from referencing.jsonschema import DRAFT7
    from referencing.retrieval import to_cached_resource

    cached = to_cached_resource(loads=retrieve, from_contents=DRAFT7.create_resource)(str)
    resolver = Registry(retrieve=cached).resolver()  # type: ignore[call-arg]  # attrs hides it
    known: dict[str, Validator] = {}

    def reference(
        validator: "Validator", address: str, instance: Any, _schema: Any
    ) -> "Iterator[ValidationError]":
        if address not in known:
            known[address] = validator.evolve(schema=resolver.lookup(address).contents)
        return known[address].iter_errors(instance)

    made: type[Validator] = extend(  # type: ignore[no-untyped-call]  # the stubs lack it
        Draft7Validator, {"$ref": reference, "if": _condition}
    )
    return made


def absolute(schema: Any, address: str) -> Any:
    """Return a schema with absolute `$ref`s, and without the names of its own and its draft's.

    Those would lead the library back to its own dialect.
    """
    if isinstance(schema, list):
        return [absolute(part, address) for part in schema]
    if not isinstance(schema, dict):
        return schema
    made = {
        key: absolute(part, address)
        for key, part in schema.items()
        if key not in {"$schema", "$id"} or not isinstance(part, str)
    }
    if isinstance(made.get("$ref"), str):
        made["$ref"] = urljoin(address, made["$ref"])
    # A reference with a description, for which draft-07 needs an allOf that takes its time.
    if made.keys() <= {"allOf", "description", "default"} and len(made.get("allOf", ())) == 1:
        only = made["allOf"][0]
        return {**made, **only} if isinstance(only, dict) and "$ref" in only else made
    return made


def only_key(schema: Any) -> str:
    """Return the key that a schema asks for, if it asks for nothing else."""
    if not isinstance(schema, Mapping) or [*schema] != ["required"] or len(schema["required"]) != 1:
        return ""
    return str(schema["required"][0])


def _condition(
    validator: Any, condition: Any, instance: Any, schema: Mapping[str, Any]
) -> "Iterator[ValidationError]":
    keys = _keys_asked_for(condition)
    if keys and isinstance(instance, dict):
        holds = any(key in instance for key in keys)
    else:
        holds = validator.evolve(schema=condition).is_valid(instance)
    branch = "then" if holds else "else"
    chosen = schema.get(branch, True)
    if isinstance(chosen, dict) and chosen.keys() == {"if", "then", "else"}:
        return _condition(validator, chosen["if"], instance, chosen)
    errors: Iterator[ValidationError] = validator.descend(instance, chosen, schema_path=branch)
    return errors


def _keys_asked_for(condition: Any) -> list[str]:
    """Return the keys of which a condition asks for one, if it asks for nothing else."""
    several = isinstance(condition, Mapping) and [*condition] == ["anyOf"]
    keys = [only_key(form) for form in (condition["anyOf"] if several else [condition])]
    return keys if all(keys) else []
