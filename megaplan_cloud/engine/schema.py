"""A schema: what a file may hold, and one error with its place for each thing it may not.

Schemas are JSON Schema draft-07 files, applied by the jsonschema library and usable by editors.
Beside `patternErrorMessage`, which editors know, these annotations shape what is said:
`x-expected` is what a value must be, in words; `x-refused` maps a key, or a key's beginning and
`*`, to what to write instead; `x-hints` maps a value to advice; `x-known` are words to suggest;
`x-not` and `x-const` say what is wrong.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from megaplan_cloud.engine.dialect import absolute, dialect
from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.engine.fault import Spot, faults
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.problem import Problem, problems
from megaplan_cloud.house import house

if TYPE_CHECKING:
    from jsonschema.protocols import Validator
    from referencing import Resource

SUFFIX = ".schema.json"
ACTION_TASK = f"action_task{SUFFIX}"
BUILTIN = "ansible.builtin."
# What editors know beside draft-07; ours begin with `x-`.
ANNOTATIONS = frozenset({"patternErrorMessage", "errorMessage", "markdownDescription"})


def check(
    node: Any,
    schema: str | Path | Mapping[str, Any],
    *,
    actions: Collection[str] | None = None,
    mark: Mark | None = None,
) -> list[SchemaError]:
    """Return what is wrong with a node of `source`, in the order of the file.

    `schema` is the name of a file in `schemas/` (`playbook`, `actions/copy`), a path, or a schema
    whose relative `$ref`s begin at `schemas/`. `actions` are those a task may have, if not all.
    `mark` is where a node stands that does not know it, as a number. A node of plain dicts and
    lists has no marks: its problems begin with their JSON path.
    """
    known = None if actions is None else frozenset(actions)
    whole = schema if isinstance(schema, Mapping) else {"$ref": _file(schema).resolve().as_uri()}
    base = (house() / "schemas" / SUFFIX).as_uri()
    validator = _dialect(known)(absolute(whole, base))
    spot = Spot(getattr(node, "mark", mark), "", "$")
    found = problems(faults(validator.iter_errors(node), node, spot))
    errors = [_error(problem) for problem in found]
    return sorted(errors, key=lambda error: error.mark or Mark("", 0, 0))


def verify(file: Path) -> None:
    """Raise `ValueError` unless a file holds a schema that says what its author meant.

    A keyword that is not draft-07's is refused: a misspelt rule would let everything pass.
    """
    import jsonschema
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT7

    schema = document(file)
    draft = jsonschema.Draft7Validator
    try:
        draft.check_schema(schema)
    except jsonschema.SchemaError as error:
        raise ValueError(error.message) from error
    parts = [*_parts(DRAFT7.create_resource(schema))]
    said = {key for part in parts for key in part if not key.startswith("x-")}
    if unknown := said - draft.META_SCHEMA["properties"].keys() - ANNOTATIONS:
        raise ValueError(f"not keywords of JSON Schema draft-07: {', '.join(sorted(unknown))}")
    for reference in (part["$ref"] for part in parts if "$ref" in part):
        try:
            check(None, absolute({"$ref": reference}, file.resolve().as_uri()))
        except Unresolvable as error:
            raise ValueError(f"there is no {reference}") from error


def _parts(resource: "Resource[Any]") -> Iterator[Mapping[str, Any]]:
    """Yield a schema and those inside it."""
    if isinstance(resource.contents, dict):
        yield resource.contents
    for part in resource.subresources():
        yield from _parts(part)


def document(schema: str | Path) -> dict[str, Any]:
    """Return a schema as it is written."""
    loaded: dict[str, Any] = json.loads(_file(schema).read_text(encoding="utf-8"))
    return loaded


def keywords(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a task without those that call an action."""
    return {key: value for key, value in properties.items() if not _is_action(value)}


def action_keys(name: str) -> dict[str, Any]:
    """Return the keys that call an action, with their schema: Ansible's have a long name, too."""
    file = _file(f"actions/{name}")
    if not file.is_file():
        return {name: True}
    reference = {"$ref": f"actions/{name}{SUFFIX}"}
    shared = '"x-ansible": true' in file.read_text(encoding="utf-8")
    return {name: reference} | ({f"{BUILTIN}{name}": reference} if shared else {})


def _is_action(schema: Any) -> bool:
    return isinstance(schema, Mapping) and str(schema.get("$ref", "")).startswith("actions/")


def _file(schema: str | Path) -> Path:
    return schema if isinstance(schema, Path) else house() / "schemas" / f"{schema}{SUFFIX}"


@lru_cache(maxsize=8)
def _dialect(actions: frozenset[str] | None) -> type["Validator"]:
    """Return the dialect in which a task may have these actions."""

    def retrieve(address: str) -> Any:
        file = Path(unquote(urlsplit(address).path))
        schema = document(file)
        if file.name == ACTION_TASK and actions is not None:
            schema["properties"] = keywords(schema["properties"])
            for name in sorted(actions):
                schema["properties"] |= action_keys(name)
        return absolute(schema, address)

    return dialect(retrieve)


def _error(problem: Problem) -> SchemaError:
    where = "" if problem.spot.mark else f"{problem.spot.path}: "
    return SchemaError(f"{where}{problem.what}", mark=problem.spot.mark, hint=problem.hint)
