"""What docs/harness.md promises is what the harness does."""

import json
import re
from pathlib import Path

import pytest

from megaplan_cloud.harness import auto, failure, handoff, prompt, workflow
from megaplan_cloud.harness.commands import auto as auto_command
from megaplan_cloud.house import house
from tests.support.harness import TREE, Project

TEXT = (TREE / "docs" / "harness.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return a section of the page."""
    return TEXT.partition(f"## {title}\n")[2].partition("\n## ")[0]


def test_every_level_is_listed_with_its_phases() -> None:
    """And whether it works."""
    for name, level in workflow.workflow().levels.items():
        row = next(line for line in section("Levels").splitlines() if f"`{name}`" in line)
        assert ("works" in row) == (name in workflow.PLAYABLE)
        if name in workflow.PLAYABLE:
            assert ", ".join(level["steps"]) in row


def test_every_outcome_has_its_exit_code() -> None:
    """A supervisor decides by them."""
    rows = [line.split("|") for line in section("Exit codes").splitlines() if line.startswith("| ")]
    told = {row[1].strip(): row[3] for row in rows}
    for status in ("done", "failed", "stalled", "escalated", "cap", "blocked", "worker_blocked"):
        assert status in told[str(auto.EXIT_CODES[status])], status


def test_every_class_of_failure_is_named() -> None:
    """Those that agents share, and our own."""
    named = set(re.findall(r"`(\w+)`", section("Exit codes")))

    assert {each for each, _pattern, _hint in failure.KNOWN} <= named
    assert {"blocked_by_quality", "blocked_by_prereq", "worker_timeout"} <= named
    assert set(handoff.EXIT_KINDS) - named <= {"internal_error"}


def test_every_command_is_listed() -> None:
    """Those that cannot work yet are not."""
    folder = Path(auto_command.__file__).parent
    commands = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    for name in commands - {"prep", "gate", "review"}:
        assert re.search(rf"^\| .*`[^|]*\b{name}\b", section("Commands"), re.MULTILINE), name


def test_every_fact_of_a_prompt_is_listed(project: Project) -> None:
    """Whoever writes a template finds the names there."""
    plan = project.plan()

    known = prompt.facts(plan.directory, plan.state(), "plan")

    listed = set(re.findall(r"\w+", section("Changing a phase")))
    assert known.keys() <= listed


def test_flags_without_effect_say_so(project: Project) -> None:
    """Nothing is ignored in silence."""
    project.plan(name="mine")

    answer = project.ask("auto", "--plan", "mine", "--status-timeout", "5", "--max-iterations", "1")

    assert answer.document["warnings"] == [
        "--status-timeout has no effect: the status is read, not asked of another process"
    ]


@pytest.mark.parametrize("path", sorted(house().glob("schemas/phases/*.schema.json")))
def test_every_answers_schema_is_strict(path: Path) -> None:
    """An agent that obeys it says everything, and nothing beside it; each key is explained."""

    def walk(node: object) -> None:
        if isinstance(node, dict):
            if node.get("type") == "object":
                assert node["additionalProperties"] is False
                assert set(node["required"]) <= node["properties"].keys()
                assert all("description" in each for each in node["properties"].values())
            for each in node.values():
                walk(each)
        elif isinstance(node, list):
            for each in node:
                walk(each)

    walk(json.loads(path.read_text(encoding="utf-8")))
