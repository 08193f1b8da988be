"""A launch: everything a chain needs in its box, worked out before anything is touched."""

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

import yaml

from megaplan_cloud.cloud import identity
from megaplan_cloud.cloud.box_path import on_box
from megaplan_cloud.cloud.chain_spec import LocalChain, find_idea, relative_idea
from megaplan_cloud.cloud.settings import Settings

DEFAULT_SESSION = "megaplan-chain"
VERIFY_SECONDS = 45
COMPANIONS = (".megaplan/profiles.toml",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a chain runs: its session, its checkout and its files on the box."""

    session: str
    workspace: str
    spec: str
    digest: str
    derived_session: bool
    derived_workspace: bool

    @property
    def log(self) -> str:
        """Return the chain's log."""
        suffix = "" if self.session == DEFAULT_SESSION else f"-{self.session}"
        return f"{self.workspace}/.megaplan/cloud-chain{suffix}.log"

    @property
    def result(self) -> str:
        """Return the document that the runner leaves at its end."""
        return f"{self.folder}/result.json"

    @property
    def folder(self) -> str:
        """Return where the runner's script and its exit code are."""
        return f"{self.workspace}/.megaplan/cloud/{self.session}"


def target(chain: LocalChain, settings: Settings) -> Target:
    """Return where a chain runs: as cloud.yaml says, or derived from the chain's identity."""
    who = chain.identity
    written = settings.written
    named = session_named(settings)
    if "repo.workspace" in written:
        workspace = settings["repo.workspace"]
    else:
        workspace = on_box(who.workspace(settings["repo.url"]), settings.root)
    return Target(
        session=named or who.session,
        workspace=workspace,
        spec=f"{workspace}/chain.yaml",
        digest=who.digest,
        derived_session=not named,
        derived_workspace="repo.workspace" not in written,
    )


def session_named(settings: Settings) -> str:
    """Return the session that cloud.yaml names; nothing when it names none."""
    inner = settings.variables.get("chain", {}).get("chain_session", "")
    return str(settings.variables.get("chain_session", inner))


def watched(place: Target, settings: Settings, kind: str = "chain") -> dict[str, Any]:
    """Return what a look at the chain, or at a plan without one, needs on the box."""
    return {
        "kind": kind,
        "root": settings.root,
        "run": settings["box.run"],
        "session": place.session,
        "workspace": place.workspace,
        "spec": place.spec,
        "log": place.log,
        "exit": f"{place.folder}/exit.json",
        "result": place.result,
        "digest": place.digest,
        "seconds": VERIFY_SECONDS,
        "launcher": launcher(settings),
    }


def launcher(settings: Settings) -> list[str]:
    """Return the words that call the harness on the box."""
    return shlex.split(settings["megaplan.launcher"])


def prepare(
    chain: LocalChain, settings: Settings, *, idea_dir: Path, here: Path, fresh: bool
) -> dict[str, Any]:
    """Return the variables of playbooks/chain.yml. MissingIdeaFile before anything is touched."""
    place = target(chain, settings)
    ideas = {
        each.label: (find_idea(each, idea_dir, here, _as_written(settings)), each.idea)
        for each in chain.milestones
    }
    names = {
        label: relative_idea(idea, _as_written(settings)) for label, (_, idea) in ideas.items()
    }
    files = [_file(path, f"{place.workspace}/{names[label]}") for label, (path, _) in ideas.items()]
    files += _companions(chain, place)
    return {
        "watched": watched(place, settings),
        "checkouts": checkouts(settings, place.workspace),
        "launch": {
            "launcher": launcher(settings),
            "files": files,
            "folders": _folders(files, place, settings),
            "excluded": ["/.megaplan/", "/chain.yaml", *sorted({f"/{n}" for n in names.values()})],
            "spec_text": spec_text(chain, names, settings["repo.branch"], settings),
            "routes": routes(chain),
            "poison": poison(chain, here),
            "script": f"{place.folder}/run.sh",
            "command": command(place, settings, fresh=fresh),
            "marker_path": f"{settings.root}/.megaplan/cloud-sessions/{place.session}.json",
            "marker": {**marker(chain, place), "started_at": now()},
            "local_marker": local_marker(chain, place, settings),
            "started_at": now(),
            "hint": "The log says why: `invoke logs --chain --no-follow`.",
        },
    }


def checkouts(settings: Settings, workspace: str) -> list[dict[str, str]]:
    """Return each repository that the box has, the first one's checkout where it is said."""
    first = {**settings["repo"], "workspace": workspace}
    return [
        {
            "name": identity.repo_name(repo["url"]),
            "url": repo["url"],
            "branch": repo["branch"],
            "workspace": repo["workspace"],
        }
        for repo in (first, *settings["extra_repos"])
    ]


def command(place: Target, settings: Settings, *, fresh: bool) -> str:
    """Return the line of the runner's script that starts the chain."""
    words = [*launcher(settings), "chain", "start", "--spec", place.spec]
    trusted = "MEGAPLAN_TRUSTED_CONTAINER=1 " if settings["box.trusted"] else ""
    return kept(trusted + shlex.join([*words, *(["--fresh"] if fresh else [])]), place, settings)


def kept(line: str, place: Target, settings: Settings) -> str:
    """Return a line of shell with what it says going to the log, and its document to `result`."""
    log = shlex.quote(place.log)
    if PurePosixPath(launcher(settings)[-1]).name == "megaplan":
        # Our harness gives its document on stdout and says what it does on stderr.
        return f"{line} > {shlex.quote(place.result)} 2>> {log}"
    return f"{line} >> {log} 2>&1"


def spec_text(
    chain: LocalChain, names: Mapping[str, PurePosixPath], branch: str, settings: Settings
) -> str:
    """Return the spec as the box reads it: the same text, unless something had to be replaced.

    An idea is named by its place beside the spec; a base branch that is left out is cloud.yaml's.
    """
    replaced = {each.label: str(names[each.label]) for each in chain.milestones}
    same = all(each.idea == replaced[each.label] for each in chain.milestones)
    driver = settings.variables.get("driver", {})
    if same and chain.base_branch and not driver:
        return chain.text
    plain = _plain(chain.node)
    for each in plain.get("milestones") or []:
        each["idea"] = replaced[each["label"]]
    plain.setdefault("base_branch", branch)
    if driver:
        stalls = driver.get("max_stall_iterations", driver.get("stall_threshold"))
        plain["driver"] = {**(plain.get("driver") or {}), "max_stall_iterations": stalls}
    return yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)


