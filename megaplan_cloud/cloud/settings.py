"""Settings: what cloud.yaml says, over the defaults and under the flags, checked and frozen."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from megaplan_cloud.cloud import cloud_schema, identity, provider, rules
from megaplan_cloud.cloud.box_path import on_box
from megaplan_cloud.cloud.errors import InvalidArguments, ProviderUnavailable
from megaplan_cloud.cloud.provider import VOLUME, Provider
from megaplan_cloud.engine import schema, source
from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.template import render

BOX = {
    "root": VOLUME,
    "run": "/run/megaplan",
    "bind": "0.0.0.0",  # noqa: S104 - a container's own; who may ask is the provider's matter
    "trusted": True,
    "deploy_dir": "",
    "secrets": "",
    "python": ["python3"],
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Everything a command knows before it begins. `variables` are the playbooks' variables.

    `written` holds the dotted names that the operator wrote, in cloud.yaml or as a flag: a
    workspace left out is one that `invoke chain` may derive. Paths under `/workspace` are
    already those of the box: a provider may keep its volume somewhere else.
    """

    path: Path
    provider: Provider
    variables: Mapping[str, Any]
    places: Mapping[str, Mapping[str, Any]]
    written: frozenset[str] = field(default_factory=frozenset)

    @property
    def root(self) -> str:
        """Return where the box's volume is."""
        root: str = self.variables["box"]["root"]
        return root

    def __getitem__(self, dotted: str) -> Any:
        """Return the value of a dotted name, as `settings["repo.url"]`."""
        value: Any = self.variables
        for word in dotted.split("."):
            value = value[word]
        return value


def load(
    path: Path | str = "cloud.yaml",
    *,
    repo_url: str = "",
    repo_branch: str = "",
    repo_workspace: str = "",
) -> Settings:
    """Return the settings of a cloud.yaml with the flags that replace some of its values.

    SchemaError tells every wrong key and value at its own place; nothing else was touched.
    """
    file = Path(path).expanduser()
    node = read(file)
    flags = _flags(url=repo_url, branch=repo_branch, workspace=repo_workspace)
    return _settle(file, _plain(node), flags)


def read(file: Path) -> source.Mapping:
    """Return what a cloud.yaml says when it obeys its schema and every rule; else SchemaError."""
    if not file.is_file():
        raise SchemaError(
            f"spec file not found: {file}",
            hint="Write one with `invoke init`, or name yours with --cloud-yaml.",
        )
    node = source.load(file)
    if not isinstance(node, source.Mapping):
        raise SchemaError("cloud spec must be a YAML mapping", mark=Mark(str(file), 1, 1))
    search = provider.roles_path(file)
    rules.check_provider(node, search)
    problems = [*schema.check(node, cloud_schema.composed(node, search))]
    problems = problems or rules.check(node)
    if problems:
        raise (
            problems[0]
            if len(problems) == 1
            else SchemaError(f"{file} has {len(problems)} mistakes", problems=problems)
        )
    return node


def unwritten(path: Path) -> Settings:
    """Return the settings that a directory without a cloud.yaml has: the defaults alone."""
    return _settle(path, {"repo": {"url": ""}}, {})


def _flags(**repo: str) -> dict[str, Any]:
    """Return the flags that were given, in the shape of cloud.yaml."""
    workspace = repo["workspace"]
    if workspace and (problem := rules.workspace_problem(workspace)):
        raise InvalidArguments(f"--repo-workspace {problem}; got '{workspace}'")
    given = {key: value for key, value in repo.items() if value}
    return {"repo": given} if given else {}


def _settle(file: Path, written: dict[str, Any], flags: dict[str, Any]) -> Settings:
    """Lay the values over each other, lowest first, and render what is left of templates."""
    search = provider.roles_path(file)
    name = written.get("provider", cloud_schema.DEFAULT_PROVIDER)
    chosen = provider.load(name, search)
    defaults = merge(cloud_schema.defaults(cloud_schema.base()), chosen.defaults)
    box = {"name": identity.box_name(file), "controller_bin": _bin(), **identity.homes(file)}
    written = cloud_schema.with_item_defaults(written, cloud_schema.base())
    given = {"box": box, "provider": name, "cloud_yaml": str(file.resolve())}
    settled = _rendered({**given, **merge(merge(defaults, written), flags), "provider": name})
    settled["box"] |= _rendered({**settled, "of": _of_box(chosen)})["of"]
    return Settings(
        path=file,
        provider=chosen,
        variables=MappingProxyType(on_volume(settled, settled["box"]["root"])),
        places=_places(chosen, settled),
        written=frozenset([*_dotted(written), *_dotted(flags)]),
    )


def _of_box(chosen: Provider) -> dict[str, Any]:
    """Return what the provider says of its box beside how it is reached."""
    return {**BOX, "identity": chosen.name, **chosen.meta.get("box", {})}


def _bin() -> str:
    """Return the folder of this program's own commands, `megaplan` among them."""
    import sys

    return str(Path(sys.executable).parent)


def _places(chosen: Provider, values: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return how `host` and `box` are reached, every template rendered."""
    return _rendered({**values, "hosts": chosen.meta.get("hosts", {})})["hosts"]  # type: ignore[no-any-return]


def playable(settings: Settings) -> Settings:
    """Return the settings when their provider can be played; else ProviderUnavailable."""
    if "box" in settings.places:
        return settings
    raise ProviderUnavailable(
        f"The provider '{settings.provider.name}' cannot be played by this release yet.",
        hint="Set `provider: process` for a box on this machine.",
    )


def merge(lower: Mapping[str, Any], upper: Mapping[str, Any]) -> dict[str, Any]:
    """Return `lower` with `upper` laid over it; mappings are merged, everything else replaced."""
    merged = dict(lower)
    for key, value in upper.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def on_volume(values: dict[str, Any], root: str) -> dict[str, Any]:
    """Return the values with every path of the box moved to where its volume really is."""
    moved = {
        "repo": {"workspace": on_box(values["repo"]["workspace"], root)},
        "megaplan": {"src_path": on_box(values["megaplan"]["src_path"], root)},
        "extra_repos": [
            {**repo, "workspace": on_box(repo["workspace"], root)} for repo in values["extra_repos"]
        ],
    }
    if "auto" in values:
        moved["auto"] = {"idea_file": on_box(values["auto"]["idea_file"], root)}
    if "chain" in values:
        moved["chain"] = {"spec": on_box(values["chain"]["spec"], root)}
    return merge(values, moved)


def _rendered(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with their templates rendered in order: each may use those above it."""
    done: dict[str, Any] = {}
    _settle_into(done, values, _Values(done))
    return done


def _settle_into(done: dict[str, Any], values: Mapping[str, Any], names: "_Values") -> None:
    for key, value in values.items():
        if isinstance(value, Mapping):
            done[str(key)] = {}
            _settle_into(done[str(key)], value, names)
        else:
            done[str(key)] = render(value, names)


@dataclass(frozen=True, slots=True)
class _Values:
    """The values rendered so far, as templates look them up."""

    values: Mapping[str, Any]

    def look_up(self, name: str) -> Any:
        return self.values[name]

    def known(self) -> Iterable[str]:
        return self.values


def _plain(value: Any) -> Any:
    """Return what cloud.yaml says as plain values: an operator's text is never a template."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, str) else value


def _dotted(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    """Return the dotted name of every key."""
    names: list[str] = []
    for key, value in values.items():
        names.append(f"{prefix}{key}")
        if isinstance(value, Mapping):
            names += _dotted(value, f"{prefix}{key}.")
    return names
