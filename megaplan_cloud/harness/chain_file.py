"""The file of a chain's state: where it is, who may write it, and what is never believed."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import clock, git, lock
from megaplan_cloud.harness.chain_state import ChainState, from_document
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.root import prepare_root
from megaplan_cloud.harness.write import write_json

LEGACY = "chain_state.json"
POISON_HINT = (
    "Run `invoke doctor --fix stale-chain-state`; it removes the file here and from the branch. "
    "By hand: `git rm --cached {name}`, add it to .gitignore, commit and push."
)


def state_path(spec: Path) -> Path:
    """Return where the state of the chain in `spec` is kept, on the machine that drives it."""
    resolved = spec.resolve()
    digest = hashlib.sha1(str(resolved).encode(), usedforsecurity=False).hexdigest()[:12]
    return resolved.parent / ".megaplan/plans/.chains" / f"{resolved.stem}-{digest}.json"


def legacy_path(spec: Path) -> Path:
    """Return where older versions kept the state: beside the spec."""
    return spec.resolve().parent / LEGACY


def policy_path(spec: Path) -> Path:
    """Return the side file that holds the policies an operator has overridden."""
    return state_path(spec).with_suffix(".runtime_policy.json")


def poison(spec: Path) -> Path | None:
    """Return a state file of this chain that is committed, or None.

    Progress that comes out of a clone is another run's: it would skip milestones of this one.
    """
    return next((path for path in (state_path(spec), legacy_path(spec)) if git.tracked(path)), None)


def refuse_poison(spec: Path) -> None:
    """Raise `poisoned_chain_state` when a state file of this chain is tracked by Git."""
    found = poison(spec)
    if found is not None:
        raise poisoned(found)


def poisoned(path: Path) -> HarnessError:
    """Return the refusal of a state file that Git tracks."""
    return HarnessError(
        "poisoned_chain_state",
        f"{path} is tracked by Git: a clone brings the progress of another run, and this chain "
        "would skip milestones",
        hint=POISON_HINT.format(name=path.name),
        details={"path": str(path), "fix": "stale-chain-state"},
    )


def find(spec: Path) -> ChainState | None:
    """Return the state of the chain in `spec`, or None when it has none. Makes nothing.

    The legacy file counts only when there is no other, and never when Git tracks it.
    """
    for path in (state_path(spec), legacy_path(spec)):
        if path.exists() and not git.tracked(path):
            return read(path)
    return None


def read(path: Path) -> ChainState:
    """Return the state in one file. Raises `invalid_chain_state` and leaves the file alone."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise HarnessError(
            "invalid_chain_state",
            f"{path} cannot be read: {error}",
            hint="The file is kept as it is. Repair it, or begin anew with --fresh.",
        ) from error
    return from_document(document, str(path))


def overrides(spec: Path) -> dict[str, str]:
    """Return the policies that an operator has overridden; none when the file is not readable."""
    try:
        found = json.loads(policy_path(spec).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}


@dataclass(slots=True)
class ChainFile:
    """The one writer of a chain's state, while its lock is held; `state` is what the file holds."""

    path: Path
    state: ChainState
    stamp: Callable[[], str] = clock.stamp

    def update(self, **changes: Any) -> None:
        """Write the state with `changes`: the whole of it or nothing."""
        self._refuse_other_writer()
        changed = replace(
            self.state, **changes, revision=self.state.revision + 1, updated_at=self.stamp()
        )
        try:
            write_json(self.path, changed.document())
        except OSError as error:
            raise HarnessError(
                "state_not_written",
                f"cannot write {self.path}: {error.strerror}",
                hint="Free some space or make the folder writable; then start the chain again.",
            ) from error
        self.state = changed

    def keep(self, label: str, facts: Mapping[str, Any], **changes: Any) -> None:
        """Write facts about one milestone beside those kept already, and `changes`, in one."""
        kept = self.state.of(label) | dict(facts)
        self.update(milestones={**self.state.milestones, label: kept}, **changes)

    def _refuse_other_writer(self) -> None:
        found = read(self.path).revision if self.path.exists() else 0
        if found != self.state.revision:
            raise HarnessError(
                "revision_conflict",
                f"{self.path} was changed by something else (revision {found}, "
                f"not {self.state.revision})",
                hint="Only the runner writes this file. Start the chain again to go on from it.",
            )


@contextmanager
def opened(spec: Path, *, fresh: bool = False) -> Iterator[ChainFile]:
    """Hold the chain's lock and its state; `fresh` sets aside a state that is there.

    Raises `chain_locked` when another runner drives this chain, and `poisoned_chain_state`.
    """
    refuse_poison(spec)
    path = state_path(spec)
    prepare_root(spec.resolve().parent)
    with _locked(path.with_suffix(".lock"), spec):
        if fresh:
            _set_aside(path)
            _set_aside(legacy_path(spec))
        found = None if fresh else find(spec)
        state = found or ChainState()
        if not path.exists():
            state = replace(state, revision=0)
        yield ChainFile(path, state)


@contextmanager
def _locked(path: Path, spec: Path) -> Iterator[None]:
    with ExitStack() as stack:
        try:
            stack.enter_context(lock.held(path, purpose="megaplan chain"))
        except HarnessError as error:
            raise _driven(path, spec) from error
        yield


def _driven(path: Path, spec: Path) -> HarnessError:
    who = lock.holder(path) or {}
    told = f", by pid {who['pid']} on {who['host']} since {who['since']}" if who else ""
    return HarnessError(
        "chain_locked",
        f"the chain {spec} is being driven already{told}",
        hint="Let it run: `megaplan chain status` shows how far it is.",
        details={"holder": dict(who), "lock": str(path)},
    )


def _set_aside(path: Path) -> None:
    """Keep the state of an earlier run under a name that nobody reads."""
    if path.exists():
        moment = clock.now().strftime("%Y%m%d-%H%M%S")
        path.rename(path.with_name(f"{path.name}.set-aside-{moment}"))
