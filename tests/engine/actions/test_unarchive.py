"""The promises of `unarchive`."""

import io
import os
import shutil
import tarfile
import zipfile
from pathlib import Path

import pytest

from tests.engine.actions.conftest import Run, names

MEMBERS = {
    "bin/run": (b"#!/bin/sh\n", 0o755),
    "etc/odd 'name'": (b"x\0y", 0o640),
    ".dot": (b"", 0o600),
}


def archive(path: Path, kind: str) -> Path:
    """Write an archive of MEMBERS and return its path."""
    if kind == "zip":
        with zipfile.ZipFile(path, "w") as packed:
            for name, (content, mode) in MEMBERS.items():
                info = zipfile.ZipInfo(name)
                info.external_attr = mode << 16
                packed.writestr(info, content)
        return path
    with tarfile.open(path, "w:gz") if kind == "gz" else tarfile.open(path, "w") as tar:
        for name, (content, mode) in MEMBERS.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), mode
            member.uid, member.gid = os.getuid(), os.getgid()
            tar.addfile(member, io.BytesIO(content))
    return path


@pytest.fixture
def dest(tmp_path: Path) -> Path:
    """Give an empty folder to unpack into."""
    folder = tmp_path / "dest dir"
    folder.mkdir()
    return folder


@pytest.mark.parametrize("remote", [False, True])
@pytest.mark.parametrize(
    ("name", "kind"), [("a.tar", ""), ("a.tar.gz", "gz"), ("a.tgz", "gz"), ("a.zip", "zip")]
)
def test_an_archive_is_unpacked_once(
    run: Run, tmp_path: Path, dest: Path, name: str, kind: str, *, remote: bool
) -> None:
    """Content and modes are the archive's; the second time nothing happens."""
    if remote and kind == "zip" and not shutil.which("unzip"):
        pytest.skip("unzip is not installed")
    packed = archive(tmp_path / name, kind)
    task = {"src": str(packed), "dest": str(dest), "remote_src": remote, "list_files": True}

    rehearsed = run("unarchive", task, check=True)
    assert rehearsed.changed
    assert names(dest) == []
    first, second = run("unarchive", task), run("unarchive", task)

    assert (first.changed, second.changed) == (True, False), first.msg
    for member, (content, mode) in MEMBERS.items():
        assert (dest / member).read_bytes() == content
        assert (dest / member).stat().st_mode & 0o777 == mode
    assert set(MEMBERS) <= set(first.values["files"])
    assert names(dest) == [".dot", "bin", "etc"]


def test_only_what_differs_is_replaced(run: Run, tmp_path: Path, dest: Path) -> None:
    """A changed file is put right and named; the others are not touched."""
    task = {"src": str(archive(tmp_path / "a.tar", "")), "dest": str(dest)}
    run("unarchive", task)
    (dest / "bin/run").write_text("broken")
    kept = (dest / ".dot").stat().st_ino

    result = run("unarchive", task, diff=True)

    assert result.changed
    assert result.values["diff"] == [{"prepared": "bin/run\n"}]
    assert (dest / "bin/run").read_bytes() == MEMBERS["bin/run"][0]
    assert (dest / ".dot").stat().st_ino == kept


def test_creates_skips_it(run: Run, tmp_path: Path, dest: Path) -> None:
    """What was unpacked before is not looked at again."""
    task = {"src": str(archive(tmp_path / "a.tar", "")), "dest": str(dest), "creates": str(dest)}

    result = run("unarchive", task)

    assert result.skipped
    assert names(dest) == []


def test_members_can_be_chosen(run: Run, tmp_path: Path, dest: Path) -> None:
    """`include` and `exclude` name them."""
    task = {"src": str(archive(tmp_path / "a.tar.gz", "gz")), "dest": str(dest)}

    run("unarchive", task | {"include": ["bin/run"]})
    assert names(dest) == ["bin"]
    run("unarchive", task | {"exclude": [".dot"]})

    assert names(dest) == ["bin", "etc"]


def test_a_mode_asked_for_is_everyones(run: Run, tmp_path: Path, dest: Path) -> None:
    """`mode` wins over the archive's, once."""
    task = {"src": str(archive(tmp_path / "a.tar", "")), "dest": str(dest), "mode": "u=rwX,go="}

    run("unarchive", task)

    assert (dest / "bin/run").stat().st_mode & 0o777 == 0o700
    assert not run("unarchive", task).changed


@pytest.mark.parametrize("check", [False, True])
def test_garbage_is_told_and_leaves_nothing(
    run: Run, tmp_path: Path, dest: Path, *, check: bool
) -> None:
    """A broken archive changes nothing and leaves no half of it."""
    (tmp_path / "a.tar").write_bytes(b"no tar at all" * 100)

    result = run("unarchive", {"src": str(tmp_path / "a.tar"), "dest": str(dest)}, check=check)

    assert result.failed
    assert result.msg.startswith("Failed to unpack")
    assert names(dest) == []


def test_the_folder_must_be_there(run: Run, tmp_path: Path) -> None:
    """An archive is not unpacked into nowhere."""
    task = {"src": str(archive(tmp_path / "a.tar", "")), "dest": str(tmp_path / "no")}

    assert run("unarchive", task).msg == f"Destination '{tmp_path}/no' is not a directory"
