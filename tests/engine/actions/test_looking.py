"""The promises of the actions that look at files: `stat`, `slurp` and `fetch`."""

import base64
import hashlib
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.engine.actions.conftest import Run, digest, names


def test_a_file_is_described_as_python_would(run: Run, tmp_path: Path) -> None:
    """Kind, permissions, owner, times and checksum are those of the system."""
    path = tmp_path / "odd\n'name'"
    path.write_text("hello")
    path.chmod(0o4751)
    seen = path.stat()

    found = run("stat", {"path": str(path)}).values["stat"]

    assert (found["exists"], found["isreg"], found["isdir"], found["islnk"]) == (
        True,
        True,
        False,
        False,
    )
    assert (found["mode"], found["isuid"], found["xoth"], found["woth"]) == (
        "4751",
        True,
        True,
        False,
    )
    for name in ("uid", "gid", "size", "nlink", "dev"):
        assert found[name] == getattr(seen, f"st_{name}")
    assert found["inode"] == seen.st_ino
    assert found["mtime"] == pytest.approx(seen.st_mtime, abs=1)
    assert found["pw_name"] == path.owner()
    assert found["path"] == str(path)
    assert found["checksum"] == digest("sha1", b"hello")
    assert found["readable"]


def test_what_is_not_there_does_not_exist(run: Run, tmp_path: Path) -> None:
    """That is an answer, in check mode too, not a failure."""
    result = run("stat", {"path": str(tmp_path / "none")}, check=True)

    assert not result.failed
    assert result.values == {"stat": {"exists": False}}


def test_a_link_is_itself_or_what_it_leads_to(run: Run, tmp_path: Path) -> None:
    """`follow` decides; a link that leads nowhere is still a link."""
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to("target")
    (tmp_path / "broken").symlink_to("none")

    itself = run("stat", {"path": str(tmp_path / "link")}).values["stat"]
    target = run("stat", {"path": str(tmp_path / "link"), "follow": True}).values["stat"]
    broken = run("stat", {"path": str(tmp_path / "broken")}).values["stat"]

    assert (itself["islnk"], itself["lnk_target"]) == (True, "target")
    assert itself["lnk_source"] == str(tmp_path / "target")
    assert (target["islnk"], target["isdir"]) == (False, True)
    assert (broken["exists"], broken["islnk"]) == (True, True)


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
def test_the_checksum_can_be_another(run: Run, tmp_path: Path, algorithm: str) -> None:
    """Each algorithm gives what Python's gives; none is computed on demand."""
    (tmp_path / "file").write_bytes(b"\0\xff")
    task = {"path": str(tmp_path / "file"), "checksum_algorithm": algorithm}

    found = run("stat", task).values["stat"]
    without = run("stat", task | {"get_checksum": False}).values["stat"]

    assert found["checksum"] == hashlib.new(algorithm, b"\0\xff").hexdigest()
    assert "checksum" not in without


def test_a_folder_a_pipe_and_a_socket_are_told_apart(run: Run, tmp_path: Path) -> None:
    """Special files are looked at, never read."""
    os.mkfifo(tmp_path / "pipe")

    assert run("stat", {"path": str(tmp_path)}).values["stat"]["isdir"]
    assert run("stat", {"path": str(tmp_path / "pipe")}).values["stat"]["isfifo"]
    assert run("stat", {"path": "/dev/null"}).values["stat"]["ischr"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_file_is_read_bit_for_bit(run: Run, tmp_path: Path) -> None:
    """Every byte comes back, in base64."""
    every = bytes(range(256)) + b"\n\n"
    (tmp_path / "file").write_bytes(every)

    result = run("slurp", {"src": str(tmp_path / "file")})

    assert base64.b64decode(result.values["content"]) == every
    assert (result.values["encoding"], result.values["source"]) == (
        "base64",
        str(tmp_path / "file"),
    )


def test_what_cannot_be_read_fails_with_the_reason(run: Run, tmp_path: Path) -> None:
    """A missing file and a folder."""
    missing = run("slurp", {"src": str(tmp_path / "none")})
    folder = run("slurp", {"src": str(tmp_path)})

    assert missing.msg == f"File not found: {tmp_path}/none"
    assert folder.msg == f"source is a directory and must be a file: {tmp_path}"


def test_a_fetched_file_is_here_under_its_host(run: Run, tmp_path: Path) -> None:
    """The whole path is kept below the host's name; the second time is a no-op."""
    (tmp_path / "log").write_bytes(b"a\0b")
    task = {"src": str(tmp_path / "log"), "dest": str(tmp_path / "here")}
    target = tmp_path / "here/box1" / str(tmp_path / "log").lstrip("/")

    rehearsed = run("fetch", task, hostname="box1", check=True)
    assert rehearsed.changed
    assert not target.exists()
    first = run("fetch", task, hostname="box1")
    second = run("fetch", task, hostname="box1")

    assert (first.changed, second.changed) == (True, False)
    assert target.read_bytes() == b"a\0b"
    assert first.values["dest"] == str(target)
    assert first.values["checksum"] == digest("sha1", b"a\0b")


@pytest.mark.parametrize(("dest", "target"), [("out/", "out/log"), ("out", "out")])
def test_flat_is_the_file_itself(run: Run, tmp_path: Path, dest: str, target: str) -> None:
    """A slash at the end makes it the folder."""
    (tmp_path / "log").write_text("x")
    task: dict[str, Any] = {"src": str(tmp_path / "log"), "dest": f"{tmp_path}/{dest}"}

    run("fetch", task | {"flat": True})

    assert (tmp_path / target).read_text() == "x"


def test_a_missing_file_can_be_no_failure(run: Run, tmp_path: Path) -> None:
    """`fail_on_missing: false` goes on; nothing is written."""
    task = {"src": str(tmp_path / "none"), "dest": str(tmp_path / "out"), "flat": True}

    assert run("fetch", task).failed
    assert not run("fetch", task | {"fail_on_missing": False}).failed
    assert names(tmp_path) == []
