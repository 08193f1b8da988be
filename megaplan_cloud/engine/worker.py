"""A worker: takes the turns of one host's tasks, and sends ahead what need not be waited for."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from megaplan_cloud.engine import loop, resume
from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.command import Completed
from megaplan_cloud.engine.context import Context
from megaplan_cloud.engine.errors import ConnectionFailed, EngineError, Unproven
from megaplan_cloud.engine.event import ItemEnded, TaskEnded, TaskStarted, TaskWaits
from megaplan_cloud.engine.handlers import Handlers
from megaplan_cloud.engine.journal import JournalError, Record
from megaplan_cloud.engine.judgement import all_hold, certain, excused, judge, with_register
from megaplan_cloud.engine.ledger import Ledger
from megaplan_cloud.engine.outcome import (
    Outcome,
    of_error,
    of_items,
    of_result,
    timed_out,
    unknown,
    updated,
)
from megaplan_cloud.engine.ready import Call, chosen, prepare, truth
from megaplan_cloud.engine.report import TaskReport
from megaplan_cloud.engine.result import Status
from megaplan_cloud.engine.rules import Rules
from megaplan_cloud.engine.scope import Pending, UnknownValue
from megaplan_cloud.engine.telling import report_of
from megaplan_cloud.engine.template import is_template, render
from megaplan_cloud.engine.turn import Part, Sendable, Turn

T = TypeVar("T")
MOST_AHEAD = 500
LOST = (Status.UNREACHABLE, Status.UNPROVEN)


class Stopped(Exception):
    """A host's play cannot go on: a task failed, or the host was lost."""

    def __init__(self, turn: Turn, outcome: Outcome) -> None:
        super().__init__(turn.name)
        self.turn = turn
        self.outcome = outcome

    @property
    def lost(self) -> bool:
        """Return whether the host cannot be reached or trusted, so that no rescue helps."""
        return self.outcome.status in LOST


class Interrupted(Exception):
    """The run was told to end before its end."""


