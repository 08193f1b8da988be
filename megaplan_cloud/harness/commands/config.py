"""`megaplan config`: the user's settings, and the profiles there are."""

import argparse
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import agent_spec, config, profiles
from megaplan_cloud.harness import arguments as common
from megaplan_cloud.harness.payload import Payload
from megaplan_cloud.harness.profiles import Profile


def add_parser(subparsers: Any) -> None:
    """Add the command to the program."""
    parser = subparsers.add_parser("config", help="show or change the settings")
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    common.add_common(actions.add_parser("show", help="show the settings"))
    setting = actions.add_parser("set", help="change a setting")
    common.add_common(setting)
    setting.add_argument("key")
    setting.add_argument("value")
    common.add_common(actions.add_parser("reset", help="remove every setting"))
    known = actions.add_parser("profiles", help="the profiles").add_subparsers(
        dest="profiles_action", required=True, metavar="ACTION"
    )
    common.add_common(known.add_parser("list", help="list the profiles"))
    shown = known.add_parser("show", help="show one profile")
    common.add_common(shown)
    shown.add_argument("name")
    common.add_routing(shown)


def run(arguments: argparse.Namespace) -> Payload:
    """Show or change what is asked for."""
    root = common.root_of(arguments)
    match arguments.action:
        case "show":
            return _show(root)
        case "set":
            value = config.set_user(arguments.key, arguments.value)
            return _answer("config set", {"key": arguments.key, "value": value})
        case "reset":
            config.reset_user()
            return _answer("config reset", {})
    if arguments.profiles_action == "list":
        found = [_profile(each) for each in profiles.profiles(root).values()]
        return _answer("config profiles list", {"project_dir": str(root), "profiles": found})
    return _one(root, arguments)


def _show(root: Path) -> Payload:
    settings = config.user_config()
    chosen = str(settings.get("defaults.profile", profiles.DEFAULT_PROFILE))
    routing = profiles.routing(root, {"profile": chosen})
    document = {
        "root": str(root),
        "routing": {phase: str(spec) for phase, spec in routing.items()},
        "effective_settings": {**config.DEFAULTS, "profile": chosen, **settings},
        "raw_config": settings,
        "settings": dict(config.SETTINGS),
        "agents": agent_spec.agents(),
        "orchestration": {"mode": "inline"},
    }
    return _answer("config show", document)


def _one(root: Path, arguments: argparse.Namespace) -> Payload:
    chosen = profiles.choose(profiles.profiles(root), arguments.name)
    given = common.routing(arguments) | {"profile": chosen.name}
    resolved = {phase: str(spec) for phase, spec in profiles.routing(root, given).items()}
    return _answer("config profiles show", _profile(chosen) | {"resolved": resolved})


def _profile(each: Profile) -> dict[str, Any]:
    return {
        "source": each.source,
        "name": each.name,
        "description": each.description,
        "vendor_locked": each.locked,
        "phases": {phase: str(spec) for phase, spec in each.phases.items()},
    }


def _answer(step: str, document: dict[str, Any]) -> Payload:
    path = str(config.config_path())
    summary = f"{step}: {path}"
    head = {"success": True, "step": step, "config_path": path, "summary": summary}
    return Payload(head | document, lines=(summary,))
