"""Files go to a box and come back: whole, with their mode, and only what differs."""

import secrets
from pathlib import Path

from megaplan_cloud.engine.command import Command
from tests.conformance.subject import Subject


def test_a_file_goes_there_and_back(box: Subject, tmp_path: Path) -> None:
    """Three megabytes, for its owner only, put in place in one step."""
    data = secrets.token_bytes(3_000_000)
    (tmp_path / "file").write_bytes(data)
    target = f"{box.settings.root}/a file"

    with box.connected() as connection:
        put = connection.put(tmp_path / "file", target, mode="0600")
        mode = connection.run(Command(("stat", "-c", "%a", target)))
        got = connection.get(target, tmp_path / "back")
        connection.run(Command(("rm", target)))

    assert (put.rc, got.rc, mode.stdout) == (0, 0, b"600\n")
    assert (tmp_path / "back").read_bytes() == data


def test_a_directory_travels_as_a_difference(box: Subject, tmp_path: Path) -> None:
    """What is the same stays, what is new comes, what is gone goes."""
    source, target = tmp_path / "source", f"{box.settings.root}/a directory"
    (source / "inner").mkdir(parents=True)
    for name in ("a", "b", "inner/c"):
        (source / name).write_text(name)

    with box.connected() as connection:
        first = connection.sync(source, target)
        (source / "a").unlink()
        (source / "inner" / "d").write_text("d")
        second = connection.sync(source, target)
        listed = connection.run(Command(("sh", "-c", 'cd "$1" && find . -type f', "sh", target)))
        connection.run(Command(("rm", "-r", target)))

    assert (first.rc, second.rc) == (0, 0)
    assert sorted(second.stdout.split(b"\n")) == [b"", b"+ ./inner/d", b"- ./a"]
    assert sorted(listed.stdout.split()) == [b"./b", b"./inner/c", b"./inner/d"]


def test_a_file_that_cannot_be_put_says_why(box: Subject) -> None:
    """The reason is the box's, and nothing is half there."""
    with box.connected() as connection:
        done = connection.put(b"data", "/proc/nowhere/file")

    assert done.rc == 1
    assert b"/proc/nowhere" in done.stderr
