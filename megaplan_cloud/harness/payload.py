"""What a command gives back: one JSON document, an exit code, and lines for people."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Payload:
    """The answer of a command. `document` goes to stdout, `lines` to stderr on a terminal."""

    document: dict[str, Any]
    exit_code: int = 0
    lines: tuple[str, ...] = field(default=())
