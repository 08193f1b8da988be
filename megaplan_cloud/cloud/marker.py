"""A marker: what this machine remembers of a box and of the last chain it was given."""

import json
from pathlib import Path
from typing import Any

from megaplan_cloud.cloud.settings import Settings


def volume_id(settings: Settings) -> str:
    """Return the identity of the box's volume; nothing when this machine never met it."""
    return str(_read(settings, "box.json").get("volume_id", ""))


def last_chain(settings: Settings) -> dict[str, Any]:
    """Return the marker of the last chain; an empty one when there is none that can be read."""
    return _read(settings, "last_chain.json")


def _read(settings: Settings, name: str) -> dict[str, Any]:
    """Return a marker; reading makes nothing, and a broken file is as good as none."""
    try:
        found = json.loads(Path(settings["box.marker_dir"], name).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
