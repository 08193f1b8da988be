"""Driving a plan through its phases until it is done or a person is needed."""

import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from megaplan_cloud.harness import events, lock, log, override, store, workflow
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.handoff import PhaseResult
from megaplan_cloud.harness.outcome import EXIT_CODES, Options, Outcome
from megaplan_cloud.harness.phase import Limits, run_phase, stopped
from megaplan_cloud.harness.plan import Plan
from megaplan_cloud.harness.state import State

__all__ = ["EXIT_CODES", "Options", "Outcome", "drive"]

DRIVER_LOCK = ".driver.lock"
# Failures that may be over by the next minute: worth one more try of a phase that only thinks.
PASSING = frozenset({"rate_limit", "connection_error", "worker_timeout", "parse_error"})


OnPhase = Callable[[Plan, str], None]
# What the drive does next: go on (None), or end with this outcome.
Verdict = Outcome | None


def drive(
    plan: Plan,
    options: Options | None = None,
    on_phase: OnPhase = lambda _plan, _phase: None,
    sleep: Callable[[float], None] = time.sleep,
) -> Outcome:
    """Run the plan's next phase again and again, and return how it ended.

    `on_phase` is called after each phase that succeeded, with the phase's name; what it raises
    ends the drive and is raised. A plan has one driver: a second one is refused (`plan_locked`).
    """
    with lock.held(plan.directory / DRIVER_LOCK, purpose="megaplan auto"):
        drive_ = _Drive(plan, options or Options(), on_phase, sleep)
        outcome = drive_.run()
    kind = "plan_aborted" if outcome.status == "aborted" else "plan_finished"
    told = {"status": outcome.status, "reason": outcome.reason}
    events.append(plan.directory, kind, outcome.last_phase or None, told)
    log.say(plan.root, f"[{plan.name}] {outcome.status}: {outcome.reason.splitlines()[0]}")
    return outcome


