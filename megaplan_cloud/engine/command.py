"""A command, as words to run at a place, and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Program:
    """A POSIX shell function body that a place learns once and then runs by its name.

    `text` is the function's body: it reads its words from `"$@"` and its input from stdin, and
    runs in a subshell of its own. Our actions keep it in a `<action>.sh` beside `<action>.py`.
    """

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """Words to run at a place. Nothing here is quoted yet: the connection quotes, once.

    With `program`, `argv` are the program's arguments; otherwise `argv[0]` is what to execute.
    `env` is added to the place's environment; its values may be `Secret`, those of `argv` never.
    `timeout` is in seconds: when it is over, the whole process tree at the place is killed.
    """

    argv: tuple[str, ...]
    stdin: bytes = b""
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: str | None = None
    timeout: float | None = None
    become: bool = False
    program: Program | None = None


@dataclass(frozen=True, slots=True)
class Completed:
    """A command that is proven to have ended: its end mark was read.

    `rc` is 0 to 255; a command killed by signal N has 128 + N. `duration` is in seconds.
    """

    rc: int
    stdout: bytes
    stderr: bytes
    duration: float
    timed_out: bool = False
