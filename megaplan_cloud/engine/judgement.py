"""A judgement: what a task's own conditions make of what its action found."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.engine.journal import JournalError
from megaplan_cloud.engine.outcome import Outcome, of_error, skipped, unknown, updated
from megaplan_cloud.engine.result import Status
from megaplan_cloud.engine.scope import Scope, UnknownValue
from megaplan_cloud.engine.statement import Task
from megaplan_cloud.engine.template import condition as holds

T = TypeVar("T")
JUDGED = (Status.OK, Status.CHANGED, Status.FAILED)


def judge(outcome: Outcome, task: Task, scope: Scope) -> Outcome:
    """Return the outcome after `changed_when` and `failed_when`, which see it as registered."""
    if outcome.status not in JUDGED:
        return outcome
    for word, conditions in (("changed", task.changed_when), ("failed", task.failed_when)):
        if conditions is None:
            continue
        try:
            verdict = all_hold(conditions, with_register(scope, task, outcome))
        except EngineError as error:
            told = {"failed": True, f"{word}_when_result": str(error.what)}
            return replace(updated(outcome, **told), reason=error.what, hint=error.hint)
        outcome = updated(outcome, **{word: verdict})
        if word == "failed":
            outcome = updated(outcome, failed_when_result=verdict)
    return explained(outcome)


def explained(outcome: Outcome) -> Outcome:
    """Return the outcome with a reason if it failed, without one if it did not."""
    if outcome.status is not Status.FAILED:
        return replace(outcome, reason="", hint="")
    told = outcome.variable.get("failed_when_result") is True
    return replace(outcome, reason="failed_when holds" if told else outcome.reason)


def with_register(scope: Scope, task: Task, outcome: Outcome) -> Scope:
    """Return the scope in which a task's conditions see its own outcome."""
    return scope.child(item={task.register: outcome.variable}) if task.register else scope


def all_hold(conditions: Sequence[Any], scope: Scope) -> bool:
    """Return whether every condition holds."""
    return all(holds(condition, scope) for condition in conditions)


def excused(conditions: Sequence[Any], scope: Scope) -> Outcome | None:
    """Return the outcome of a task whose conditions let it not run; None if they let it run.

    One condition that is false decides; in check mode one that cannot be known leaves the
    others to do so.
    """
    doubt: UnknownValue | None = None
    for condition in conditions:
        try:
            if not holds(condition, scope):
                return skipped(condition)
        except UnknownValue as error:
            doubt = doubt or error
        except EngineError:
            if not doubt:
                raise
    return unknown(f"'{doubt.task}'") if doubt else None


def certain(conditions: Sequence[Any] | None) -> bool:
    """Return whether the conditions are plain true or false, known before the task runs."""
    return conditions is None or all(isinstance(condition, bool) for condition in conditions)


def guarded(do: Callable[[], T]) -> T | Outcome:
    """Return what `do` gives, or the outcome of a task that could not be done."""
    try:
        return do()
    except UnknownValue as error:
        return unknown(f"'{error.task}'")
    except JournalError:
        raise
    except EngineError as error:
        return of_error(error)
