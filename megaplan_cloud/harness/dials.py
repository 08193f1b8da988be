"""The dials: what shifts every agent of a profile at once."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from megaplan_cloud.harness.agent_spec import AgentSpec, parse_spec
from megaplan_cloud.harness.errors import InputError

AUTHORS = ("plan", "revise", "loop_plan", "tiebreaker_researcher", "tiebreaker_challenger")
CRITICS = ("critique", "review")
VENDORS = ("claude", "codex")
EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")
CRITIC_CHOICES = ("kimi", "cross")
DEEPSEEK_PROVIDERS = ("fireworks", "direct")
KIMI = "hermes:kimi-k2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """What shifts a profile: another vendor, the authors' effort, another critic."""

    vendor: str = ""
    depth: str = ""
    critic: str = ""
    deepseek_provider: str = ""


NO_DIALS = Dials()


def turn(
    phases: Mapping[str, AgentSpec], dials: Dials, *, locked: bool = False
) -> dict[str, AgentSpec]:
    """Return the agents of the phases, shifted by vendor, depth, critic, provider in this order.

    `locked` keeps the vendors and the critic.
    """
    turned = dict(phases)
    if dials.vendor and not locked:
        turned = {phase: _to_vendor(spec, dials.vendor) for phase, spec in turned.items()}
    if dials.depth:
        turned |= {phase: _with_effort(turned[phase], dials.depth) for phase in AUTHORS}
    if dials.critic and not locked:
        turned |= {phase: _critic(turned[phase], dials.critic) for phase in CRITICS}
    if dials.deepseek_provider:
        turned = {each: _through(spec, dials.deepseek_provider) for each, spec in turned.items()}
    return turned


def read(config: Mapping[str, Any]) -> Dials:
    """Return the dials of a plan's `config`; a wrong value raises InputError `invalid_<dial>`."""
    choices = {
        "vendor": VENDORS,
        "depth": EFFORTS,
        "critic": CRITIC_CHOICES,
        "deepseek_provider": DEEPSEEK_PROVIDERS,
    }
    values = {name: str(config.get(name) or "") for name in choices}
    for name, value in values.items():
        if value and value not in choices[name]:
            raise InputError(
                f"invalid_{name}",
                f"{name} cannot be {value!r}",
                hint=f"Use one of: {', '.join(choices[name])}",
            )
    return Dials(**values)


def _to_vendor(spec: AgentSpec, vendor: str) -> AgentSpec:
    return replace(spec, agent=vendor) if spec.agent in VENDORS else spec


def _with_effort(spec: AgentSpec, effort: str) -> AgentSpec:
    return replace(spec, rest=effort) if spec.agent in VENDORS else spec


def _critic(spec: AgentSpec, choice: str) -> AgentSpec:
    if choice == "kimi":
        return parse_spec(KIMI, "critic")
    others = {"claude": "codex", "codex": "claude"}
    return replace(spec, agent=others.get(spec.agent, "claude"))


def _through(spec: AgentSpec, provider: str) -> AgentSpec:
    if spec.agent == "hermes" and spec.rest.startswith("deepseek"):
        return replace(spec, rest=f"{provider}:{spec.rest}")
    return spec