@dataclass(slots=True, kw_only=True)
class Worker:
    """What does the tasks of one host. `ahead` are the parts whose answers are not read yet."""

    rules: Rules
    place: str
    host: str
    ledger: Ledger
    handlers: Handlers = field(default_factory=Handlers)
    reports: list[TaskReport] = field(default_factory=list)
    emitted: list[Any] = field(default_factory=list)
    ahead: list[Part] = field(default_factory=list)
    running: Turn | None = None

    def take(self, turn: Turn) -> None:
        """Take a task's turn: do it or send it ahead. Stopped when the play cannot go on."""
        if self.rules.stopping.is_set():
            raise Interrupted
        record = self.rules.past.done(self.host, turn.address)
        if record and self.restore(turn, record):
            return
        items = self.items(turn)
        if isinstance(items, Outcome):
            self.add(Part(turn=turn, scope=turn.around.scope, judged=True), items)
            return
        for part in loop.parts(turn, items):
            self.add(part, self.kept(part) or self.work(part))

    def items(self, turn: Turn) -> list[Any] | Outcome | None:
        """Return the items of a turn's loop, None without a loop, or how the turn ends at once."""

        def read() -> list[Any] | Outcome | None:
            turn.forgiven = truth("ignore_errors", self.keyword(turn, "ignore_errors"))
            turn.no_log = truth("no_log", self.keyword(turn, "no_log"))
            return loop.items(turn)

        return self.guarded(lambda: self.settled(read))

    def keyword(self, turn: Turn, name: str) -> Any:
        """Return the rendered value of one of a turn's keywords."""
        return chosen(getattr(turn.around.keywords, name), turn.around.scope)

    def work(self, part: Part) -> Sendable | Outcome:
        """Return what is to be done for a part, or its outcome if nothing is left to do."""
        opens = part.turn.opens
        if opens:
            return self.guarded(
                lambda: self.settled(
                    lambda: excused(part.turn.around.keywords.when, part.scope) or opens(part)
                )
            )
        return self.guarded(lambda: self.called(part))

    def called(self, part: Part) -> Sendable | Outcome:
        """Call a part's action."""
        call = self.settled(lambda: prepare(part, self.rules, self.place, self.host))
        if isinstance(call, Outcome):
            return call
        if call.barrier or part.turn.task.until or self.elsewhere(call.context):
            self.flush()
        if part.turn.task.until or "retries" in part.turn.task.at:
            return self.attempts(part, call)
        return self.settled(lambda: self.done(part, call))

    def done(self, part: Part, call: Call) -> Sendable | Outcome:
        """Do a part that is its own barrier, or return the step that does it."""
        if call.barrier:
            self.begins(part)
        began = self.rules.clock.now()
        found = call.do()
        if isinstance(found, Step):
            return Sendable(call.context, found, part.turn.number, part.turn.stops)
        took = found.duration or (self.rules.clock.now() - began if call.barrier else 0.0)
        return of_result(replace(found, duration=took))

    def elsewhere(self, context: Context) -> bool:
        """Return whether what was sent ahead went to another place."""
        sent = (part.work.context for part in self.ahead if isinstance(part.work, Sendable))
        return any(each.connection is not context.connection for each in sent)

    def attempts(self, part: Part, call: Call) -> Outcome:
        """Do a part again and again until its `until` holds, or its `retries` are used up."""
        self.flush()
        turn, part.judged = part.turn, True
        most = 1 + max(0, int(chosen(turn.task.retries, part.scope) or 0))
        delay = float(chosen(turn.task.delay, part.scope) or 0)
        self.begins(part)
        for attempt in range(1, most + 1):
            outcome = judge(self.once(call), turn.task, part.scope)
            if outcome.status in (*LOST, Status.SKIPPED, Status.UNKNOWN):
                return outcome
            if most == 1:  # then `until` has no say, as in Ansible
                return outcome
            outcome = updated(outcome, attempts=attempt)
            if self.contents(outcome, part):
                return outcome
            if attempt < most:
                self.rules.tell(TaskWaits(turn.name, self.host, attempt, most))
                self.rules.clock.sleep(delay)
        outcome = updated(outcome, attempts=most - 1, failed=True)
        return replace(outcome, reason=outcome.reason or "`until` did not come true")

    def once(self, call: Call) -> Outcome:
        """Do a part once, now."""
        try:
            found = call.do()
            if isinstance(found, Step):
                found = found.read(call.context.run(found.command))
        except (ConnectionFailed, Unproven) as error:
            return of_error(error)
        return of_result(found)

    def contents(self, outcome: Outcome, part: Part) -> bool:
        """Return whether the `until` of a part holds; without one, whether it did not fail."""
        task = part.turn.task
        if not task.until:
            return not outcome.failed
        return all_hold(task.until, with_register(part.scope, task, outcome))

    def settled(self, render: Callable[[], T]) -> T:
        """Return what `render` gives, after reading back what was sent ahead if it needs that.

        A mistake is only told when all before it has been read: what comes first is told first.
        """
        while True:
            try:
                return render()
            except (Pending, EngineError):
                if not self.ahead:
                    raise
            self.flush()

    def guarded(self, do: Callable[[], T]) -> T | Outcome:
        """Return what `do` gives, or the outcome of a task that could not be done."""
        try:
            return do()
        except UnknownValue as error:
            return unknown(f"'{error.task}'")
        except JournalError:
            raise
        except EngineError as error:
            return of_error(error)

    def add(self, part: Part, work: Sendable | Outcome) -> None:
        """Put a part behind those sent ahead; read them all back where it cannot wait."""
        turn, part.work = part.turn, work
        turn.parts.append(part)
        for name in promised(part):
            part.scope.pending(name)
        if turn.looped:
            with suppress(Pending, UnknownValue, EngineError):
                part.label = loop.label(part, self.rules.discretion)
        self.ahead.append(part)
        if isinstance(work, Sendable) and work.context.place in self.rules.near:
            part.scope.facts.files_pending = True
        steps = any(isinstance(each.work, Sendable) for each in self.ahead)
        full = len(self.ahead) >= MOST_AHEAD
        if full or not (self.rules.batch and steps) or urgent(part):
            self.flush()

    def flush(self) -> None:
        """Do all that was put ahead, and settle it in order."""
        while self.ahead:
            parts, self.ahead = deque(self.ahead), []
            parts[0].scope.facts.files_pending = False
            try:
                self.send(parts)
            except (ConnectionFailed, Unproven) as error:
                interrupted = self.rules.stopping.is_set()
                self.lose(parts, of_error(cut_short() if interrupted else error))
            finally:
                self.ledger.sync()

    def send(self, parts: deque[Part]) -> None:
        """Send the steps among the parts in one batch; settle each part as its answer comes."""
        self.ledger.intends(part for part in parts if isinstance(part.work, Sendable))
        answers = ask([part.work for part in parts if isinstance(part.work, Sendable)])
        try:
            while parts:
                outcome = self.answer(parts[0], answers)
                if outcome is None:  # refused there, though nothing failed by our conditions
                    self.ahead = list(parts)
                    for _ in answers:
                        pass
                    return
                self.settle(parts.popleft(), outcome)
        except Stopped:
            self.withdraw(parts, answers)
            raise

    def answer(self, part: Part, answers: Iterator[Completed | None]) -> Outcome | None:
        """Return the outcome of a part, None if it never began."""
        if not isinstance(part.work, Sendable):
            return part.work
        self.starts(part)
        completed = next(answers)
        if completed is None:
            return None
        if completed.rc and self.rules.stopping.is_set():
            return of_error(cut_short())
        read = part.work.step.read
        outcome = self.guarded(lambda: of_result(read(completed)))
        if completed.timed_out and part.work.context.timeout:
            outcome = timed_out(outcome, part.work.context.timeout)
        return replace(outcome, duration=outcome.duration or completed.duration)

    def settle(self, part: Part, outcome: Outcome) -> None:
        """Give a part its outcome, and its turn too when it was the last part."""
        turn = part.turn
        if not part.judged:
            found = outcome
            outcome = self.guarded(lambda: judge(found, turn.task, part.scope))
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
            outcome = self.guarded(lambda: self.notify(turn, outcome))
        if outcome.status is Status.FAILED and (turn.forgiven or turn.rescued):
            status = Status.IGNORED if turn.forgiven else Status.RESCUED
            outcome = replace(outcome, status=status)
        self.remember(turn, outcome)
        self.ledger.task(turn, outcome)
        self.report(turn, outcome)
        if outcome.failed or outcome.status is Status.RESCUED:
            raise Stopped(turn, outcome)

    def withdraw(self, parts: deque[Part], answers: Iterator[Completed | None]) -> None:
        """Forget parts that were put ahead of a task that failed: none of them began."""
        sent = [part for part in parts if isinstance(part.work, Sendable)]
        never = [part for part in sent if next(answers) is None]
        self.ledger.withdraws(never)
        for part in parts:
            for name in promised(part):
                part.scope.facts.marks.pop(name, None)

    def lose(self, parts: deque[Part], outcome: Outcome) -> None:
        """End the turns whose answers will not come any more, because the link broke."""
        turns = list({id(part.turn): part.turn for part in parts}.values())
        if outcome.status is Status.UNREACHABLE or self.rules.stopping.is_set():
            turns = turns[:1]
        for turn in turns:
            self.ledger.task(turn, outcome)
            self.report(turn, outcome)
        raise Stopped(turns[0], outcome)

    def begins(self, part: Part) -> None:
        """Record and tell that a part is about to be done."""
        self.ledger.intends([part])
        self.starts(part)

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

    def remember(self, turn: Turn, outcome: Outcome) -> None:
        """Give what a turn registers and sets its value, or make it known as unknown."""
        facts = turn.around.scope.facts
        register = turn.task.register
        for name, value in outcome.facts.items():
            facts.set(name, value)
        if outcome.status is Status.UNKNOWN:
            for name in filter(None, (register, *unknown_facts(turn))):
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
                names = [str(render(name, part.scope)) for name in turn.task.notify]
                for name in names:
                    self.handlers.notify(name, f"'{turn.name}'" if doubtful else "")
                turn.notified.update(names)
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


