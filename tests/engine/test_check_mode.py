"""A rehearsal tells the truth: same, would change, or unknown; and it changes nothing."""

from pathlib import Path

import pytest

from tests.support.playing import FakeClock, Theatre, said, statuses


@pytest.fixture
def theatre(tmp_path: Path) -> Theatre:
    """Give an empty folder to play in."""
    return Theatre(tmp_path)


def test_what_depends_on_a_command_that_did_not_run_is_unknown(theatre: Theatre) -> None:
    """Unknown spreads through registers, conditions, loops and facts; nothing is done."""
    report = theatre.tasks(
        """
        - name: Run something
          shell: "echo ran >> {{ trace }}; echo 1"
          register: ran
        - name: Read its result
          debug: {msg: "{{ ran.stdout }}"}
          register: read
        - name: Hang on it
          debug: {msg: x}
          when: ran.rc == 0
        - name: Loop over it
          debug: {msg: "{{ item }}"}
          loop: "{{ ran.stdout_lines }}"
        - name: Keep it
          set_fact: {kept: "{{ ran.stdout }}"}
        - name: Hang on what hangs on it
          debug: {msg: "{{ kept }} {{ read.msg }}"}
        - name: Hang on nothing
          debug: {msg: certain}
        """,
        check=True,
    )

    assert statuses(report) == {
        "Run something": "unknown",
        "Read its result": "unknown",
        "Hang on it": "unknown",
        "Loop over it": "unknown",
        "Keep it": "unknown",
        "Hang on what hangs on it": "unknown",
        "Hang on nothing": "ok",
    }
    assert theatre.deeds == []
    reasons = {task.name: task.reason for task in report.tasks()}
    assert reasons["Read its result"] == "depends on 'Run something'"
    assert reasons["Hang on what hangs on it"] == "depends on 'Keep it'"
    assert report.exit_code == 0


def test_a_condition_on_the_item_of_an_unknown_loop_is_unknown(theatre: Theatre) -> None:
    """The item is none of an outer loop, nor undefined; what is false without it decides."""
    theatre.write(
        """
        - name: Loop over it
          debug: {msg: "{{ item }}"}
          loop: "{{ ran.stdout_lines }}"
          when: item == 'a'
        - name: Loop over it with another name
          debug: {msg: "{{ word }}"}
          loop: "{{ ran.stdout_lines }}"
          loop_control: {loop_var: word, index_var: at}
          when: [word == 'a', at > 0]
        - name: Never
          debug: {msg: "{{ item }}"}
          loop: "{{ ran.stdout_lines }}"
          when: [item == 'a', check is false]
        """,
        "inner.yml",
    )

    report = theatre.tasks(
        """
        - name: Run something
          shell: "echo ran >> {{ trace }}; echo a"
          register: ran
        - name: Include it
          include_tasks: inner.yml
          loop: [b]
        """,
        check=True,
    )

    assert statuses(report) == {
        "Run something": "unknown",
        "Include it": "ok",
        "Loop over it": "unknown",
        "Loop over it with another name": "unknown",
        "Never": "skipped",
    }
    assert theatre.deeds == []


def test_what_an_include_in_doubt_would_set_is_unknown(theatre: Theatre) -> None:
    """Nobody knows whether its tasks would run: not what they register, nor whom they notify."""
    theatre.write(
        """
        - name: Look
          query: [echo, x]
          register: looked
          notify: Told
        - name: Set
          set_fact: {fact: 1}
        """,
        "inner.yml",
    )

    report = theatre.play(
        """
        - name: Play it
          hosts: controller
          tasks:
            - name: Run something
              command: [echo, a]
              register: ran
            - name: Include it
              include_tasks: inner.yml
              when: ran.rc == 0
            - name: Read what it registers
              debug: {msg: "{{ looked.stdout }}"}
            - name: Read what it sets
              debug: {msg: "{{ fact }}"}
          handlers:
            - name: Told
              debug: {msg: told}
        """,
        check=True,
    )

    assert statuses(report) == {
        "Run something": "unknown",
        "Include it": "unknown",
        "Read what it registers": "unknown",
        "Read what it sets": "unknown",
        "Told": "unknown",
    }


