"""Telling: the report of a task's turn, made of its outcome and fit for everybody's eyes."""

from collections.abc import Mapping
from typing import Any

from megaplan_cloud.engine.discretion import Discretion
from megaplan_cloud.engine.outcome import CENSORED, Outcome
from megaplan_cloud.engine.report import TaskReport
from megaplan_cloud.engine.turn import Part, Turn


def report_of(
    turn: Turn, host: str, outcome: Outcome, discretion: Discretion, part: Part | None = None
) -> TaskReport:
    """Return the report of a turn, or of one item of it."""
    items: tuple[TaskReport, ...] = ()
    if part is None and turn.looped:
        items = tuple(
            report_of(turn, host, each.outcome, discretion, each)
            for each in turn.parts
            if each.outcome
        )
    return TaskReport(
        name=discretion.redact(turn.name),
        action=turn.task.action,
        status=outcome.status,
        host=host,
        file=turn.task.mark.file,
        line=turn.task.mark.line,
        address=turn.address,
        role=turn.around.role,
        duration=outcome.duration,
        result=shown(turn, outcome, discretion),
        reason="" if turn.no_log and outcome.failed else discretion.redact(outcome.reason),
        hint=discretion.redact(outcome.hint),
        item=part.label if part else None,
        items=items,
    )


def shown(turn: Turn, outcome: Outcome, discretion: Discretion) -> Mapping[str, Any]:
    """Return what a report may show of a result: redacted, or censored by `no_log`."""
    if turn.no_log:
        told = {
            key: outcome.variable[key] for key in ("changed", "failed") if key in outcome.variable
        }
        return {"censored": CENSORED, **told}
    redacted: Mapping[str, Any] = discretion.redact_value(dict(outcome.variable))
    return redacted
