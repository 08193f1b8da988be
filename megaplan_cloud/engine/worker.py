"""A worker: takes the turns of one host's tasks, and sends ahead what need not be waited for."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from megaplan_cloud.engine import loop
from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.bookkeeper import Bookkeeper, cut_short
from megaplan_cloud.engine.command import Completed
from megaplan_cloud.engine.context import Context
from megaplan_cloud.engine.errors import ConnectionFailed, EngineError, PlaybookError, Unproven
from megaplan_cloud.engine.event import TaskWaits
from megaplan_cloud.engine.judgement import (
    all_hold,
    certain,
    excused,
    guarded,
    judge,
    with_register,
)
from megaplan_cloud.engine.outcome import Outcome, of_error, of_result, timed_out, unknown, updated
from megaplan_cloud.engine.ready import Call, chosen, prepare, truth
from megaplan_cloud.engine.result import Status
from megaplan_cloud.engine.rules import Rules
from megaplan_cloud.engine.scope import Pending, UnknownValue
from megaplan_cloud.engine.template import is_template
from megaplan_cloud.engine.turn import Interrupted, Part, Sendable, Stopped, Turn, sendable

T = TypeVar("T")
MOST_AHEAD = 500
NOT_RETRIED = (Status.UNREACHABLE, Status.UNPROVEN, Status.SKIPPED, Status.UNKNOWN)


@dataclass(slots=True, kw_only=True)
class Worker:
    """What does the tasks of one host. `ahead` are the parts whose answers are not read yet."""

    rules: Rules
    place: str
    host: str
    books: Bookkeeper
    ahead: list[Part] = field(default_factory=list)

    def take(self, turn: Turn) -> None:
        """Take a task's turn: do it or send it ahead. Stopped when the play cannot go on."""
        if self.rules.stopping.is_set():
            raise Interrupted
        record = self.rules.past.done(self.host, turn.address)
        if record and self.books.restore(turn, record):
            return
        items = self.items(turn)
        if isinstance(items, Outcome):
            self.add(Part(turn=turn, scope=turn.around.scope, judged=True), items)
            return
        for part in loop.parts(turn, items):
            self.add(part, self.books.kept(part) or self.work(part))

    def items(self, turn: Turn) -> list[Any] | Outcome | None:
        """Return the items of a turn's loop, None without a loop, or how the turn ends at once."""

        def read() -> list[Any] | Outcome | None:
            turn.forgiven = truth("ignore_errors", self.keyword(turn, "ignore_errors"))
            turn.no_log = truth("no_log", self.keyword(turn, "no_log"))
            turn.pause = loop.pause(turn)
            return loop.items(turn)

        return guarded(lambda: self.settled(read))

    def keyword(self, turn: Turn, name: str) -> Any:
        """Return the rendered value of one of a turn's keywords."""
        return chosen(getattr(turn.around.keywords, name), turn.around.scope)

    def work(self, part: Part) -> Sendable | Outcome:
        """Return what is to be done for a part, or its outcome if nothing is left to do."""
        if part.index and part.turn.pause:
            self.pause(part.turn)
        opens = part.turn.opens
        if opens:
            return guarded(
                lambda: self.settled(
                    lambda: excused(part.turn.around.keywords.when, part.scope) or opens(part)
                )
            )
        return guarded(lambda: self.called(part))

    def pause(self, turn: Turn) -> None:
        """Let the time between two items of a loop pass, once the first of them is done."""
        self.flush()
        if not self.rules.check:
            self.rules.clock.sleep(turn.pause)

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
            return sendable(part, call.context, found)
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
            if outcome.status in NOT_RETRIED or most == 1:
                return outcome
            outcome = updated(outcome, attempts=attempt)
            if self.contents(outcome, part):
                return outcome
            if call.context.check:
                return unknown("an `until` that is not waited for in check mode")
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
                self.lose(parts, error)
            except PlaybookError as error:  # the place does not take such a command
                self.refuse(parts, error)
            finally:
                self.books.ledger.sync()

    def send(self, parts: deque[Part]) -> None:
        """Send the steps among the parts in one batch; settle each part as its answer comes."""
        self.books.ledger.intends(part for part in parts if isinstance(part.work, Sendable))
        answers = ask([part.work for part in parts if isinstance(part.work, Sendable)])
        try:
            while parts:
                outcome = self.answer(parts[0], answers)
                if outcome is None:  # refused there, though nothing failed by our conditions
                    self.ahead = list(parts)
                    for _ in answers:
                        pass
                    return
                self.books.settle(parts.popleft(), outcome)
        except Stopped:
            self.withdraw(parts, answers)
            raise

    def answer(self, part: Part, answers: Iterator[Completed | None]) -> Outcome | None:
        """Return the outcome of a part, None if it never began."""
        if not isinstance(part.work, Sendable):
            return part.work
        self.books.starts(part)
        completed = next(answers)
        if completed is None:
            return None
        if completed.rc and self.rules.stopping.is_set():
            return of_error(cut_short())
        read = part.work.read
        outcome = guarded(lambda: of_result(read(completed)))
        if completed.timed_out and part.work.context.timeout:
            outcome = timed_out(outcome, part.work.context.timeout)
        return replace(outcome, duration=outcome.duration or completed.duration)

    def withdraw(self, parts: deque[Part], answers: Iterator[Completed | None]) -> None:
        """Forget parts that were put ahead of a task that failed: none of them began."""
        sent = [part for part in parts if isinstance(part.work, Sendable)]
        never = [part for part in sent if next(answers) is None]
        self.books.ledger.withdraws(never)
        for part in parts:
            for name in promised(part):
                part.scope.facts.marks.pop(name, None)

    def lose(self, parts: deque[Part], error: EngineError) -> None:
        """End the turns whose answers will not come any more, because the link broke."""
        turns = {id(part.turn): part.turn for part in parts if isinstance(part.work, Sendable)}
        lost = list(turns.values())
        if self.rules.stopping.is_set():
            self.books.lose(lost[:1], of_error(cut_short()))
        if isinstance(error, ConnectionFailed):
            self.books.lose(lost[:1], of_error(error))
        self.books.lose(lost, of_error(error))

    def refuse(self, parts: deque[Part], error: EngineError) -> None:
        """Let the first of the steps fail, and put all of them ahead again."""
        for part in parts:
            if isinstance(part.work, Sendable):
                part.work = of_error(error)
                break
        self.ahead = list(parts)

    def begins(self, part: Part) -> None:
        """Record and tell that a part is about to be done."""
        self.books.ledger.intends([part])
        self.books.starts(part)


def ask(work: list[Sendable]) -> Iterator[Completed | None]:
    """Yield the answers to steps that are sent in one batch, all to the same place."""
    for each in work:
        each.context.record(each.context.place, each.frame.command)
    if work:
        yield from work[0].context.connection.send([each.frame for each in work])


def promised(part: Part) -> Iterator[str]:
    """Yield the names that will have another value when the part has its outcome."""
    if part.turn.task.register:
        yield part.turn.task.register
    if isinstance(part.work, Outcome):
        yield from part.work.facts


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
        or any(is_template(name) for name in turn.around.keywords.notify or ())
    )
