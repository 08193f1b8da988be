"""What is made of other files is never stale, and says something about everything."""

from pathlib import Path
from textwrap import indent

import pytest

from megaplan_cloud.engine import playbook, reference
from megaplan_cloud.engine.action import find_actions
from megaplan_cloud.engine.statement import Task, every

ACTIONS = find_actions("megaplan_cloud.engine.actions")


def test_nothing_that_is_made_is_stale() -> None:
    """`python -m megaplan_cloud.engine.reference` writes the pages and schemas anew."""
    assert [str(path) for path in reference.stale()] == []


def test_every_action_of_the_engine_has_its_section() -> None:
    """With its example: an action that is added appears by itself."""
    page = reference.language_page()

    lacking = [name for name in ACTIONS if f"\n### {name}\n" not in page]
    assert lacking == []


@pytest.mark.parametrize("name", sorted(ACTIONS))
def test_the_example_of_an_action_is_accepted(name: str, tmp_path: Path) -> None:
    """What the documentation shows can be pasted into a playbook."""
    tasks = indent(ACTIONS.example(name), "    ")
    path = tmp_path / "play.yml"
    path.write_text(f"- hosts: box\n  tasks:\n{tasks}", encoding="utf-8")

    plays = playbook.load(path, actions=ACTIONS).plays

    assert name in {task.action for task in every(plays[0].tasks) if isinstance(task, Task)}


def test_the_first_example_of_the_page_is_accepted(tmp_path: Path) -> None:
    """And all its variables are there."""
    page = reference.language_page()
    path = tmp_path / "greeting.yml"
    path.write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")

    assert playbook.load(path, actions=ACTIONS, known=()).plays
