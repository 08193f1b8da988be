"""The promises of `copy`."""

import base64
import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.secret import Secret
from tests.engine.actions.conftest import Run, digest, mode_of, names


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Give the folder in which a role keeps its files."""
    folder = tmp_path / "role/files"
    folder.mkdir(parents=True)
    return folder


def test_content_lands_once(run: Run, tmp_path: Path) -> None:
    """The first time the file is written, the second time nothing happens."""
    dest = tmp_path / "motd"
    task = {"content": "hello\n", "dest": str(dest), "mode": "0640"}

    first, second = run("copy", task), run("copy", task)

    assert (first.changed, second.changed) == (True, False)
    assert dest.read_text() == "hello\n"
    for values in (first.values, second.values):
        assert values["checksum"] == digest("sha1", b"hello\n")
        assert (values["dest"], values["state"]) == (str(dest), "file")
        assert (values["mode"], values["size"]) == ("0640", 6)
    assert names(tmp_path) == ["motd"]


def test_a_new_file_has_the_umasks_mode_and_an_old_one_keeps_its_own(
    run: Run, tmp_path: Path
) -> None:
    """Without `mode` nothing is given away that was not readable before."""
    old = tmp_path / "old"
    old.write_text("before")
    old.chmod(0o600)

    run("copy", {"content": "after", "dest": str(old)})
    run("copy", {"content": "after", "dest": str(tmp_path / "new")})

    umask = os.umask(0)
    os.umask(umask)
    assert mode_of(old) == "0600"
    assert mode_of(tmp_path / "new") == f"{0o666 & ~umask:04o}"


def test_only_the_mode_changes_when_the_content_is_there(run: Run, tmp_path: Path) -> None:
    """The same content with another mode is a change of the mode, and of nothing else."""
    dest = tmp_path / "file"
    dest.write_text("same")
    before = dest.stat().st_ino

    result = run("copy", {"content": "same", "dest": str(dest), "mode": "0600"}, diff=True)

    assert result.changed
    assert dest.stat().st_ino == before
    assert [side["after"] for side in result.values["diff"]] == [
        {"path": str(dest), "mode": "0600"}
    ]


def test_a_rehearsal_writes_nothing_and_shows_the_difference(run: Run, tmp_path: Path) -> None:
    """`--check --diff` gives both texts, whole, and leaves the file alone."""
    dest = tmp_path / "file"
    dest.write_text("old\n\n")

    result = run("copy", {"content": "new\n", "dest": str(dest)}, check=True, diff=True)

    assert result.changed
    assert dest.read_text() == "old\n\n"
    shown = result.values["diff"][0]
    assert (shown["before"], shown["after"]) == ("old\n\n", "new\n")


def test_a_rehearsal_of_a_new_file_is_a_change(run: Run, tmp_path: Path) -> None:
    """What is not there would be written."""
    task = {"content": "new", "dest": str(tmp_path / "file"), "mode": "0600"}

    assert run("copy", task, check=True, diff=True).changed
    assert names(tmp_path) == []


def test_a_difference_never_shows_a_secret(run: Run, tmp_path: Path) -> None:
    """A secret's old and new value are both hidden, and the file holds the real one."""
    dest = tmp_path / "token"
    dest.write_text("tok-old")

    result = run("copy", {"content": Secret("tok-new"), "dest": str(dest)}, diff=True)

    assert dest.read_text() == "tok-new"
    assert "tok-" not in str(result.values["diff"])


def test_a_binary_difference_is_not_shown(run: Run, files: Path, tmp_path: Path) -> None:
    """Bytes that are no text are only said to differ."""
    (files / "image").write_bytes(b"\0\xff")
    (tmp_path / "image").write_bytes(b"\0old")

    result = run("copy", {"src": "image", "dest": str(tmp_path / "image")}, diff=True)

    assert (tmp_path / "image").read_bytes() == b"\0\xff"
    assert result.values["diff"][0]["hidden"] == "binary"


def test_a_missing_folder_is_an_error(run: Run, tmp_path: Path) -> None:
    """A file is not put where there is no folder for it."""
    result = run("copy", {"content": "x", "dest": str(tmp_path / "no/file")})

    assert result.failed
    assert result.msg == f"Destination directory {tmp_path}/no does not exist"


def test_a_folder_takes_the_file_under_its_own_name(run: Run, files: Path, tmp_path: Path) -> None:
    """A destination that is a folder, or ends in a slash, gets the file's name."""
    (files / "run.sh").write_text("x")
    (tmp_path / "there").mkdir()

    into_old = run("copy", {"src": "run.sh", "dest": str(tmp_path / "there")})
    into_new = run("copy", {"src": "run.sh", "dest": f"{tmp_path}/made/it/", "mode": "0700"})

    assert into_old.values["dest"] == str(tmp_path / "there/run.sh")
    assert into_new.values["dest"] == str(tmp_path / "made/it/run.sh")
    assert mode_of(tmp_path / "made/it/run.sh") == "0700"
    assert mode_of(tmp_path / "made/it") != "0700"


def test_content_cannot_be_put_in_a_folder(run: Run, tmp_path: Path) -> None:
    """A text has no name of its own."""
    result = run("copy", {"content": "x", "dest": f"{tmp_path}/"})

    assert result.failed
    assert result.msg == "can not use content with a dir as dest"


