"""Profiles: which agent answers in which phase, and the dials that shift them."""

import os
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

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
AUTHORS = ("plan", "revise", "loop_plan", "tiebreaker_researcher", "tiebreaker_challenger")
CRITICS = ("critique", "review")
VENDORS = ("claude", "codex")
EFFORTS = ("minimal", "low", "medium", "high", "xhigh", "max")
CRITIC_CHOICES = ("kimi", "cross")
DEEPSEEK_PROVIDERS = ("fireworks", "direct")
# Agents with a name in the language of profiles; which of them can answer here is told by the
# folders of roles/.
NAMED_AGENTS = frozenset({"claude", "codex", "hermes", "shannon"})
ALIASES: Mapping[str, str] = {"basic": "solo", "led": "directed"}
KIMI = "hermes:kimi-k2"
DEFAULT_PROFILE = "partnered"
METADATA = frozenset({"description", "default", "extends", "vendor_locked", "tier_models"})


@dataclass(frozen=True, slots=True)
class AgentSpec:
    """An agent and what it is to know: `claude:low`, `hermes:<model>`, `script:python3 a.py`."""

    agent: str
    rest: str = ""

    def __str__(self) -> str:
        """Return the spec as it is written."""
        return f"{self.agent}:{self.rest}" if self.rest else self.agent


@dataclass(frozen=True, slots=True)
class Profile:
    """A named choice of agents. `source` is `built-in`, `user` or `project`."""

    name: str
    source: str
    phases: Mapping[str, AgentSpec]
    locked: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dials:
    """What shifts a profile: another vendor, the authors' effort, another critic."""

    vendor: str = ""
    depth: str = ""
    critic: str = ""
    deepseek_provider: str = ""


NO_DIALS = Dials()


def resolve(
    profile: Profile, dials: Dials = NO_DIALS, phase_model: Mapping[str, AgentSpec] | None = None
) -> dict[str, AgentSpec]:
    """Return who answers in each phase.

    Dials are applied in the order vendor, depth, critic, provider; a locked profile keeps its
    vendors and critic. `phase_model` is stronger than all of them.
    """
    phases = dict(profile.phases)
    if dials.vendor and not profile.locked:
        phases = {phase: _to_vendor(spec, dials.vendor) for phase, spec in phases.items()}
    if dials.depth:
        phases |= {phase: _with_effort(phases[phase], dials.depth) for phase in AUTHORS}
    if dials.critic and not profile.locked:
        phases |= {phase: _critic(phases[phase], dials.critic) for phase in CRITICS}
    if dials.deepseek_provider:
        phases = {each: _through(spec, dials.deepseek_provider) for each, spec in phases.items()}
    return phases | dict(phase_model or {})


def routing(root: Path, config: Mapping[str, Any]) -> dict[str, AgentSpec]:
    """Return who answers in each phase for a plan's `config`, with the profiles `root` sees.

    `phase_model` is stronger than `profile`, and that than one `agent` for every phase.
    """
    return resolve(
        _chosen(root, str(config.get("profile") or ""), str(config.get("agent") or "")),
        dials(config),
        phase_models(config.get("phase_model") or ()),
    )


def profiles(root: Path) -> dict[str, Profile]:
    """Return every profile by name: built-in, then the user's, then those of the project."""
    found: dict[str, Profile] = {}
    for source, path in layers(root):
        found |= _read(path, source, found)
    return found


def layers(root: Path) -> list[tuple[str, Path]]:
    """Return the files that may hold profiles, weakest first, each with the name of its layer."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return [
        ("built-in", Path(__file__).with_name("profiles.toml")),
        ("user", Path(home) / "megaplan" / "profiles.toml"),
        ("project", root / ".megaplan" / "profiles.toml"),
    ]


def choose(known: Mapping[str, Profile], name: str) -> Profile:
    """Return the profile called `name`, an older name included.

    Raises InputError `unknown_profile` with the names there are.
    """
    found = known.get(name) or known.get(ALIASES.get(name, ""))
    if found is None:
        near = get_close_matches(name, known, n=1)
        suggestion = f"Did you mean {near[0]!r}? " if near else ""
        raise InputError(
            "unknown_profile",
            f"there is no profile {name!r}",
            hint=f"{suggestion}Profiles here: {', '.join(sorted(known))}",
            details={"profiles": sorted(known)},
        )
    return found


def dials(config: Mapping[str, Any]) -> Dials:
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


def _chosen(root: Path, profile: str, agent: str) -> Profile:
    if agent and not profile:
        return Profile("", "agent", dict.fromkeys(PHASES, parse_spec(agent, "--agent")))
    return choose(profiles(root), profile or DEFAULT_PROFILE)


def _read(path: Path, source: str, below: Mapping[str, Profile]) -> dict[str, Profile]:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError("invalid_profile", f"{path}: {error}") from error
    tables = document.get("profiles", {})
    if not isinstance(tables, dict):
        raise InputError("invalid_profile", f"{path}: `profiles` is not a table")
    found: dict[str, Profile] = {}
    for name, table in tables.items():
        found[name] = _profile(name, table, f"{path}: profiles.{name}", {**below, **found}, source)
    return found


def _profile(
    name: str, table: Any, where: str, known: Mapping[str, Profile], source: str
) -> Profile:
    if not isinstance(table, dict):
        raise InputError("invalid_profile", f"{where} is not a table")
    for key in table:
        if key not in METADATA and key not in PHASES:
            near = get_close_matches(key, [*PHASES, *METADATA], n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"Phases: {', '.join(PHASES)}"
            raise InputError("invalid_profile", f"{where}: unknown key {key!r}", hint=hint)
    base = choose(known, table["extends"]) if "extends" in table else None
    phases = dict(base.phases) if base else {}
    if "default" in table:
        phases |= dict.fromkeys(PHASES, _spec(table["default"], f"{where}.default"))
    phases |= {key: _spec(table[key], f"{where}.{key}") for key in table if key in PHASES}
    if missing := [phase for phase in PHASES if phase not in phases]:
        fallback = known[DEFAULT_PROFILE].phases if DEFAULT_PROFILE in known else {}
        phases |= {phase: fallback[phase] for phase in missing if phase in fallback}
    return Profile(
        name=name,
        source=source,
        phases={phase: phases[phase] for phase in PHASES},
        locked=bool(table.get("vendor_locked", base.locked if base else False)),
        description=str(table.get("description", "")),
    )


def _spec(value: Any, where: str) -> AgentSpec:
    if not isinstance(value, str):
        raise InputError("invalid_profile", f"{where} is not a string")
    return parse_spec(value, where)


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
