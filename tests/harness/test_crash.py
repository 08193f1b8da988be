"""What survives when the harness is killed at any line that makes a file last."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from megaplan_cloud.engine.schema import check
from megaplan_cloud.harness import auto, process
from megaplan_cloud.harness.auto import Options
from megaplan_cloud.harness.plan import Plan, list_plans
from tests.support.harness import Project

CRASH = Path(__file__).parents[1] / "support" / "crash"
TREE = Path(__file__).parents[2]


def crash(project: Project, at: int, *words: str) -> int:
    """Run the command and kill it at its `at`-th lasting write; return its exit code."""
    path = os.pathsep.join([str(CRASH), str(TREE)])
    running = project.start(*words, PYTHONPATH=path, CRASH_AT=str(at))
    running.communicate(timeout=60)
    return running.returncode


@pytest.mark.slow
def test_init_makes_a_whole_plan_or_none(project: Project) -> None:
    """At no line is there a plan that cannot be read, or one without its state."""
    for at in range(1, 40):
        rc = crash(project, at, "init", "Add a greeting", "--profile", "scripted")

        states = [plan.state() for plan in list_plans(project.path)]
        assert [
            problem for state in states for problem in check(state.document(), "plan_state")
        ] == []
        if rc == 0:
            break
    assert rc == 0


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_drive_killed_at_any_write_is_finished_by_the_next(project: Project) -> None:
    """Whatever the line, the state can be read and the next drive ends the plan, phases once."""
    for at in range(1, 400, 6):
        plan = project.plan(name=f"p{at}")
        rc = crash(project, at, "auto", "--plan", plan.name, "--poll-sleep", "0")

        assert check(plan.state().document(), "plan_state") == []
        outcome = auto.drive(plan, Options(poll_sleep=0.0))
        assert outcome.status == "done"
        assert [each["step"] for each in plan.state().history] == ["plan", "finalize", "execute"]
        if rc == 0:
            break
    assert rc == 0


@pytest.mark.slow
def test_an_agent_that_outlives_its_harness_is_ended_by_the_next(project: Project) -> None:
    """Two agents never work for one plan at the same time."""
    plan = project.plan()
    project.misbehave("plan:hang")
    running = project.start("auto", "--plan", plan.name)
    agent = wait_for_agent(plan)
    running.send_signal(signal.SIGKILL)
    running.communicate(timeout=60)
    assert alive(agent)
    project.behave()

    outcome = auto.drive(plan, Options(poll_sleep=0.0))

    assert outcome.status == "done"
    assert not alive(agent)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_drive_takes_its_agent_along(
    project: Project, number: signal.Signals
) -> None:
    """Ctrl-C, `kill` and a closed terminal end the agent, tell it in JSON, and exit 130."""
    plan = project.plan()
    project.misbehave("plan:hang")
    running = project.start("auto", "--plan", plan.name)
    agent = wait_for_agent(plan)

    running.send_signal(number)
    out, _told = running.communicate(timeout=60)

    assert (running.returncode, json.loads(out)["error"]) == (130, "interrupted")
    assert not alive(agent)
    assert plan.state().active_step is None


def wait_for_agent(plan: Plan) -> int:
    """Return the process of the agent that works for the plan, once it does."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        try:
            return int((plan.directory / process.RECORD).read_text("ascii"))
        except (FileNotFoundError, ValueError):
            time.sleep(0.02)
    raise AssertionError("no agent began")


def alive(pid: int) -> bool:
    """Return whether a process is there and not merely waiting to be collected."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
