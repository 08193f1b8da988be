"""The errors of the engine. Each tells a person what is wrong, where, and what to do now."""

from collections.abc import Sequence
from typing import ClassVar

from megaplan_cloud.engine.mark import Mark


class EngineError(Exception):
    """A mistake or a fault, told in three answers: what, where, what now.

    `exit_code` is what a command that ends with this error returns (docs/exit-codes.md).
    """

    exit_code: ClassVar[int] = 2
    code: ClassVar[str] = "engine_error"

    def __init__(self, what: str, *, mark: Mark | None = None, hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.mark = mark
        self.hint = hint

    def __str__(self) -> str:
        """Return the whole message: place, what, an excerpt of the place, and the hint."""
        head = f"{self.mark}: {self.what}" if self.mark else self.what
        parts = [head, self.mark.excerpt() if self.mark else "", self.hint]
        return "\n".join(part for part in parts if part)


class SchemaError(EngineError):
    """A file does not obey its schema; `problems` holds one error per wrong key or value."""

    code = "invalid_spec"

    def __init__(
        self,
        what: str,
        *,
        mark: Mark | None = None,
        hint: str = "",
        problems: Sequence[EngineError] = (),
    ) -> None:
        super().__init__(what, mark=mark, hint=hint)
        self.problems: tuple[EngineError, ...] = tuple(problems) or (self,)

    def __str__(self) -> str:
        """Return every problem, one after the other, in the order of the file."""
        if self.problems == (self,):
            return super().__str__()
        return "\n\n".join(str(problem) for problem in self.problems)


class PlaybookError(EngineError):
    """A playbook or role asks for something that cannot be: found at load time where possible."""

    code = "invalid_playbook"


class TemplateError(EngineError):
    """A template cannot be read or rendered: a syntax error, an undefined variable."""

    code = "template_error"


class ConnectionFailed(EngineError):
    """A place could not be reached; nothing was run there."""

    exit_code = 4
    code = "unreachable"


class Unproven(EngineError):
    """The link broke before the end mark: the command may or may not have run to its end."""

    exit_code = 4
    code = "unproven"
