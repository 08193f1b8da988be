"""What running a phase promises: its playbook, its prompt, its lock and its hand-over."""

import json
import shlex
import sys
from dataclasses import replace

import pytest

from megaplan_cloud.engine import playbook, source
from megaplan_cloud.engine.schema import check
from megaplan_cloud.harness import failure, handoff, override, phase, prompt, store, workflow
from megaplan_cloud.harness.phase import Limits, run_phase
from megaplan_cloud.house import house
from tests.support.harness import TREE, Project

PHASES = ("plan", "critique", "revise", "finalize", "execute")


@pytest.mark.parametrize("name", PHASES)
def test_every_phase_is_a_playbook_that_loads(name: str) -> None:
    """With the engine's actions and ours, and nothing else."""
    path = house() / "playbooks" / "phases" / f"{name}.yml"

    loaded = playbook.load(path, (), actions=phase.actions())

    assert len(loaded.plays) == 1


def test_every_agents_role_obeys_its_schema() -> None:
    """What is wrong with one is told at its place."""
    for path in house().glob("roles/*/meta/agent.yml"):
        assert check(source.load(path), "agent") == []


def test_a_prompt_is_filled_with_what_is_known(project: Project) -> None:
    """Idea, notes, plan, flags, and the schema of the answer are in it, as they are."""
    plan = project.plan("light", "mine")
    override.add_note(plan, "mind {{ the gap }}")
    run_phase(plan, "plan")
    run_phase(plan, "critique")

    text = prompt.text(plan.directory, plan.state(), "revise")

    for part in ("Add a greeting", "mind {{ the gap }}", "## Step 1", "an empty name", '"$schema"'):
        assert part in text


def test_what_an_agent_writes_is_never_a_template(project: Project) -> None:
    """Braces in an idea, a note or an answer are text."""
    plan = project.plan("bare", "mine")
    override.add_note(plan, "{{ 1 / 0 }} {% include 'x' %}")

    assert run_phase(plan, "plan").succeeded


def test_a_stale_hand_over_is_not_taken_for_the_next_one(project: Project) -> None:
    """Another run's file says nothing about this one."""
    plan = project.plan()
    handoff.write(plan.directory, handoff.PhaseResult(phase="plan", invocation_id="old"))

    assert handoff.read(plan.directory, "plan", "new") is None
    assert handoff.read(plan.directory, "critique", "old") is None
    assert handoff.read(plan.directory, "plan", "old")


def test_an_agent_can_be_chosen_for_one_run(project: Project) -> None:
    """The plan's own choice stays as it was."""
    plan = project.plan()
    before = plan.state().config

    result = run_phase(plan, "plan", Limits(overrides={"phase_model": ["plan=script:false"]}))

    assert (result.error, result.exit_kind) == ("worker_error", "agent_failed")
    assert plan.state().config == before
    assert run_phase(plan, "plan").succeeded


def test_a_plan_given_up_meanwhile_stays_so(project: Project) -> None:
    """A phase whose end comes too late is refused by the same table."""
    plan = project.plan(name="mine")
    answer = {"plan": "## Step 1: x", "questions": [], "success_criteria": [], "assumptions": []}
    words = [sys.executable, "-m", "megaplan_cloud.harness.command"]
    agent = f"""
    env -u MEGAPLAN_PLAN_DIR PYTHONPATH={TREE} \\
        {shlex.join(words)} override abort --plan mine --reason enough >/dev/null
    echo {shlex.quote(json.dumps(answer))}
    """
    (project.path / "agent.sh").write_text(agent, encoding="utf-8")

    result = run_phase(plan, "plan", Limits(overrides={"phase_model": ["plan=script:sh agent.sh"]}))

    assert result.error == "invalid_transition"
    assert plan.state().current_state == "aborted"
    assert [each["result"] for each in plan.state().history] == ["error"]


def test_a_killed_runner_is_told_of_at_the_next_run(
    project: Project, capsys: pytest.CaptureFixture[str]
) -> None:
    """The status says that it is orphaned; the history counts the attempt."""
    plan = project.plan(name="mine")
    active = {
        "step": "plan",
        "agent": "script",
        "run_id": "1",
        "started_at": "2026-01-01T00:00:00+00:00",
        "attempt": 1,
        "pid": 1,
    }
    store.update(plan.directory, lambda state: replace(state, active_step=active))
    orphaned = project.ask("status").document["active_step"]

    run_phase(plan, "plan")

    assert (orphaned["orphaned"], orphaned["recommended_action"]) == (True, "rerun_same_step")
    assert "[mine] plan: its runner was killed; run again" in capsys.readouterr().err
    assert plan.state().history[0]["attempt"] == 2


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("Error: insufficient quota", "quota_exceeded"),
        ("HTTP 429 Too Many Requests", "rate_limit"),
        ("session 4291 ended", "worker_error"),
        ("Please run /login: not logged in", "auth_error"),
        ("prompt is too long: 210000 tokens", "context_overflow"),
        ("connect: connection refused", "connection_error"),
        ("model 'x' not found", "model_error"),
        ("", "worker_error"),
    ],
)
def test_failures_are_classed_by_the_agents_words(text: str, error: str) -> None:
    """Numbers within other words mean nothing."""
    assert failure.classify(text)[0] == error


def test_an_agents_own_words_come_first() -> None:
    """Its role knows best."""
    own = [{"pattern": "out of juice", "error": "quota_exceeded", "hint": "Charge it."}]

    assert failure.classify("OUT OF JUICE: rate limit", own) == ("quota_exceeded", "Charge it.")


def test_the_commands_of_the_plan_are_the_tests_of_the_user(project: Project) -> None:
    """A test command of the config is stronger than the finalizer's."""
    plan = project.plan(test_command="exit 3")
    run_phase(plan, "plan")
    run_phase(plan, "finalize")

    result = run_phase(plan, "execute")

    verification = json.loads((plan.directory / "execution.json").read_text("utf-8"))[
        "verification"
    ]
    assert (result.error, verification["rc"], verification["source"]) == (
        "blocked_by_quality",
        3,
        "config",
    )
    assert workflow.valid_next(plan.state())[0] == "execute"
