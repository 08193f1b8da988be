"""Sending ahead changes how often a place is asked, and nothing else that anyone can see."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from megaplan_cloud.engine.connection import FramedConnection
from tests.support.playing import Theatre, same, statuses

CORPUS = {
    "registers": """
        - name: One
          command: [echo, one]
          register: one
        - name: Two
          shell: "echo two >> {{ trace }}"
        - name: Use one
          shell: "echo {{ one.stdout }} >> {{ trace }}"
        """,
    "failure in the middle": """
        - name: One
          shell: "echo one >> {{ trace }}"
        - name: Two
          shell: "echo two >> {{ trace }}; exit 2"
        - name: Three
          shell: "echo three >> {{ trace }}"
        """,
    "a mistake after a failure": """
        - name: One
          command: ["false"]
        - name: Two
          command: [echo, "{{ {'a': 1}.b.c }}"]
        """,
    "forgiven failures": """
        - name: One
          command: ["false"]
          ignore_errors: true
        - name: Two
          command: ["false"]
          failed_when: false
        - name: Three
          shell: "echo three >> {{ trace }}"
        """,
    "a loop with a failing item": """
        - name: One
          shell: "echo {{ item }} >> {{ trace }}; exit {{ item }}"
          loop: [0, 3, 0]
        - name: Two
          shell: "echo two >> {{ trace }}"
        """,
    "a loop that reads its own register": """
        - name: One
          command: [echo, "{{ item }}"]
          loop: [1, 2, 3]
          register: last
          when: last is not defined or last is not changed
        """,
    "late labels": """
        - name: One
          command: [echo, "{{ item }}"]
          loop: [1, 2]
          register: out
          loop_control: {label: "{{ out.stdout }}"}
        """,
    "a failure by what was said": """
        - name: One
          command: [echo, ERROR]
          register: out
          failed_when: "'ERROR' in out.stdout"
        - name: Two
          shell: "echo two >> {{ trace }}"
        """,
    "a condition of change that cannot be rendered": """
        - name: One
          command: [echo, one]
          register: out
          changed_when: out.nothing == 1
        - name: Two
          shell: "echo two >> {{ trace }}"
        """,
    "an assertion among commands": """
        - name: One
          shell: "echo one >> {{ trace }}"
        - name: Assert
          assert: {that: 1 == 2}
        - name: Two
          shell: "echo two >> {{ trace }}"
        """,
    "facts": """
        - name: One
          command: [echo, one]
        - name: Set it
          set_fact: {colour: red}
        - name: Use it
          shell: "echo {{ colour }} >> {{ trace }}"
        """,
    "a fact that is never set": """
        - name: Guard
          block:
            - name: One
              command: ["false"]
            - name: Set it
              set_fact: {colour: red}
          rescue:
            - name: Ask
              debug: {msg: "{{ colour is defined }}"}
        """,
    "blocks": """
        - name: Guard
          block:
            - name: One
              shell: "echo one >> {{ trace }}"
            - name: Two
              shell: "echo two >> {{ trace }}; exit 1"
            - name: Three
              shell: "echo three >> {{ trace }}"
          rescue:
            - name: Rescue
              debug: {msg: "{{ ansible_failed_task.name }}"}
          always:
            - name: Always
              shell: "echo always >> {{ trace }}"
        - name: After
          shell: "echo after >> {{ trace }}"
        """,
    "a file that is read where it was written": """
        - name: Write
          shell: "echo written > {{ here }}/made"
        - name: Copy it
          copy: {src: "{{ here }}/made", dest: "{{ here }}/copied"}
        - name: Write it again
          shell: "echo anew > {{ here }}/made"
        - name: Look it up
          shell: "echo {{ lookup('file', here ~ '/made') }} >> {{ trace }}"
        """,
    "a command that is too slow": """
        - name: One
          shell: "echo one >> {{ trace }}"
        - name: Two
          command: [sleep, "30"]
          timeout: 1
        - name: Three
          shell: "echo three >> {{ trace }}"
        """,
    "files": """
        - name: Make a folder
          file: {path: "{{ here }}/folder", state: directory, mode: "0750"}
        - name: Make files
          copy: {dest: "{{ here }}/folder/{{ item }}", content: "{{ item }}\\n"}
          loop: [a, b]
          register: made
        - name: Again
          copy: {dest: "{{ here }}/folder/{{ item }}", content: "{{ item }}\\n"}
          loop: [a, b]
        - name: Change it
          copy: {dest: "{{ here }}/folder/a", content: "{{ made.results[1].dest }}"}
        """,
    "a command that cannot be sent": """
        - name: One
          shell: "echo one >> {{ trace }}"
        - name: Guard
          block:
            - name: Two
              command: [echo, "a\\0b"]
          rescue:
            - name: Rescue
              shell: "echo rescue >> {{ trace }}"
        - name: Three
          shell: "echo three >> {{ trace }}"
        """,
    "until": """
        - name: One
          shell: "echo one >> {{ trace }}"
        - name: Count
          shell: "wc -l < {{ trace }}"
          register: count
          until: count.stdout | int == 1
          delay: 0
        - name: Two
          shell: "echo two >> {{ trace }}"
        """,
}


def files_of(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return the mode and content of every file below a folder."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes())
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "journal"
    }


def journal_of(folder: Path) -> list[dict[str, Any]]:
    """Return what the journal says was done, without times and what was sent but never began."""
    records = [json.loads(line) for line in (folder / "journal").read_text().splitlines()]
    never = {record["address"] for record in records if record["event"] == "withdraws"}
    kept = [
        {key: value for key, value in record.items() if key not in ("at", "duration")}
        for record in records
        if record["event"] != "withdraws"
        and not (record["event"] == "intends" and record["address"] in never)
    ]
    # Parts that go together are announced together, so announcements are compared by themselves.
    return [r for r in kept if r["event"] != "intends"] + [
        r for r in kept if r["event"] == "intends"
    ]


def both_ways(folder: Path, tasks: str) -> Iterator[tuple[Any, Any, Any]]:
    """Play tasks sent ahead and one by one, in the same folder; yield all there is to see."""
    for batch in (True, False):
        theatre = Theatre(folder / "stage")
        theatre.folder.mkdir()
        report = theatre.tasks(tasks, batch=batch, journal=theatre.folder / "journal")
        yield same(report), files_of(theatre.folder), journal_of(theatre.folder)
        theatre.folder.rename(folder / f"stage-{batch}")


@pytest.mark.parametrize("name", CORPUS)
def test_a_batched_run_is_the_same_as_one_task_at_a_time(tmp_path: Path, name: str) -> None:
    """Results, journal and files are equal, whatever fails and wherever."""
    ahead, one_by_one = both_ways(tmp_path, CORPUS[name])

    assert ahead == one_by_one


LINES = {
    "ok": "shell: 'echo {n} >> {{{{ trace }}}}'",
    "bad": "shell: 'echo {n} >> {{{{ trace }}}}; exit 1'",
    "forgiven": "shell: 'echo {n} >> {{{{ trace }}}}; exit 1'\n  ignore_errors: true",
    "looped": "shell: 'echo {n} >> {{{{ trace }}}}; exit {{{{ item }}}}'\n  loop: [0, 0]",
    "half": "shell: 'echo {n} >> {{{{ trace }}}}; exit {{{{ item }}}}'\n  loop: [0, 1]",
    "read": 'debug: {{msg: "{{{{ out is defined and out is failed }}}}"}}',
    "skipped": "command: ['true']\n  when: 1 == 2",
    "judged": "command: [echo, x]\n  register: out\n  failed_when: out.stdout != 'x'",
    "facts": 'set_fact: {{colour: "{n}"}}',
    "told": "debug: {{msg: \"{{{{ colour | default('none') }}}}\"}}",
    "wrong": 'debug: {{msg: "{{{{ 1 / 0 }}}}"}}',
}


def task_text(number: int, kind: str) -> str:
    """Return a task of a kind."""
    line = LINES[kind].format(n=number)
    register = "" if "register" in line else "\n  register: out"
    return f"- name: Task {number} {kind}\n  {line}{register}\n"


@given(st.lists(st.sampled_from(sorted(LINES)), min_size=1, max_size=7), st.integers(0, 7))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.slow
def test_any_mix_of_tasks_is_the_same_both_ways(
    tmp_path_factory: pytest.TempPathFactory, kinds: list[str], rescued: int
) -> None:
    """Some of the tasks stand in a block with a rescue; nothing shows how they were sent."""
    texts = [task_text(number, kind) for number, kind in enumerate(kinds)]
    guarded = "".join(texts[:rescued])
    inside = guarded.replace("\n", "\n    ").rstrip(" ")
    rescue = "  rescue:\n    - name: Rescue\n      debug: {msg: x}\n"
    block = f"- name: Guard\n  block:\n    {inside}{rescue}"
    tasks = (block if guarded else "") + "".join(texts[rescued:])

    ahead, one_by_one = both_ways(tmp_path_factory.mktemp("mix"), tasks)

    assert ahead == one_by_one


def test_tasks_that_need_no_answer_go_in_one_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty tasks cost one turn, and one more for each result that is read."""
    turns: list[int] = []
    real = FramedConnection.send

    def counting(self: FramedConnection, batch: Any) -> Any:
        turns.append(len(batch))
        return real(self, batch)

    monkeypatch.setattr(FramedConnection, "send", counting)
    theatre = Theatre(tmp_path)
    plain = "".join(
        f"- name: Task {n}\n  command: [echo, x]\n  register: r{n}\n" for n in range(20)
    )
    reading = "- name: Read\n  command: [echo, '{{ r3.stdout }}']\n"

    theatre.tasks(plain)
    one = list(turns)
    turns.clear()
    report = theatre.tasks(plain + reading + reading.replace("Read", "More").replace("r3", "r4"))

    assert one == [20]
    assert turns == [20, 2]
    assert set(statuses(report).values()) == {"changed"}
