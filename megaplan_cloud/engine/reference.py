"""The reference of the language: pages and schemas that are made of other files, never by hand.

`python -m megaplan_cloud.engine.reference` writes them anew; a test fails when one is stale.
"""

import json
from pathlib import Path

from megaplan_cloud.engine import schema
from megaplan_cloud.house import house


def action_task() -> str:
    """Return `action_task.schema.json` with a key for each schema in `schemas/actions/`."""
    document = schema.document("action_task")
    schemas = house() / "schemas"
    names = sorted(path.name.removesuffix(schema.SUFFIX) for path in schemas.glob("actions/*"))
    document["properties"] = schema.keywords(document["properties"])
    for name in names:
        document["properties"] |= schema.action_keys(name, schemas)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def made() -> dict[Path, str]:
    """Return the files that are made, and what must be in them."""
    return {house() / "schemas" / schema.ACTION_TASK: action_task()}


def main() -> None:
    """Write every file that is made."""
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
