"""An agent's spec: who is to answer, as profiles and the command line write it."""

from collections.abc import Iterable
from dataclasses import dataclass

from megaplan_cloud.harness.errors import InputError
from megaplan_cloud.house import house

PHASES = (
    "plan",
    "prep",
    "critique",
    "revise",
    "gate",
    "finalize",
    "execute",
    "feedback",
    "loop_plan",
    "loop_execute",
    "review",
    "tiebreaker_researcher",
    "tiebreaker_challenger",
)
# Agents with a name in the language of profiles; which of them can answer here is told by the
# folders of roles/.
NAMED_AGENTS = frozenset({"claude", "codex", "hermes", "shannon"})


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent and what it is to know: `claude:low`, `hermes:<model>`, `script:python3 a.py`."""

    agent: str
    rest: str = ""

    def __str__(self) -> str:
        """Return the spec as it is written."""
        return f"{self.agent}:{self.rest}" if self.rest else self.agent


def phase_models(given: Iterable[str]) -> dict[str, AgentSpec]:
    """Return the specs of `phase=spec` words; the first one of a phase wins."""
    found: dict[str, AgentSpec] = {}
    for words in given:
        phase, equals, spec = words.partition("=")
        if not equals or phase not in PHASES:
            raise InputError(
                "invalid_args",
                f"--phase-model {words!r} is not of the form phase=agent[:model]",
                hint=f"Phases: {', '.join(PHASES)}",
            )
        found.setdefault(phase, parse_spec(spec, f"--phase-model {phase}"))
    return found


def parse_spec(text: str, where: str) -> AgentSpec:
    """Return the agent that a spec names; `where` says in the message where it is written."""
    agent, _, rest = text.partition(":")
    known = sorted(NAMED_AGENTS | set(agents()))
    if agent not in known:
        raise InputError(
            "invalid_profile",
            f"{where}: there is no agent {agent!r}",
            hint=f"Agents: {', '.join(known)}",
        )
    return AgentSpec(agent, rest)


def agents() -> list[str]:
    """Return the agents that can answer here: the roles that say how to ask them."""
    return sorted(path.parent.parent.name for path in house().glob("roles/*/meta/agent.yml"))
