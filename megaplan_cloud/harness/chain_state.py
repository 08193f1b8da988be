"""The state of a chain: what is done, what is being driven, and where its work is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from megaplan_cloud.harness.errors import HarnessError

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainState:
    """Everything that is true of a chain; `dataclasses.replace` makes the next one.

    `current_milestone_index` is -1 before the chain has begun and the number of milestones when
    it is complete. `revision` counts the writes of the file. What is kept by label holds for that
    milestone. `unknown` are keys of other versions, which are written back as they were read.
    The shapes inside are those of schemas/chain_state.schema.json.
    """

    schema_version: int = SCHEMA_VERSION
    revision: int = 0
    current_milestone_index: int = -1
    current_plan_name: str | None = None
    last_state: str | None = None
    pr_number: int | None = None
    pr_state: str | None = None
    completed: tuple[Mapping[str, Any], ...] = ()
    failure: Mapping[str, Any] | None = None
    branch_head: str | None = None
    pr_head: str | None = None
    last_pushed_commit: str | None = None
    dirty_flag: bool = False
    sync_state: str | None = None
    spec_sha256: str | None = None
    base_branch: str | None = None
    base_commit: str | None = None
    project_dir: str | None = None
    started_at: str | None = None
    updated_at: str | None = None
    milestones: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    retry_counts: Mapping[str, int] = field(default_factory=dict)
    ladder_stage: Mapping[str, str] = field(default_factory=dict)
    profile_bumps: Mapping[str, str] = field(default_factory=dict)
    robustness_bumps: Mapping[str, str] = field(default_factory=dict)
    extra_repos: tuple[str, ...] = ()
    extra_repo_sync: tuple[Mapping[str, Any], ...] = ()
    chain_session: str | None = None
    resolved_workspace: str | None = None
    unknown: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return the JSON object of the state file, unknown keys last."""
        known = {each.name: getattr(self, each.name) for each in fields(self)}
        del known["unknown"]
        plain = {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in known.items()
        }
        return plain | dict(self.unknown)

    def of(self, label: str) -> dict[str, Any]:
        """Return what is kept about one milestone: branch, start, worktree, plan, commits."""
        return dict(self.milestones.get(label, {}))

    def done(self) -> tuple[str, ...]:
        """Return the labels of the milestones that are done, in their order."""
        return tuple(each["label"] for each in self.completed if each.get("status") == "done")

    def passed(self) -> tuple[str, ...]:
        """Return the labels of the milestones that the chain has left behind, done or skipped."""
        return tuple(each["label"] for each in self.completed)


def from_document(document: Any, place: str) -> ChainState:
    """Return the state that a JSON document holds; `place` is what an error names.

    A malformed optional key falls back to its default. A document that is no object, or whose
    index is no number, is refused with `invalid_chain_state`: progress is never guessed.
    """
    if not isinstance(document, dict):
        raise _invalid(place, "it is not a JSON object")
    index = document.get("current_milestone_index", -1)
    if not _whole(index) or index < -1:
        raise _invalid(place, f"current_milestone_index is {index!r}, which is no position")
    values = {
        name: as_kept(document[name])
        for name, (fits, as_kept) in _READERS.items()
        if name in document and fits(document[name])
    }
    known = {each.name for each in fields(ChainState)}
    unknown = {name: value for name, value in document.items() if name not in known}
    return ChainState(**values, current_milestone_index=index, unknown=unknown)


def _invalid(place: str, what: str) -> HarnessError:
    return HarnessError(
        "invalid_chain_state",
        f"{place} is not the state of a chain: {what}",
        hint="The file is kept as it is. Repair it, or begin anew with --fresh.",
    )


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: Any) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _entry(value: Any) -> bool:
    return isinstance(value, dict) and _text(value.get("label"))


def _texts(value: Any) -> bool:
    return isinstance(value, list) and all(_text(each) for each in value)


def _objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, dict) for each in value)


def _of_labels(fits: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, dict) and all(fits(each) for each in value.values())


def _object(value: Any) -> bool:
    return isinstance(value, dict)


def _same(value: Any) -> Any:
    return value


Reader = tuple[Callable[[Any], bool], Callable[[Any], Any]]

_READERS: Mapping[str, Reader] = {
    **dict.fromkeys(
        (
            "current_plan_name",
            "last_state",
            "pr_state",
            "branch_head",
            "pr_head",
            "last_pushed_commit",
            "sync_state",
            "spec_sha256",
            "base_branch",
            "base_commit",
            "project_dir",
            "started_at",
            "updated_at",
            "chain_session",
            "resolved_workspace",
        ),
        (_text, _same),
    ),
    "schema_version": (_whole, _same),
    "revision": (_whole, _same),
    "pr_number": (_whole, _same),
    "dirty_flag": (lambda value: isinstance(value, bool), _same),
    "failure": (_object, _same),
    # One unreadable entry must not hide the others: it would repeat work that is done.
    "completed": (lambda value: isinstance(value, list), lambda v: tuple(filter(_entry, v))),
    "milestones": (_of_labels(_object), _same),
    "retry_counts": (_of_labels(_whole), _same),
    "ladder_stage": (_of_labels(_text), _same),
    "profile_bumps": (_of_labels(_text), _same),
    "robustness_bumps": (_of_labels(_text), _same),
    "extra_repos": (_texts, tuple),
    "extra_repo_sync": (_objects, tuple),
}
