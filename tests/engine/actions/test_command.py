"""The promises of `command`, `shell` and `query`."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from megaplan_cloud.engine.action import ActionTable, Step
from megaplan_cloud.engine.context import Context
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.secret import Secret
from tests.engine.actions.conftest import Run

WORD = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


def test_a_command_reports_what_it_did(run: Run) -> None:
    """Exit code, output without its last newline, and that it counts as changed."""
    result = run("command", {"argv": ["sh", "-c", "echo out; echo err >&2; exit 3"]})

    assert (result.rc, result.stdout, result.stderr) == (3, "out", "err")
    assert (result.changed, result.failed) == (True, True)
    assert result.msg == "non-zero return code"
    assert result.variable()["stdout_lines"] == ["out"]


def test_a_text_is_split_into_words_and_nothing_is_expanded(run: Run) -> None:
    """`$VAR` and `*` reach the program as they are written."""
    result = run("command", {"cmd": "printf '%s|' 'a b' $HOME *"})

    assert result.stdout == "a b|$HOME|*|"


def test_a_shell_line_is_expanded(run: Run) -> None:
    """Pipes and variables are the shell's business; `cmd` is the line itself."""
    result = run("shell", {"cmd": "x=1; echo $x | tr 1 2"})

    assert result.stdout == "2"
    assert result.variable()["cmd"] == "x=1; echo $x | tr 1 2"


def test_stdin_ends_with_a_newline_unless_told_otherwise(run: Run) -> None:
    """As with Ansible."""
    task = {"argv": ["cat"], "stdin": "a", "strip_empty_ends": False}

    assert run("command", task).stdout == "a\n"
    assert run("command", task | {"stdin_add_newline": False}).stdout == "a"


def test_chdir_is_where_it_runs(run: Run, tmp_path: Path) -> None:
    """The folder may be written with `~`."""
    (tmp_path / "sub").mkdir()
    home = {"HOME": str(tmp_path)}

    plain = run("command", {"argv": ["pwd"], "chdir": str(tmp_path)})
    under_home = run("command", {"argv": ["pwd"], "chdir": "~/sub"}, environment=home)

    assert plain.stdout == str(tmp_path)
    assert under_home.stdout == str(tmp_path / "sub")


@pytest.mark.parametrize("name", ["command", "shell"])
def test_check_mode_runs_no_command_and_says_that_it_does_not_know(
    actions: ActionTable, context: Context, name: str
) -> None:
    """Skipped, with the reason for whatever depends on it."""
    result = actions.action(name)(replace(context, check=True), {"cmd": "touch /tmp/x"})

    assert not isinstance(result, Step)
    assert result.skipped
    assert not result.changed
    assert result.unknown


def test_a_query_runs_in_check_mode_and_never_counts_as_changed(run: Run) -> None:
    """It only looks, and its exit code is told."""
    result = run("query", {"argv": ["sh", "-c", "echo seen; exit 1"]}, check=True)

    assert (result.stdout, result.changed, result.failed) == ("seen", False, True)


@pytest.mark.parametrize("check", [False, True])
def test_creates_and_removes_decide_whether_it_runs(
    run: Run, tmp_path: Path, *, check: bool
) -> None:
    """A pattern may stand in both; a rehearsal knows the answer too."""
    (tmp_path / "odd name.1").write_text("")
    there, missing = f"{tmp_path}/odd*.?", f"{tmp_path}/none*"
    task = {"argv": ["sh", "-c", 'echo ran >>"$0"', str(tmp_path / "log")]}

    skipped = run("command", task | {"creates": there}, check=check)
    also_skipped = run("command", task | {"removes": missing}, check=check)
    ran = run("command", task | {"creates": missing, "removes": there}, check=check)

    for result in (skipped, also_skipped):
        assert (result.changed, result.failed, result.rc) == (False, False, 0)
    assert skipped.stdout == f"skipped, since {there} exists"
    assert also_skipped.stdout == f"skipped, since {missing} does not exist"
    assert ran.changed
    assert (tmp_path / "log").exists() != check


def test_output_that_looks_like_ours_is_the_commands(run: Run) -> None:
    """What the wrapper says and what the command says cannot be confused."""
    task = {"argv": ["printf", "there\\0missing\\0"], "creates": "/no/such/file"}

    result = run("command", task)

    assert (result.changed, result.stdout) == (True, "there\0missing\0")


def test_a_guarded_command_that_fails_has_its_own_exit_code(run: Run) -> None:
    """The wrapper hands on the exit code."""
    result = run("command", {"argv": ["sh", "-c", "exit 9"], "creates": "/no/such/file"})

    assert (result.rc, result.failed) == (9, True)


@settings(
    max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(words=st.lists(WORD, max_size=4))
def test_every_word_arrives_as_it_is(run: Run, words: list[str]) -> None:
    """Also through the wrapper of `creates`."""
    task = {"argv": ["printf", "%s|", "x", *words], "strip_empty_ends": False}
    expected = "".join(f"{word}|" for word in ("x", *words))

    assert run("command", task).stdout == expected
    assert run("command", task | {"creates": "/no/such/file"}).stdout == expected


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("command", {"argv": ["echo", Secret("tok-1")]}),
        ("command", {"cmd": Secret("echo tok-1")}),
        ("shell", {"cmd": Secret("echo tok-1")}),
        ("command", {"argv": ["true"], "creates": Secret("/tok-1")}),
        ("file", {"path": Secret("/tok-1")}),
        ("git", {"repo": Secret("https://tok-1@example.org/"), "dest": "/tmp/x"}),
        ("lineinfile", {"path": "/tmp/x", "line": "x", "search_string": Secret("tok-1")}),
    ],
)
def test_a_secret_never_becomes_a_word_of_a_command(
    run: Run, name: str, arguments: dict[str, object]
) -> None:
    """It is refused with the ways that are safe, and without showing it."""
    with pytest.raises(PlaybookError) as error:
        run(name, arguments)

    assert "environment" in error.value.hint
    assert "tok-1" not in str(error.value)


def test_a_secret_on_stdin_is_the_real_one(run: Run) -> None:
    """What may be secret has a way in."""
    assert run("command", {"argv": ["cat"], "stdin": Secret("tok-1")}).stdout == "tok-1"


@pytest.mark.parametrize("arguments", [{}, {"argv": []}, {"cmd": "  "}])
def test_a_command_without_words_is_a_mistake(run: Run, arguments: dict[str, object]) -> None:
    """There is nothing to run."""
    with pytest.raises(PlaybookError, match="no words"):
        run("command", arguments)


def test_an_open_quote_is_told(run: Run) -> None:
    """The text cannot be split."""
    with pytest.raises(PlaybookError, match="No closing quotation"):
        run("command", {"cmd": "echo 'a"})
