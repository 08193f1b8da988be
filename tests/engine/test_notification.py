"""A task can notify what answers, and a handler must be asked for; doubt is left to the run."""

from pathlib import Path

import pytest

from megaplan_cloud.engine import playbook
from megaplan_cloud.engine.errors import EngineError

PLAY = """\
- hosts: box
{head}
  tasks:
    - {{command: a, notify: {notify}}}
  handlers: {handlers}
"""


def _said(folder: Path, *, notify: str, handlers: str = "[]", head: str = "") -> list[str]:
    tasks = folder / "roles" / "server" / "tasks"
    if not tasks.is_dir():
        tasks.mkdir(parents=True)
        (tasks.parent / "handlers").mkdir()
    (tasks / "main.yml").write_text("- {command: a, notify: Log it}\n")
    (tasks.parent / "handlers" / "main.yml").write_text(
        "- {name: Restart, command: b}\n- {name: Note, listen: Log it, command: c}\n"
    )
    path = folder / "play.yml"
    path.write_text(PLAY.format(notify=notify, handlers=handlers, head=head))
    try:
        playbook.load(path, actions=("command",))
    except EngineError as error:
        return [problem.what for problem in getattr(error, "problems", (error,))]
    return []


@pytest.mark.parametrize(
    ("notify", "handlers", "head"),
    [
        ("Stop", "[{name: Stop, command: x}]", ""),
        ("[Stop, Topic]", "[{name: Stop, command: x}, {name: A, listen: Topic, command: x}]", ""),
        ("Stop", "[{name: B, block: [{name: Stop, command: x}]}]", ""),
        ("Restart", "[]", "  roles: [server]"),
        ("'server : Restart'", "[]", "  roles: [server]"),
        ("Log it", "[]", "  roles: [server]"),
        ("Restart", "[]", "  pre_tasks: [{include_role: {name: server}}]"),
        ("Log it", "[{name: Mine, listen: Log it, command: x}]", "  roles: [server]"),
    ],
)
def test_what_answers_may_be_notified(
    tmp_path: Path, notify: str, handlers: str, head: str
) -> None:
    """A handler of the play or of any role of it, by name, role and name, or topic."""
    assert _said(tmp_path, notify=notify, handlers=handlers, head=head) == []


@pytest.mark.parametrize(
    ("notify", "handlers", "head"),
    [
        ("Whatever", "[]", "  vars: {r: server}\n  roles: ['{{ r }}']"),
        ("Whatever", "[]", "  pre_tasks: [{include_role: {name: '{{ r }}'}}]"),
        ("Whatever", "[]", "  pre_tasks: [{include_tasks: '{{ r }}.yml'}]"),
        ("'{{ r }}'", "[{name: Stop, command: x}]", ""),
        ("Stop one", "[{name: 'Stop {{ r }}', command: x}]", ""),
    ],
)
def test_what_only_the_run_can_know_is_let_be(
    tmp_path: Path, notify: str, handlers: str, head: str
) -> None:
    """A role, a file or a name that a template chooses."""
    assert _said(tmp_path, notify=notify, handlers=handlers, head=head) == []


def test_a_misspelt_name_is_one_mistake_and_not_two(tmp_path: Path) -> None:
    """The handler that was meant is not called useless as well."""
    said = _said(tmp_path, notify="Sotp", handlers="[{name: Stop, command: x}]")

    assert said == ["there is no handler 'Sotp'"]
