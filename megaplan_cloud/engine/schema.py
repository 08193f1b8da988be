"""A schema: what a file may hold, and one error with its place for each thing it may not.

Schemas are JSON Schema draft-07 files. They are compiled to plain functions once, because every
command checks its files before it does anything, and because a validator that knows the places
of keys can name the key that is wrong and not the mapping around it.

Beside `patternErrorMessage`, which editors know, these annotations shape what is said:
`x-expected` is what a value must be, in words; `x-refused` maps a key, or a key's beginning and
`*`, to what to write instead; `x-hints` maps a value to advice; `x-known` are words to suggest;
`x-not` and `x-const` say what is wrong.
"""

import json
from collections.abc import Collection, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from megaplan_cloud.engine import draft07
from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.problem import Check, Problem, Spot
from megaplan_cloud.house import house

SUFFIX = ".schema.json"
ACTION_TASK = f"action_task{SUFFIX}"
BUILTIN = "ansible.builtin."


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
    if isinstance(schema, Mapping):
        root = _Library(house(), known).compile(schema, house() / "schemas" / SUFFIX)
    else:
        root = _compiled(house(), _file(schema), known)
    found: list[Problem] = []
    root(node, Spot(getattr(node, "mark", mark), "", "$"), found)
    errors = [_error(problem) for problem in found]
    return sorted(errors, key=lambda error: error.mark or Mark("", 0, 0))


def document(schema: str | Path) -> dict[str, Any]:
    """Return a schema as it is written."""
    loaded: dict[str, Any] = json.loads(_file(schema).read_text(encoding="utf-8"))
    return loaded


def _file(schema: str | Path) -> Path:
    return schema if isinstance(schema, Path) else house() / "schemas" / f"{schema}{SUFFIX}"


@lru_cache(maxsize=64)
def _compiled(top: Path, file: Path, actions: frozenset[str] | None) -> Check:
    library = _Library(top, actions)
    return library.compile(library.document(file), file)


def _error(problem: Problem) -> SchemaError:
    where = "" if problem.spot.mark else f"{problem.spot.path}: "
    return SchemaError(f"{where}{problem.what}", mark=problem.spot.mark, hint=problem.hint)


class _Library:
    """The documents that one compilation reads, and the checks that came of them."""

    def __init__(self, top: Path, actions: frozenset[str] | None) -> None:
        self.top = top
        self.actions = actions
        self.documents: dict[Path, Any] = {}
        self.checks: dict[str, Check] = {}

    def compile(self, schema: Any, file: Path) -> Check:
        """Return the check for a schema that stands in `file`."""
        if isinstance(schema, Mapping) and "$ref" in schema:
            return self.reference(schema["$ref"], file)
        return draft07.compile_schema(schema, lambda part: self.compile(part, file))

    def reference(self, reference: str, file: Path) -> Check:
        """Return the check for what a `$ref` names; it may be the one being compiled."""
        name, _, pointer = reference.partition("#")
        target = (file.parent / name).resolve() if name else file
        address = f"{target}#{pointer}"
        if address not in self.checks:
            self.checks[address] = self.later(address)
            schema = _pointed(self.document(target), pointer)
            self.checks[address] = self.compile(schema, target)
        return self.checks[address]

    def later(self, address: str) -> Check:
        """Return a check that stands for one which is still being compiled."""

        def check(value: Any, spot: Spot, found: list[Problem]) -> None:
            self.checks[address](value, spot, found)

        return check

    def document(self, file: Path) -> Any:
        """Return a schema file; the one of tasks is given the actions that there are."""
        if file not in self.documents:
            loaded = json.loads(file.read_text(encoding="utf-8"))
            if file.name == ACTION_TASK and self.actions is not None:
                loaded["properties"] = self.with_actions(loaded["properties"])
            self.documents[file] = loaded
        return self.documents[file]

    def with_actions(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Return the keys of a task: the keywords, and the actions that may be used."""
        keys = keywords(properties)
        for name in self.actions or ():
            keys |= action_keys(name, self.top / "schemas")
        return keys


def keywords(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys of a task without those that call an action."""
    return {key: value for key, value in properties.items() if not _is_action(value)}


def action_keys(name: str, schemas: Path) -> dict[str, Any]:
    """Return the keys that call an action, with their schema: Ansible's have a long name, too."""
    file = schemas / "actions" / f"{name}{SUFFIX}"
    if not file.is_file():
        return {name: True}
    reference = {"$ref": f"actions/{name}{SUFFIX}"}
    shared = '"x-ansible": true' in file.read_text(encoding="utf-8")
    return {name: reference} | ({f"{BUILTIN}{name}": reference} if shared else {})


def _is_action(schema: Any) -> bool:
    return isinstance(schema, Mapping) and str(schema.get("$ref", "")).startswith("actions/")


def _pointed(schema: Any, pointer: str) -> Any:
    for step in pointer.strip("/").split("/") if pointer else ():
        schema = schema[step.replace("~1", "/").replace("~0", "~")]
    return schema