def routes(chain: LocalChain) -> list[dict[str, Any]]:
    """Return the words that ask the harness who answers, once for milestones that are alike."""
    driver = chain.node.get("driver") or {}
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for each in chain.node.get("milestones") or []:
        if not each.get("profile"):
            continue
        words = ("config", "profiles", "show", str(each["profile"]), *_dials(each))
        level = str(each.get("robustness") or driver.get("robustness") or "full")
        route = found.setdefault(
            (level, *words), {"labels": [], "level": level, "words": list(words)}
        )
        route["labels"].append(str(each["label"]))
    return list(found.values())


def _dials(milestone: Mapping[str, Any]) -> Iterator[str]:
    """Yield the flags for what a milestone says beside its profile."""
    for dial in ("vendor", "depth", "critic", "deepseek_provider"):
        if milestone.get(dial):
            yield f"--{dial.replace('_', '-')}={milestone[dial]}"
    chosen = milestone.get("phase_model") or []
    for spec in [chosen] if isinstance(chosen, str) else chosen:
        yield f"--phase-model={spec}"


def poison(chain: LocalChain, here: Path) -> list[str]:
    """Return where a committed state of this chain would lie in its repository."""
    paths = ["chain_state.json", ".megaplan/plans/.chains"]
    folder = chain.path.resolve().parent
    if folder.is_relative_to(here.resolve()) and folder != here.resolve():
        paths.append(f"{folder.relative_to(here.resolve()).as_posix()}/chain_state.json")
    return paths


def marker(chain: LocalChain, place: Target) -> dict[str, Any]:
    """Return what the box keeps about who has the session."""
    return {
        "session": place.session,
        "workspace": place.workspace,
        "remote_spec": place.spec,
        "identity_digest": place.digest,
        "chain_slug": chain.identity.slug,
        "chain_log": place.log,
    }


def local_marker(chain: LocalChain, place: Target, settings: Settings) -> dict[str, Any]:
    """Return what this machine keeps about the last chain of a cloud.yaml."""
    return {
        "remote_spec": place.spec,
        "base_branch": chain.base_branch or settings["repo.branch"],
        "workspace": place.workspace,
        "chain_session": place.session,
        "chain_log": place.log,
        "identity_digest": place.digest,
        "extra_repos": settings["extra_repos"],
        "provider": settings.provider.name,
        "provider_identity": settings["box.identity"],
        "local_spec": str(chain.path.resolve()),
        "labels": [each.label for each in chain.milestones],
    }


def _as_written(settings: Settings) -> str:
    """Return the first repo's workspace as cloud.yaml and the chain spec write it."""
    workspace = PurePosixPath(settings["repo.workspace"])
    if workspace.is_relative_to(settings.root):
        return str(PurePosixPath("/workspace", workspace.relative_to(settings.root)))
    return str(workspace)


def _file(path: Path, dest: str) -> dict[str, str]:
    mode = "0755" if path.stat().st_mode & 0o100 else "0644"
    return {"src": str(path.resolve()), "dest": dest, "mode": mode}


def _companions(chain: LocalChain, place: Target) -> list[dict[str, str]]:
    """Return the project files that lie beside the spec: its profiles."""
    beside = chain.path.resolve().parent
    return [
        _file(beside / name, f"{place.workspace}/{name}")
        for name in COMPANIONS
        if (beside / name).is_file()
    ]


def _folders(files: list[dict[str, str]], place: Target, settings: Settings) -> list[str]:
    """Return every folder that something is put into."""
    parents = {str(PurePosixPath(file["dest"]).parent) for file in files}
    own = {place.folder, f"{settings.root}/.megaplan/cloud-sessions"}
    return sorted(parents | own)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return str(value) if isinstance(value, str) else value


def now() -> str:
    """Return the time, in UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