def test_a_link_is_replaced_unless_it_is_to_be_followed(run: Run, tmp_path: Path) -> None:
    """`follow` writes to where the link leads; without it the link becomes a file."""
    (tmp_path / "target").write_text("old")
    (tmp_path / "link").symlink_to("target")
    task = {"content": "new", "dest": str(tmp_path / "link")}

    run("copy", task | {"follow": True})
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"

    run("copy", task | {"content": "newer"})
    assert not (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text() == "new"


def test_without_force_what_is_there_stays(run: Run, tmp_path: Path) -> None:
    """`force: false` writes a file only where there is none."""
    (tmp_path / "file").write_text("mine")

    result = run("copy", {"content": "x", "dest": str(tmp_path / "file"), "force": False})

    assert not result.changed
    assert result.msg == "file already exists"
    assert (tmp_path / "file").read_text() == "mine"


def test_a_backup_keeps_the_old_content(run: Run, tmp_path: Path) -> None:
    """`backup` says where the old file went."""
    (tmp_path / "file").write_text("old")

    result = run("copy", {"content": "new", "dest": str(tmp_path / "file"), "backup": True})

    assert Path(result.values["backup_file"]).read_text() == "old"


def test_a_file_that_does_not_validate_never_lands(run: Run, tmp_path: Path) -> None:
    """`validate` judges the new file before it takes the old one's place."""
    dest = tmp_path / "file"
    dest.write_text("good\n")
    task = {"dest": str(dest), "validate": "grep good %s"}

    bad = run("copy", task | {"content": "bad\n"})
    good = run("copy", task | {"content": "good too\n"})

    assert bad.failed
    assert bad.msg.startswith("failed to validate")
    assert good.changed
    assert dest.read_text() == "good too\n"
    assert names(tmp_path) == ["file"]


def test_what_lies_at_the_place_can_be_copied_there(run: Run, tmp_path: Path) -> None:
    """`remote_src` copies within the place; nothing is read here."""
    (tmp_path / "one").write_text("x")
    (tmp_path / "one").chmod(0o751)
    task = {"src": str(tmp_path / "one"), "dest": str(tmp_path / "two"), "remote_src": True}

    first = run("copy", task | {"mode": "preserve"})

    assert first.changed
    assert not run("copy", task).changed
    assert mode_of(tmp_path / "two") == "0751"
    assert run("copy", task | {"src": "/no/such"}).msg == "Source /no/such not found"


def test_a_source_that_is_nowhere_names_the_folders_searched(run: Run, tmp_path: Path) -> None:
    """The mistake is told before anything is sent."""
    with pytest.raises(PlaybookError) as error:
        run("copy", {"src": "nowhere.conf", "dest": "/tmp/x"})

    assert str(tmp_path / "role/files") in error.value.hint


def test_a_mode_that_is_a_number_is_refused_with_the_right_spelling(run: Run) -> None:
    """The classic mistake: an unquoted mode."""
    with pytest.raises(PlaybookError, match="420 is not a file mode") as error:
        run("copy", {"content": "", "dest": "/tmp/x", "mode": 0o644})

    assert '"0644"' in error.value.hint


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_folder_is_copied_with_all_that_is_in_it(
    run: Run, files: Path, tmp_path: Path, slash: str
) -> None:
    """Hidden files, links and empty folders come along; the second time is a no-op."""
    tree = files / "tree"
    (tree / "sub/empty").mkdir(parents=True)
    (tree / "sub/odd 'name'\n").write_text("x")
    (tree / ".hidden").write_text("h")
    (tree / "link").symlink_to(".hidden")
    dest = tmp_path / "dest"
    task = {"src": f"tree{slash}", "dest": str(dest), "mode": "0600", "directory_mode": "0750"}
    root = dest if slash else dest / "tree"

    rehearsed = run("copy", task, check=True)
    assert rehearsed.changed
    assert not dest.exists()
    assert run("copy", task).changed
    assert not run("copy", task).changed

    assert (root / "sub/odd 'name'\n").read_text() == "x"
    assert mode_of(root / ".hidden") == "0600"
    assert mode_of(root / "sub/empty") == "0750"
    assert (root / "link").readlink() == Path(".hidden")
    (root / ".hidden").write_text("other")
    again = run("copy", task, diff=True)
    assert again.changed
    assert ".hidden\n" in again.values["diff"][0]["prepared"]


TEXT = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=300),
    st.sampled_from(["", "\n", "'", '"$HOME" `id`', "\\n%s", "-n", "a\r\nb", "x" * 70_000]),
)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=TEXT)
def test_any_text_arrives_as_it_is(run: Run, tmp_path: Path, content: str) -> None:
    """Content is data: no shell ever sees it."""
    dest = tmp_path / "file"

    first: Any = run("copy", {"content": content, "dest": str(dest)}, diff=True)

    assert not first.failed
    assert dest.read_bytes() == content.encode()
    assert not run("copy", {"content": content, "dest": str(dest)}).changed


def test_bytes_that_are_no_text_arrive_too(run: Run, files: Path, tmp_path: Path) -> None:
    """A file of every byte is copied bit for bit."""
    every = bytes(range(256)) * 3
    (files / "every").write_bytes(every)

    result = run("copy", {"src": "every", "dest": str(tmp_path / "every")})

    assert (tmp_path / "every").read_bytes() == every
    slurped = run("slurp", {"src": str(tmp_path / "every")})
    assert base64.b64decode(slurped.values["content"]) == every
    assert result.values["md5sum"] == digest("md5", every)


def test_a_folder_where_nothing_can_be_written_is_told(run: Run) -> None:
    """In words, by every shell; /proc lets not even root make a file."""
    result = run("copy", {"content": "hello\n", "dest": "/proc/megaplan-nowhere"})

    assert (result.failed, result.changed) == (True, False)
    assert result.msg == "Destination /proc not writable"
