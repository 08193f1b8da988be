"""Statements are read as they are written: nothing rendered, nothing lost, every place kept."""

from pathlib import Path

import pytest

from megaplan_cloud.engine import playbook
from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.engine.playbook import (
    Block,
    ImportTasks,
    IncludeRole,
    IncludeTasks,
    Loop,
    Play,
    Playbook,
    Task,
)
from megaplan_cloud.engine.source import Text
from megaplan_cloud.engine.statement import Statement, every

ACTIONS = ("command", "copy", "debug", "shell")


def _load(folder: Path, text: str) -> Playbook:
    path = folder / "play.yml"
    path.write_text(text, encoding="utf-8")
    return playbook.load(path, actions=ACTIONS)


def _play(folder: Path, text: str) -> Play:
    return _load(folder, text).plays[0]


def _only(folder: Path, task: str) -> Statement:
    """Return the one statement of a play with this task in flow style."""
    return _play(folder, f"- hosts: box\n  tasks:\n    - {task}\n").tasks[0]


def _task(folder: Path, task: str) -> Task:
    statement = _only(folder, task)
    assert isinstance(statement, Task)
    return statement


def test_a_play_keeps_all_it_says(tmp_path: Path) -> None:
    """Each section is there, in its order, with unrendered values."""
    play = _play(
        tmp_path,
        "- name: Try it\n  hosts: host\n  gather_facts: false\n  vars: {a: '{{ b }}'}\n"
        "  tags: [x]\n  become: true\n  environment: {A: b}\n"
        "  pre_tasks: [{command: a}]\n  tasks: [{command: b, notify: h}]\n"
        "  post_tasks: [{command: c}]\n  handlers: [{name: h, command: d}]\n",
    )

    assert (play.name, play.hosts, play.tags, play.become) == ("Try it", "host", ("x",), True)
    assert play.vars == {"a": "{{ b }}"}
    assert play.environment == {"A": "b"}
    sections = (play.pre_tasks, play.tasks, play.post_tasks, play.handlers)
    assert [
        task.arguments for section in sections for task in section if isinstance(task, Task)
    ] == ["a", "b", "c", "d"]


def test_a_task_keeps_all_it_says(tmp_path: Path) -> None:
    """Keywords that take one or many are always tuples; the rest is as it was written."""
    task = _task(
        tmp_path,
        "{name: Say it, command: [echo, '{{ x }}'], register: said, when: a, until: [b, c], "
        "retries: 7, delay: 0.5, changed_when: false, failed_when: [d], loop: '{{ all }}', "
        "loop_control: {label: '{{ x.k }}', loop_var: x, index_var: n, pause: 2}, "
        "ignore_errors: true, no_log: true, vars: {v: 1}, "
        "environment: {E: e}, delegate_to: host, notify: [], tags: t, check_mode: false, "
        "timeout: 3, become: '{{ root }}'}",
    )

    words = task.keywords
    assert (task.action, task.arguments, task.register) == ("command", ["echo", "{{ x }}"], "said")
    assert (
        words.when,
        task.until,
        task.changed_when,
        task.failed_when,
    ) == (("a",), ("b", "c"), (False,), ("d",))
    assert task.loop == Loop("{{ all }}", "{{ x.k }}", loop_var="x", index_var="n", pause=2)
    assert (task.retries, task.delay, words.notify, words.tags) == (7, 0.5, (), ("t",))
    assert (
        words.ignore_errors,
        words.no_log,
        words.delegate_to,
        words.check_mode,
        words.timeout,
        words.become,
    ) == (True, True, "host", False, 3, "{{ root }}")
    assert (words.vars, words.environment) == ({"v": 1}, {"E": "e"})


def test_a_keyword_that_is_not_there_is_none(tmp_path: Path) -> None:
    """So an inner statement can tell 'not said' from 'said false'."""
    task = _task(tmp_path, "{command: a}")

    words = task.keywords
    assert (words.become, words.ignore_errors, words.check_mode) == (None, None, None)
    assert (task.changed_when, task.failed_when, task.retries, task.delay) == (None, None, 3, 5)
    assert (task.loop, task.register, task.name) == (None, None, "command")


def test_values_know_their_places(tmp_path: Path) -> None:
    """A keyword's value has a place even when it is no text; texts carry their own."""
    task = _task(tmp_path, "{command: a, ignore_errors: true, when: x}")

    assert (task.at["command"].line, task.at["command"].column) == (3, 17)
    assert task.at["ignore_errors"].column == 35
    assert isinstance(task.keywords.when[0], Text)
    assert task.keywords.when[0].mark == task.at["when"]


def test_the_long_name_of_an_action_is_the_action(tmp_path: Path) -> None:
    """A task pasted from elsewhere works."""
    task = _task(tmp_path, "{ansible.builtin.shell: echo hi}")

    assert (task.action, task.arguments) == ("shell", "echo hi")
    assert task.at["shell"] == task.at["ansible.builtin.shell"]


def test_a_fingerprint_changes_with_the_text_and_not_with_its_layout(tmp_path: Path) -> None:
    """A resumed run must see a changed task, and must not see a comment."""
    first = _task(tmp_path, "{command: [a, b], when: x}")
    moved = _task(tmp_path, "{when:   x, # why\n       command: ['a', \"b\"]}")
    changed = _task(tmp_path, "{command: [a, b], when: y}")

    assert first.fingerprint == moved.fingerprint
    assert first.fingerprint != changed.fingerprint


