"""What wrong input gets: one clear message, the documented exit code, and nothing half-done."""

import os
from pathlib import Path

import pytest

from megaplan_cloud.harness.config import config_path
from tests.support.harness import Project

# Words, exit code, error, and what the message or its hint has to say.
CORPUS = [
    ([], 2, "invalid_args", "COMMAND"),
    (["bogus"], 2, "invalid_args", "bogus"),
    (["init"], 2, "invalid_args", "--idea-file"),
    (["init", ""], 2, "invalid_args", "the idea is empty"),
    (["init", " \n"], 2, "invalid_args", "the idea is empty"),
    (["init", "x", "--idea-file", "y"], 2, "invalid_args", "not both"),
    (["init", "--idea-file", "gone.md"], 2, "missing_idea_file", "gone.md"),
    (["init", "--idea-file", "latin.md"], 2, "invalid_args", "latin.md"),
    (["init", "--idea-file", "."], 2, "invalid_args", "Is a directory"),
    (["init", "x", "--name", "../up"], 2, "invalid_args", "'../up'"),
    (["init", "x", "--robustness", "hard"], 2, "invalid_args", "bare, light"),
    (["init", "x", "--robustness", "full"], 2, "unsupported_level", "bare, light"),
    (["init", "x", "--mode", "doc"], 2, "unsupported_mode", "'doc'"),
    (["init", "x", "--with-prep"], 2, "unsupported_step", "--with-prep"),
    (["init", "x", "--profile", "scriptd"], 2, "unknown_profile", "Did you mean 'scripted'?"),
    (["init", "x", "--profile", "thoughtful"], 2, "unknown_profile", "premium"),
    (["init", "x", "--profile", "super-premium"], 2, "unknown_profile", "apex"),
    (["init", "x", "--vendor", "acme"], 2, "invalid_vendor", "claude, codex"),
    (["init", "x", "--depth", "deep"], 2, "invalid_depth", "minimal"),
    (["init", "x", "--critic", "me"], 2, "invalid_critic", "kimi, cross"),
    (["init", "x", "--deepseek-provider", "me"], 2, "invalid_deepseek_provider", "fireworks"),
    (["init", "x", "--phase-model", "plan"], 2, "invalid_args", "phase=agent"),
    (["init", "x", "--phase-model", "plam=codex"], 2, "invalid_args", "Phases: plan"),
    (["init", "x", "--phase-model", "plan=acme"], 2, "invalid_profile", "Agents: claude"),
    (["init", "x", "--project-dir", "gone"], 2, "invalid_project_dir", "gone"),
    (["init", "x", "--project-dir", "latin.md"], 2, "invalid_project_dir", "latin.md"),
    (["init", "x", "--bogus"], 2, "invalid_args", "--bogus"),
    (["status"], 2, "missing_plan", "megaplan init"),
    (["status", "--plan", "gone"], 2, "missing_plan", "'gone'"),
    (["plan", "--fresh", "--persist"], 2, "invalid_args", "exclude each other"),
    (["auto", "--max-iterations", "-1"], 2, "invalid_args", "--max-iterations"),
    (["auto", "--max-iterations", "many"], 2, "invalid_args", "many"),
    (["override"], 2, "invalid_args", "ACTION"),
    (["config", "set", "execution.robustnes", "bare"], 2, "invalid_args", "execution.robustness"),
    (["config", "set", "execution.auto_approve", "yes"], 2, "invalid_args", "true or false"),
    (["config", "set", "execution.worker_timeout_seconds", "-1"], 2, "invalid_args", "seconds"),
    (["config", "profiles", "show", "gone"], 2, "unknown_profile", "Profiles here"),
]
# The same, for the plan `mine` that has just been begun.
BEGUN = [
    (["finalize"], 1, "invalid_transition", "Possible now: plan"),
    (["critique"], 1, "bare_skips_critique", "no critique"),
    (["review"], 1, "invalid_transition", "Possible now: plan"),
    (["execute"], 2, "missing_confirmation", "--confirm-destructive"),
    (["execute", "--confirm-destructive"], 2, "missing_approval", "--user-approved"),
    (["override", "abort"], 2, "invalid_args", "--reason"),
    (["override", "add-note"], 2, "invalid_args", "the note is empty"),
    (["override", "force-proceed", "--reason", "x"], 1, "invalid_transition", "Possible now: plan"),
    (["step", "remove", "S1"], 1, "invalid_transition", "Possible now: plan"),
    (["step", "remove", "one"], 2, "invalid_step_edit", "'one'"),
    (["resume", "--phase-model", "plan=codex"], 1, "agent_not_found", "Agents here: script"),
    (["plan", "--profile", "partnered"], 1, "agent_not_found", "Agents here: script"),
    (["plan", "--phase-model", "plan=script"], 1, "invalid_profile", "script:<command>"),
    (["plan", "--phase-model", "plan=script:'x"], 1, "invalid_profile", "quotation"),
    (["plan", "--phase-model", "plan=script:gone"], 1, "agent_not_found", "'gone'"),
]


def named(case: tuple[list[str], int, str, str]) -> str:
    """Return a name for a case."""
    return " ".join(case[0]) or "nothing"


