"""The commands that the agents of a chain need."""

import json
from typing import Any, cast

import pytest

from megaplan_cloud.cloud.actions.required_commands import action, command_of

ANYWHERE = cast("Any", None)


def route(level: str, **resolved: str) -> dict[str, Any]:
    """Return what asking the harness gave."""
    return {
        "stdout": json.dumps({"success": True, "resolved": resolved}),
        "item": {"labels": ["m1"], "level": level},
    }


@pytest.mark.parametrize(
    ("spec", "command"),
    [
        ("codex:high", "codex"),
        ("claude", "claude"),
        ("hermes:deepseek-v4-pro", ""),
        ("script:python3 .megaplan/agent.py", "python3"),
        ("script:'my agent' --fast", "my agent"),
        ("script:", ""),
    ],
)
def test_an_agent_needs_its_command(spec: str, command: str) -> None:
    """A script's is the first of its words; an agent inside the harness needs none."""
    assert command_of(spec) == command


def test_only_the_phases_of_the_level_count() -> None:
    """A bare plan has no critique, so nobody's command is missed for it."""
    plan = {"plan": "claude:low", "critique": "codex", "execute": "script:sh a.sh"}

    bare = action(ANYWHERE, {"routes": [route("tiny", **plan)]}).values
    full = action(ANYWHERE, {"routes": [route("full", **plan)]}).values

    assert bare["commands"] == ["claude", "sh"]
    assert full["commands"] == ["claude", "codex", "sh"]


def test_a_harness_that_says_nothing_needs_nothing() -> None:
    """An older launcher has no such command; its own start will tell."""
    asked = {"stdout": "usage: …", "item": {"labels": ["m1"], "level": "full"}}

    assert action(ANYWHERE, {"routes": [asked]}).values == {"commands": [], "phase_maps": []}