def ask(work: list[Sendable]) -> Iterator[Completed | None]:
    """Yield the answers to steps that are sent in one batch, all to the same place."""
    if work:
        yield from work[0].context.connection.send([each.frame() for each in work])


def promised(part: Part) -> Iterator[str]:
    """Yield the names that will have another value when the part has its outcome."""
    if part.turn.task.register:
        yield part.turn.task.register
    if isinstance(part.work, Outcome):
        yield from part.work.facts


def unknown_facts(turn: Turn) -> tuple[str, ...]:
    """Return the names that a `set_fact` would have set, had check mode known their values."""
    return tuple(turn.task.arguments) if turn.task.action == "set_fact" else ()


def urgent(part: Part) -> bool:
    """Return whether a part has to be settled before anything more is sent.

    So it is when the far side cannot tell by the exit code alone whether to go on, and when what
    comes next hangs on it.
    """
    turn, task = part.turn, part.turn.task
    if isinstance(part.work, Outcome) and part.work.failed and not turn.forgiven:
        return True
    return (
        (turn.looped and part.label is None)
        or not certain(task.changed_when)
        or task.failed_when not in (None, (False,))
        or any(is_template(name) for name in task.notify)
    )


def restored(record: Record) -> Outcome:
    """Return the outcome that a journal's record tells of."""
    return Outcome(
        status=Status(record["status"]),
        variable=record["variable"],
        facts=record["facts"],
        reason=record["reason"],
        duration=record["duration"],
    )
