"""The cases of the roles: what each runs is written down, and the docs show it."""

from pathlib import Path

import pytest

from megaplan_cloud.house import house
from tests.support import transcripts

CASES = transcripts.cases()


def name(path: Path) -> str:
    """Return how a case is called."""
    return f"{path.parents[1].name}-{path.stem}"


@pytest.mark.parametrize("path", CASES, ids=name)
def test_a_role_runs_what_its_case_says(path: Path, tmp_path: Path) -> None:
    """The commands, in their order, at their places; and how it ends."""
    case = transcripts.read(path)

    played = transcripts.played(case, tmp_path, check=False)

    refusals = [str(task.result.get("error", task.reason)) for task in played.report.failures]
    assert played.transcript == case.transcript
    assert refusals == ([case.refused] if case.refused else [])


@pytest.mark.parametrize("path", CASES, ids=name)
def test_a_rehearsal_says_what_the_run_does(path: Path, tmp_path: Path) -> None:
    """`--check` shows the same commands, and runs none that changes anything."""
    case = transcripts.read(path)

    rehearsed = transcripts.played(case, tmp_path, check=True)

    if case.refused and not rehearsed.report.failed:
        pytest.skip("what this is refused for happens in the middle of a run only")
    expected = [line for line in case.transcript if line not in case.unrehearsed]
    assert rehearsed.transcript == expected


@pytest.mark.parametrize("page", transcripts.pages(), ids=lambda page: page.stem)
def test_the_docs_show_what_the_cases_say(page: Path) -> None:
    """`python -m tests.support.transcripts` writes the pages anew."""
    text = page.read_text(encoding="utf-8")

    assert transcripts.page(text) == text


def test_every_provider_that_can_be_played_has_cases_and_a_page() -> None:
    """Adding a provider adds its cases and its page of the docs."""
    playable = [path.parents[1].name for path in (house() / "roles").glob("*/tasks/preflight.yml")]
    providers = [role for role in playable if (house() / "roles" / role / "defaults").is_dir()]
    described = {page.stem.removeprefix("provider-") for page in transcripts.pages()}

    lacking = [role for role in providers if not transcripts.cases(role)]
    assert {"process", "local", "ssh"} <= set(providers)
    assert lacking == []
    assert {"process", "local", "ssh"} <= described
