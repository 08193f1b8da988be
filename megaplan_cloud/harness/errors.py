"""What the harness refuses, told with the code that callers test for."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from megaplan_cloud.engine.errors import EngineError


class HarnessError(EngineError):
    """A refusal or a failure: `error` is its code, `details` what a program may want to know.

    `valid_next` lists the steps that the plan's state allows instead.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        error: str,
        message: str,
        *,
        hint: str = "",
        valid_next: Sequence[str] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.error = error
        self.valid_next = None if valid_next is None else tuple(valid_next)
        self.details = dict(details or {})

    def document(self) -> dict[str, Any]:
        """Return the error as the JSON that every command prints (schemas/error.schema.json)."""
        shown: dict[str, Any] = {"success": False, "error": self.error, "message": self.what}
        if self.hint:
            shown["hint"] = self.hint
        if self.valid_next is not None:
            shown["valid_next"] = list(self.valid_next)
        if self.details:
            shown["details"] = self.details
        return shown


class InputError(HarnessError):
    """Wrong input: nothing was touched."""

    exit_code: ClassVar[int] = 2


def of_system(error: OSError) -> HarnessError:
    """Return what the system refused (a full disk, a missing permission) as an error of ours."""
    place = error.filename or "a file"
    return HarnessError(
        "io_error",
        f"{place}: {error.strerror or error}",
        hint="Free some space, or make the place writable, and run the command again.",
        details={"errno": error.errno},
    )


class AgentError(HarnessError):
    """An agent did not answer as asked; `error` is the failure's class (`quota_exceeded` …).

    `raw` is what it did write, for the `<step>_v<n>_raw.txt` of the plan.
    """

    def __init__(
        self,
        error: str,
        message: str,
        *,
        hint: str = "",
        raw: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(error, message, hint=hint, details=details)
        self.raw = raw