def test_until_is_asked_once(theatre: Theatre) -> None:
    """What is true already is told; what may come true later is unknown, and not waited for."""
    clock = FakeClock()

    report = theatre.tasks(
        """
        - name: True already
          query: ["true"]
          until: asked.rc == 0
          register: asked
        - name: Perhaps later
          query: ["false"]
          until: later.rc == 0
          register: later
        - name: Read it
          debug: {msg: "{{ later.rc }}"}
        - name: Really
          query: ["false"]
          check_mode: false
          until: really.rc == 0
          register: really
          retries: 2
          ignore_errors: true
        """,
        check=True,
        clock=clock.clock(),
    )

    assert list(statuses(report).values()) == ["ok", "unknown", "unknown", "ignored"]
    assert clock.slept == [5.0, 5.0]


def test_a_condition_that_is_false_anyway_decides(theatre: Theatre) -> None:
    """Where one condition cannot be known and another is false, the task would be skipped."""
    report = theatre.tasks(
        """
        - name: Run something
          command: ["true"]
          register: ran
        - name: Leave this out
          command: ["true"]
          when: [ran.rc == 0, 1 == 2]
        """,
        check=True,
    )

    assert statuses(report)["Leave this out"] == "skipped"


def test_queries_and_tasks_without_check_mode_run(theatre: Theatre) -> None:
    """`query` only looks, and `check_mode: false` asks for the real thing."""
    report = theatre.tasks(
        """
        - name: Look
          query: [echo, looked]
          register: look
        - name: Really do it
          shell: "echo really >> {{ trace }}"
          check_mode: false
        - name: Show it
          debug: {msg: "{{ look.stdout }} {{ check }} {{ ansible_check_mode }}"}
        """,
        check=True,
    )

    assert theatre.deeds == ["really"]
    assert said(report, "Show it") == "looked True True"


def test_a_task_may_always_be_rehearsed(theatre: Theatre) -> None:
    """`check_mode: true` rehearses one task of a run that is real."""
    report = theatre.tasks(
        """
        - name: Rehearse this
          shell: "echo never >> {{ trace }}"
          check_mode: true
        """
    )

    assert statuses(report) == {"Rehearse this": "unknown"}
    assert theatre.deeds == []


def test_a_file_is_the_same_or_would_change_and_is_left_alone(theatre: Theatre) -> None:
    """An idempotent action compares and says so, with a difference when asked."""
    theatre.write("old\n", "there.txt")
    tasks = """
        - name: Same
          copy: {dest: "{{ here }}/there.txt", content: "old\\n"}
        - name: Would change
          copy: {dest: "{{ here }}/there.txt", content: "new\\n"}
        - name: Would make
          copy: {dest: "{{ here }}/made.txt", content: "new\\n"}
        """

    report = theatre.tasks(tasks, check=True, diff=True)

    assert statuses(report) == {"Same": "ok", "Would change": "changed", "Would make": "changed"}
    assert (theatre.folder / "there.txt").read_text() == "old\n"
    assert not (theatre.folder / "made.txt").exists()


def test_a_handler_of_doubtful_cause_is_unknown(theatre: Theatre) -> None:
    """Whether it would run hangs on a task of which nobody knows whether it changes anything."""
    report = theatre.play(
        """
        - name: Play it
          hosts: controller
          tasks:
            - name: Run something
              command: ["true"]
              register: ran
              notify: Restart
            - name: Would change
              copy: {dest: "{{ here }}/made.txt", content: x}
              notify: Reload
          handlers:
            - name: Restart
              command: ["true"]
            - name: Reload
              debug: {msg: reload}
        """,
        check=True,
    )

    assert statuses(report)["Restart"] == "unknown"
    assert statuses(report)["Reload"] == "ok"


def test_a_rehearsal_does_not_wait(theatre: Theatre) -> None:
    """`until` is not asked again when its task cannot be known."""
    report = theatre.tasks(
        """
        - name: Wait for it
          command: ["true"]
          register: ran
          until: ran.rc == 1
          retries: 9
          delay: 60
        """,
        check=True,
    )

    assert statuses(report) == {"Wait for it": "unknown"}
