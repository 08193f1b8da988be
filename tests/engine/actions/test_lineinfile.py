"""The promises of `lineinfile`."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from megaplan_cloud.engine.action import find_actions
from megaplan_cloud.engine.actions._ere import posix_expression
from megaplan_cloud.engine.actions._lines import with_line, without_line
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.secret import Secret
from tests.engine.actions.conftest import Run, names

BEFORE = "# top\na=1\nb=2\na=3\n"
AWKS = [words for words in (["mawk"], ["gawk"], ["busybox", "awk"]) if shutil.which(words[0])]


@pytest.mark.parametrize(
    ("arguments", "after", "msg"),
    [
        ({"line": "c=1"}, "# top\na=1\nb=2\na=3\nc=1\n", "line added"),
        ({"line": "b=2"}, BEFORE, ""),
        ({"line": "a=9", "regexp": "^a="}, "# top\na=1\nb=2\na=9\n", "line replaced"),
        (
            {"line": "a=9", "regexp": "^a=", "firstmatch": True},
            "# top\na=9\nb=2\na=3\n",
            "line replaced",
        ),
        ({"line": "a=3", "regexp": "^a="}, BEFORE, ""),
        ({"line": "x", "search_string": "=2"}, "# top\na=1\nx\na=3\n", "line replaced"),
        ({"line": "x", "insertbefore": "BOF"}, f"x\n{BEFORE}", "line added"),
        ({"line": "x", "insertafter": "BOF"}, f"x\n{BEFORE}", "line added"),
        ({"line": "x", "insertafter": "^a="}, "# top\na=1\nb=2\na=3\nx\n", "line added"),
        (
            {"line": "x", "insertafter": "^a=", "firstmatch": True},
            "# top\na=1\nx\nb=2\na=3\n",
            "line added",
        ),
        ({"line": "x", "insertbefore": "^a="}, "# top\na=1\nb=2\nx\na=3\n", "line added"),
        ({"line": "x", "insertbefore": "nothing"}, f"{BEFORE}x\n", "line added"),
        (
            {"line": "x", "regexp": "no", "insertafter": "top"},
            "# top\nx\na=1\nb=2\na=3\n",
            "line added",
        ),
        (
            {"line": r"\1=\1", "regexp": r"^(b)=", "backrefs": True},
            "# top\na=1\nb=b\na=3\n",
            "line replaced",
        ),
        ({"line": r"\1", "regexp": r"^(z)=", "backrefs": True}, BEFORE, ""),
        ({"line": "x", "regexp": r"\bb\b"}, "# top\na=1\nx\na=3\n", "line replaced"),
        ({"state": "absent", "regexp": "^a="}, "# top\nb=2\n", "2 line(s) removed"),
        ({"state": "absent", "line": "b=2"}, "# top\na=1\na=3\n", "1 line(s) removed"),
        ({"state": "absent", "search_string": "none"}, BEFORE, ""),
    ],
)
def test_the_line_is_where_it_belongs(
    run: Run, tmp_path: Path, arguments: dict[str, Any], after: str, msg: str
) -> None:
    """Each way to say where, rehearsed first: the rehearsal tells the same and writes nothing."""
    path = tmp_path / "file"
    path.write_text(BEFORE)
    path.chmod(0o640)
    task = {"path": str(path), **arguments}

    rehearsed = run("lineinfile", task, check=True, diff=True)
    assert path.read_text() == BEFORE
    done = run("lineinfile", task, diff=True)

    assert path.read_text() == after
    assert (done.changed, done.msg) == (bool(msg), msg)
    assert (rehearsed.changed, rehearsed.msg) == (done.changed, done.msg)
    if msg:
        assert done.values["diff"][0]["before"] == BEFORE
        assert done.values["diff"][0]["after"] == after
        assert rehearsed.values["diff"] == done.values["diff"]
    assert path.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["file"]


def test_a_last_line_without_an_end_gets_one(run: Run, tmp_path: Path) -> None:
    """An added line never grows onto the line before it."""
    path = tmp_path / "file"
    path.write_text("one")

    run("lineinfile", {"path": str(path), "line": "two"})
    path.write_text(path.read_text().removesuffix("\n"))
    run("lineinfile", {"path": str(path), "line": "three", "insertafter": "two"})

    assert path.read_text() == "one\ntwo\nthree\n"


@pytest.mark.parametrize("regexp", ["^a", r"\ba"])
def test_a_missing_file_is_made_only_on_demand(run: Run, tmp_path: Path, regexp: str) -> None:
    """Without `create` it is an error; with it the folders are made too, but not in rehearsal."""
    path = tmp_path / "new/sub/file"
    task = {"path": str(path), "line": "a", "regexp": regexp, "mode": "0600"}

    refused = run("lineinfile", task)
    rehearsed = run("lineinfile", task | {"create": True}, check=True)
    assert not (tmp_path / "new").exists()

    assert refused.msg == f"Destination {path} does not exist !"
    assert rehearsed.changed
    assert run("lineinfile", task | {"create": True}).changed
    assert path.read_text() == "a\n"
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("regexp", ["^a", r"\ba"])
def test_a_missing_file_has_no_line_already(run: Run, tmp_path: Path, regexp: str) -> None:
    """`state: absent` is content with a file that is not there."""
    task = {"path": str(tmp_path / "none"), "regexp": regexp, "state": "absent"}

    result = run("lineinfile", task)

    assert not result.failed
    assert not result.changed
    assert result.msg == "file not present"


def test_a_folder_is_refused(run: Run, tmp_path: Path) -> None:
    """A folder has no lines."""
    assert run("lineinfile", {"path": str(tmp_path), "line": "x"}).msg == (
        f"Path {tmp_path} is a directory !"
    )


def test_a_link_stays_a_link(run: Run, tmp_path: Path) -> None:
    """The file behind a link is edited."""
    (tmp_path / "file").write_text("a\n")
    (tmp_path / "link").symlink_to("file")

    run("lineinfile", {"path": str(tmp_path / "link"), "line": "b"})

    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "a\nb\n"


def test_bytes_that_a_shell_would_lose_are_refused_not_lost(run: Run, tmp_path: Path) -> None:
    """A file with NUL bytes is left as it is."""
    path = tmp_path / "binary"
    path.write_bytes(b"a\0b\nc\n")

    result = run("lineinfile", {"path": str(path), "line": "x"})

    assert result.failed
    assert result.msg == f"{path} is no text: it holds NUL bytes or ends in byte 1"
    assert path.read_bytes() == b"a\0b\nc\n"


def test_the_mode_alone_is_a_change_too(run: Run, tmp_path: Path) -> None:
    """The line is there, the mode is not."""
    path = tmp_path / "file"
    path.write_text("a\n")
    path.chmod(0o644)

    result = run("lineinfile", {"path": str(path), "line": "a", "mode": "0600"})

    assert result.changed
    assert result.msg == "ownership, perms or SE linux context changed"


def test_a_secret_line_is_written_but_not_shown(run: Run, tmp_path: Path) -> None:
    """The difference of a file with a secret line is a secret."""
    path = tmp_path / "file"
    path.write_text("KEY=tok-old\n")
    task = {"path": str(path), "regexp": "^KEY=", "line": Secret("KEY=tok-new")}

    result = run("lineinfile", task, diff=True)

    assert path.read_text() == "KEY=tok-new\n"
    assert "tok-" not in str(result)


def test_a_wrong_expression_is_told_before_anything_is_sent(run: Run) -> None:
    """The mistake in the pattern is named."""
    with pytest.raises(PlaybookError, match=r"'\(' is not a regular expression"):
        run("lineinfile", {"path": "/nowhere", "regexp": "(", "line": "x"})


def test_only_patterns_the_far_side_cannot_judge_cost_a_turn() -> None:
    """Everyday patterns are no barrier."""
    table = find_actions("megaplan_cloud.engine.actions")

    for regexp in (r"^\s*#?\s*Port\s+\d+", "^export A=", r"a\.b", "(x|y)+z{2,3}", "[^a-z]$"):
        assert not table.barrier("lineinfile", {"regexp": regexp})
    for regexp in (r"\bword\b", "(?=a)", "(?i)a", r"(a)\1"):
        assert table.barrier("lineinfile", {"regexp": regexp})
    assert table.barrier("lineinfile", {"regexp": "a", "backrefs": True})


ATOMS = st.sampled_from(
    [*"ab =-/{.é", "[ab]", "[^a]", "[]a-]", r"[\]^\\]", "[0-9.]", r"[^\s#]", "(?:ab)", "(a|b1)"]
    + [f"\\{letter}" for letter in ".dsSwWt^\\"]
)
REPEAT = st.sampled_from(["", "", "", "*", "+", "?", "*?", "{2}", "{1,2}", "{,1}"])


@st.composite
def patterns(draw: st.DrawFn) -> str:
    """Give expressions of the kind that people write for lines."""
    pieces = [draw(ATOMS) + draw(REPEAT) for _ in range(draw(st.integers(1, 4)))]
    start, end = draw(st.sampled_from(["", "^"])), draw(st.sampled_from(["", "$"]))
    return start + "".join(pieces) + end


LINE = st.text(st.sampled_from("ab1 =.#\t\\é]^-{/[\r"), max_size=8)


@pytest.mark.parametrize("awk", AWKS, ids=lambda words: words[0])
@settings(max_examples=60, deadline=None)
@given(pattern=patterns(), lines=st.lists(LINE, min_size=4, max_size=10))
def test_awk_agrees_with_python_on_what_matches(
    awk: list[str], pattern: str, lines: list[str]
) -> None:
    """The translation matches exactly the lines that Ansible's `re` matches."""
    translated = posix_expression(pattern)
    assume(translated is not None)
    program = 'BEGIN { p = ENVIRON["p"] "" } { print (($0 "\\n") ~ p) }'

    said = subprocess.run(
        [*awk, program],
        input="".join(f"{line}\n" for line in lines).encode(),
        env={**os.environ, "p": str(translated), "LC_ALL": "C"},
        capture_output=True,
        check=True,
    ).stdout.split()

    expected = [bool(re.search(pattern.encode(), f"{line}\n".encode())) for line in lines]
    assert [word == b"1" for word in said] == expected


