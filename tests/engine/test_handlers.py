"""Handlers run as Ansible's do: once, at the end of a section, in the order they are defined."""

from pathlib import Path

import pytest

from megaplan_cloud.engine.errors import EngineError
from tests.support.playing import Theatre, statuses


@pytest.fixture
def theatre(tmp_path: Path) -> Theatre:
    """Give an empty folder to play in."""
    return Theatre(tmp_path)


def test_handlers_run_once_in_their_order_at_the_end_of_the_section(theatre: Theatre) -> None:
    """Not in the order of notification, and only for what changed."""
    report = theatre.play(
        """
        - name: Play it
          hosts: controller
          pre_tasks:
            - name: Change before
              shell: "echo pre >> {{ trace }}"
              notify: First
          tasks:
            - name: Change one
              shell: "echo one >> {{ trace }}"
              notify: [Second, First]
            - name: Change two
              shell: "echo two >> {{ trace }}"
              notify: Second
            - name: Change nothing
              shell: "echo nothing >> {{ trace }}"
              changed_when: false
              notify: Third
          handlers:
            - name: First
              shell: "echo FIRST >> {{ trace }}"
            - name: Second
              shell: "echo SECOND >> {{ trace }}"
            - name: Third
              shell: "echo THIRD >> {{ trace }}"
        """
    )

    assert report.exit_code == 0
    assert theatre.deeds == ["pre", "FIRST", "one", "two", "nothing", "FIRST", "SECOND"]


def test_a_failed_play_leaves_its_handlers_out(theatre: Theatre) -> None:
    """What was notified before the failure is not run."""
    theatre.play(
        """
        - name: Play it
          hosts: controller
          tasks:
            - name: Change
              shell: "echo one >> {{ trace }}"
              notify: First
            - name: Fail
              command: ["false"]
          handlers:
            - name: First
              shell: "echo FIRST >> {{ trace }}"
        """
    )

    assert theatre.deeds == ["one"]


def test_handlers_listen_to_a_topic_and_may_notify_later_ones(theatre: Theatre) -> None:
    """A handler that changed something notifies one that stands after it, in the same turn."""
    theatre.play(
        """
        - name: Play it
          hosts: controller
          tasks:
            - name: Change
              shell: "echo one >> {{ trace }}"
              loop: [1, 2]
              notify: restart everything
          handlers:
            - name: First
              shell: "echo FIRST >> {{ trace }}"
              listen: restart everything
              notify: Third
            - name: Second
              shell: "echo SECOND >> {{ trace }}"
              listen: restart everything
              when: 1 == 2
            - name: Third
              shell: "echo THIRD >> {{ trace }}"
        """
    )

    assert theatre.deeds == ["one", "one", "FIRST", "THIRD"]


def test_a_roles_handler_sees_the_roles_variables(theatre: Theatre) -> None:
    """A role brings its handlers; a play's handler of the same name takes their place."""
    theatre.write("port: 80\n", "roles/web/defaults/main.yml")
    theatre.write(
        """
        - name: Restart
          shell: "echo role-{{ port }} >> {{ trace }}"
        - name: Reload
          shell: "echo reload-{{ port }} >> {{ trace }}"
        """,
        "roles/web/handlers/main.yml",
    )
    theatre.write(
        """
        - name: Change
          shell: "echo change >> {{ trace }}"
          notify: [Restart, Reload]
        """,
        "roles/web/tasks/main.yml",
    )

    theatre.play(
        """
        - name: Play it
          hosts: controller
          roles: [web]
          handlers:
            - name: Restart
              shell: "echo play >> {{ trace }}"
        """
    )

    assert theatre.deeds == ["change", "reload-80", "play"]


def test_a_failing_handler_fails_the_play(theatre: Theatre) -> None:
    """The handlers after it are not run."""
    report = theatre.play(
        """
        - name: Play it
          hosts: controller
          tasks:
            - name: Change
              command: ["true"]
              notify: [First, Second]
          handlers:
            - name: First
              command: ["false"]
            - name: Second
              shell: "echo SECOND >> {{ trace }}"
        """
    )

    assert report.exit_code == 1
    assert theatre.deeds == []


def test_a_handler_that_is_not_there_is_told(theatre: Theatre) -> None:
    """A notification by a template, which cannot be checked before, fails its task."""
    text = """
        - name: Play it
          hosts: controller
          tasks:
            - name: Change
              command: ["true"]
              notify: "{{ which }}"
          handlers:
            - name: Restart
              command: ["true"]
        """

    report = theatre.play(text, variables={"which": "Restrat"})

    assert statuses(report) == {"Change": "failed"}
    assert "Did you mean 'Restart'" in report.failures[0].hint
    with pytest.raises(EngineError):
        theatre.play(text.replace("{{ which }}", "Restrat"))
