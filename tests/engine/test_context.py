"""The promises of the context: where files are found, and what may go through the door."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.context import Context
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.scope import Scope
from megaplan_cloud.engine.secret import Secret
from megaplan_cloud.engine.source import Text
from megaplan_cloud.house import house

if TYPE_CHECKING:
    from megaplan_cloud.engine.connection import Connection


class Deaf:
    """A connection to which nothing may be said."""

    def run(self, command: Command) -> Completed:
        """Fail."""
        raise AssertionError(command)

    attach = run


@pytest.fixture
def context(tmp_path: Path) -> Context:
    """Give a context with a role and a playbook folder."""
    for folder in ("role/files", "role/templates", "play/files"):
        (tmp_path / folder).mkdir(parents=True)
    return Context(
        place="host",
        connection=cast("Connection", Deaf()),
        scope=Scope(task={"answer": 42}),
        search=(tmp_path / "role", tmp_path / "play"),
    )


def test_the_roles_own_file_goes_before_the_playbooks(context: Context, tmp_path: Path) -> None:
    """First the role's `files`, then the role's folder, then the same of the playbook."""
    for folder in ("play", "play/files", "role", "role/files"):
        path = tmp_path / folder / "motd"
        path.write_text(folder)
        assert context.file_path("motd") == path


def test_templates_that_roles_share_are_found_last(context: Context, tmp_path: Path) -> None:
    """The house's own templates are there for every role, unless one has its own."""
    shared = next(path for path in (house() / "templates").rglob("*") if path.is_file())
    name = str(shared.relative_to(house() / "templates"))

    assert context.template_path(name) == shared
    own = tmp_path / "role/templates" / name
    own.parent.mkdir(parents=True, exist_ok=True)
    own.write_text("own")
    assert context.template_path(name) == own


def test_an_absolute_path_is_itself(context: Context, tmp_path: Path) -> None:
    """It is looked for nowhere else."""
    (tmp_path / "x").write_text("")

    assert context.file_path(str(tmp_path / "x")) == tmp_path / "x"


def test_expressions_and_conditions_read_the_tasks_variables(context: Context) -> None:
    """An expression keeps its type."""
    assert context.value("answer + 1") == 43
    assert context.holds(Text("answer == 42"))
    assert context.render(Text("{{ answer }} is it")) == "42 is it"


@pytest.mark.parametrize("door", [Context.run, Context.attach, Context.dress])
def test_no_door_lets_a_secret_word_through(
    context: Context, door: Callable[[Context, Command], object]
) -> None:
    """Nothing is said to the connection."""
    with pytest.raises(PlaybookError, match="A secret stands among the words"):
        door(context, Command(("login", Secret("tok-1"))))


def test_a_commands_own_timeout_and_environment_win(context: Context) -> None:
    """What the task says holds where the action says nothing."""
    ours = replace(context, environment={"A": "1"}, timeout=5.0)

    dressed = ours.dress(Command(("x",), env={"A": "2"}, timeout=1.0))

    assert (dressed.env, dressed.timeout) == ({"A": "2"}, 1.0)
    assert ours.dress(Command(("x",))).timeout == 5.0