@pytest.mark.parametrize("case", CORPUS, ids=named)
def test_wrong_input_is_refused_and_touches_nothing(
    project: Project, case: tuple[list[str], int, str, str]
) -> None:
    """One message says what is wrong and what to write instead; no plan is begun."""
    words, rc, error, said = case
    (project.path / "latin.md").write_bytes(b"caf\xe9")

    answer = project.ask(*words)

    told = f"{answer.document['message']} {answer.document.get('hint', '')}"
    assert (answer.rc, answer.document["error"], answer.document["success"]) == (rc, error, False)
    assert said in told
    assert not (project.path / ".megaplan" / "plans").exists()
    assert not config_path().exists()


@pytest.mark.parametrize("case", BEGUN, ids=named)
def test_what_a_plan_cannot_do_is_refused_with_what_it_can(
    project: Project, case: tuple[list[str], int, str, str]
) -> None:
    """The plan stays where it is."""
    words, rc, error, said = case
    plan = project.plan(name="mine", auto_approve=False)

    answer = project.ask(*words, "--plan", "mine")

    told = f"{answer.document['message']} {answer.document.get('hint', '')}"
    assert (answer.rc, answer.document["error"]) == (rc, error)
    assert said in told
    assert plan.state().current_state == "initialized"
    assert plan.state().active_step is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot be read"),
        ("[]", "JSON object"),
        ('{"execution.robustnes": "bare"}', "Did you mean 'execution.robustness'?"),
        ('{"execution.worker_timeout_seconds": "long"}', "not of the kind int"),
        ('{"execution.auto_approve": 1}', "not of the kind bool"),
    ],
)
def test_wrong_settings_are_told_with_their_file(project: Project, text: str, said: str) -> None:
    """The file may have been written by hand."""
    config_path().parent.mkdir(parents=True)
    config_path().write_text(text, encoding="utf-8")

    answer = project.ask("init", "x", "--profile", "scripted")

    told = f"{answer.document['message']} {answer.document.get('hint', '')}"
    assert (answer.rc, answer.document["error"]) == (2, "invalid_config")
    assert str(config_path()) in told
    assert said in told


@pytest.mark.parametrize("locale", ["C", "C.UTF-8", "POSIX"])
def test_bytes_that_are_no_text_are_told_in_json(project: Project, locale: str) -> None:
    """In any locale, the answer is UTF-8 and JSON."""
    project.plan(name="mine", notes="ä")

    strange = project.megaplan("status", "--plan", os.fsdecode(b"\xff"), LC_ALL=locale)
    umlaut = project.megaplan("init", "Größe", "--profile", "ä", LC_ALL=locale, PYTHONUTF8="0")

    assert (strange.rc, strange.document["error"]) == (2, "invalid_args")
    assert umlaut.document["error"] in {"unknown_profile", "invalid_args"}


PROFILES = [
    ("[profiles.x", "Expected"),
    ("profiles = 3", "not a table"),
    ("[profiles]\nx = 3", "profiles.x is not a table"),
    ('[profiles.x]\nplam = "codex"', "Did you mean 'plan'?"),
    ('[profiles.x]\nplan = "acme:1"', "Agents: claude"),
    ("[profiles.x]\nplan = 3", "profiles.x.plan is not a string"),
    ('[profiles.x]\nextends = "gone"', "there is no profile 'gone'"),
]


@pytest.mark.parametrize(("text", "said"), PROFILES)
def test_a_wrong_profile_is_told_with_its_file_and_key(
    project: Project, text: str, said: str
) -> None:
    """The message names the layer's file."""
    path = project.path / ".megaplan" / "profiles.toml"
    path.write_text(text, encoding="utf-8")

    answer = project.ask("config", "profiles", "list")

    told = f"{answer.document['message']} {answer.document.get('hint', '')}"
    assert answer.rc == 2
    assert said in told
    assert str(path) in told or "gone" in told


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_told(project: Project) -> None:
    """The message names the folder."""
    (project.path / ".megaplan").chmod(0o500)

    answer = project.megaplan("init", "x", "--profile", "scripted")

    assert (answer.rc, answer.document["error"]) == (2, "invalid_project_dir")
    assert ".megaplan" in answer.document["message"]


def test_a_file_in_the_place_of_our_folder_is_told(tmp_path: Path, project: Project) -> None:
    """It is not removed."""
    other = tmp_path / "other"
    other.mkdir()
    (other / ".megaplan").write_text("mine", encoding="utf-8")

    answer = project.megaplan("init", "x", "--project-dir", str(other))

    assert (answer.rc, answer.document["error"]) == (2, "invalid_project_dir")
    assert (other / ".megaplan").read_text(encoding="utf-8") == "mine"


def test_a_full_disk_is_told_and_leaves_no_plan(project: Project) -> None:
    """A file that may not grow stands for the disk; the next try, with space, succeeds."""
    words = ("init", "a long idea " * 500, "--profile", "scripted", "--name", "mine")

    full = project.megaplan(*words, limit=2)
    plans = sorted(path.name for path in (project.path / ".megaplan" / "plans").iterdir())
    again = project.megaplan(*words)

    assert (full.rc, full.document["error"]) == (1, "init_failed")
    assert "File too large" in full.document["message"]
    assert plans == []
    assert again.rc == 0


def test_a_disk_that_fills_up_during_a_phase_is_told(project: Project) -> None:
    """The plan can go on where it stood, once there is space."""
    plan = project.plan(name="mine", test_command="true")

    full = project.megaplan("plan", "--plan", "mine", limit=2)
    again = project.megaplan("plan", "--plan", "mine")

    assert (full.rc, full.document["error"]) == (1, "io_error")
    assert (again.rc, plan.state().current_state) == (0, "planned"), again
