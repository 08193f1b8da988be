"""The promises of `file`."""

import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine.actions.conftest import Run, mode_of, names


def test_a_directory_is_made_with_its_parents_and_their_mode(run: Run, tmp_path: Path) -> None:
    """Each directory that had to be made gets the attributes, and the second time is a no-op."""
    task = {"path": str(tmp_path / "a/b c/d"), "state": "directory", "mode": "0750"}

    first, second = run("file", task), run("file", task)

    assert (first.changed, second.changed) == (True, False)
    assert mode_of(tmp_path / "a") == mode_of(tmp_path / "a/b c/d") == "0750"
    assert second.values["state"] == "directory"
    assert second.values["mode"] == "0750"
    assert second.values["path"] == str(tmp_path / "a/b c/d")
    assert second.values["uid"] == os.getuid()


def test_directories_may_be_made_by_many_at_once(run: Run, tmp_path: Path) -> None:
    """Two runs that make the same directories at the same time both succeed."""
    task = {"path": str(tmp_path / "a/b/c/d/e/f/g/h"), "state": "directory"}

    with ThreadPoolExecutor(8) as crowd:
        results = list(crowd.map(lambda _: run("file", task), range(24)))

    assert [result.msg for result in results if result.failed] == []
    assert any(result.changed for result in results)


def test_check_mode_says_what_would_change_and_changes_nothing(run: Run, tmp_path: Path) -> None:
    """A rehearsal makes no directory, removes no file and sets no mode."""
    kept = tmp_path / "kept"
    kept.write_text("x")
    kept.chmod(0o600)

    assert run("file", {"path": str(tmp_path / "new"), "state": "directory"}, check=True).changed
    assert run("file", {"path": str(kept), "state": "absent"}, check=True).changed
    assert run("file", {"path": str(kept), "mode": "0644"}, check=True).changed
    assert not run("file", {"path": str(kept), "mode": "0600"}, check=True).changed
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]
    assert mode_of(kept) == "0600"


def test_a_file_that_is_absent_is_an_error(run: Run, tmp_path: Path) -> None:
    """`state: file` looks after a file; it does not make one."""
    result = run("file", {"path": str(tmp_path / "nothing"), "state": "file"})

    assert result.failed
    assert result.msg == f"file ({tmp_path}/nothing) is absent, cannot continue"


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("0640", "0640"),
        ("640", "0640"),
        ("4755", "4755"),
        ("u=rw,g=r,o=", "0640"),
        ("a+x", "0755"),
        ("u+x,go-r", "0700"),
        ("g=u", "0664"),
        ("o+X", "0644"),
        ("u+s,+t", "5644"),
        ("=", "0000"),
    ],
)
def test_a_mode_is_a_number_or_symbols(run: Run, tmp_path: Path, mode: str, expected: str) -> None:
    """Symbols change the mode that the file has; both spellings are idempotent."""
    path = tmp_path / "file"
    path.write_text("")
    path.chmod(0o644)

    run("file", {"path": str(path), "mode": mode})

    assert mode_of(path) == expected
    assert not run("file", {"path": str(path), "mode": mode}).changed


def test_symbols_mean_what_chmod_means(run: Run, tmp_path: Path) -> None:
    """A symbolic mode gives what the system's own chmod gives."""
    for mode in ("u=rwX,g=rX,o=", "g+s", "a=rX", "+x", "u=g", "go=u-w"):
        ours, theirs = tmp_path / "ours", tmp_path / "theirs"
        for path in (ours, theirs):
            path.mkdir(exist_ok=True)
            path.chmod(0o741)
        run("file", {"path": str(ours), "mode": mode})
        subprocess.run(["chmod", mode, str(theirs)], check=True)
        assert mode_of(ours) == mode_of(theirs), mode


