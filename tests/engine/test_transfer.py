"""Files: they arrive whole or not at all, with their modes, and only what changed travels."""

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.connection import FramedConnection
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.nested import NestedTransport
from megaplan_cloud.engine.process import ProcessTransport
from megaplan_cloud.engine.single import SingleConnection
from megaplan_cloud.engine.transfer import Arrival, read_listing, read_tree
from tests.support.relay import FaultyTransport
from tests.support.shells import SHELLS, shell_transport


@pytest.fixture(params=SHELLS)
def connection(request: pytest.FixtureRequest) -> Iterator[FramedConnection]:
    """Give a connection to a shell of each kind."""
    opened = FramedConnection(shell_transport(request.param), request.param)
    yield opened
    opened.close()


def mode(path: Path) -> int:
    """Return the permission bits of a file."""
    return stat.S_IMODE(path.stat().st_mode)


def test_bytes_become_a_file_with_its_mode(connection: FramedConnection, tmp_path: Path) -> None:
    """And a file that was there is replaced."""
    target = tmp_path / "a file"
    target.write_text("old", encoding="utf-8")

    done = connection.put(bytes(range(256)), str(target), mode="0600")

    assert (done.rc, done.stderr) == (0, b"")
    assert target.read_bytes() == bytes(range(256))
    assert mode(target) == 0o600


@pytest.mark.parametrize("size", [0, 1, 1 << 20, 5_000_000])
def test_files_of_any_size_go_there_and_back(
    connection: FramedConnection, tmp_path: Path, size: int
) -> None:
    """Large ones are streamed on a channel of their own."""
    source, there, back = tmp_path / "source", tmp_path / "there", tmp_path / "back"
    source.write_bytes(os.urandom(size))

    put = connection.put(source, str(there))
    got = connection.get(str(there), back)

    assert (put.rc, got.rc) == (0, 0)
    assert back.read_bytes() == source.read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["back", "source", "there"]


def test_a_directory_is_not_replaced_by_a_file(
    connection: FramedConnection, tmp_path: Path
) -> None:
    """Nor is the file put inside of it."""
    done = connection.put(b"x", str(tmp_path))

    assert done.rc == 1
    assert b"is a directory" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_is_missing_is_told(connection: FramedConnection, tmp_path: Path) -> None:
    """The place's own words say which."""
    done = connection.put(b"x", str(tmp_path / "no" / "file"))

    assert done.rc != 0
    assert b"no/" in done.stderr


def test_a_file_that_is_missing_there_is_told(connection: FramedConnection, tmp_path: Path) -> None:
    """And what was here stays as it was."""
    back = tmp_path / "back"
    back.write_text("mine", encoding="utf-8")

    done = connection.get(str(tmp_path / "missing"), back)

    assert done.rc == 1
    assert b"is not a file" in done.stderr
    assert back.read_text(encoding="utf-8") == "mine"


def test_a_damaged_file_changes_nothing(connection: FramedConnection, tmp_path: Path) -> None:
    """What arrives must have the checksum that was announced."""
    arrived: list[bytes] = []
    arrival = Arrival(arrived.append)

    arrival.take(b"0" * 64 + b" 3\nab")

    assert not arrival.whole()


def test_a_source_that_breaks_off_holds_nothing_up(connection: FramedConnection) -> None:
    """The far side reads the end of its input, and its checksum tells that it is not whole."""

    def source() -> Iterator[bytes]:
        yield b"abc"
        raise OSError("the disk is gone")

    output: list[bytes] = []

    done = connection.errand(Command(("cat",)), output.append, source())

    assert (done.rc, b"".join(output)) == (0, b"abc")


def tree(folder: Path) -> None:
    """Make a directory with one of everything."""
    (folder / "sub dir" / "deep").mkdir(parents=True)
    (folder / "empty").mkdir()
    (folder / "empty").chmod(0o700)
    (folder / "sub dir" / "a'b c").write_bytes(bytes(range(256)))
    (folder / "sub dir" / "deep" / "é").write_text("text\n", encoding="utf-8")
    (folder / "program").write_text("#!/bin/sh\n", encoding="utf-8")
    (folder / "program").chmod(0o755)
    (folder / "secret").write_text("s", encoding="utf-8")
    (folder / "secret").chmod(0o600)
    (folder / "link").symlink_to("program")
    (folder / "-rf").write_text("", encoding="utf-8")


def seen(folder: Path) -> dict[str, object]:
    """Return what a directory holds: modes, links and contents."""
    found: dict[str, object] = {}
    for path in sorted(folder.rglob("*")):
        name = str(path.relative_to(folder))
        if path.is_symlink():
            found[name] = str(path.readlink())
        elif path.is_dir():
            found[name] = mode(path)
        else:
            found[name] = (mode(path), path.read_bytes())
    return found


