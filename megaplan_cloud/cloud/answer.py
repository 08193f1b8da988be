"""An answer: what a command gives back, as a document for programs and as lines for people."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from megaplan_cloud.engine.errors import EngineError, SchemaError
from megaplan_cloud.engine.report import Report, TaskReport, explain
from megaplan_cloud.engine.result import Status

DONE, FAILED, WRONG_INPUT, WAITING, UNPROVEN, INTERRUPTED = 0, 1, 2, 3, 4, 130
# As a shell says that a program ended because nobody read its output.
UNHEARD = 141
CODES = {Status.UNPROVEN: "unproven", Status.UNREACHABLE: "unreachable"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command says at its end.

    `document` goes to stdout as JSON, unless a terminal is there and nobody asked for it;
    `lines` go to stderr; `text` is output that is passed through to stdout as it is.
    """

    document: Mapping[str, Any]
    lines: tuple[str, ...] = ()
    exit_code: int = DONE
    passes_output: bool = False


class PlayFailed(Exception):
    """A playbook did not do what it says; the report tells which task and why."""

    def __init__(self, report: Report) -> None:
        super().__init__(report.playbook)
        self.report = report


def of_error(error: EngineError) -> Answer:
    """Return the answer to a mistake, or to a place that cannot be reached."""
    problems = error.problems if isinstance(error, SchemaError) else (error,)
    document: dict[str, Any] = {
        "success": False,
        "error": error.code,
        "message": error.what,
        "hint": error.hint,
    }
    details: dict[str, Any] = {"at": str(error.mark)} if error.mark else {}
    if len(problems) > 1:
        details["problems"] = [
            {"message": one.what, "at": str(one.mark or ""), "hint": one.hint} for one in problems
        ]
    if details:
        document["details"] = details
    return Answer(document, tuple(str(error).splitlines()), error.exit_code)


def interrupted() -> Answer:
    """Return the answer of a command that somebody ended before its end."""
    message = "Interrupted."
    hint = "A chain that runs goes on. The same command may be run again: it goes on where it was."
    document = {"success": False, "error": "interrupted", "message": message, "hint": hint}
    return Answer(document, (message,), INTERRUPTED)


def of_failure(report: Report, *, told: bool) -> Answer:
    """Return the answer to a run that failed; `told` when a console has shown the task already."""
    if report.interrupted:
        return interrupted()
    task = report.failures[0]
    failed = next((item for item in task.items if item.status is task.status), task)
    result = dict(failed.result)
    document = {
        "success": False,
        "error": str(result.get("error") or CODES.get(task.status, "provider_failed")),
        "message": _message(failed, result),
        "hint": str(result.get("hint") or failed.hint),
        "details": {
            "task": task.name,
            "at": f"{task.file}:{task.line}",
            **dict(result.get("details") or {}),
        },
    }
    hint = tuple(str(document["hint"]).splitlines()) if result.get("hint") else ()
    return Answer(document, hint if told else _lines(document, task), report.exit_code)


def _message(task: TaskReport, result: Mapping[str, Any]) -> str:
    """Return the sentence of a refusal; of a command, what it wrote last."""
    if result.get("error"):
        return str(result["msg"])
    wrote = str(result.get("stderr") or result.get("stdout") or "").strip().splitlines()
    reason = task.reason or str(result.get("msg") or "")
    return f"{task.name}: {wrote[-1] if wrote else reason}"


def _lines(document: Mapping[str, Any], task: TaskReport) -> tuple[str, ...]:
    if document["error"] not in ("provider_failed", *CODES.values()):
        return tuple(line for line in (document["message"], document["hint"]) if line)
    return (f"failed: {task.name}", *explain(task))