class _Drive:
    """One drive: what was tried so far, and how often."""

    def __init__(
        self, plan: Plan, options: Options, on_phase: OnPhase, sleep: Callable[[float], None]
    ) -> None:
        self.plan = plan
        self.options = options
        self.on_phase = on_phase
        self.sleep = sleep
        self.iterations = 0
        self.standing_still = 0
        self.retries: Counter[str] = Counter()
        self.last_phase = ""
        self.resuming = options.resume
        self.told: list[Mapping[str, Any]] = []

    def run(self) -> Outcome:
        """Return the outcome of the first iteration that has one."""
        while self.iterations < self.options.max_iterations:
            self.iterations += 1
            if outcome := self.iterate():
                return outcome
        limit = self.options.max_iterations
        return self.stop("cap", f"{limit} iterations were not enough", kind="iteration_cap")

    def iterate(self) -> Verdict:
        """Do one step: look at the state, run the next phase, judge what came of it."""
        self.wait_for_others()
        if self.takes_up(state := self.plan.state()):
            state = override.resume(self.plan)
        if ended := self.ended(state):
            return ended
        step = workflow.next_step(state)
        if step is None:
            told = f"nothing is possible in the state {state.current_state}"
            return self.stop("failed", told, kind="no_next_step")
        if step.startswith("override"):
            return self.escalated(state)
        result = run_phase(self.plan, step, Limits(timeout=self.options.phase_timeout))
        self.last_phase = step
        self.told.append({"phase": step, "exit_kind": result.exit_kind, "error": result.error})
        if not result.succeeded:
            return self.judge(result)
        self.on_phase(self.plan, step)
        return self.moved(state)

    def wait_for_others(self) -> None:
        """Let a phase that somebody runs by hand come to its end, for as long as one may take."""
        path, waited = self.plan.directory / store.PLAN_LOCK, 0.0
        while lock.is_held(path) and waited < self.options.phase_timeout:
            pause = max(self.options.poll_sleep, 0.1)
            self.sleep(pause)
            waited += pause

    def ended(self, state: State) -> Verdict:
        """Return the outcome for a state that ends the drive, or None."""
        cap, spent = self.options.max_cost_usd, float(state.meta.get("total_cost_usd", 0.0))
        if cap is not None and spent > cap:
            told = f"the plan has cost {spent:.2f} of {cap:.2f} US dollars"
            return self.stop("cost_cap_exceeded", told, kind="cost_cap_exceeded")
        name = state.current_state
        if workflow.is_terminal(name):
            return self.outcome(name, f"the plan is {name}")
        if not workflow.is_stopped(name) or (
            name == "blocked" and self.retries["blocked_by_quality"]
        ):
            return None
        return self.stopped_before(state)

    def takes_up(self, state: State) -> bool:
        """Return whether this is the one stop that the drive was told to take up."""
        told, self.resuming = self.resuming, False
        return told and workflow.is_stopped(state.current_state) and bool(state.resume_cursor)

    def stopped_before(self, state: State) -> Outcome:
        """Return the outcome for a plan that had stopped before this drive began."""
        names = {"awaiting_human_verify": "awaiting_human"}
        status = names.get(state.current_state, state.current_state)
        failure = state.latest_failure or {}
        told = str(failure.get("message") or f"the plan is {state.current_state}")
        return self.outcome(
            status, told, kind=str(failure.get("kind", "")), phase=str(failure.get("phase", ""))
        )

    def judge(self, result: PhaseResult) -> Verdict:
        """Return None when the phase is worth another try, else the outcome."""
        # Somebody moved the plan meanwhile: its state says what to do about it.
        if result.error == "invalid_transition" or self.tries_again(result):
            return None
        match result.exit_kind:
            case "blocked_by_quality":
                return self.outcome("worker_blocked", result.message, kind=result.error)
            case "blocked_by_prereq":
                return self.outcome("awaiting_human", result.message, kind=result.error)
            case "context_exhausted":
                return self.stop("context_exhausted", result.message, kind=result.error)
        return self.stop("failed", result.message, kind=result.error)

    def tries_again(self, result: PhaseResult) -> bool:
        """Return whether a failure of this sort may be tried once more, and count the try."""
        sort = "passing" if result.error in PASSING else result.exit_kind
        allowed = {
            "blocked_by_quality": self.options.max_blocked_retries,
            "context_exhausted": self.options.max_context_retries,
            "passing": self.options.max_passing_retries,
        }
        if self.retries[sort] >= allowed.get(sort, 0):
            return False
        self.retries[sort] += 1
        told = {"reason": result.message, "exit_kind": result.exit_kind}
        events.append(self.plan.directory, "phase_retry", result.phase, told)
        log.say(self.plan.root, f"[{self.plan.name}] {result.phase}: tried again")
        if sort == "passing":
            self.sleep(self.options.poll_sleep)
        return True

    def moved(self, before: State) -> Verdict:
        """Count phases that changed nothing; too many in a row are a stall."""
        after = self.plan.state()
        same = (after.current_state, after.iteration) == (before.current_state, before.iteration)
        self.standing_still = self.standing_still + 1 if same else 0
        if self.standing_still < self.options.stall_threshold:
            return None
        told = f"{self.standing_still} phases left the plan {after.current_state}"
        return self.stop("stalled", told, kind="stalled")

    def escalated(self, state: State) -> Verdict:
        """Do what `on_escalate` says about a gate that asks for a person."""
        reason = str(state.last_gate.get("rationale", "the gate asks for a person"))
        match self.options.on_escalate:
            case "force-proceed":
                override.force_proceed(self.plan, f"auto: {reason}")
                return None
            case "abort":
                override.abort(self.plan, f"auto: {reason}")
                return None
        return self.outcome("escalated", reason, kind="gate_escalated")

    def stop(self, status: str, reason: str, *, kind: str) -> Outcome:
        """Write down that the drive gave up, so that `resume` knows where; return the outcome."""
        phase = self.last_phase or workflow.next_step(self.plan.state()) or ""

        def change(state: State) -> State:
            failure = state.latest_failure or {
                "kind": kind,
                "message": reason,
                "phase": phase,
                "state": state.current_state,
            }
            return replace(stopped(state, "fail", phase), latest_failure=failure)

        try:
            store.update(self.plan.directory, change)
        except HarnessError as error:
            if error.error != "invalid_transition":
                raise
        return self.outcome(status, reason, kind=kind)

    def outcome(self, status: str, reason: str, *, kind: str = "", phase: str = "") -> Outcome:
        """Return an outcome with everything that is known now."""
        state = self.plan.state()
        return Outcome(
            status=status,
            plan=self.plan.name,
            final_state=state.current_state,
            reason=reason,
            kind=kind,
            hint=str((state.latest_failure or {}).get("suggested_action", "")),
            last_phase=self.last_phase or phase,
            iterations=self.iterations,
            blocking_reasons=tuple(_blocking(state)),
            events=tuple(self.told),
            total_cost_usd=float(state.meta.get("total_cost_usd", 0.0)),
            context_retries_used=self.retries["context_exhausted"],
            blocked_retries_used=self.retries["blocked_by_quality"],
            options=self.options,
        )


def _blocking(state: State) -> Iterator[str]:
    """Yield why a plan does not go on."""
    if state.current_state in ("blocked", "failed") and state.latest_failure:
        yield str(state.latest_failure["message"])
