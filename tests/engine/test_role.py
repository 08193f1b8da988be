"""A role is found where an operator expects it, and read with all its parts."""

from pathlib import Path

import pytest

from megaplan_cloud.engine import playbook, role
from megaplan_cloud.engine.errors import EngineError, PlaybookError
from megaplan_cloud.engine.statement import Task

ACTIONS = ("command", "debug")


def _role(folder: Path, **files: str) -> Path:
    for name, text in {"tasks__main": "- command: a\n", **files}.items():
        path = folder / f"{name.replace('__', '/')}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_all_parts_of_a_role_are_read(tmp_path: Path) -> None:
    """Tasks, handlers, defaults, vars and meta; what is not there is empty."""
    path = _role(
        tmp_path / "greeter",
        tasks__bye="- {command: b, notify: Wave}\n",
        handlers__main="- {name: Wave, command: c}\n",
        defaults__main="greeting: hello\n",
        vars__main="name: '{{ you }}'\n",
        meta__main="description: Greet somebody.\n",
    )
    bare = _role(tmp_path / "bare")

    greeter = playbook.load_role("greeter", [tmp_path], actions=ACTIONS, tasks_from="bye")
    empty = playbook.load_role("bare", [tmp_path], actions=ACTIONS)

    assert ("greeter", path, "bye") == (greeter.name, greeter.path, greeter.tasks_from)
    assert [
        task.arguments for task in (*greeter.tasks, *greeter.handlers) if isinstance(task, Task)
    ] == ["b", "c"]
    assert (greeter.defaults, greeter.vars) == ({"greeting": "hello"}, {"name": "{{ you }}"})
    assert greeter.meta == {"description": "Greet somebody."}
    assert greeter.arguments_schema == path / "meta" / "arguments.schema.json"
    assert (bare, (), {}, {}, {}) == (
        empty.path,
        empty.handlers,
        empty.defaults,
        empty.vars,
        empty.meta,
    )


def test_the_role_beside_the_playbook_comes_first(tmp_path: Path) -> None:
    """Then the one beside `playbooks/`, then the given path, then the house."""
    book = tmp_path / "playbooks" / "fixups" / "play.yml"

    search = role.search_path(book, [tmp_path / "more"], tmp_path / "house")

    assert search == (
        tmp_path / "playbooks" / "fixups" / "roles",
        tmp_path / "roles",
        tmp_path / "more",
        tmp_path / "house" / "roles",
    )


def test_the_first_role_of_a_name_is_taken(tmp_path: Path) -> None:
    """An operator can put their own role before ours."""
    first = _role(tmp_path / "first" / "greeter")
    _role(tmp_path / "second" / "greeter")

    assert role.find("greeter", [tmp_path / "first", tmp_path / "second"]) == first


def test_an_unknown_role_is_told_with_the_nearest_and_where_it_was_looked_for(
    tmp_path: Path,
) -> None:
    """What, and what now."""
    _role(tmp_path / "greeter")

    with pytest.raises(PlaybookError) as caught:
        role.find("greter", [tmp_path])

    assert caught.value.hint == f"Did you mean 'greeter'? Looked in: {tmp_path}."


def test_unknown_tasks_of_a_role_are_told_with_the_nearest(tmp_path: Path) -> None:
    """A misspelt verb finds its file."""
    _role(tmp_path / "greeter", tasks__deploy="- command: a\n")

    with pytest.raises(PlaybookError, match="no tasks 'depoly'") as caught:
        playbook.load_role("greeter", [tmp_path], actions=ACTIONS, tasks_from="depoly")

    assert "Did you mean 'deploy'?" in caught.value.hint


@pytest.mark.parametrize(
    ("part", "text", "what"),
    [
        ("defaults__main", "- a\n", "must be a mapping, not a list"),
        ("vars__main", "my-name: 1\n", "'my-name' must be the name of a variable"),
        ("meta__main", "descripton: x\n", "did you mean 'description'?"),
        ("handlers__main", "a: b\n", "must be a list, not a mapping"),
        ("handlers__main", "- command: b\n", "a handler needs a name"),
    ],
)
def test_a_mistake_in_any_part_is_told_in_its_file(
    tmp_path: Path, part: str, text: str, what: str
) -> None:
    """Not only in the tasks."""
    path = _role(tmp_path / "greeter", **{part: text})

    with pytest.raises(EngineError) as caught:
        playbook.load_role("greeter", [tmp_path], actions=ACTIONS)

    assert what in caught.value.what
    assert caught.value.mark is not None
    assert caught.value.mark.file == f"{path}/{part.replace('__', '/')}.yml"
