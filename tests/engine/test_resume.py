"""A run that failed goes on where it failed, with all it had learnt."""

from pathlib import Path
from typing import Any

import pytest

from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.journal import read_journal
from megaplan_cloud.engine.play import play
from megaplan_cloud.engine.report import Report
from megaplan_cloud.engine.secret import Secret
from tests.support.playing import Theatre, said, statuses


@pytest.fixture
def theatre(tmp_path: Path) -> Theatre:
    """Give an empty folder to play in."""
    return Theatre(tmp_path)


def first(theatre: Theatre, text: str, **options: Any) -> Report:
    """Play it for the first time, with a journal."""
    return theatre.tasks(text, journal=theatre.folder / "journal", **options)


def again(theatre: Theatre, **options: Any) -> Report:
    """Resume it."""
    return theatre.play(journal=theatre.folder / "journal", resume=True, **options)


def test_resume_goes_on_at_the_failed_task_with_its_registers(theatre: Theatre) -> None:
    """What was done is not done again; registers, facts and notifications are kept."""
    first(
        theatre,
        """
        - name: Ask once
          shell: "echo ask >> {{ trace }}; echo answer"
          register: asked
        - name: Keep it
          set_fact: {kept: "{{ asked.stdout }}!"}
        - name: Fail the first time
          shell: "echo try >> {{ trace }}; test -e {{ here }}/mended"
        - name: Use both
          shell: "echo {{ asked.stdout }}-{{ kept }} >> {{ trace }}"
        """,
    )
    (theatre.folder / "mended").touch()

    report = again(theatre)

    assert report.exit_code == 0
    assert theatre.deeds == ["ask", "try", "try", "answer-answer!"]
    assert [task.restored for task in report.tasks()] == [True, True, False, False]


def test_resume_goes_on_at_the_failed_item_of_a_loop(theatre: Theatre) -> None:
    """Items that were done are kept, with their results."""
    first(
        theatre,
        """
        - name: Do each
          shell: "echo {{ item }} >> {{ trace }}; test {{ item }} != b -o -e {{ here }}/mended"
          loop: [a, b, c]
          register: each
        - name: Show them
          debug: {msg: "{{ each.results | map(attribute='item') | join }}"}
        """,
    )
    (theatre.folder / "mended").touch()

    report = again(theatre)

    assert theatre.deeds == ["a", "b", "c", "b"]
    assert said(report, "Show them") == "abc"


def test_resume_finds_its_way_through_includes_and_rescues(theatre: Theatre) -> None:
    """A block that was rescued is not tried again; an include is read again, not played again."""
    theatre.write(
        """
        - name: Within {{ item }}
          shell: "echo {{ item }} >> {{ trace }}"
        """,
        "inner.yml",
    )
    first(
        theatre,
        """
        - name: Guard
          block:
            - name: Fail
              shell: "echo fail >> {{ trace }}; exit 3"
          rescue:
            - name: Rescue
              shell: "echo rescue-{{ ansible_failed_result.rc }} >> {{ trace }}"
        - name: Include it
          include_tasks: inner.yml
          loop: [x, y]
        - name: Fail the first time
          command: [test, -e, "{{ here }}/mended"]
        """,
    )
    (theatre.folder / "mended").touch()

    report = again(theatre)

    assert report.exit_code == 0
    assert theatre.deeds == ["fail", "rescue-3", "x", "y"]
    assert statuses(report)["Fail"] == "rescued"


def test_a_rescue_that_is_resumed_has_all_of_the_failed_result(theatre: Theatre) -> None:
    """What the rescued task printed is kept, though nothing registered it."""
    first(
        theatre,
        """
        - name: Guard
          block:
            - name: Fail
              shell: "echo told; exit 3"
          rescue:
            - name: Use what it told
              shell: "echo {{ ansible_failed_result.stdout }} >> {{ trace }}; test -e {{ here }}/ok"
        """,
    )
    (theatre.folder / "ok").touch()

    report = again(theatre)

    assert (report.exit_code, theatre.deeds) == (0, ["told", "told"])


def test_resume_notifies_the_handlers_that_are_still_to_run(theatre: Theatre) -> None:
    """A change that was made before the failure still restarts what it must."""
    text = """
        - name: Play it
          hosts: controller
          tasks:
            - name: Change
              shell: "echo change >> {{ trace }}"
              notify: Restart
            - name: Fail the first time
              command: [test, -e, "{{ here }}/mended"]
          handlers:
            - name: Restart
              shell: "echo restart >> {{ trace }}"
        """
    theatre.play(text, journal=theatre.folder / "journal")
    (theatre.folder / "mended").touch()

    report = again(theatre)

    assert report.exit_code == 0
    assert theatre.deeds == ["change", "restart"]


def test_resume_refuses_when_a_done_task_was_changed_and_shows_how(theatre: Theatre) -> None:
    """The difference is shown line by line; nothing is done."""
    first(
        theatre,
        """
        - name: Done already
          command: [echo, old]
        - name: Fail
          shell: "echo fail >> {{ trace }}; exit 1"
        """,
    )
    theatre.playbook.write_text(theatre.playbook.read_text().replace("old", "new"))

    with pytest.raises(PlaybookError) as told:
        again(theatre)

    assert "'Done already' was done already, and its text has changed" in str(told.value)
    assert "-command: [echo, old]" in str(told.value)
    assert "+command: [echo, new]" in str(told.value)
    assert theatre.deeds == ["fail"]


