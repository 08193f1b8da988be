"""What driving a plan promises."""

import json
import sys
from contextlib import ExitStack

import pytest

from megaplan_cloud.engine.schema import check
from megaplan_cloud.harness import auto, events, lock, override, store
from megaplan_cloud.harness.auto import Options
from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.plan import Plan
from tests.support.harness import AGENT, Project

QUICK = Options(poll_sleep=0.0)


@pytest.mark.parametrize(
    ("level", "phases"),
    [
        ("bare", ["plan", "finalize", "execute"]),
        ("light", ["plan", "critique", "revise", "finalize", "execute"]),
    ],
)
def test_a_plan_goes_through_the_phases_of_its_level(
    project: Project, level: str, phases: list[str]
) -> None:
    """Each phase is told once, in order, and the work is there at the end."""
    plan = project.plan(level)
    told: list[str] = []

    outcome = auto.drive(plan, QUICK, lambda _plan, phase: told.append(phase))

    assert (outcome.status, outcome.exit_code, outcome.final_state) == ("done", 0, "done")
    assert phases == told
    assert (project.path / "greeting.py").exists()
    assert check(plan.state().document(), "plan_state") == []
    assert check(outcome.document(), "auto_outcome") == []


def test_every_event_obeys_its_schema(project: Project) -> None:
    """The journal has whole numbered lines from 0, each of a known kind."""
    plan = project.plan("light")

    auto.drive(plan, QUICK)

    lines = events.tail(plan.directory, 10_000_000)
    assert list(range(len(lines))) == [line["seq"] for line in lines]
    assert [problem for line in lines for problem in check(line, "event")] == []
    assert (lines[0]["kind"], lines[-1]["kind"]) == ("init", "plan_finished")


@pytest.mark.parametrize(
    ("how", "kind", "said"),
    [
        ("plan:exit", "worker_error", "exit code 7"),
        ("plan:quota", "quota_exceeded", "exceeded your quota"),
        ("plan:silent", "parse_error", "answered nothing"),
        ("plan:prose", "parse_error", "I would rather not"),
        ("plan:wrong", "schema_error", "$.plan"),
        ("finalize:graph", "invalid_finalize", "T9, which is no task"),
    ],
)
def test_the_true_cause_of_a_failure_reaches_the_outcome(
    project: Project, how: str, kind: str, said: str
) -> None:
    """Outcome, state and hand-over name the same class and the agent's own words."""
    plan = project.plan()
    project.misbehave(how)

    outcome = auto.drive(plan, QUICK)

    failure = plan.state().latest_failure or {}
    handed_over = json.loads((plan.directory / "phase_result.json").read_text(encoding="utf-8"))
    assert (outcome.status, outcome.exit_code, outcome.final_state) == ("failed", 1, "failed")
    assert {kind} == {outcome.kind, failure["kind"], handed_over["error"]}
    assert said in outcome.reason
    assert said in failure["message"]
    assert check(handed_over, "phase_result") == []


def test_what_the_agent_wrote_is_kept_when_it_is_no_answer(project: Project) -> None:
    """The raw text is in the plan's folder, under the phase's name."""
    plan = project.plan()
    project.misbehave("plan:prose")

    auto.drive(plan, QUICK)

    assert "I would rather not." in (plan.directory / "plan_v0_raw.txt").read_text("utf-8")


def test_failing_tests_block_the_plan_with_their_lines(project: Project) -> None:
    """The command's exit code decides, whatever the agent says of its work."""
    plan = project.plan()
    project.misbehave("execute:broken")

    outcome = auto.drive(plan, QUICK)

    assert (outcome.status, outcome.exit_code, outcome.kind) == (
        "worker_blocked",
        8,
        "blocked_by_quality",
    )
    assert outcome.final_state == "blocked"
    assert "Goodbye" in outcome.reason
    assert outcome.blocked_retries_used == 1
    execution = json.loads((plan.directory / "execution.json").read_text(encoding="utf-8"))
    assert (execution["verification"]["rc"], execution["verification"]["passed"]) == (1, False)


def test_the_executor_sees_why_its_work_was_not_good(project: Project) -> None:
    """The second try gets the failing lines in its prompt, and may repair the work."""
    plan = project.plan()
    project.misbehave("execute:repaired")

    outcome = auto.drive(plan, QUICK)

    assert (outcome.status, outcome.blocked_retries_used) == ("done", 1)


def test_a_stopped_plan_goes_on_only_when_told_to(project: Project) -> None:
    """Without `resume` the reason is given again; with it the plan goes on where it stopped."""
    plan = project.plan()
    project.misbehave("finalize:quota")
    first = auto.drive(plan, QUICK)
    project.behave()

    again = auto.drive(plan, QUICK)
    resumed = auto.drive(plan, Options(poll_sleep=0.0, resume=True))

    assert ("failed", first.reason, first.kind) == (again.status, again.reason, again.kind)
    assert resumed.status == "done"
    assert [each["step"] for each in plan.state().history] == [
        "plan",
        "finalize",
        "finalize",
        "execute",
    ]


