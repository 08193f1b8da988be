"""The rules of cloud.yaml that a schema cannot say: how its values fit together."""

from collections.abc import Iterator, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from megaplan_cloud.cloud import provider
from megaplan_cloud.cloud.box_path import contains
from megaplan_cloud.cloud.cloud_schema import DEFAULT_PROVIDER
from megaplan_cloud.cloud.errors import FutureProvider
from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.source import Mapping

FUTURE = ("fly",)


def check_provider(node: Mapping, search: Sequence[Path]) -> None:
    """Raise FutureProvider for a provider whose name is only kept free."""
    if node.get("provider") in FUTURE and node["provider"] not in _playable(search):
        raise FutureProvider(
            f"provider '{node['provider']}' is reserved for a future release; "
            f"future providers: {', '.join(FUTURE)}",
            mark=node.values_at["provider"],
            hint=f"Providers of this release: {', '.join(provider.names(search))}.",
        )


def check(node: Mapping) -> list[SchemaError]:
    """Return one problem for each rule that a cloud.yaml, right by its schema, still breaks."""
    return [*_mode(node), *_workspaces(node), *_session(node), *_harness(node), *_values(node)]


def workspace_problem(path: str) -> str:
    """Return what is wrong with the path of a checkout; nothing when it is right."""
    if not path.startswith("/"):
        return "must be an absolute POSIX path"
    if ".." in path.split("/"):
        return "must not climb with '..'"
    if not contains(provider.VOLUME, path) or contains(path, provider.VOLUME):
        return f"must lie under {provider.VOLUME}, the box's volume: elsewhere it is lost"
    return ""


def _playable(search: Sequence[Path]) -> list[str]:
    return provider.names(search)


def _mode(node: Mapping) -> Iterator[SchemaError]:
    """Find a mode whose section is missing."""
    mode = node.get("mode", "idle")
    needs = {"auto": "`auto.plan_name` and `auto.idea_file`", "chain": "`chain.spec`"}
    if mode in needs and mode not in node:
        yield SchemaError(
            f"`mode: {mode}` needs {needs[mode]}",
            mark=node.values_at["mode"],
            hint=f"Add the section `{mode}:`, or set `mode: idle`.",
        )


def _workspaces(node: Mapping) -> Iterator[SchemaError]:
    """Find checkouts outside the volume, and those that share or contain each other's path."""
    places = [*_checkouts(node)]
    for label, path, mark in places:
        if problem := workspace_problem(path):
            yield SchemaError(f"`{label}` {problem}; got '{path}'", mark=mark)
    for (owner, first, _), (label, second, mark) in combinations(places, 2):
        if contains(first, second) or contains(second, first):
            same = _tidy(first) == _tidy(second)
            yield SchemaError(
                f"`{label}` {'collides with' if same else 'is nested with'} `{owner}` ('{first}')",
                mark=mark,
                hint="Each repo must have a workspace path of its own, not inside another.",
            )


def _checkouts(node: Mapping) -> Iterator[tuple[str, str, Mark]]:
    """Yield the name, path and place of every checkout's workspace, the first repo's first."""
    repo = node["repo"]
    default = "/workspace/app"
    yield (
        "repo.workspace",
        repo.get("workspace", default),
        repo.values_at.get("workspace", repo.mark),
    )
    for index, extra in enumerate(node.get("extra_repos", [])):
        label = f"extra_repos[{index}].workspace"
        yield label, extra["workspace"], extra.values_at["workspace"]


def _session(node: Mapping) -> Iterator[SchemaError]:
    """Find a session that the box needs for itself, and two settings that disagree."""
    inner = node.get("chain", Mapping())
    for holder in (node, inner):
        if holder.get("chain_session") in {"agent", "health"}:
            yield SchemaError(
                f"the box itself has a session named '{holder['chain_session']}'",
                mark=holder.values_at["chain_session"],
                hint="Choose another name, or leave it out and one is derived.",
            )
    if "chain_session" in node and node["chain_session"] != inner.get(
        "chain_session", node["chain_session"]
    ):
        yield SchemaError(
            "`chain.chain_session` differs from `chain_session`",
            mark=inner.values_at["chain_session"],
            hint="Keep one of them.",
        )


def _harness(node: Mapping) -> Iterator[SchemaError]:
    """Find a harness that is to come from git, and no address to get it from."""
    harness = node.get("megaplan", Mapping())
    if harness.get("source") == "git" and not {"repo", "install_spec"} & set(harness):
        yield SchemaError(
            "`megaplan.source: git` needs `megaplan.repo`",
            mark=harness.values_at["source"],
            hint="Add its git address, or set `source: bundled`.",
        )


def _values(node: Mapping) -> Iterator[SchemaError]:
    """Find words that a command would take for an option, and blank or broken ones."""
    for label, value, mark in _texts(node):
        if not value.strip():
            yield SchemaError(f"`{label}` must be a non-empty string", mark=mark)
        elif label.split(".")[-1] in {"url", "branch", "ref", "repo"} and value.startswith("-"):
            yield SchemaError(f"`{label}` must not begin with '-'; got '{value}'", mark=mark)
    if node.get("provider", DEFAULT_PROVIDER) != "process" and _port(node) == 0:
        yield SchemaError(
            "`resources.port: 0` (any free port) is for `provider: process` only",
            mark=node["resources"].values_at["port"],
        )


def _port(node: Mapping) -> Any:
    return node.get("resources", {}).get("port")


def _texts(node: Any, label: str = "", mark: Mark | None = None) -> Iterator[tuple[str, str, Any]]:
    """Yield the dotted name, value and place of every text."""
    if isinstance(node, Mapping):
        for key, value in node.items():
            yield from _texts(value, f"{label}.{key}".lstrip("."), node.values_at[key])
    elif isinstance(node, list):
        for index, value in enumerate(node):
            yield from _texts(value, f"{label}[{index}]", node.items_at[index])  # type: ignore[attr-defined]
    elif isinstance(node, str):
        yield label, node, mark


def _tidy(path: str) -> str:
    return path.rstrip("/")
