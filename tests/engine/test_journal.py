"""The journal loses nothing, tells no secrets, and is one run's at a time."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.journal import JournalError, open_journal, read_journal
from megaplan_cloud.engine.secret import Secret
from tests.support.playing import Theatre


def plain(value: Any) -> Any:
    """Redact nothing."""
    return value


def test_a_record_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Each record is one line with its event and its time."""
    journal = open_journal(tmp_path / "state" / "journal", plain, lambda: 12.0, keep=False)
    journal.write("run", playbook="a.yml")
    journal.sync()

    assert read_journal(journal.path) == [{"event": "run", "at": 12.0, "playbook": "a.yml"}]
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600
    journal.close()


def test_a_torn_last_line_is_left_out_and_written_over(tmp_path: Path) -> None:
    """`kill -9` in the middle of a write costs that record and nothing else."""
    path = tmp_path / "journal"
    path.write_text('{"event": "run"}\n{"event": "ta')

    assert read_journal(path) == [{"event": "run"}]

    journal = open_journal(path, plain, lambda: 0.0, keep=True)
    journal.write("end")
    journal.close()
    assert [record["event"] for record in read_journal(path)] == ["run", "end"]


def test_a_line_that_is_no_record_is_told_with_its_number(tmp_path: Path) -> None:
    """A journal that something else wrote into is refused."""
    path = tmp_path / "journal"
    path.write_text('{"event": "run"}\nrubbish\n{"event": "end"}\n')

    with pytest.raises(PlaybookError, match="journal:2: this line"):
        read_journal(path)


def test_two_runs_never_write_one_journal(tmp_path: Path) -> None:
    """The second is refused and told why."""
    journal = open_journal(tmp_path / "journal", plain, lambda: 0.0, keep=False)

    with pytest.raises(PlaybookError, match="Another run is writing"):
        open_journal(tmp_path / "journal", plain, lambda: 0.0, keep=False)

    journal.close()


def test_a_journal_that_cannot_be_written_stops_the_run(tmp_path: Path) -> None:
    """A folder that is a file, a full disk: one sentence with what to do."""
    (tmp_path / "file").write_text("")

    with pytest.raises(JournalError, match="cannot be written"):
        open_journal(tmp_path / "file" / "journal", plain, lambda: 0.0, keep=False)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_told(tmp_path: Path) -> None:
    """The write that fails says which journal, and that --resume goes on from it."""
    journal = open_journal(tmp_path / "journal", plain, lambda: 0.0, keep=False)
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, journal.descriptor)

    with pytest.raises(JournalError, match="No space left"):
        journal.write("run")

    os.close(full)
    journal.close()


def test_a_runs_journal_says_what_was_intended_and_what_was_done(tmp_path: Path) -> None:
    """Before a command goes out its intention is there; after it, its result and text."""
    theatre = Theatre(tmp_path)

    theatre.tasks(
        """
        - name: Do it
          shell: "echo done >> {{ trace }}"
        - name: Do each
          shell: "echo {{ item }} >> {{ trace }}"
          loop: [a, b]
        """,
        journal=tmp_path / "journal",
    )

    records = read_journal(tmp_path / "journal")
    events = [(record["event"], record.get("index")) for record in records]
    assert events == [
        ("run", None),
        *[("intends", None), ("intends", 0), ("intends", 1)],
        *[("task", None), ("item", 0), ("item", 1), ("task", None)],
        ("end", None),
    ]
    assert records[4]["text"].startswith("name: Do it\nshell:")


def test_no_secret_reaches_a_journal(tmp_path: Path) -> None:
    """Neither from a variable, nor out of a command's output, nor in a register."""
    theatre = Theatre(tmp_path)

    theatre.tasks(
        """
        - name: Leak it
          shell: echo "$KEY"; echo "$KEY" | base64
          environment: {KEY: "{{ key }}"}
          register: leaked
        - name: Keep it
          set_fact: {kept: "{{ key }}"}
        """,
        variables={"key": Secret("correct-horse-battery")},
        journal=tmp_path / "journal",
    )

    text = (tmp_path / "journal").read_text()
    assert "correct-horse" not in text
    assert "Y29ycmVjdC1ob3JzZS" not in text
    kept = [record for record in map(json.loads, text.splitlines()) if record.get("secret")]
    assert [record["name"] for record in kept] == ["Leak it", "Keep it"]
