"""Frames: what is written is what a shell reads, and nothing that cannot be carried is written."""

import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from megaplan_cloud.engine.command import Command, Program
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.frame import (
    BOOTSTRAP,
    Frame,
    encode,
    escape,
    hello,
    quote,
    script,
    seconds,
    whole_words,
)
from megaplan_cloud.engine.secret import Secret
from tests.support.shells import SHELLS, shell_transport


@given(data=st.binary(max_size=200))
def test_what_is_escaped_is_one_line_of_printable_ascii(data: bytes) -> None:
    """No byte that a terminal, a login shell or a relay might touch travels as it is."""
    line = escape(data)

    assert all(0x20 <= byte < 0x7F for byte in line)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_gives_back_every_byte_that_was_escaped(shell: str) -> None:
    """`printf %b` of each shell undoes what we do, NUL included."""
    shell_transport(shell)
    data = bytes(range(256)) + b"\\0\\n%s%%" + "é".encode()

    got = subprocess.run(
        [*SHELLS[shell], "-c", 'IFS= read -r line; printf %b "$line"'],
        input=escape(data) + b"\n",
        capture_output=True,
        check=True,
    ).stdout

    assert got == data


@settings(max_examples=50, deadline=None)
@given(word=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_a_quoted_word_is_one_word(word: str) -> None:
    """Whatever is in it, a shell sees one word."""
    got = subprocess.run(
        ["sh", "-c", f"printf %s:%s $# {quote(word)}", "sh", "x"], capture_output=True, check=True
    ).stdout

    assert got == b"1:" + word.encode()


def test_a_quoted_secret_is_its_real_value() -> None:
    """The place gets the value that nothing else prints."""
    assert quote(Secret("it's")) == "'it'\"'\"'s'"


def test_a_secret_of_the_environment_stands_in_the_code_only() -> None:
    """It is exported by the code that comes over stdin; no word of any process holds it."""
    code = script(Command(("true",), env={"TOKEN": Secret("hunter2")}))

    assert code == b"export TOKEN=hunter2\nexec $session true"


@pytest.mark.parametrize("command", [Command(("a\0b",)), Command(("true",), env={"A": "\0"})])
def test_a_nul_in_a_word_is_refused(command: Command) -> None:
    """No command line can carry it, so the error says what can."""
    with pytest.raises(PlaybookError, match="NUL byte") as caught:
        script(command)

    assert "stdin" in caught.value.hint


@pytest.mark.parametrize("name", ["1A", "A-B", "", "A=B", "A;B"])
def test_a_name_that_no_variable_can_have_is_refused(name: str) -> None:
    """It would be code otherwise."""
    with pytest.raises(PlaybookError, match="environment variable"):
        script(Command(("true",), env={name: "x"}))


def test_a_command_without_words_is_refused() -> None:
    """There is nothing to run."""
    with pytest.raises(PlaybookError, match="no words"):
        script(Command(()))


def test_a_directory_that_looks_like_an_option_is_still_a_directory() -> None:
    """`cd -` would go where we were before."""
    assert b"cd ./-" in script(Command(("true",), cwd="-"))


def test_a_frame_says_how_long_each_of_its_parts_is() -> None:
    """A byte too many or too few is found before anything is run."""
    command = Command(("true",), stdin=b"in\n", timeout=2.5)

    header, code, data, trailer = encode("n0", 7, 3, Frame(command, group=2)).split(b"\n")[:4]

    assert header.split(b" ", 2)[2] == b"frame 7 3 2 1 2.5 0 - 3 %d" % len(code)
    assert int(header.split(b" ")[1]) == len(header.split(b" ", 2)[2])
    assert (code, data, trailer) == (b"exec $session true", b"in", b"n0 7")


def test_the_bootstrap_is_the_same_in_every_login_shell() -> None:
    """It holds nothing that csh, fish or sh read differently inside single quotes."""
    assert not set(BOOTSTRAP[2]) & set("'\\\n!")


def test_the_helper_is_small() -> None:
    """It travels once per connection, and must not be what a run mostly sends."""
    assert len(hello("0" * 32, "serve")) < 8_000


@pytest.mark.parametrize(
    ("timeout", "word"), [(None, "0"), (0, "0.001"), (2.0, "2"), (0.25, "0.25")]
)
def test_a_timeout_is_written_as_sleep_reads_it(timeout: float | None, word: str) -> None:
    """No timeout is 0; a timeout of 0 is as short as can be."""
    assert seconds(timeout) == word


def test_a_place_without_stdin_is_given_no_secret() -> None:
    """There, everything is in the words of a process, which `ps` shows."""
    with pytest.raises(PlaybookError, match="takes no input"):
        whole_words("name", "nonce", Command(("true",), env={"TOKEN": Secret("hunter2")}))


def test_a_place_without_stdin_is_given_no_more_than_fits_into_a_word() -> None:
    """The limit is named instead of an error of the kernel."""
    with pytest.raises(PlaybookError, match="too much"):
        whole_words("name", "nonce", Command(("cat",), stdin=b"\0" * 100_000))


def test_a_program_comes_along_where_no_helper_knows_it() -> None:
    """On a channel of its own a command is complete."""
    code = script(Command(("a b",), program=Program("p", 'echo "$1"')), whole=True)

    assert code == b"program() {\necho \"$1\"\n}\nprogram 'a b'"