def test_an_abort_during_a_phase_is_kept(project: Project) -> None:
    """A phase that ends after the plan was given up does not bring it back."""
    plan = project.plan()

    def abort(given: Plan, phase: str) -> None:
        if phase == "plan":
            override.abort(given, "enough")

    outcome = auto.drive(plan, QUICK, abort)

    assert (outcome.status, outcome.exit_code) == ("aborted", 0)
    assert plan.state().current_state == "aborted"


def test_a_note_added_during_a_phase_is_kept(project: Project) -> None:
    """Notes are merged into the state, not overwritten by the phase that ends."""
    plan = project.plan()

    def note(given: Plan, phase: str) -> None:
        override.add_note(given, f"mind the {phase}")

    auto.drive(plan, QUICK, note)

    notes = [each["note"] for each in plan.state().meta["notes"]]
    assert notes == ["mind the plan", "mind the finalize", "mind the execute"]


def test_an_iteration_cap_stops_the_drive_and_can_be_resumed(project: Project) -> None:
    """The plan says where it stopped and why."""
    plan = project.plan()

    outcome = auto.drive(plan, Options(max_iterations=1))

    assert (outcome.status, outcome.exit_code, outcome.final_state) == ("cap", 4, "failed")
    assert auto.drive(plan, Options(resume=True)).status == "done"


def test_money_spent_beyond_the_cap_stops_the_drive(project: Project) -> None:
    """The cap is looked at before each phase."""
    plan = project.plan()

    outcome = auto.drive(plan, Options(max_cost_usd=-1.0))

    assert (outcome.status, outcome.exit_code) == ("cost_cap_exceeded", 6)


def test_an_agent_over_its_time_is_stopped(project: Project) -> None:
    """The class is `worker_timeout`, the hand-over says `timeout`, and nothing is left running."""
    plan = project.plan()
    project.misbehave("plan:hang")

    outcome = auto.drive(plan, Options(phase_timeout=0.5, max_passing_retries=0))

    assert (outcome.status, outcome.kind) == ("failed", "worker_timeout")
    assert "no answer within" in outcome.reason


def test_what_raises_in_the_callback_is_raised(project: Project) -> None:
    """A chain that cannot commit must not go on as if it had."""
    plan = project.plan()

    def refuse(_plan: Plan, _phase: str) -> None:
        raise LookupError("no commit")

    with pytest.raises(LookupError, match="no commit"):
        auto.drive(plan, QUICK, refuse)

    assert auto.drive(plan, QUICK).status == "done"


def test_a_phase_run_by_hand_is_waited_for(project: Project) -> None:
    """The drive goes on from where it ends, and does not do it again."""
    plan = project.plan()
    waits: list[float] = []
    with ExitStack() as by_hand:
        path = plan.directory / store.PLAN_LOCK
        by_hand.enter_context(lock.held(path, purpose="megaplan plan"))

        def wait(pause: float) -> None:
            waits.append(pause)
            by_hand.close()

        outcome = auto.drive(plan, Options(), sleep=wait)

    assert (outcome.status, waits) == ("done", [1.0])


def test_a_plan_has_one_driver(project: Project) -> None:
    """The second one is told who drives it."""
    plan = project.plan()

    def second(given: Plan, _phase: str) -> None:
        with pytest.raises(HarnessError) as caught:
            auto.drive(given, QUICK)
        assert caught.value.error == "plan_locked"

    assert auto.drive(plan, QUICK, second).status == "done"


def test_a_key_that_an_agent_prints_is_not_repeated(project: Project) -> None:
    """Neither outcome, state, raw text nor log has it."""
    key = "sk-proj-" + "a1B2c3D4" * 6
    (project.path / "agent.sh").write_text(f"echo invalid api key: {key} >&2; exit 1\n", "utf-8")
    plan = project.plan(phase_model=["plan=script:sh agent.sh"])

    outcome = auto.drive(plan, QUICK)

    log = project.path / ".megaplan" / "logs" / "latest.log"
    kept = [plan.directory / "plan_v0_raw.txt", plan.directory / store.STATE, log]
    assert outcome.kind == "auth_error"
    assert key not in outcome.reason
    assert [path.name for path in kept if key in path.read_text("utf-8")] == []


def test_one_agent_for_every_phase_needs_no_profile(project: Project) -> None:
    """The shortest way to a plan that is carried out."""
    plan = project.plan(profile="", agent=f"script:{sys.executable} {AGENT}")

    assert auto.drive(plan, QUICK).status == "done"
