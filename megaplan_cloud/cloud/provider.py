"""A provider: the role that gives a box, as its folder describes itself."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from megaplan_cloud.cloud.errors import ProviderUnavailable
from megaplan_cloud.engine import source
from megaplan_cloud.house import house

VOLUME = "/workspace"


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """What a provider's folder says: `meta` how its places are reached, `defaults` its values.

    `meta` is as schemas/role.schema.json has it; without `hosts` the provider cannot be played.
    """

    name: str
    path: Path
    meta: Mapping[str, Any]
    defaults: Mapping[str, Any]


def roles_path(cloud_yaml: Path) -> tuple[Path, ...]:
    """Return where roles are: beside the operator's cloud.yaml, where they say, in the house."""
    named = os.environ.get("MEGAPLAN_ROLES_PATH", "").split(os.pathsep)
    said = (Path(name).expanduser().absolute() for name in named if name)
    return (cloud_yaml.resolve().parent / "roles", *said, house() / "roles")


def load(name: str, search: Sequence[Path]) -> Provider:
    """Return the provider `name`; ProviderUnavailable when no folder of `search` has it."""
    for folder in search:
        path = folder / name
        if arguments_path(path).is_file():
            return Provider(
                name=name,
                path=path,
                meta=_mapping(path / "meta" / "main.yml"),
                defaults=_mapping(path / "defaults" / "main.yml"),
            )
    raise ProviderUnavailable(
        f"There is no provider '{name}'.",
        hint=f"A provider is a role with meta/arguments.schema.json, in {_listed(search)}.",
    )


def names(search: Sequence[Path]) -> list[str]:
    """Return the names of all providers in the search path."""
    roles = (role for folder in search if folder.is_dir() for role in folder.iterdir())
    return sorted({role.name for role in roles if arguments_path(role).is_file()})


def arguments(name: str, search: Sequence[Path]) -> dict[str, Any]:
    """Return the schema of the provider's block in cloud.yaml."""
    path = next(path for folder in search if (path := arguments_path(folder / name)).is_file())
    schema: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return schema


def arguments_path(role: Path) -> Path:
    """Return where a role keeps the schema of its block in cloud.yaml."""
    return role / "meta" / "arguments.schema.json"


def _mapping(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        return {}
    value = source.load(path)
    return value if isinstance(value, source.Mapping) else {}


def _listed(search: Sequence[Path]) -> str:
    return " or ".join(str(folder) for folder in search)