def test_a_directory_is_made_equal_to_another(connection: FramedConnection, tmp_path: Path) -> None:
    """Modes, links, empty directories and odd names; the second time nothing is to be done."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    tree(source)

    first = connection.sync(source, str(target))
    again = connection.sync(source, f"{target}/")

    assert (first.rc, first.stderr) == (0, b"")
    assert b"+ ./sub dir/a'b c\n" in first.stdout
    assert seen(target) == seen(source)
    assert (again.rc, again.stdout) == (0, b"")


def test_only_what_changed_is_sent_and_what_is_gone_is_removed(
    connection: FramedConnection, tmp_path: Path
) -> None:
    """A kind that changed, a mode that changed, a file too many."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    tree(source)
    connection.sync(source, str(target))
    (source / "program").chmod(0o644)
    (source / "secret").write_text("other", encoding="utf-8")
    (source / "link").unlink()
    (source / "link").mkdir()
    (target / "extra dir").mkdir()
    (target / "extra dir" / "file").write_text("x", encoding="utf-8")

    done = connection.sync(source, str(target))

    assert sorted(done.stdout.splitlines()) == [
        b"+ ./link",
        b"+ ./program",
        b"+ ./secret",
        b"- ./extra dir",
        b"- ./extra dir/file",
        b"- ./link",
    ]
    assert seen(target) == seen(source)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source", "target"]


def test_a_check_only_looks(connection: FramedConnection, tmp_path: Path) -> None:
    """It tells what would be done, and does nothing."""
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir()
    tree(source)

    done = connection.sync(source, str(target), check=True)

    assert b"+ ./program\n" in done.stdout
    assert not target.exists()


NAMES = st.text(
    st.characters(exclude_characters="/\0\n\r\\", exclude_categories=["Cs"]),
    min_size=1,
    max_size=12,
).filter(lambda name: name not in (".", ".."))


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(files=st.dictionaries(NAMES, st.binary(max_size=50), max_size=6))
def test_any_names_and_contents_can_be_synchronised(
    tmp_path: Path, files: dict[str, bytes]
) -> None:
    """One directory after the other, each made into the next."""
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir()
    for name, data in files.items():
        (source / name).write_bytes(data)
    here = FramedConnection(ProcessTransport(), "here")

    done = here.sync(source, str(target))

    here.close()
    assert done.rc == 0
    assert seen(target) == seen(source)


def test_the_turns_of_a_sync_do_not_grow_with_its_files(tmp_path: Path) -> None:
    """One list, one stream: two channels for any number of files."""
    opened = []
    for count in (1, 300):
        source, target = tmp_path / f"source{count}", tmp_path / f"target{count}"
        source.mkdir()
        for number in range(count):
            (source / str(number)).write_text("x", encoding="utf-8")
        transport = FaultyTransport(ProcessTransport())
        here = FramedConnection(transport, "here")
        assert here.sync(source, str(target)).rc == 0
        here.close()
        opened.append(transport.opened)

    assert opened == [2, 2]


@pytest.mark.parametrize("name", ["new\nline", "carriage\rreturn", "back\\slash"])
def test_names_that_no_listing_can_tell_are_refused(tmp_path: Path, name: str) -> None:
    """Before anything is sent."""
    (tmp_path / name).write_text("", encoding="utf-8")

    with pytest.raises(PlaybookError, match="cannot be sent"):
        read_tree(tmp_path)


def test_a_socket_is_refused(tmp_path: Path) -> None:
    """What is neither file, directory nor link has no content to send."""
    os.mkfifo(tmp_path / "pipe")

    with pytest.raises(PlaybookError, match="neither a file"):
        read_tree(tmp_path)


def test_a_directory_that_is_absent_has_nothing() -> None:
    """Not even itself."""
    assert read_listing(b"absent\n") == {}


def test_an_empty_directory_has_itself() -> None:
    """And no path besides."""
    assert list(read_listing(b"present\n.\n\n\n\n\n")) == ["."]


def test_a_place_without_stdin_takes_small_files(tmp_path: Path) -> None:
    """What fits into one word arrives; what does not is refused with the limit."""
    enter = ("sh", "-c", 'exec sh -c "$1" </dev/null', "relay")
    relay = SingleConnection(NestedTransport(ProcessTransport(), enter, one_word=True), "relay")

    assert relay.put(bytes(range(256)), str(tmp_path / "small")).rc == 0
    assert relay.get(str(tmp_path / "small"), tmp_path / "back").rc == 0
    assert (tmp_path / "back").read_bytes() == bytes(range(256))
    with pytest.raises(PlaybookError, match="too much"):
        relay.put(b"\0" * 100_000, str(tmp_path / "large"))
