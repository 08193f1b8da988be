"""The arguments that commands share, and the plan that they mean."""

import argparse
import os
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import plan
from megaplan_cloud.harness.errors import HarnessError, InputError
from megaplan_cloud.harness.plan import Plan
from megaplan_cloud.harness.root import find_root

# What an agent may ask about the plan it works for; everything else would drive it.
LOOKING = frozenset({"status", "progress", "list", "audit"})
# Arguments that become keys of a plan's config, or of one run of a phase.
ROUTING = ("agent", "profile", "phase_model", "vendor", "depth", "critic", "deepseek_provider")


def add_common(parser: argparse.ArgumentParser) -> None:
    """Add what every command takes."""
    parser.add_argument(
        "--project-dir", metavar="DIR", help="the project; the present folder, if left out"
    )
    parser.add_argument("--json", action="store_true", help="accepted; JSON is always printed")


def add_plan(parser: argparse.ArgumentParser) -> None:
    """Add what a command about one plan takes."""
    add_common(parser)
    parser.add_argument(
        "--plan", metavar="NAME", help="the plan; the only one at work, if left out"
    )


def add_routing(parser: argparse.ArgumentParser) -> None:
    """Add what decides which agents answer."""
    parser.add_argument("--profile", metavar="NAME", help="a named choice of agents")
    parser.add_argument(
        "--agent", metavar="AGENT[:MODEL]", help="one agent for every phase, without a profile"
    )
    parser.add_argument(
        "--phase-model",
        metavar="PHASE=AGENT[:MODEL]",
        action="append",
        help="who answers in one phase; may be given again",
    )
    parser.add_argument("--vendor", help="claude or codex, where the profile leaves it open")
    parser.add_argument("--depth", help="how hard the authors think: minimal to max")
    parser.add_argument("--critic", help="kimi or cross")
    parser.add_argument("--deepseek-provider", help="fireworks or direct")


def routing(arguments: argparse.Namespace) -> dict[str, Any]:
    """Return the keys of config that the routing arguments give."""
    given = {name: getattr(arguments, name, None) for name in ROUTING}
    return {name: value for name, value in given.items() if value}


def root_of(arguments: argparse.Namespace) -> Path:
    """Return the root whose plans are meant. Raises InputError when there is no such folder."""
    return find_root(Path(arguments.project_dir or "."))


def plan_of(arguments: argparse.Namespace) -> Plan:
    """Return the plan that is meant. Raises InputError `missing_plan` or `ambiguous_plan`."""
    return plan.find(root_of(arguments), arguments.plan)


def refuse_recursion(command: str, root: Path) -> None:
    """Refuse to let an agent drive the plan that it works for."""
    directory = os.environ.get("MEGAPLAN_PLAN_DIR", "")
    if not directory or command in LOOKING:
        return
    project = Path(os.environ.get("MEGAPLAN_PROJECT_DIR", directory))
    if root in (Path(directory).parents[2], find_root(project) if project.is_dir() else root):
        raise HarnessError(
            "recursion_refused",
            f"an agent of {Path(directory).name} ran `megaplan {command}` on its own project",
            hint="Answer the prompt instead; whoever asked drives the plan.",
        )


def file_text(path: str, what: str) -> str:
    """Return the text of a file that an argument names. Raises InputError when it cannot be read.

    `what` says in the message which file is meant.
    """
    try:
        return Path(path).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise InputError(
            "missing_idea_file", f"{what} {path} is not there", hint="Check the path."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError("invalid_args", f"{what} {path} cannot be read: {error}") from error
