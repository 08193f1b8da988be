"""An outcome: a result as the language judges it, in the shape that `register` gives it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from megaplan_cloud.engine.errors import ConnectionFailed, EngineError, Unproven
from megaplan_cloud.engine.result import Result, Status

CENSORED = "hidden, because the task says `no_log: true`"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a task or an item: its status, and the `variable` that it registers.

    `reason` says why it was skipped, failed or cannot be known; `facts` are what it sets;
    `duration` is in seconds.
    """

    status: Status
    variable: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    hint: str = ""
    duration: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def failed(self) -> bool:
        """Return whether the task did not do what it says, whoever forgives it."""
        return self.status in (Status.FAILED, Status.UNREACHABLE, Status.UNPROVEN)

    @property
    def changed(self) -> bool:
        """Return whether something was changed, or would be."""
        return bool(self.variable.get("changed"))


def of_result(result: Result) -> Outcome:
    """Return the outcome of what an action found, before the task's own conditions."""
    if result.unknown:
        return unknown(result.unknown)
    variable = result.variable()
    if result.skipped:
        return Outcome(status=Status.SKIPPED, variable=variable, reason=result.msg)
    return Outcome(
        status=status_of(variable),
        variable=variable,
        reason=result.msg if result.failed else "",
        duration=result.duration,
        facts=result.values.get("ansible_facts", {}),
    )


def of_error(error: EngineError) -> Outcome:
    """Return the outcome of a task that could not be rendered or run."""
    match error:
        case ConnectionFailed():
            status = Status.UNREACHABLE
        case Unproven():
            status = Status.UNPROVEN
        case _:
            status = Status.FAILED
    variable: dict[str, Any] = {"changed": False, "failed": True, "msg": error.what}
    if status is not Status.FAILED:
        variable["unreachable"] = True
    place = f"{error.mark}: " if error.mark else ""
    return Outcome(status=status, variable=variable, reason=f"{place}{error.what}", hint=error.hint)


def timed_out(outcome: Outcome, period: float) -> Outcome:
    """Return the outcome of a task that was ended because its `timeout` was over, in seconds."""
    told = f"Timed out after {period:g} second(s)."
    changed = updated(outcome, changed=False, failed=True, msg=told, timedout={"period": period})
    return replace(changed, reason=told)


def skipped(condition: Any) -> Outcome:
    """Return the outcome of a task whose `when` has a condition that does not hold."""
    variable = {
        "changed": False,
        "skipped": True,
        "skip_reason": "Conditional result was False",
        "false_condition": condition,
    }
    return Outcome(status=Status.SKIPPED, variable=variable, reason=f"not: {condition}")


def unknown(depends_on: str) -> Outcome:
    """Return the outcome that check mode has for what it cannot know."""
    return Outcome(status=Status.UNKNOWN, reason=f"depends on {depends_on}")


def no_items() -> Outcome:
    """Return the outcome of a loop over an empty list."""
    reason = "No items in the list"
    variable = {"changed": False, "skipped": True, "skipped_reason": reason, "results": []}
    return Outcome(status=Status.SKIPPED, variable=variable, reason=reason)


def of_items(outcomes: Sequence[Outcome]) -> Outcome:
    """Return the outcome of a loop, from those of its items."""
    worst = max((outcome.status for outcome in outcomes), key=WORSE.index)
    every_skipped = all(outcome.status is Status.SKIPPED for outcome in outcomes)
    failed = any(outcome.failed for outcome in outcomes)
    variable: dict[str, Any] = {
        "results": [dict(outcome.variable) for outcome in outcomes],
        "skipped": every_skipped,
        "changed": any(outcome.changed for outcome in outcomes),
    }
    if failed:
        variable |= {"failed": True, "msg": "One or more items failed"}
    else:
        variable["msg"] = "All items skipped" if every_skipped else "All items completed"
    return Outcome(
        status=worst,
        variable=variable,
        reason=next((outcome.reason for outcome in outcomes if outcome.status is worst), ""),
        hint=next((outcome.hint for outcome in outcomes if outcome.status is worst), ""),
        duration=sum(outcome.duration for outcome in outcomes),
        facts={key: value for outcome in outcomes for key, value in outcome.facts.items()},
    )


WORSE = (
    *(Status.SKIPPED, Status.OK, Status.CHANGED, Status.UNKNOWN),
    *(Status.IGNORED, Status.RESCUED, Status.FAILED, Status.UNREACHABLE, Status.UNPROVEN),
)


def updated(outcome: Outcome, **values: Any) -> Outcome:
    """Return an outcome whose variable says something more, and whose status agrees with it."""
    variable = {**outcome.variable, **values}
    return replace(outcome, variable=variable, status=status_of(variable))


def status_of(variable: Mapping[str, Any]) -> Status:
    """Return the status of a task that was run and registered this."""
    if variable.get("failed"):
        return Status.FAILED
    return Status.CHANGED if variable.get("changed") else Status.OK
