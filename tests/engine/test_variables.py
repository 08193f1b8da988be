"""A variable that nothing can define is found before anything runs; any other is let be."""

from pathlib import Path

import pytest

from megaplan_cloud.engine import playbook
from megaplan_cloud.engine.errors import EngineError

ACTIONS = ("assert", "command", "debug", "set_fact", "template")


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        suffix = "" if path.suffix else ".yml"
        path.with_name(f"{path.name}{suffix}").write_text(text, encoding="utf-8")


def _undefined(folder: Path, tasks: str, known: tuple[str, ...] = (), head: str = "") -> list[str]:
    """Return what is said of a play with these tasks."""
    indented = "".join(f"    {line}\n" for line in tasks.splitlines())
    text = f"- name: Try it\n  hosts: box\n{head}  tasks:\n{indented or '    []'}"
    path = folder / "play.yml"
    path.write_text(text, encoding="utf-8")
    try:
        playbook.load(path, actions=ACTIONS, known=known)
    except EngineError as error:
        problems = getattr(error, "problems", (error,))
        return [problem.what for problem in problems]
    return []


@pytest.mark.parametrize(
    "tasks",
    [
        "- debug: {msg: '{{ given.deep.key }}'}",
        "- debug: {msg: '{{ inventory_hostname }} {{ check }} {{ ansible_check_mode }}'}",
        "- {debug: {msg: '{{ here }}'}, vars: {here: 1}}",
        "- {debug: {msg: '{{ item.key }}'}, loop: [{key: 1}], loop_control: {label: '{{ item }}'}}",
        "- {command: a, register: done, until: done.rc == 0, failed_when: done.rc > 1}",
        "- debug: {msg: '{{ later }}'}\n- {command: a, register: later}",
        "- set_fact: {fact: 1}\n- debug: {msg: '{{ fact }}'}",
        "- debug: {msg: \"{{ maybe | default('x') }}\"}",
        "- debug: {msg: \"{{ maybe if maybe is defined else 'x' }}\"}",
        "- {debug: {msg: '{{ maybe }}'}, when: maybe is defined}",
        "- {debug: {msg: '{{ maybe.x }}'}, when: [check, maybe.x is defined and maybe.x]}",
        "- debug: {msg: '{% for one in given %}{{ one }} {{ loop.index }}{% endfor %}'}",
        "- debug: {msg: '{% set own = 1 %}{{ own }}'}",
        "- debug: {msg: \"{{ lookup('env', 'HOME') }}{{ omit }}\"}",
        "- debug: {var: given.key}",
        "- {block: [{debug: {msg: '{{ here }}'}}], vars: {here: 1}}",
        "- {block: [{command: a}], rescue: [{debug: {msg: '{{ ansible_failed_result.msg }}'}}]}",
        "- {include_tasks: more.yml, vars: {who: you}}",
        "- {include_tasks: more.yml, loop: [a], vars: {who: '{{ item }}'}}",
        "- include_role: {name: greeter}",
        "- {command: '{{ whatever }}', vars: {whatever: '{{ given }}'}}",
        "- debug: {msg: 'no template: $nowhere %nowhere% {nowhere}'}",
    ],
)
def test_what_something_defines_is_let_be(tmp_path: Path, tasks: str) -> None:
    """Settings, vars, registers, facts, loops, roles, guards, and the engine's own names."""
    _write(
        tmp_path,
        more="- debug: {msg: '{{ who }}'}\n",
        roles__greeter__tasks__main="- debug: {msg: '{{ greeting }} {{ role_name }}'}\n",
        roles__greeter__defaults__main="greeting: hello {{ name }}\n",
        roles__greeter__vars__main="name: '{{ given }}'\n",
    )

    assert _undefined(tmp_path, tasks, known=("given",)) == []


@pytest.mark.parametrize(
    ("tasks", "name"),
    [
        ("- debug: {msg: '{{ nowhere }}'}", "nowhere"),
        ("- {debug: {msg: x}, when: nowhere}", "nowhere"),
        ("- {debug: {msg: x}, loop: '{{ nowhere }}'}", "nowhere"),
        ("- {debug: {msg: x}, loop: [1], loop_control: {label: '{{ nowhere }}'}}", "nowhere"),
        ("- {command: a, register: done, until: nowhere.rc == 0}", "nowhere"),
        ("- {command: a, changed_when: nowhere}", "nowhere"),
        ("- {command: a, failed_when: [false, nowhere]}", "nowhere"),
        ("- {command: a, environment: {A: '{{ nowhere }}'}}", "nowhere"),
        ("- {command: a, become: '{{ nowhere }}'}", "nowhere"),
        ("- {command: a, delegate_to: '{{ nowhere }}'}", "nowhere"),
        ("- {command: a, retries: '{{ nowhere }}'}", "nowhere"),
        ("- {name: 'A {{ nowhere }}', command: a}", "nowhere"),
        ("- debug: {var: nowhere.key}", "nowhere"),
        ("- assert: {that: [check, nowhere == 1]}", "nowhere"),
        ("- set_fact: {fact: '{{ nowhere }}'}", "nowhere"),
        ("- {block: [{command: a}], when: nowhere}", "nowhere"),
        ("- {block: [{command: a}], vars: {a: '{{ nowhere }}'}}", "nowhere"),
        ("- {include_tasks: '{{ nowhere }}.yml'}", "nowhere"),
        ("- {include_role: {name: '{{ nowhere }}'}}", "nowhere"),
        ("- debug: {msg: '{{ given[nowhere] }}'}", "nowhere"),
        ("- {block: [{command: a}], rescue: [{command: a, when: nowhere}]}", "nowhere"),
        ("- {debug: {msg: '{{ maybe }} {{ nowhere }}'}, when: maybe is defined}", "nowhere"),
        ("- include_tasks: more.yml", "who"),
        ("- command: a\n- debug: {msg: '{{ ansible_failed_result }}'}", "ansible_failed_result"),
    ],
)
def test_what_nothing_defines_is_told(tmp_path: Path, tasks: str, name: str) -> None:
    """Wherever a template or a condition may stand."""
    _write(tmp_path, more="- debug: {msg: '{{ who }}'}\n")

    assert _undefined(tmp_path, tasks, known=("given",)) == [
        f"the variable '{name}' is not defined"
    ]


