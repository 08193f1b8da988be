"""A bookkeeper: turns outcomes into registers, notifications, journal records and reports."""

from dataclasses import dataclass, field, replace
from typing import Any

from megaplan_cloud.engine import loop, resume
from megaplan_cloud.engine.errors import EngineError, Unproven
from megaplan_cloud.engine.event import ItemEnded, TaskEnded, TaskStarted
from megaplan_cloud.engine.handlers import Handlers
from megaplan_cloud.engine.journal import Record
from megaplan_cloud.engine.judgement import guarded, judge
from megaplan_cloud.engine.ledger import Ledger
from megaplan_cloud.engine.outcome import Outcome, of_error, of_items, updated
from megaplan_cloud.engine.report import TaskReport
from megaplan_cloud.engine.result import Status
from megaplan_cloud.engine.rules import Rules
from megaplan_cloud.engine.scope import UnknownValue
from megaplan_cloud.engine.telling import report_of
from megaplan_cloud.engine.template import render
from megaplan_cloud.engine.turn import Part, Stopped, Turn
from megaplan_cloud.engine.variables import facts


@dataclass(slots=True, kw_only=True)
class Bookkeeper:
    """The books of one host. `running` is the turn that is at work now."""

    rules: Rules
    host: str
    ledger: Ledger
    handlers: Handlers = field(default_factory=Handlers)
    reports: list[TaskReport] = field(default_factory=list)
    emitted: list[Any] = field(default_factory=list)
    running: Turn | None = None

    def settle(self, part: Part, outcome: Outcome) -> None:
        """Give a part its outcome, and its turn too when it was the last part."""
        turn = part.turn
        if not part.judged:
            found = outcome
            outcome = guarded(lambda: judge(found, turn.task, part.scope))
        self.remember(turn, outcome)
        if turn.looped:
            outcome = loop.named(part, self.labelled(part, outcome))
            self.remember(turn, outcome)
        part.outcome = outcome
        if turn.looped:
            self.ledger.item(part, outcome)
            self.rules.tell(
                ItemEnded(report_of(turn, self.host, outcome, self.rules.discretion, part))
            )
        if turn.complete:
            outcomes = [each.outcome for each in turn.parts if each.outcome]
            self.conclude(turn, of_items(outcomes) if turn.looped else outcomes[0])

    def labelled(self, part: Part, outcome: Outcome) -> Outcome:
        """Give a part its label, now that its own result can be read; a mistake in it fails it."""
        if part.label is not None:
            return outcome
        try:
            part.label = loop.label(part, self.rules.discretion)
        except (EngineError, UnknownValue) as error:
            part.label = loop.plain_label(part, self.rules.discretion)
            if isinstance(error, EngineError):
                told = f"Failed to template loop_control.label: {error.what}"
                return replace(updated(outcome, failed=True, msg=told), reason=told)
        return outcome

    def conclude(self, turn: Turn, outcome: Outcome) -> None:
        """End a turn: register, notify, report. Stopped when nobody forgives its failure."""
        if not outcome.failed:
            outcome = guarded(lambda: self.notify(turn, outcome))
        if outcome.status is Status.FAILED and (turn.forgiven or turn.rescued):
            status = Status.IGNORED if turn.forgiven else Status.RESCUED
            outcome = replace(outcome, status=status)
        self.remember(turn, outcome)
        self.ledger.task(turn, outcome)
        self.report(turn, outcome)
        if outcome.failed or outcome.status is Status.RESCUED:
            raise Stopped(turn, outcome)

    def lose(self, turns: list[Turn], outcome: Outcome) -> None:
        """End turns whose answers will not come any more. Stopped, always."""
        for turn in turns:
            self.ledger.task(turn, outcome)
            self.report(turn, outcome)
        raise Stopped(turns[0], outcome)

    def remember(self, turn: Turn, outcome: Outcome) -> None:
        """Give what a turn registers and sets its value, or make it known as unknown."""
        facts = turn.around.scope.facts
        register = turn.task.register
        for name, value in outcome.facts.items():
            facts.set(name, value)
        if outcome.status is Status.UNKNOWN:
            for name in filter(None, (register, *unknown_names(turn))):
                turn.around.scope.unknown(name, turn.name)
        elif register:
            facts.set(register, dict(outcome.variable))

    def notify(self, turn: Turn, outcome: Outcome) -> Outcome:
        """Notify the handlers of a turn that changed something, or may have."""
        doubtful = outcome.status is Status.UNKNOWN
        if not (outcome.changed or doubtful):
            return outcome
        for part in turn.parts:
            if part.outcome and part.outcome.status is not Status.SKIPPED:
                asked = turn.around.keywords.notify or ()
                names = [str(render(name, part.scope)) for name in asked]
                for name in names:
                    self.handlers.notify(name, f"'{turn.name}'" if doubtful else "")
                turn.notified.update(names)
        for found in turn.holds if doubtful else ():
            for name in found.keywords.notify or ():
                self.handlers.doubt(name, f"'{turn.name}'")
        return outcome

    def report(self, turn: Turn, outcome: Outcome, *, restored: bool = False) -> None:
        """Add a turn to the report, and tell those who listen."""
        self.running = None
        found = report_of(turn, self.host, outcome, self.rules.discretion)
        self.reports.append(replace(found, restored=restored))
        parts = [part.outcome for part in turn.parts if part.outcome] or [outcome]
        redact = self.rules.discretion.redact_value
        self.emitted += [redact(o.variable["emit"]) for o in parts if "emit" in o.variable]
        self.rules.tell(TaskEnded(self.reports[-1]))

    def starts(self, part: Part) -> None:
        """Tell that a part is at work now."""
        self.running = part.turn
        self.rules.tell(TaskStarted(part.turn.name, self.host, part.label))

    def cut(self) -> None:
        """Report the task that was at work when the run was interrupted: nobody knows its end."""
        turn, self.running = self.running, None
        if turn:
            outcome = of_error(cut_short())
            self.ledger.task(turn, outcome)
            self.report(turn, outcome)

    def restore(self, turn: Turn, record: Record) -> bool:
        """Take over what an earlier run did; False when it has to be done again.

        PlaybookError when the task's text is another one than then.
        """
        resume.check_unchanged(record, turn.task.fingerprint, turn.task.mark)
        if turn.opens or resume.must_run_again(record, turn.task.action, turn.task.mark):
            return False
        outcome = restored(record)
        self.remember(turn, outcome)
        for name in record["notified"]:
            self.handlers.notify(name)
        self.report(turn, outcome, restored=True)
        if outcome.status is Status.RESCUED:
            raise Stopped(turn, outcome)
        return True

    def kept(self, part: Part) -> Outcome | None:
        """Return the outcome of a loop's item that an earlier run did with the same text."""
        turn = part.turn
        record = self.rules.past.done(self.host, turn.address, part.index) if turn.looped else None
        if record is None or record["fingerprint"] != turn.task.fingerprint:
            return None
        if record["item"] != self.ledger.digest(part.item):
            return None
        if resume.must_run_again(record, turn.task.action, turn.task.mark):
            return None
        part.judged = True
        return restored(record)


def cut_short() -> Unproven:
    """Return the error of a task that was at work when the run was told to end."""
    return Unproven("Interrupted while it ran: it may or may not have done its work.")


def unknown_names(turn: Turn) -> tuple[str, ...]:
    """Return what a `set_fact`, or the tasks of an include, would have set."""
    own = turn.task.arguments if turn.task.action == "set_fact" else ()
    return (*own, *facts(turn.holds))


def restored(record: Record) -> Outcome:
    """Return the outcome that a journal's record tells of."""
    return Outcome(
        status=Status(record["status"]),
        variable=record["variable"],
        facts=record["facts"],
        reason=record["reason"],
        duration=record["duration"],
    )
