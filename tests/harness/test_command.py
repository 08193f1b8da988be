"""What the `megaplan` command promises: one JSON document on stdout, and its exit codes."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from megaplan_cloud.engine.schema import check
from megaplan_cloud.harness import workflow
from tests.support.harness import TREE, Project

STOPPED = ["resume", "override replan", "override abort"]


def test_a_plan_can_be_driven_by_hand(project: Project) -> None:
    """Every command says what came of it, and what is next."""
    begun = project.megaplan("init", "Add a greeting", "--profile", "scripted", "--name", "mine")
    steps = [begun.document["next_step"]]
    while (step := steps[-1]) is not None:
        consent = ["--confirm-destructive", "--user-approved"] if step == "execute" else []
        answer = project.megaplan(step, *consent)
        assert (answer.rc, answer.document["success"]) == (0, True), answer.document
        steps.append(answer.document["next_step"])

    assert steps == ["plan", "critique", "revise", "finalize", "execute", None]
    assert project.megaplan("status").document["state"] == "done"


def test_status_obeys_its_schema_at_every_phase(project: Project) -> None:
    """Before, in the middle and at the end the keys are the documented ones."""
    project.plan("light", "mine")
    for step in ("plan", "critique", "revise", "finalize"):
        assert check(project.megaplan("status").document, "status") == []
        project.megaplan(step)

    status = project.megaplan("status").document

    assert check(status, "status") == []
    assert status["progress"]["tasks_total"] == 2
    assert status["last_step"]["step"] == "finalize"


def test_progress_is_zero_before_there_are_tasks(project: Project) -> None:
    """It is an answer, not an error."""
    project.plan(name="mine")

    progress = project.megaplan("progress").document

    assert (progress["tasks_total"], progress["tasks"]) == (0, [])


def test_one_batch_can_be_carried_out_at_a_time(project: Project) -> None:
    """The plan is done with the last one; a batch whose turn has not come is refused."""
    project.plan(name="mine")
    project.megaplan("plan")
    project.megaplan("finalize")
    execute = ("execute", "--confirm-destructive", "--batch")

    early = project.megaplan(*execute, "2").document
    first = project.megaplan(*execute, "1").document
    beyond = project.megaplan(*execute, "3").document
    second = project.megaplan(*execute, "2").document

    assert early["error"] == "batch_prerequisites"
    assert (first["state"], first["batches_remaining"], first["guidance"]) == (
        "finalized",
        1,
        "Run --batch 2",
    )
    assert beyond["error"] == "batch_out_of_range"
    assert (second["state"], second["batches_remaining"]) == ("done", 0)


def test_a_failed_phase_says_what_takes_it_further(project: Project) -> None:
    """The commands come from the same table as the transitions, and they work."""
    project.plan(name="mine")
    project.misbehave("plan:quota")
    outcome = project.megaplan("auto", "--plan", "mine")
    project.behave()
    status = project.megaplan("status").document

    resumed = project.megaplan("resume", "--plan", "mine")

    assert (outcome.rc, outcome.document["error"]) == (1, "quota_exceeded")
    assert status["valid_next"] == STOPPED
    assert status["suggested_recovery_commands"][0] == "megaplan resume --plan mine"
    assert "exceeded your quota" in status["summary"]
    assert (resumed.rc, resumed.document["state"]) == (0, "planned")


def test_progress_is_told_on_stderr_and_kept_in_the_log(project: Project) -> None:
    """Stdout is data; the log reads like work."""
    project.plan(name="mine")

    answer = project.megaplan("auto", "--plan", "mine", "--outcome-file", "out/outcome.json")

    log = (project.path / ".megaplan" / "logs" / "latest.log").read_text(encoding="utf-8")
    for line in ("[mine] plan: started", "[mine] execute: done", "[mine] done: the plan is done"):
        assert line in answer.told
        assert line in log
    kept = json.loads((project.path / "out" / "outcome.json").read_text(encoding="utf-8"))
    assert kept == answer.document


def test_a_plan_at_work_is_locked_and_says_by_whom(project: Project) -> None:
    """Its status can be read meanwhile, and a note can be added."""
    project.plan(name="mine")
    project.misbehave("plan:hang")
    running = project.start("plan", "--plan", "mine")
    try:
        while not (status := project.megaplan("status").document)["active_step"]:
            assert running.poll() is None
        refused = project.megaplan("plan", "--plan", "mine")
        noted = project.megaplan("override", "add-note", "mind", "the", "gap")
    finally:
        running.terminate()
        running.communicate(timeout=20)

    assert (status["lock_held"], status["active_step"]["health"]) == (True, "healthy")
    assert (refused.rc, refused.document["error"]) == (1, "plan_locked")
    assert refused.document["details"]["holder"]["pid"] == running.pid
    assert noted.rc == 0
    assert project.megaplan("status").document["notes"][0]["note"] == "mind the gap"


def test_an_agent_cannot_drive_its_own_plan(project: Project) -> None:
    """It may look, and nothing else."""
    plan = project.plan(name="mine")
    agent = {
        "MEGAPLAN_PLAN_DIR": str(plan.directory),
        "MEGAPLAN_PROJECT_DIR": str(project.path),
        "MEGAPLAN_PHASE": "plan",
    }

    refused = project.megaplan("auto", "--plan", "mine", limit=0, **agent)
    looked = project.megaplan("status", limit=0, **agent)

    assert (refused.rc, refused.document["error"]) == (1, "recursion_refused")
    assert looked.rc == 0


def test_an_accident_is_told_in_json_with_its_trace(project: Project) -> None:
    """Nobody has to read a traceback on stdout; it is kept in a file."""
    plan = project.plan(name="mine")
    (plan.directory / "finalize.json").write_text('{"tasks": 3}', encoding="utf-8")

    answer = project.megaplan("progress")

    assert (answer.rc, answer.document["error"]) == (1, "internal_error")
    trace = Path(answer.document["details"]["trace"])
    assert "Traceback" in trace.read_text(encoding="utf-8")
    trace.unlink()


def test_replan_gives_the_text_back_and_step_edits_it(project: Project) -> None:
    """Each edit is a version of its own, and the plan is criticised again."""
    project.plan("light", "mine")
    for step in ("plan", "critique", "revise"):
        project.megaplan(step)

    replanned = project.megaplan("override", "replan", "--reason", "grew")
    added = project.megaplan("step", "add", "--after", "S1", "Say good morning")
    moved = project.megaplan("step", "move", "S2", "--after", "S3")
    removed = project.megaplan("step", "remove", "S1")

    assert Path(replanned.document["plan_file"]).name == "plan_v2.md"
    assert [each.document["artifacts"][0] for each in (added, moved, removed)] == [
        "plan_v2a.md",
        "plan_v2b.md",
        "plan_v2c.md",
    ]
    text = (project.path / ".megaplan/plans/mine/plan_v2c.md").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if "Step" in line] == [
        "## Step 1: Test it in `test_greeting.py`",
        "## Step 2: Say good morning",
    ]
    assert removed.document["next_step"] == "critique"


def test_a_forced_plan_goes_on_from_its_critique(project: Project) -> None:
    """The gate is written down as forced, with the reason."""
    plan = project.plan("light", "mine")
    project.megaplan("plan")
    project.megaplan("critique")

    forced = project.megaplan("override", "force-proceed", "--reason", "good enough")

    gate = json.loads((plan.directory / "gate.json").read_text(encoding="utf-8"))
    assert (forced.rc, forced.document["state"]) == (0, "gated")
    assert (gate["override_forced"], gate["unresolved_flags"]) == (True, ["F1"])


def test_the_users_settings_are_defaults_of_new_plans(project: Project) -> None:
    """They can be shown, set, and removed."""
    project.megaplan("config", "set", "defaults.profile", "scripted")
    project.megaplan("config", "set", "execution.robustness", "tiny")

    begun = project.megaplan("init", "Add a greeting").document
    shown = project.megaplan("config", "show").document
    reset = project.megaplan("config", "reset")

    assert begun["robustness"] == "bare"
    assert shown["routing"]["plan"].startswith("script:")
    assert shown["raw_config"] == {"defaults.profile": "scripted", "execution.robustness": "bare"}
    assert reset.rc == 0
    assert project.megaplan("config", "show").document["raw_config"] == {}


def test_plans_that_are_over_are_hidden_and_counted(project: Project) -> None:
    """`--all` shows them."""
    project.plan(name="mine")
    project.megaplan("override", "abort", "--plan", "mine", "--reason", "no")

    shown = project.megaplan("list").document
    everything = project.megaplan("list", "--all").document

    assert (shown["plans"], shown["hints"]) == ([], ["1 more: megaplan list --all"])
    assert [each["state"] for each in everything["plans"]] == ["aborted"]


def test_the_audit_shows_claims_against_facts(project: Project) -> None:
    """Files that nobody claimed are named."""
    project.plan(name="mine")
    project.megaplan("auto", "--plan", "mine")

    audit = project.megaplan("audit").document

    found = audit["execution_audit"]
    assert audit["state"]["current_state"] == "done"
    assert found["files_claimed"] == ["greeting.py", "test_greeting.py"]
    assert set(found["files_claimed"]) <= set(found["files_in_diff"])


@pytest.mark.parametrize("words", [["--help"], ["auto", "--help"], []])
def test_help_is_for_people(project: Project, words: list[str]) -> None:
    """Help is the one answer that is no JSON; no command at all is an error with the usage."""
    running = project.start(*words)
    out, _told = running.communicate(timeout=20)

    assert running.returncode == (0 if words else 2)
    assert ("usage: megaplan" in out) if words else (json.loads(out)["error"] == "invalid_args")


def test_looking_loads_neither_the_engine_nor_jinja() -> None:
    """`megaplan status` is asked every few seconds."""
    code = (
        "import sys; from megaplan_cloud.harness.commands import status;"
        "print([m for m in ('jinja2', 'jsonschema', 'fabric', 'paramiko') if m in sys.modules])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TREE
    )

    assert found.stdout == "[]\n"


def test_every_phase_has_its_command() -> None:
    """What `next_step` names can be typed."""
    folder = Path(workflow.__file__).with_name("commands")
    commands = {path.stem for path in folder.glob("*.py")}
    for level in workflow.workflow().levels.values():
        assert set(level["steps"]) <= commands