def test_an_item_outside_a_loop_is_told_as_such(tmp_path: Path) -> None:
    """Copied out of a loop, a task needs another word."""
    said = _undefined(tmp_path, "- debug: {msg: '{{ item }}'}")

    assert said == ["'item' is not defined: there is no loop here"]


def test_a_variable_of_one_play_is_none_of_the_next(tmp_path: Path) -> None:
    """Vars belong to their play; what is registered stays for the run."""
    path = tmp_path / "play.yml"
    path.write_text(
        "- hosts: box\n  vars: {mine: 1}\n  tasks: [{command: a, register: done}]\n"
        "- hosts: box\n  tasks:\n    - debug: {msg: '{{ done.rc }} {{ mine }}'}\n"
    )

    with pytest.raises(EngineError, match="'mine' is not defined"):
        playbook.load(path, actions=ACTIONS, known=())


def test_a_role_sees_what_its_entry_gives(tmp_path: Path) -> None:
    """The vars of an entry of roles are the role's, and only the role's."""
    _write(tmp_path, roles__greeter__tasks__main="- debug: {msg: '{{ greeting }}'}\n")

    given = _undefined(tmp_path, "", head="  roles: [{role: greeter, vars: {greeting: hi}}]\n")
    missing = _undefined(tmp_path, "", head="  roles: [greeter]\n")

    assert given == []
    assert missing == ["the variable 'greeting' is not defined"]


def test_a_role_that_is_chosen_while_playing_may_define_anything_a_role_does(
    tmp_path: Path,
) -> None:
    """Its defaults, variables and results count; a name that no role knows is still told."""
    _write(
        tmp_path,
        roles__one__tasks__main="- {command: a, register: result_of_one}\n",
        roles__two__tasks__main="- command: a\n",
        roles__two__defaults__main="default_of_two: 1\n",
    )
    head = "  vars: {which: one}\n  roles: ['{{ which }}']\n"

    said = _undefined(
        tmp_path,
        "- debug: {msg: '{{ result_of_one }} {{ default_of_two }} {{ nowhere }}'}",
        head=head,
    )

    assert said == ["the variable 'nowhere' is not defined"]


def test_a_task_file_that_is_chosen_while_playing_may_register_what_its_neighbours_do(
    tmp_path: Path,
) -> None:
    """The files of the folder that its name leads to count, and no others."""
    _write(tmp_path, parts__one="- {command: a, register: of_one}\n", two="- {command: a}\n")
    include = "- include_tasks: 'parts/{{ which }}.yml'\n"

    said = _undefined(
        tmp_path, f"{include}- debug: {{msg: '{{{{ of_one }}}} {{{{ of_two }}}}'}}", ("which",)
    )

    assert said == ["the variable 'of_two' is not defined"]


def test_a_template_file_is_read_too(tmp_path: Path) -> None:
    """The place is that of the name in the template, not of the task."""
    _write(tmp_path, **{"templates__greeting.j2": "Hello\n{{ given }}, {{ nowhere }}\n"})
    (tmp_path / "play.yml").write_text(
        "- hosts: box\n  tasks:\n    - template: {src: greeting.j2, dest: /tmp/x}\n"
    )

    with pytest.raises(EngineError) as caught:
        playbook.load(tmp_path / "play.yml", actions=ACTIONS, known=("given",))

    assert str(caught.value.mark) == f"{tmp_path}/templates/greeting.j2:2:17"


def test_without_known_names_nothing_is_looked_for(tmp_path: Path) -> None:
    """A caller that cannot say which variables it will give gets no guesses."""
    path = tmp_path / "play.yml"
    path.write_text("- hosts: box\n  tasks: [{debug: {msg: '{{ nowhere }}'}}]\n")

    assert playbook.load(path, actions=ACTIONS).plays
