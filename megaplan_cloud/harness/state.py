"""The state of a plan, as `state.json` keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that is true of a plan; `dataclasses.replace` makes the next one.

    `iteration` counts plan versions (0 before the first), `revision` the writes of the file.
    The shapes inside are those of schemas/plan_state.schema.json.
    """

    name: str
    idea: str
    current_state: str
    created_at: str
    iteration: int = 0
    revision: int = 0
    config: Mapping[str, Any] = field(default_factory=dict)
    sessions: Mapping[str, Any] = field(default_factory=dict)
    plan_versions: tuple[Mapping[str, Any], ...] = ()
    history: tuple[Mapping[str, Any], ...] = ()
    meta: Mapping[str, Any] = field(default_factory=dict)
    last_gate: Mapping[str, Any] = field(default_factory=dict)
    active_step: Mapping[str, Any] | None = None
    latest_failure: Mapping[str, Any] | None = None
    resume_cursor: Mapping[str, Any] | None = None

    @property
    def level(self) -> str:
        """Return the robustness level, by its canonical name."""
        return str(self.config.get("robustness", "full"))

    def document(self) -> dict[str, Any]:
        """Return the JSON object of `state.json`; what is not there is left out."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in values.items()
            if value is not None
        }


def from_document(document: Any) -> State:
    """Return the state that a JSON object holds. Raises ValueError saying what is wrong with it."""
    if not isinstance(document, dict):
        raise ValueError("it is not a JSON object")  # noqa: TRY004  # one kind: "unreadable"
    known = {each.name for each in fields(State)}
    unknown = sorted(set(document) - known)
    if unknown:
        raise ValueError(f"unknown key {unknown[0]!r}: written by another version?")
    for name, kind in _KINDS.items():
        if not isinstance(document.get(name), kind):
            raise ValueError(f"{name!r} is missing or of the wrong kind")  # noqa: TRY004
    values: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in document.items()
    }
    return State(**values)


_KINDS: Mapping[str, type] = {
    "name": str,
    "idea": str,
    "current_state": str,
    "created_at": str,
    "iteration": int,
    "revision": int,
    "config": dict,
    "plan_versions": list,
    "history": list,
    "meta": dict,
}
