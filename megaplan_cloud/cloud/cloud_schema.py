"""The schema of cloud.yaml: the house's own, and the block of each provider as its role says."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from megaplan_cloud.cloud import provider
from megaplan_cloud.house import house

DEFAULT_PROVIDER = "process"


def base() -> dict[str, Any]:
    """Return schemas/cloud.schema.json as it is: a provider's block is a `$ref`."""
    text = (house() / "schemas" / "cloud.schema.json").read_text(encoding="utf-8")
    schema: dict[str, Any] = json.loads(text)
    return schema


def composed(written: Mapping[str, Any], search: Sequence[Path]) -> dict[str, Any]:
    """Return the schema that a cloud.yaml must obey.

    Each `$ref` is replaced by the role's arguments; a provider that the operator keeps in
    `./roles` is known by its folder alone.
    """
    schema = base()
    known = provider.names(search)
    properties = schema["properties"]
    for name in known:
        properties[name] = provider.arguments(name, search)
    own = [name for name in known if name not in properties["provider"]["enum"]]
    properties["provider"]["enum"] += own
    chosen = written.get("provider", DEFAULT_PROVIDER)
    if chosen in known and properties[chosen].get("required"):
        schema["required"] = [*schema["required"], chosen]
    return schema


def with_item_defaults(written: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values with the defaults of each list's items filled in."""
    filled = dict(written)
    for key, value in written.items():
        items = schema["properties"].get(key, {}).get("items", {})
        if isinstance(value, list) and (left_out := defaults(items)):
            filled[key] = [{**left_out, **item} for item in value]
    return filled


def defaults(schema: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value that each key has when it is left out, mappings filled to the bottom."""
    found: dict[str, Any] = {}
    for key, rule in schema.get("properties", {}).items():
        if "default" in rule:
            found[key] = rule["default"]
        elif key not in {"auto", "chain", "fly"} and (inner := defaults(rule)):
            found[key] = inner
    return found
