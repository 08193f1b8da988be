"""`sync`: a directory there becomes equal to one here."""

from pathlib import Path

import pytest

from tests.support.playing import Theatre, result, statuses

SYNC = """
- name: Send it
  sync: {{src: "{src}", dest: "{dest}"}}
"""


@pytest.fixture
def theatre(tmp_path: Path) -> Theatre:
    """Give a folder with a playbook."""
    return Theatre(tmp_path)


def tree(folder: Path) -> dict[str, str]:
    """Return the files below a folder, with what they hold."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text() for path in files}


def test_only_what_differs_travels(theatre: Theatre, tmp_path: Path) -> None:
    """New, changed and removed files are told by name; a second time nothing is."""
    src, dest = tmp_path / "src", tmp_path / "dest"
    for name, text in {"src/a": "new", "src/b": "same", "dest/b": "same", "dest/c": "old"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    tasks = SYNC.format(src=src, dest=dest)

    first, second = theatre.tasks(tasks), theatre.tasks(tasks)

    assert tree(dest) == {"a": "new", "b": "same"}
    assert result(first, "Send it")["changes"] == ["+ ./a", "- ./c"]
    assert statuses(first) == {"Send it": "changed"}
    assert statuses(second) == {"Send it": "ok"}


def test_a_rehearsal_tells_what_would_travel(theatre: Theatre, tmp_path: Path) -> None:
    """`--check` compares and changes nothing; a directory not made yet cannot be known."""
    src, dest = tmp_path / "src", tmp_path / "dest"
    src.mkdir()
    (src / "a").write_text("new")

    known = theatre.tasks(SYNC.format(src=src, dest=dest), check=True)
    unknown = theatre.tasks(SYNC.format(src=tmp_path / "later", dest=dest), check=True)

    assert statuses(known) == {"Send it": "changed"}
    assert statuses(unknown) == {"Send it": "unknown"}
    assert not dest.exists()


def test_a_place_that_cannot_take_it_says_why(theatre: Theatre, tmp_path: Path) -> None:
    """The reason is that of the place, and nothing is half there."""
    src = tmp_path / "src"
    src.mkdir()
    (src / "a").write_text("new")

    report = theatre.tasks(SYNC.format(src=src, dest="/proc/nowhere/dest"))

    assert statuses(report) == {"Send it": "failed"}
    assert "/proc/nowhere" in result(report, "Send it")["msg"]