def test_the_failed_task_itself_may_be_mended(theatre: Theatre) -> None:
    """Only what was done must be as it was."""
    first(
        theatre,
        """
        - name: Done already
          shell: "echo done >> {{ trace }}"
        - name: Fail
          command: ["false"]
        """,
    )
    theatre.playbook.write_text(theatre.playbook.read_text().replace('"false"', '"true"'))

    assert again(theatre).exit_code == 0
    assert theatre.deeds == ["done"]


def test_a_secret_that_was_only_looked_up_is_looked_up_again(theatre: Theatre) -> None:
    """The journal has no secrets, so a task that only looks is done again for them."""
    options = {"variables": {"key": Secret("correct-horse-battery")}}
    first(
        theatre,
        """
        - name: Keep it
          set_fact: {kept: "{{ key }}"}
        - name: Fail the first time
          command: [test, -e, "{{ here }}/mended"]
        - name: Use it
          shell: test "$KEY" = correct-horse-battery
          environment: {KEY: "{{ kept }}"}
        """,
        **options,
    )
    (theatre.folder / "mended").touch()

    report = again(theatre, **options)

    assert report.exit_code == 0
    assert [task.restored for task in report.tasks()] == [False, False, False]


def test_a_secret_that_a_change_gave_cannot_be_had_again(theatre: Theatre) -> None:
    """Doing a change twice could do harm, so the run refuses and says what helps."""
    options = {"variables": {"key": Secret("correct-horse-battery")}}
    first(
        theatre,
        """
        - name: Make a token
          shell: echo "$KEY"
          environment: {KEY: "{{ key }}"}
          register: token
        - name: Fail
          command: ["false"]
        """,
        **options,
    )

    with pytest.raises(
        PlaybookError, match="'Make a token' at controller held a secret, which a journal"
    ):
        again(theatre, **options)


def test_a_journal_of_another_playbook_or_a_rehearsal_is_refused(theatre: Theatre) -> None:
    """Only the journal of a real run of the same playbook can be resumed."""
    first(theatre, '- name: Do it\n  command: ["true"]\n', check=True)
    with pytest.raises(PlaybookError, match="of a rehearsal"):
        again(theatre)

    first(theatre, '- name: Do it\n  command: ["true"]\n')
    other = Theatre(theatre.folder / "other")
    other.write(theatre.playbook.read_text())
    with pytest.raises(PlaybookError, match="of another playbook"):
        other.play(journal=theatre.folder / "journal", resume=True)


def test_a_run_can_be_resumed_from_another_folder(
    theatre: Theatre, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A playbook is the same by whatever path it is named."""
    first(theatre, '- name: Fail first\n  shell: "echo x >> {{ trace }}; test -e {{ here }}/ok"\n')
    (theatre.folder / "ok").touch()
    monkeypatch.chdir(theatre.folder)

    report = play(
        Path("playbook.yml"),
        variables={"trace": str(theatre.trace), "here": str(theatre.folder)},
        journal=theatre.folder / "journal",
        resume=True,
    )

    assert (report.exit_code, theatre.deeds) == (0, ["x", "x"])


def test_without_a_journal_there_is_nothing_to_resume(theatre: Theatre) -> None:
    """It is said where the journal was looked for."""
    theatre.write('- name: P\n  hosts: box\n  tasks:\n    - name: D\n      command: ["true"]\n')

    with pytest.raises(PlaybookError, match="nothing to resume"):
        again(theatre)


def test_a_run_can_be_resumed_more_than_once(theatre: Theatre) -> None:
    """The journal grows; what any of the runs did stays done."""
    first(
        theatre,
        """
        - name: One
          shell: "echo one >> {{ trace }}; test -e {{ here }}/first"
        - name: Two
          shell: "echo two >> {{ trace }}; test -e {{ here }}/second"
        - name: Three
          shell: "echo three >> {{ trace }}"
        """,
    )
    (theatre.folder / "first").touch()
    again(theatre)
    (theatre.folder / "second").touch()

    report = again(theatre)

    assert report.exit_code == 0
    assert theatre.deeds == ["one", "one", "two", "two", "three"]


@pytest.mark.parametrize("cut", range(0, 2200, 97))
def test_a_journal_cut_anywhere_never_repeats_what_it_says_was_done(
    theatre: Theatre, cut: int
) -> None:
    """Wherever `kill -9` left the journal, a recorded task is not done twice."""
    first(
        theatre,
        """
        - name: One
          shell: "echo one >> {{ trace }}"
        - name: Two
          shell: "echo two >> {{ trace }}"
          loop: [1, 2]
        - name: Three
          shell: "echo three >> {{ trace }}"
        """,
    )
    journal = theatre.folder / "journal"
    journal.write_bytes(journal.read_bytes()[: max(cut, journal.read_bytes().index(b"\n") + 1)])
    done = [r["name"] for r in read_journal(journal) if r["event"] == "task"]
    theatre.trace.unlink()

    report = again(theatre)

    assert report.exit_code == 0
    assert not {name.lower() for name in done} & set(theatre.deeds)
