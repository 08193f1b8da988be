"""A chain's world for tests: a bare remote, a checkout, a spec, and a driver that plays plans."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import chain, chain_file, store
from megaplan_cloud.harness.auto import Options, Outcome
from megaplan_cloud.harness.chain_end import Ended
from megaplan_cloud.harness.chain_run import Driver
from megaplan_cloud.harness.chain_spec import load
from megaplan_cloud.harness.chain_state import ChainState
from megaplan_cloud.harness.plan import Plan
from megaplan_cloud.house import house

PROFILE = '[profiles.test]\ndefault = "script:true"\n'
# What a plan does, by the label that its name begins with: files to write, or a failure.
OnPhase = Callable[[Plan, str], None]
Deed = Mapping[str, str] | Outcome | Exception


def git(directory: Path, *words: str) -> str:
    """Return what git says, without its last line break; the test fails if git does."""
    who = {
        f"GIT_{role}_{part}": f"test@{part}.example".lower()
        for role in ("AUTHOR", "COMMITTER")
        for part in ("NAME", "EMAIL")
    }
    plain = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    done = subprocess.run(
        ["git", *words], cwd=directory, env=plain | who, check=False, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.removesuffix("\n")


def megaplan(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the `megaplan` command of this tree and return how it ended."""
    return subprocess.run(
        [sys.executable, "-m", "megaplan_cloud.harness.command", *words],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": str(house())},
        check=False,
        capture_output=True,
        text=True,
    )


@dataclass
class Script:
    """A driver for tests: each plan does the next deed that is written down for its milestone."""

    deeds: dict[str, list[Deed]]
    driven: list[tuple[str, Options]] = field(default_factory=list)

    def __call__(self, plan: Plan, options: Options, on_phase: OnPhase) -> Outcome:
        """Play a plan that is not done."""
        self.driven.append((plan.name, options))
        if plan.state().current_state == "done":
            return _outcome(plan, "done")
        label = plan.name.partition("-")[0]
        deed = self.deeds[label].pop(0) if self.deeds.get(label) else {f"{label}.txt": label}
        if isinstance(deed, Exception):
            raise deed
        if isinstance(deed, Outcome):
            _moved(plan, "failed")
            return replace(deed, plan=plan.name)
        execute(plan, deed)
        on_phase(plan, "execute")
        return _outcome(plan, "done")


def execute(plan: Plan, files: Mapping[str, str], *, claims: Sequence[str] | None = None) -> None:
    """Write files as a plan's executor does, claim them, and let the plan be done."""
    folder = Path(plan.state().config["project_dir"])
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    claimed = list(files if claims is None else claims)
    document = {"tasks": [{"id": "T1", "files_changed": claimed}]}
    (plan.directory / "finalize.json").write_text(json.dumps(document), encoding="utf-8")
    _moved(plan, "done", {"step": "execute", "result": "success"})


def failure(**facts: Any) -> Outcome:
    """Return a failed outcome."""
    given = {"status": "failed", "reason": "the tests fail", "last_phase": "execute"} | facts
    return Outcome(plan="", final_state="failed", **given)


def _moved(plan: Plan, name: str, entry: Mapping[str, Any] | None = None) -> None:
    entries = () if entry is None else (entry,)
    store.update(
        plan.directory,
        lambda state: replace(state, current_state=name, history=(*state.history, *entries)),
    )


def _outcome(plan: Plan, status: str) -> Outcome:
    state = plan.state().current_state
    return Outcome(status=status, plan=plan.name, final_state=state, reason="the plan is done")


@dataclass
class World:
    """A project with a remote, and a chain of it."""

    remote: Path
    project: Path
    spec: Path
    said: list[str] = field(default_factory=list)

    def run(self, script: Driver | None = None, **options: bool) -> tuple[Ended, ChainState]:
        """Run the chain once and return how it ended."""
        return chain.drive(
            load(self.spec),
            self.project,
            chain.Options(**options),
            self.said.append,
            script or Script({}),
        )

    def state(self) -> ChainState:
        """Return the state that the file holds."""
        return chain_file.read(chain_file.state_path(self.spec))

    def subjects(self, branch: str) -> list[str]:
        """Return the subjects of a branch on the remote, newest first, above the base."""
        return git(self.remote, "log", "--format=%s", f"main..{branch}").splitlines()

    def worktree(self, branch: str) -> Path:
        """Return where a branch's worktree is."""
        return self.project / ".megaplan/worktrees" / branch


def build(folder: Path, spec: str, labels: Sequence[str] = ("m1", "m2", "m3")) -> World:
    """Make a bare remote with one commit, a clone of it, and a chain spec with its ideas."""
    remote, project = folder / "remote.git", folder / "project"
    git(folder, "init", "--quiet", "--bare", "--initial-branch=main", str(remote))
    git(folder, "clone", "--quiet", str(remote), str(project))
    git(project, "switch", "--quiet", "--orphan", "main")
    (project / "README.md").write_text("# A project\n", encoding="utf-8")
    git(project, "add", "README.md")
    git(project, "commit", "--quiet", "--message", "Begin")
    git(project, "push", "--quiet", "origin", "main")
    chains = folder / "chains"
    (chains / "ideas").mkdir(parents=True)
    for label in labels:
        idea = chains / "ideas" / f"{label}.md"
        idea.write_text(f"# Build {label}\n\nAll of it.\n", encoding="utf-8")
    (chains / "chain.yaml").write_text(spec, encoding="utf-8")
    (project / ".megaplan").mkdir()
    (project / ".megaplan/.gitignore").write_text("*\n", encoding="utf-8")
    (project / ".megaplan/profiles.toml").write_text(PROFILE, encoding="utf-8")
    return World(remote, project, chains / "chain.yaml")


def spec_of(*labels: str, more: str = "", branches: bool = True) -> str:
    """Return a spec with these milestones, bare and with the test profile."""
    lines = ["milestones:"]
    for label in labels:
        lines += [f"  - label: {label}", f"    idea: ideas/{label}.md", "    profile: test"]
        lines += ["    robustness: bare"] + ([f"    branch: epic/{label}"] if branches else [])
    return "\n".join([*lines, more, ""])
