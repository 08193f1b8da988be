"""What writing a file promises."""

import os
from pathlib import Path

import pytest

from megaplan_cloud.harness.write import sweep, write_json, write_text


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    """The new text is there, and no temporary file beside it."""
    path = tmp_path / "deep" / "file.txt"

    write_text(path, "one")
    write_text(path, "two")

    assert path.read_text(encoding="utf-8") == "two"
    assert [path] == list(path.parent.iterdir())


def test_a_write_that_fails_leaves_the_old_text(tmp_path: Path) -> None:
    """What cannot be encoded is raised, and nothing is left behind."""
    path = tmp_path / "file.txt"
    write_text(path, "old")

    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")

    assert path.read_text(encoding="utf-8") == "old"
    assert [path] == list(tmp_path.iterdir())


def test_only_abandoned_temporary_files_are_swept(tmp_path: Path) -> None:
    """One that may still have its writer stays."""
    for name in (".old.json.1.tmp", ".new.json.2.tmp", "mine.tmp"):
        (tmp_path / name).touch()
    for name in (".old.json.1.tmp", "mine.tmp"):
        os.utime(tmp_path / name, (1, 1))

    sweep(tmp_path)

    assert {".new.json.2.tmp", "mine.tmp"} == {path.name for path in tmp_path.iterdir()}


def test_a_document_keeps_the_order_of_its_keys(tmp_path: Path) -> None:
    """People read these files."""
    write_json(tmp_path / "x.json", {"z": 1, "a": "ä"})

    assert (tmp_path / "x.json").read_text(encoding="utf-8") == '{\n  "z": 1,\n  "a": "ä"\n}\n'
