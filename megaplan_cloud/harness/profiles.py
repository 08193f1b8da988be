"""Profiles: which agent answers in which phase, and the dials that shift them."""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import dials
from megaplan_cloud.harness.agent_spec import PHASES, AgentSpec, parse_spec, phase_models
from megaplan_cloud.harness.dials import NO_DIALS, Dials
from megaplan_cloud.harness.errors import InputError

ALIASES: Mapping[str, str] = {"basic": "solo", "led": "directed"}
DEFAULT_PROFILE = "partnered"
METADATA = frozenset({"description", "default", "extends", "vendor_locked", "tier_models"})


@dataclass(frozen=True, slots=True)
class Profile:
    """A named choice of agents. `source` is `built-in`, `user` or `project`."""

    name: str
    source: str
    phases: Mapping[str, AgentSpec]
    locked: bool = False
    description: str = ""


def resolve(
    profile: Profile, given: Dials = NO_DIALS, phase_model: Mapping[str, AgentSpec] | None = None
) -> dict[str, AgentSpec]:
    """Return who answers in each phase.

    Dials are applied in the order vendor, depth, critic, provider; a locked profile keeps its
    vendors and critic. `phase_model` is stronger than all of them.
    """
    return dials.turn(profile.phases, given, locked=profile.locked) | dict(phase_model or {})


def routing(root: Path, config: Mapping[str, Any]) -> dict[str, AgentSpec]:
    """Return who answers in each phase for a plan's `config`, with the profiles `root` sees.

    `phase_model` is stronger than `profile`, and that than one `agent` for every phase.
    """
    return resolve(
        _chosen(root, str(config.get("profile") or ""), str(config.get("agent") or "")),
        dials.read(config),
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
    base = choose(known, str(table["extends"])) if "extends" in table else None
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
