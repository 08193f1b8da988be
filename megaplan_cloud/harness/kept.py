"""What a phase has kept: files already written, and the changes of state that make them count."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import events
from megaplan_cloud.harness.write import write_json, write_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """Files come first, then one write of the state: a crash between them loses nothing.

    `files` are names in the plan's folder; `state` holds values of State to replace; `history`
    is added to the phase's entry; `payload` is shown by the phase's command.
    """

    files: tuple[str, ...] = ()
    state: Mapping[str, Any] = field(default_factory=dict)
    history: Mapping[str, Any] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as the plain data that a playbook registers."""
        return asdict(self)


def keep_json(directory: Path, name: str, document: Any, *, phase: str) -> None:
    """Write an artifact of a phase as JSON and tell of it in the journal."""
    write_json(directory / name, document)
    _told(directory, name, phase)


def keep_text(directory: Path, name: str, text: str, *, phase: str) -> None:
    """Write an artifact of a phase as text and tell of it in the journal."""
    write_text(directory / name, text)
    _told(directory, name, phase)


def _told(directory: Path, name: str, phase: str) -> None:
    size = (directory / name).stat().st_size
    events.append(directory, "artifact_written", phase, {"path": name, "size_bytes": size})