def test_a_block_holds_its_parts(tmp_path: Path) -> None:
    """Block, rescue and always are lists of statements, blocks among them."""
    block = _only(
        tmp_path,
        "{name: B, when: x, block: [{command: a}, {block: [{command: b}]}],"
        " rescue: [{command: c}], always: [{command: d}]}",
    )

    assert isinstance(block, Block)
    assert (
        block.name,
        block.keywords.when,
        len(block.block),
        len(block.rescue),
        len(block.always),
    ) == ("B", ("x",), 2, 1, 1)
    assert [task.arguments for task in every([block]) if isinstance(task, Task)] == [
        "a",
        "b",
        "c",
        "d",
    ]


@pytest.mark.parametrize("form", ["more.yml", "{file: more.yml}"])
def test_an_import_is_read_at_once(tmp_path: Path, form: str) -> None:
    """Both forms of its one argument are understood, and its keywords kept."""
    (tmp_path / "more.yml").write_text("- command: a\n")

    found = _only(tmp_path, f"{{import_tasks: {form}, tags: t}}")

    assert isinstance(found, ImportTasks)
    assert (tmp_path / "more.yml", ("t",)) == (found.file, found.keywords.tags)
    assert [task.arguments for task in found.tasks if isinstance(task, Task)] == ["a"]


def test_an_include_is_read_at_once_when_its_name_is_known(tmp_path: Path) -> None:
    """So its mistakes are found; with a template in its name it waits for the play."""
    (tmp_path / "more.yml").write_text("- command: a\n")

    known = _only(tmp_path, "{include_tasks: more.yml, loop: [1]}")
    waiting = _only(tmp_path, "{include_tasks: '{{ verb }}.yml'}")

    assert isinstance(known, IncludeTasks)
    assert known.tasks is not None
    assert (1, Loop([1])) == (len(known.tasks), known.loop)
    assert isinstance(waiting, IncludeTasks)
    assert (None, (tmp_path,)) == (waiting.tasks, waiting.folders)


def test_a_file_is_found_beside_the_one_that_names_it_first(tmp_path: Path) -> None:
    """Then in the folder of the playbook."""
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "first.yml").write_text(
        "- import_tasks: both.yml\n- import_tasks: top.yml\n"
    )
    (tmp_path / "parts" / "both.yml").write_text("- command: beside\n")
    (tmp_path / "both.yml").write_text("- command: above\n")
    (tmp_path / "top.yml").write_text("- command: top\n")

    found = _only(tmp_path, "import_tasks: parts/first.yml")

    assert [task.arguments for task in every([found]) if isinstance(task, Task)] == [
        "beside",
        "top",
    ]


def test_a_circle_of_includes_with_a_condition_is_let_be(tmp_path: Path) -> None:
    """A file may include itself until something is true; only without end it is refused."""
    (tmp_path / "again.yml").write_text(
        "- block:\n    - include_tasks: again.yml\n  when: more\n- command: a\n"
    )

    found = _only(tmp_path, "include_tasks: again.yml")

    assert isinstance(found, IncludeTasks)
    assert found.tasks is not None
    inner = [statement for statement in every(found.tasks) if isinstance(statement, IncludeTasks)]
    assert [statement.tasks for statement in inner] == [None]


def test_many_includes_of_one_file_read_it_once(tmp_path: Path) -> None:
    """And tell its mistakes once."""
    (tmp_path / "more.yml").write_text("- comand: a\n")
    text = "- hosts: box\n  tasks:\n" + "    - include_tasks: more.yml\n" * 5

    with pytest.raises(EngineError) as caught:
        _load(tmp_path, text)

    assert getattr(caught.value, "problems", ()) == (caught.value,)
    assert "'comand' is not a key of a task" in caught.value.what


def test_an_included_role_is_read_at_once_when_its_name_is_known(tmp_path: Path) -> None:
    """With a template in its name it waits for the play."""
    tasks = tmp_path / "roles" / "greeter" / "tasks"
    tasks.mkdir(parents=True)
    (tasks / "main.yml").write_text("- command: a\n")
    (tasks / "bye.yml").write_text("- command: b\n")

    known = _only(tmp_path, "include_role: {name: greeter, tasks_from: bye}")
    waiting = _only(tmp_path, "include_role: {name: '{{ which }}'}")

    assert isinstance(known, IncludeRole)
    assert known.loaded is not None
    assert [task.arguments for task in known.loaded.tasks if isinstance(task, Task)] == ["b"]
    assert isinstance(waiting, IncludeRole)
    assert (waiting.loaded, waiting.tasks_from) == (None, "main")


def test_tasks_can_be_read_while_a_play_runs(tmp_path: Path) -> None:
    """What an include needs when its name is known at last."""
    path = tmp_path / "more.yml"
    path.write_text("- command: a\n- import_tasks: other.yml\n")
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "other.yml").write_text("- command: b\n")

    tasks = playbook.load_tasks(path, actions=ACTIONS, folders=[tmp_path / "elsewhere"])

    assert [task.arguments for task in every(tasks) if isinstance(task, Task)] == ["a", "b"]


def test_several_mistakes_are_told_in_the_order_of_the_file(tmp_path: Path) -> None:
    """One run of the loader tells everything there is to mend."""
    with pytest.raises(EngineError) as caught:
        _load(tmp_path, "- hosts: box\n  tasks:\n    - {when: x}\n    - include_tasks: no.yml\n")

    problems = getattr(caught.value, "problems", ())
    assert [problem.mark.line for problem in problems] == [3, 4]
    assert str(caught.value) == "\n\n".join(map(str, problems))
