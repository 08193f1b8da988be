"""A tree of playbooks and roles is checked as a whole: offline, quickly, and to the last file."""

from pathlib import Path

import pytest

from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.engine.validate import validate

ACTIONS = ("command", "copy", "debug", "lineinfile", "shell", "stat", "template")


def _write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / f"{name.replace('__', '/')}.yml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _said(folder: Path, *known: str) -> list[str]:
    """Return the problems of a tree as `file:line: what`."""
    return [_line(problem, folder) for problem in validate([folder], known, actions=ACTIONS)]


def _line(problem: EngineError, folder: Path) -> str:
    assert problem.mark is not None
    return f"{Path(problem.mark.file).relative_to(folder)}:{problem.mark.line}: {problem.what}"


def test_a_tree_without_mistakes_gives_none(tmp_path: Path) -> None:
    """Playbooks, roles, task files, templates and handlers that fit together."""
    _write(
        tmp_path,
        playbooks__deploy="- hosts: box\n  vars: {who: '{{ name }}'}\n  roles: [greeter]\n",
        playbooks__fixups__one="- hosts: box\n  tasks: [{import_tasks: ../parts.yml}]\n",
        playbooks__parts="- command: [echo, '{{ name }}']\n",
        roles__greeter__tasks__main="- {include_tasks: loop.yml, loop: [a]}\n",
        roles__greeter__tasks__loop="- {command: '{{ item }} {{ who }}', notify: Wave}\n",
        roles__greeter__handlers__main="- {name: Wave, command: wave}\n",
    )
    (tmp_path / "roles" / "greeter" / "templates").mkdir()
    (tmp_path / "roles" / "greeter" / "templates" / "x.j2").write_text("{{ anything }}")

    assert _said(tmp_path, "name") == []


def test_every_file_is_told_in_one_go(tmp_path: Path) -> None:
    """Sorted by file and line, each mistake once, however often its file is used."""
    _write(
        tmp_path,
        playbooks__a="- hosts: box\n  tasks:\n    - comand: a\n    - command: b\n",
        playbooks__b="- hosts: box\n  roles: [greeter, greeter]\n",
        playbooks__c="- hosts: box\n  tasks: [{command: '{{ nowhere }}'}]\n",
        playbooks__d="- hosts: [\n",
        roles__greeter__tasks__main="- command: '{{ nobody }}'\n",
        roles__greeter__tasks__unused="- {command: a, whn: b}\n",
        roles__greeter__handlers__main="- {name: Wave, command: wave}\n",
    )

    assert _said(tmp_path) == [
        "playbooks/a.yml:3: 'comand' is not a key of a task; did you mean 'command'?",
        "playbooks/c.yml:2: the variable 'nowhere' is not defined",
        "playbooks/d.yml:2: not YAML: while parsing a flow node did not find expected node content",
        "roles/greeter/handlers/main.yml:1: nothing in this role notifies the handler 'Wave'",
        "roles/greeter/tasks/main.yml:1: the variable 'nobody' is not defined",
        "roles/greeter/tasks/unused.yml:1: 'whn' is not a key of a task; did you mean 'when'?",
    ]


def test_a_role_that_no_playbook_names_is_checked_with_what_it_can_be_given(
    tmp_path: Path,
) -> None:
    """A provider is chosen by a template; what its playbooks register counts for it."""
    _write(
        tmp_path,
        playbooks__a="- hosts: host\n  vars: {of_play: 1}\n  roles: ['{{ provider }}']\n"
        "  tasks: [{command: a, register: of_task}]\n",
        roles__one__tasks__main="- debug: {msg: '{{ of_play }}{{ of_task }}{{ nowhere }}'}\n",
    )

    assert _said(tmp_path, "provider") == [
        "roles/one/tasks/main.yml:1: the variable 'nowhere' is not defined"
    ]


def test_a_folder_can_name_what_its_playbooks_are_given(tmp_path: Path) -> None:
    """`variables.yml` holds the names, and a sentence about each."""
    _write(
        tmp_path,
        playbooks__variables="plan: The plan whose phase it is.\n",
        playbooks__a="- hosts: box\n  tasks: [{command: '{{ plan }} {{ plam }}'}]\n",
    )

    assert _said(tmp_path) == ["playbooks/a.yml:2: the variable 'plam' is not defined"]


def test_the_variables_of_a_role_may_use_what_any_of_its_files_registers(tmp_path: Path) -> None:
    """They are rendered when they are read, and what one file registers another may read."""
    _write(
        tmp_path,
        roles__greeter__vars__main='image: "app:{{ digest.stdout }}{{ nobody }}"\n',
        roles__greeter__tasks__build="- {command: date, register: digest}\n",
        roles__greeter__tasks__logs="- debug: {msg: none}\n",
    )

    assert set(_said(tmp_path)) == {
        "roles/greeter/vars/main.yml:1: the variable 'nobody' is not defined"
    }


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("meta/arguments.schema.json", "{", "not JSON"),
        ("meta/arguments.schema.json", '{"requird": []}', "not keywords of JSON Schema draft-07"),
        ("templates/deep/x.j2", "{% if x %}", "The template is wrong"),
        ("templates/x.j2", "{{ x | shout }}", "No filter named 'shout'"),
    ],
)
def test_the_other_files_of_a_role_are_checked(
    tmp_path: Path, name: str, text: str, what: str
) -> None:
    """Its arguments' schema can be used and its templates can be read."""
    path = tmp_path / "roles" / "greeter" / name
    path.parent.mkdir(parents=True)
    path.write_text(text)

    assert [what in line for line in _said(tmp_path)] == [True]


def test_a_playbook_can_be_named_itself(tmp_path: Path) -> None:
    """`invoke play` and editors check one file."""
    path = tmp_path / "mine.yml"
    path.write_text("- hosts: bx\n")

    problems = validate([path], (), actions=ACTIONS)

    assert [problem.what for problem in problems] == [
        "'hosts' must be controller, host or box, not 'bx'"
    ]


LONG = """\
- name: Write the line {number} of {{{{ name }}}}
  lineinfile:
    path: /tmp/{number}
    line: "{{{{ name }}}} {{{{ said_{number}.stdout | trim }}}}"
  loop: [a, b]
- name: Say the words of {number}
  command: [echo, "{{{{ name }}}}", "{{{{ port }}}}", "{number}"]
  register: said_{number}
  changed_when: false
  when: port == {number} and name != 'x{number}'
- name: Keep the words of {number}
  block:
    - name: Put them into a file
      copy:
        content: |
          {{{{ said_{number}.stdout }}}}
          {{{{ name }}}}
        dest: /tmp/words-{number}
        mode: "0644"
      failed_when: said_{number}.rc not in [0, 1]
"""


def test_a_playbook_of_5600_lines_is_read_whole(tmp_path: Path) -> None:
    """Every task of it: what is wrong in the last is found. What it costs: docs/benchmarks.md."""
    body = "".join(LONG.format(number=number) for number in range(280))
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    path = tmp_path / "long.yml"
    path.write_text(
        f"- hosts: box\n  vars: {{name: x, port: 1}}\n  tasks:\n{indented}"
        "    - {name: Say it, debug: {msg: '{{ nmae }}'}}\n"
    )
    assert len(path.read_text().splitlines()) >= 5600

    problems = validate([path], (), actions=ACTIONS)

    assert ["nmae" in str(problem) for problem in problems] == [True]