ARGUMENTS = st.fixed_dictionaries(
    {"line": LINE.filter(lambda line: not line.endswith("\r"))},
    optional={
        "regexp": st.sampled_from(["^a", "b$", "=", "1.*1", r"\s"]),
        "firstmatch": st.booleans(),
        "insertafter": st.sampled_from(["BOF", "EOF", "^b", "1", "#"]),
    },
)


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    content=st.lists(LINE, max_size=6).map("\n".join),
    arguments=ARGUMENTS,
    before=st.booleans(),
    absent=st.booleans(),
)
def test_the_far_side_edits_as_we_would_here(
    run: Run, tmp_path: Path, content: str, arguments: dict[str, Any], *, before: bool, absent: bool
) -> None:
    """Awk there and Python here make the same file and say the same of it."""
    path = tmp_path / "file"
    path.write_bytes(content.encode())
    if before and "insertafter" in arguments:
        arguments["insertbefore"] = arguments.pop("insertafter")
    line = arguments["line"].encode()
    expected = (without_line if absent else with_line)(content.encode(), arguments, line)
    state = "absent" if absent else "present"

    result = run("lineinfile", {"path": str(path), "state": state, **arguments})

    assert not result.failed, result.msg
    assert path.read_bytes() == expected.content
    assert result.msg == expected.msg
    assert result.changed == bool(expected.msg)
