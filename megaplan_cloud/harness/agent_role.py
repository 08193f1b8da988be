"""An agent as a role: the folder that says how it is asked."""

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from megaplan_cloud.engine import source
from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.engine.schema import check
from megaplan_cloud.engine.template import render
from megaplan_cloud.harness.agent_spec import AgentSpec, agents
from megaplan_cloud.harness.errors import AgentError
from megaplan_cloud.house import house


@dataclass(frozen=True, slots=True)
class AgentRole:
    """How to ask an agent, as its `meta/agent.yml` says (schemas/agent.schema.json)."""

    name: str
    path: Path
    argv: tuple[Any, ...]
    answer: str
    environment: tuple[str, ...]
    failures: tuple[Mapping[str, Any], ...]

    def words(self, spec: AgentSpec, facts: Mapping[str, str]) -> list[str]:
        """Return the command's words for a spec; AgentError when the spec is not a command."""
        try:
            split = shlex.split(spec.rest)
        except ValueError as error:
            raise AgentError("invalid_profile", f"{spec}: {error}") from error
        names = _Facts({**facts, "rest": spec.rest, "words": split})
        words: list[str] = []
        for part in self.argv:
            value = render(part, names)
            words += [str(each) for each in value] if isinstance(value, list) else [str(value)]
        if not words:
            raise AgentError(
                "invalid_profile",
                f"the spec {str(spec)!r} names no command",
                hint=f"Write {spec.agent}:<command>, such as {spec.agent}:python3 agent.py",
            )
        return words


@dataclass(frozen=True, slots=True)
class _Facts:
    """Variables for a template that are all known beforehand."""

    values: Mapping[str, Any]

    def look_up(self, name: str) -> Any:
        return self.values[name]

    def known(self) -> Iterable[str]:
        return self.values


def load(spec: AgentSpec) -> AgentRole:
    """Return the role of a spec's agent; AgentError `agent_not_found` when there is none here."""
    path = house() / "roles" / spec.agent / "meta" / "agent.yml"
    if not path.is_file():
        raise AgentError(
            "agent_not_found",
            f"the agent {spec.agent!r} cannot be asked here: there is no roles/{spec.agent}",
            hint=f"Agents here: {', '.join(agents())}. Choose a profile that uses them.",
        )
    document = source.load(path)
    if problems := check(document, "agent"):
        raise SchemaError(problems[0].what, mark=problems[0].mark, problems=problems)
    return AgentRole(
        name=spec.agent,
        path=path,
        argv=tuple(document["argv"]),
        answer=document["answer"],
        environment=tuple(document.get("environment", ())),
        failures=tuple(document.get("failures", ())),
    )
