"""The reference page of cloud.yaml, written from its schema and the providers' folders."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from megaplan_cloud.cloud import cloud_schema, provider
from megaplan_cloud.house import house

HEAD = """\
# cloud.yaml

<!-- Written by `make docs` from schemas/cloud.schema.json and roles/*/meta: edit those. -->

What a box is, where it runs and what it works on. `invoke init` writes one with comments,
`invoke validate` checks it: an unknown key, a wrong value and values that do not fit together are
errors with file, line and column. One line is enough:

```yaml
repo: {url: https://github.com/your/repository.git}
```

Every key is a variable of the playbooks: `{{ ssh.host }}` is `ssh: {host: …}`. Values are taken as
they are: no `$VAR`, no `~` and no template is expanded in this file. `/workspace` is the box's
volume, wherever the provider keeps it.

"""
RULES = """\
## What must fit together

* Each checkout lies under `/workspace`, and none is, or is inside, another's path.
* `mode: auto` needs `auto:`, `mode: chain` needs `chain:`.
* A session is named with letters, digits, `_` and `-`; `agent` and `health` are the box's own.
* `megaplan.source: git` needs `megaplan.repo`.
* `resources.port: 0`, any free port, is for `provider: process`.
* `provider: fly` is kept for a later release.
* `secrets` are names. A value comes from the environment of `invoke deploy`; where it has none, or
  an empty one, the box keeps its own; where neither has one, the deploy is refused by name.

## A provider of your own

A folder `roles/<name>/` beside cloud.yaml, with `meta/main.yml` (how its places are reached),
`meta/arguments.schema.json` (its block here), `defaults/main.yml` and `tasks/`, is a provider:
`provider: <name>`. No Python is needed.
"""


def cloud_yaml_page() -> str:
    """Return docs/cloud-yaml.md."""
    schema = cloud_schema.base()
    search = (house() / "roles",)
    blocks = provider.names(search)
    parts = [HEAD, "## Keys\n", "\n".join(_table(_own_keys(schema, blocks), {})), "\n"]
    for key, rule in _own_keys(schema, blocks).items():
        inner = rule if "properties" in rule else rule.get("items", {})
        if "properties" in inner:
            parts.append(_section(key, rule, inner, {}))
    for name in blocks:
        arguments = provider.arguments(name, search)
        defaults = provider.load(name, search).defaults.get(name, {})
        parts.append(_section(name, arguments, arguments, defaults))
    return "\n".join([*parts, RULES])


def write(folder: Path) -> Path:
    """Write the page into a folder of docs and return its path."""
    path = folder / "cloud-yaml.md"
    path.write_text(cloud_yaml_page(), encoding="utf-8")
    return path


def _own_keys(schema: Mapping[str, Any], blocks: list[str]) -> dict[str, Any]:
    """Return the top keys that are no provider's block."""
    return {key: rule for key, rule in schema["properties"].items() if key not in (*blocks, "fly")}


def _section(
    name: str, rule: Mapping[str, Any], inner: Mapping[str, Any], defaults: Mapping[str, Any]
) -> str:
    lines = [f"## {name}", "", rule["description"], "", *_table(inner["properties"], defaults)]
    required = inner.get("required", [])
    if required:
        lines += ["", f"Needed: {', '.join(f'`{key}`' for key in required)}."]
    return "\n".join([*lines, ""])


def _table(properties: Mapping[str, Any], defaults: Mapping[str, Any]) -> Iterator[str]:
    yield "| key | type | default | meaning |"
    yield "|---|---|---|---|"
    for key, rule in properties.items():
        if "$ref" not in rule:
            default = _default(rule.get("default", defaults.get(key)))
            yield f"| `{key}` | {_type(rule)} | {default} | {rule['description']} |"


def _default(value: Any) -> str:
    """Return a default as it would be written; nothing for one that is worked out."""
    if value is None or "{{" in str(value):
        return ""
    return f"`{json.dumps(value, ensure_ascii=False) if not isinstance(value, str) else value}`"


def _type(rule: Mapping[str, Any]) -> str:
    if "enum" in rule:
        return ", ".join(f"`{value}`" for value in rule["enum"])
    words = {"string": "text", "integer": "number", "object": "mapping", "array": "list"}
    kind = str(rule.get("type", ""))
    return words.get(kind, kind)
