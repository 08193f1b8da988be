"""The vocabulary of the operator's playbooks: the actions and the variables that they may use."""

from collections.abc import Mapping
from typing import Any

from megaplan_cloud.cloud import cloud_schema
from megaplan_cloud.cloud.marker import volume_id
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.engine.action import ActionTable, find_actions
from megaplan_cloud.house import house


def actions() -> ActionTable:
    """Return the actions that the operator's playbooks may use."""
    return find_actions("megaplan_cloud.engine.actions", "megaplan_cloud.cloud.actions")


def vocabulary(settings: Settings, more: Mapping[str, Any]) -> dict[str, Any]:
    """Return every variable of a command's playbook: the settings, the box, and its own.

    A section of cloud.yaml that is left out and has no default is none.
    """
    box = {
        **settings["box"],
        "enter": list(settings.places.get("box", {}).get("enter", [])),
        "needs": [dict(need) for need in settings.provider.meta.get("needs", [])],
        "volume_id": volume_id(settings),
        "schemas": str(house() / "schemas"),
    }
    left_out = dict.fromkeys(cloud_schema.base()["properties"])
    return {**left_out, **settings.variables, **more, "box": box}