def test_a_link_is_made_and_moved_atomically(run: Run, tmp_path: Path) -> None:
    """A link to a directory is replaced by its successor, not entered."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    link = tmp_path / "current"
    task = {"path": str(link), "src": "one", "state": "link"}

    assert run("file", task).changed
    assert not run("file", task).changed
    moved = run("file", task | {"src": "two"}, diff=True)

    assert moved.changed
    assert link.readlink() == Path("two")
    assert moved.values["diff"]["before"]["src"] == "one"
    assert list((tmp_path / "one").iterdir()) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "one", "two"]


def test_a_link_to_nothing_needs_force(run: Run, tmp_path: Path) -> None:
    """A dangling link is refused unless it is asked for."""
    task = {"path": str(tmp_path / "link"), "src": "missing", "state": "link"}

    refused = run("file", task)
    forced = run("file", task | {"force": True})

    assert refused.failed
    assert "use 'force=yes'" in refused.msg
    assert forced.changed
    assert forced.values["state"] == "link"


def test_a_file_is_not_turned_into_a_link_without_force(run: Run, tmp_path: Path) -> None:
    """What is there is not lost by a link of the same name."""
    (tmp_path / "there").write_text("precious")

    result = run("file", {"path": str(tmp_path / "there"), "src": "/etc", "state": "link"})

    assert result.failed
    assert result.msg == f"refusing to convert from file to symlink for {tmp_path}/there"
    assert (tmp_path / "there").read_text() == "precious"


def test_a_hard_link_shares_the_inode(run: Run, tmp_path: Path) -> None:
    """`state: hard` gives a second name to one file, once."""
    (tmp_path / "one").write_text("x")
    task = {"path": str(tmp_path / "two"), "src": str(tmp_path / "one"), "state": "hard"}

    first, second = run("file", task), run("file", task)

    assert (first.changed, second.changed) == (True, False)
    assert (tmp_path / "one").samefile(tmp_path / "two")
    assert second.values["state"] == "hard"


def test_touch_makes_a_file_and_freshens_it(run: Run, tmp_path: Path) -> None:
    """Touching counts as changed each time, for the time stamp did."""
    path = tmp_path / "stamp"

    assert run("file", {"path": str(path), "state": "touch", "mode": "0600"}).changed
    os.utime(path, (1, 1))
    again = run("file", {"path": str(path), "state": "touch"})

    assert again.changed
    assert path.stat().st_mtime > 1
    assert mode_of(path) == "0600"
    assert again.values["dest"] == str(path)


def test_absent_removes_trees_and_links_but_not_what_they_point_to(
    run: Run, tmp_path: Path
) -> None:
    """A link is removed itself; its target stays."""
    (tmp_path / "tree/deep").mkdir(parents=True)
    (tmp_path / "target").mkdir()
    (tmp_path / "link").symlink_to("target")

    for name in ("tree", "link"):
        assert run("file", {"path": str(tmp_path / name), "state": "absent"}).changed
        assert not run("file", {"path": str(tmp_path / name), "state": "absent"}).changed

    assert [path.name for path in tmp_path.iterdir()] == ["target"]


@pytest.mark.parametrize("path", ["/", ".", "/tmp/.."])
def test_the_roots_are_never_removed(run: Run, path: str) -> None:
    """What no task can mean is refused, on busybox too, whose rm would do it."""
    result = run("file", {"path": path, "state": "absent"}, check=True)

    assert result.failed
    assert result.msg == f"refusing to remove {path}"


def test_recurse_reaches_hidden_files_and_spares_link_targets(run: Run, tmp_path: Path) -> None:
    """Everything below gets the mode, hidden files too; links are not followed."""
    tree = tmp_path / "tree"
    (tree / "sub").mkdir(parents=True)
    (tmp_path / "outside").write_text("")
    (tmp_path / "outside").chmod(0o600)
    for name in ("plain", ".hidden", "sub/odd *name"):
        (tree / name).write_text("")
    (tree / "link").symlink_to(tmp_path / "outside")
    task = {"path": str(tree), "state": "directory", "recurse": True, "mode": "u=rwX,go=rX"}
    (tree / "sub/odd *name").chmod(0o640)

    assert run("file", task).changed
    assert not run("file", task).changed
    assert mode_of(tree / "sub/odd *name") == "0644"
    assert mode_of(tmp_path / "outside") == "0600"


@pytest.mark.skipif(os.getuid() != 0, reason="only root gives files away")
def test_an_owner_is_a_name_or_a_number(run: Run, tmp_path: Path) -> None:
    """Both spellings of the same owner are the same."""
    path = tmp_path / "file"
    path.write_text("")

    assert run("file", {"path": str(path), "owner": "nobody"}).changed
    again = run("file", {"path": str(path), "owner": str(path.stat().st_uid)})

    assert not again.changed
    assert again.values["owner"] == "nobody"


def test_an_owner_who_does_not_exist_fails_with_the_reason(run: Run, tmp_path: Path) -> None:
    """The system's own words say what is wrong."""
    (tmp_path / "file").write_text("")

    result = run("file", {"path": str(tmp_path / "file"), "owner": "no-such-user"})

    assert result.failed
    assert "no-such-user" in result.msg


def test_home_and_variables_in_a_path_are_those_of_the_place(run: Run, tmp_path: Path) -> None:
    """`~` and `$NAME` are expanded where the task runs; an unset name stays as it is."""
    home = {"environment": {"HOME": str(tmp_path), "SUB": "a b"}}

    run("file", {"path": "~/$SUB/${SUB}x/$NOPE", "state": "directory"}, **home)

    assert (tmp_path / "a b/a bx/$NOPE").is_dir()


ODD = st.text(
    st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=20
).filter(lambda name: name not in (".", "..") and len(name.encode()) < 200)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=ODD)
@pytest.mark.parametrize("state", ["directory", "touch"])
def test_any_name_is_taken_literally(run: Run, tmp_path: Path, name: str, state: str) -> None:
    """Quotes, newlines, blanks, patterns and dashes in names mean nothing to the shell."""
    path = tmp_path / "odd" / name.replace("$", "%")
    path.parent.mkdir(exist_ok=True)

    run("file", {"path": str(path), "state": state})
    assert names(path.parent) == [path.name]
    removed = run("file", {"path": str(path), "state": "absent"})

    assert removed.changed
    assert names(path.parent) == []


def test_without_a_state_a_link_stays_one_and_its_target_gets_the_mode(
    run: Run, tmp_path: Path
) -> None:
    """The attributes are the target's; what is reported is the link."""
    (tmp_path / "target").write_text("")
    (tmp_path / "link").symlink_to("target")

    result = run("file", {"path": str(tmp_path / "link"), "mode": "0600"})

    assert mode_of(tmp_path / "target") == "0600"
    assert (result.values["state"], result.values["dest"]) == ("link", str(tmp_path / "link"))
