"""The promises of the actions that run nothing at a place, and of `stream` and `attach`."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from megaplan_cloud.engine.action import ActionTable, find_actions
from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.context import Context
from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.redaction import Redactor
from megaplan_cloud.engine.result import Result
from megaplan_cloud.engine.scope import Scope
from megaplan_cloud.engine.source import Text

if TYPE_CHECKING:
    from megaplan_cloud.engine.connection import Connection


@dataclass
class Terminal:
    """A connection that prints what it is given and remembers what it was asked."""

    blocks: tuple[bytes, ...] = ()
    errors: tuple[bytes, ...] = ()
    rc: int = 0
    asked: list[Command] = field(default_factory=list)

    def stream(
        self,
        command: Command,
        on_output: Callable[[bytes], None],
        on_error: Callable[[bytes], None],
    ) -> int:
        """Hand on the blocks."""
        self.asked.append(command)
        for block in self.blocks:
            on_output(block)
        for block in self.errors:
            on_error(block)
        return self.rc

    def attach(self, command: Command) -> int:
        """Only remember."""
        self.asked.append(command)
        return self.rc


TABLE = find_actions("megaplan_cloud.engine.actions")


@pytest.fixture
def table() -> ActionTable:
    """Give the actions of the engine."""
    return TABLE


def context(terminal: Terminal | None = None, **variables: Any) -> Context:
    """Return a context with these variables and this connection."""
    return Context(
        place="controller",
        connection=cast("Connection", terminal or Terminal()),
        scope=Scope(task=variables),
    )


def said(name: str, arguments: dict[str, Any], ours: Context) -> Result:
    """Return the result of an action that runs no step."""
    result = TABLE.action(name)(ours, arguments)
    assert isinstance(result, Result)
    return result


def test_assert_holds_or_says_what_to_do() -> None:
    """The first condition that does not hold is named, with the message."""
    arguments = {"that": [Text("x == 1"), Text("x == 2")], "fail_msg": "Set x to 2."}

    failed = said("assert", arguments, context(x=1))
    passed = said("assert", {"that": Text("x == 1")}, context(x=1))

    assert (failed.failed, failed.msg) == (True, "Set x to 2.")
    assert failed.values == {"assertion": "x == 2", "evaluated_to": False}
    assert (passed.failed, passed.changed, passed.msg) == (False, False, "All assertions passed")


def test_assert_messages_have_defaults_and_may_be_lists() -> None:
    """As with Ansible; a list is a message of several lines."""
    assert said("assert", {"that": [False]}, context()).msg == "Assertion failed"
    listed = {"that": [False], "fail_msg": ["one", "two"]}
    assert said("assert", listed, context()).msg == "one\ntwo"
    assert said("assert", {"that": [True], "success_msg": "fine"}, context()).msg == "fine"


def test_a_condition_must_be_true_or_false() -> None:
    """A string is no answer."""
    with pytest.raises(TemplateError):
        said("assert", {"that": [Text("x")]}, context(x="yes"))


def test_debug_shows_a_message_or_a_variable() -> None:
    """`var` is an expression; its value keeps its type."""
    assert said("debug", {"msg": {"a": [1]}}, context()).variable()["msg"] == {"a": [1]}
    assert said("debug", {}, context()).variable()["msg"] == "Hello world!"
    shown = said("debug", {"var": Text("x.y + 1")}, context(x={"y": 1}))
    assert shown.variable()["x.y + 1"] == 2


def test_debug_is_silent_below_its_verbosity() -> None:
    """It is skipped, and the variable is not even looked at."""
    arguments = {"var": Text("undefined"), "verbosity": 2}

    assert said("debug", arguments, context()).skipped
    with pytest.raises(TemplateError):
        said("debug", arguments, replace(context(), verbosity=2))


def test_fail_fails_with_its_message() -> None:
    """Or with Ansible's own."""
    assert said("fail", {"msg": "No."}, context()) == Result(failed=True, msg="No.")
    assert said("fail", {}, context()).msg == "Failed as requested from task"


def test_set_fact_gives_the_facts_their_values() -> None:
    """Types are kept."""
    result = said("set_fact", {"a": 1, "b": [True]}, context())

    assert result.values == {"ansible_facts": {"a": 1, "b": [True]}}
    assert not result.changed


@pytest.mark.parametrize(
    ("arguments", "value"), [({"json": {"a": None}}, {"a": None}), ({"text": "x"}, "x")]
)
def test_emit_puts_a_value_on_the_output(arguments: dict[str, Any], value: object) -> None:
    """Data as it is, or a text."""
    assert said("emit", arguments, context()).values["emit"] == value


def test_a_stream_shows_whole_lines_without_secrets() -> None:
    """However the output is cut, a secret never shows; the exit code is kept."""
    lines: list[str] = []
    terminal = Terminal((b"key tok-sec", b"ret9 end\nsecond", b" line\nlast"), rc=4)
    ours = replace(
        context(terminal),
        redactor=Redactor(["tok-secret9"]),
        emit=lambda line, _: lines.append(line),
    )

    result = said("stream", {"argv": ["run"], "chdir": "/tmp"}, ours)

    assert lines == ["key ***REDACTED*** end", "second line", "last"]
    assert (result.rc, result.failed, result.changed) == (4, True, True)
    assert result.stdout.splitlines() == lines
    assert terminal.asked == [Command(("run",), cwd="/tmp")]


def test_a_stream_keeps_its_two_outputs_apart() -> None:
    """Whoever listens and whoever reads the result knows which line is of which."""
    told: list[tuple[str, bool]] = []
    terminal = Terminal((b"one\ftwo\r\n\n",), (b"bad ", b"news"))
    ours = replace(context(terminal), emit=lambda line, is_error: told.append((line, is_error)))

    result = said("stream", {"argv": ["run"]}, ours)

    assert told == [("one\ftwo", False), ("", False), ("bad news", True)]
    assert (result.stdout, result.stderr) == ("one\ftwo\n", "bad news")


def test_a_stream_keeps_only_its_last_lines() -> None:
    """However much is printed, the result stays small."""
    terminal = Terminal((b"x\n" * 10_000, b"end\n"))

    result = said("stream", {"argv": ["run"]}, context(terminal))

    assert len(result.stdout.splitlines()) == 20
    assert result.stdout.endswith("end")


def test_attach_hands_over_the_terminal() -> None:
    """The exit code of the command is the result's."""
    terminal = Terminal(rc=1)

    result = said("attach", {"cmd": "tmux attach"}, context(terminal))

    assert terminal.asked == [Command(("tmux", "attach"))]
    assert (result.rc, result.failed, result.changed) == (1, True, False)


@pytest.mark.parametrize("name", ["stream", "attach"])
def test_neither_runs_in_check_mode(name: str) -> None:
    """They are skipped and their outcome is unknown."""
    terminal = Terminal()

    result = said(name, {"argv": ["run"]}, replace(context(terminal), check=True))

    assert result.skipped
    assert result.unknown
    assert terminal.asked == []


def test_the_doors_dress_and_record_what_goes_through(tmp_path: Path) -> None:
    """Environment, become and timeout of the task are on every command, and it is recorded."""
    terminal = Terminal()
    recorded: list[tuple[str, Command]] = []
    ours = replace(
        context(terminal),
        environment={"A": "1", "B": "2"},
        become=True,
        timeout=3.0,
        record=lambda place, command: recorded.append((place, command)),
    )

    ours.attach(Command(("x",), env={"B": "3"}))

    expected = Command(("x",), env={"A": "1", "B": "3"}, become=True, timeout=3.0)
    assert terminal.asked == [expected]
    assert recorded == [("controller", expected)]
