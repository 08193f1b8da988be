"""The reference of the language: pages and schemas that are made of other files, never by hand.

`python -m megaplan_cloud.engine.reference` writes them anew; a test fails when one is stale. In a
page, what stands between `<!-- made: name -->` and `<!-- end -->` is made.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from megaplan_cloud.engine import schema
from megaplan_cloud.engine.action import ActionTable, find_actions
from megaplan_cloud.engine.reader import SHARED
from megaplan_cloud.house import house

MADE = re.compile(r"(<!-- made: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
LOOPS = ("loop", "loop_control")


def made() -> dict[Path, str]:
    """Return the files that are made, and what must be in them."""
    return {
        house() / "schemas" / schema.ACTION_TASK: action_task(),
        house() / "docs" / "language.md": language_page(),
    }


def action_task() -> str:
    """Return `action_task.schema.json` with a key for each schema in `schemas/actions/`."""
    document = schema.document("action_task")
    document["properties"] = schema.keywords(document["properties"])
    for name in _described_actions():
        document["properties"] |= schema.action_keys(name)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def language_page() -> str:
    """Return `docs/language.md` with its tables made anew."""
    page = (house() / "docs" / "language.md").read_text(encoding="utf-8")
    return MADE.sub(lambda found: f"{found[1]}\n{PARTS[found[2]]()}\n{found[3]}", page)


def _described_actions() -> list[str]:
    files = (house() / "schemas" / "actions").glob(f"*{schema.SUFFIX}")
    return sorted(path.name.removesuffix(schema.SUFFIX) for path in files)


def _play() -> str:
    return _table(schema.document("play")["properties"])


def _shared() -> str:
    properties = schema.document("block")["properties"]
    return _table({key: part for key, part in properties.items() if key in SHARED})


def _task() -> str:
    properties = schema.keywords(schema.document("action_task")["properties"])
    return _table({key: part for key, part in properties.items() if key not in SHARED})


def _statements() -> str:
    rows = []
    for name in ("block", "import_tasks", "include_tasks", "include_role"):
        properties = schema.document(name)["properties"]
        own = [key for key in properties if key not in {*SHARED, *LOOPS} and "." not in key]
        loop = "yes" if "loop" in properties else "no"
        rows.append((f"`{name}`", _keys(own), loop, schema.document(name)["description"]))
    return _rows(("statement", "keys of its own", "`loop`", "meaning"), rows)


def _role_entry() -> str:
    return _table(_mapping_form(schema.document("role_use"))["properties"])


def _role_meta() -> str:
    return _table(schema.document("role")["properties"])


def _place() -> str:
    return _table(schema.document("role")["definitions"]["place"]["properties"])


def _refused() -> str:
    advice = {
        key: text
        for name in ("play", "action_task")
        for key, text in schema.document(name)["x-refused"].items()
    }
    rows = [(f"`{key}`", text) for key, text in sorted(advice.items())]
    return _rows(("refused", "instead"), rows)


def _actions() -> str:
    table = find_actions("megaplan_cloud.engine.actions")
    return "\n".join(_action(name, table) for name in sorted(table))


def _action(name: str, table: ActionTable) -> str:
    """Return the section of one action: its docstring, its example and its arguments."""
    document = schema.document(f"actions/{name}")
    example = table.example(name)
    first = example.splitlines()[0]
    prose = table.docstring(name).split(first)[0].strip()
    origin = "As in Ansible." if document["x-ansible"] else "Ours; Ansible has no such module."
    words = document.get("x-expected")
    form = f" It takes {words}." if words else ""
    properties = _mapping_form(document)["properties"]
    arguments = _table(properties) if properties else "Any names and values.\n"
    return f"### {name}\n\n{prose}\n\n*{origin}*{form}\n\n```yaml\n{example}```\n\n{arguments}"


def _mapping_form(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema of the mapping, where other forms are allowed too."""
    forms = [form for form in document.get("anyOf", ()) if "properties" in form]
    return forms[0] if forms else document


def _table(properties: Mapping[str, Any]) -> str:
    rows = [
        (f"`{key}`", _default(part), part.get("description", ""))
        for key, part in properties.items()
        if "." not in key and "not" not in part
    ]
    if any(default for _, default, _ in rows):
        return _rows(("key", "default", "meaning"), rows)
    return _rows(("key", "meaning"), [(key, meaning) for key, _, meaning in rows])


def _default(part: Mapping[str, Any]) -> str:
    return f"`{json.dumps(part['default'], ensure_ascii=False)}`" if "default" in part else ""


def _keys(keys: list[str]) -> str:
    return " ".join(f"`{key}`" for key in keys)


def _rows(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "".join(f"| {' | '.join(map(_cell, line))} |\n" for line in lines)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


PARTS: Mapping[str, Callable[[], str]] = {
    "play": _play,
    "shared": _shared,
    "task": _task,
    "statements": _statements,
    "role_entry": _role_entry,
    "role_meta": _role_meta,
    "place": _place,
    "refused": _refused,
    "actions": _actions,
}


def stale() -> Iterator[Path]:
    """Yield the made files that are not what they must be."""
    for path, text in made().items():
        if path.read_text(encoding="utf-8") != text:
            yield path


def main() -> None:
    """Write every file that is made."""
    for path, text in made().items():
        path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
