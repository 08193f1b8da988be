"""The settings of plans: what a plan is created with, and the user's own defaults."""

import json
import os
from collections.abc import Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import workflow
from megaplan_cloud.harness.errors import InputError
from megaplan_cloud.harness.profiles import routing
from megaplan_cloud.harness.write import write_json

# Keys of state.json's `config`, each with the kinds its value may have.
PLAN_KEYS: Mapping[str, tuple[type, ...]] = {
    "project_dir": (str,),
    "auto_approve": (bool,),
    "robustness": (str,),
    "agent": (str,),
    "mode": (str,),
    "profile": (str,),
    "vendor": (str,),
    "depth": (str,),
    "critic": (str,),
    "deepseek_provider": (str,),
    "with_prep": (bool,),
    "with_feedback": (bool,),
    "prep_direction": (str,),
    "phase_model": (list,),
    "test_command": (str,),
    "test_timeout": (int, float),
    "notes": (str,),
}
DEFAULTS: Mapping[str, Any] = {"auto_approve": False, "robustness": "light", "mode": "code"}

# What `megaplan config set` accepts, with the meaning of each.
SETTINGS: Mapping[str, str] = {
    "execution.auto_approve": "true or false: execute without asking",
    "execution.robustness": "the level of new plans: bare or light",
    "execution.worker_timeout_seconds": "the longest an execute call may take (7200)",
    "execution.test_command": "the command that decides whether the work is good",
    "defaults.profile": "the profile of new plans",
    "defaults.vendor": "claude or codex",
}


def plan_config(root: Path, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the whole `config` of a new plan: what is given, over the user's, over the defaults.

    Raises InputError naming the first key that is wrong: its name, its kind, an unknown level,
    profile, phase or agent, or a project folder that is not there.
    """
    for key, value in given.items():
        _check_kind(key, value)
    chosen = {key: value for key, value in given.items() if value not in ("", None)}
    settled = {**DEFAULTS, "project_dir": str(root), **_user_defaults(), **chosen}
    settled["robustness"] = workflow.level_name(settled["robustness"])
    settled["project_dir"] = str(_folder(root, settled["project_dir"]))
    routing(root, settled)
    return settled


def config_path() -> Path:
    """Return where the user's settings are: `$XDG_CONFIG_HOME/megaplan/config.json`."""
    home = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "megaplan" / "config.json"


def user_config() -> dict[str, Any]:
    """Return the user's settings by their dotted keys; none when there is no file."""
    path = config_path()
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise InputError("invalid_config", f"{path} cannot be read: {error}") from error
    if not isinstance(found, dict):
        raise InputError("invalid_config", f"{path} does not hold a JSON object")
    for key, value in found.items():
        _check_setting(path, key, value)
    return found


def set_user(key: str, value: str) -> Any:
    """Write one of the user's settings and return the value as it is kept."""
    if key not in SETTINGS:
        near = get_close_matches(key, SETTINGS, n=1)
        told = f"Did you mean {near[0]!r}? " if near else ""
        raise InputError(
            "invalid_args",
            f"there is no setting {key!r}",
            hint=f"{told}Settings: {', '.join(SETTINGS)}",
        )
    kept = _parsed(key, value)
    write_json(config_path(), {**user_config(), key: kept}, mode=0o600)
    return kept


def reset_user() -> None:
    """Remove all of the user's settings."""
    config_path().unlink(missing_ok=True)


def _check_setting(path: Path, key: str, value: Any) -> None:
    """Refuse a setting that was written by hand and means nothing."""
    if key not in SETTINGS:
        near = get_close_matches(key, SETTINGS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Settings: {', '.join(SETTINGS)}"
        raise InputError("invalid_config", f"{path}: there is no setting {key!r}", hint=hint)
    kind = {"execution.auto_approve": bool, "execution.worker_timeout_seconds": int}.get(key, str)
    if type(value) is not kind:
        raise InputError(
            "invalid_config",
            f"{path}: {key} is {value!r}, not of the kind {kind.__name__}",
            hint=f"Write it with: megaplan config set {key} …",
        )


def _parsed(key: str, value: str) -> Any:
    if key == "execution.robustness":
        return workflow.level_name(value)
    if key == "execution.auto_approve":
        if value not in ("true", "false"):
            raise InputError("invalid_args", f"{key} is true or false, not {value!r}")
        return value == "true"
    if key == "execution.worker_timeout_seconds":
        if not value.isdecimal() or int(value) == 0:
            raise InputError("invalid_args", f"{key} is a number of seconds, not {value!r}")
        return int(value)
    return value


def _user_defaults() -> dict[str, Any]:
    """Return the user's settings under the names a plan's config has for them."""
    names = {
        "execution.auto_approve": "auto_approve",
        "execution.robustness": "robustness",
        "execution.test_command": "test_command",
        "defaults.profile": "profile",
        "defaults.vendor": "vendor",
    }
    found = user_config()
    return {name: found[key] for key, name in names.items() if key in found}


def _check_kind(key: str, value: Any) -> None:
    kinds = PLAN_KEYS.get(key)
    if kinds is None:
        near = get_close_matches(key, PLAN_KEYS, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Keys: {', '.join(PLAN_KEYS)}"
        raise InputError("invalid_args", f"a plan has no setting {key!r}", hint=hint)
    if value is not None and (
        not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds)
    ):
        wanted = " or ".join(kind.__name__ for kind in kinds)
        raise InputError("invalid_args", f"{key} is {value!r}, not {wanted}")


def _folder(root: Path, given: str) -> Path:
    folder = (root / given).resolve()
    if not folder.is_dir():
        raise InputError(
            "invalid_project_dir",
            f"{folder} is not a folder",
            hint="Give the folder the agents are to work in.",
        )
    return folder
