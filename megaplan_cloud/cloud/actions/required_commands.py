"""Work out which commands the agents of a chain need, from what the harness says of each.

- name: Work out which commands the agents need
  required_commands: {routes: "{{ routes.results }}"}
  register: agents
"""

import json
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

PHASES = {
    "bare": ("plan", "finalize", "execute"),
    "light": ("plan", "critique", "revise", "finalize", "execute"),
}
ALL_PHASES = ("prep", "plan", "critique", "gate", "revise", "finalize", "execute", "review")
OLD_LEVELS = {"tiny": "bare"}
COMMANDS = {"codex": "codex", "claude": "claude", "shannon": "claude"}


def action(_context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Return `commands`, each once, and `phase_maps`: who answers in which phase."""
    maps = [found for route in arguments["routes"] if (found := _phase_map(route))]
    specs = [spec for each in maps for spec in each["resolved_phase_map"].values()]
    commands = dict.fromkeys(command for spec in specs if (command := command_of(spec)))
    return Result(values={"commands": list(commands), "phase_maps": maps})


def command_of(spec: str) -> str:
    """Return the command that an agent such as `codex:high` or `script:sh a.sh` needs."""
    agent, _, rest = spec.partition(":")
    if agent == "script":
        return next(iter(shlex.split(rest)), "")
    return COMMANDS.get(agent, "")


def _phase_map(route: Mapping[str, Any]) -> dict[str, Any]:
    """Return who answers for some milestones; nothing when the harness did not say."""
    try:
        resolved = json.loads(route["stdout"])["resolved"]
    except (KeyError, ValueError, TypeError):
        return {}
    level = str(route["item"]["level"])
    phases = PHASES.get(OLD_LEVELS.get(level, level), ALL_PHASES)
    used = {phase: str(resolved[phase]) for phase in phases if phase in resolved}
    return {"labels": list(route["item"]["labels"]), "resolved_phase_map": used}
