"""The lookups: what a template may read of the machine the playbook is played from."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from jinja2.runtime import Context

from megaplan_cloud.engine.redaction import sounds_secret
from megaplan_cloud.engine.scope import Scope
from megaplan_cloud.engine.secret import Secret


@pass_context
def lookup(context: Context, kind: str, *terms: str, **options: Any) -> Any:
    """Return what `query` finds, as one value: several are joined with commas."""
    found = query(context, kind, *terms, **options)
    return found[0] if len(found) == 1 else ",".join(map(str, found))


@pass_context
def query(context: Context, kind: str, *terms: str, **options: Any) -> list[Any]:
    """Return one value per term: of an environment variable (`env`), or of a file (`file`)."""
    match kind:
        case "env":
            return [_variable(term, **options) for term in terms]
        case "file":
            return [_file(context, term, **options) for term in terms]
        case _:
            raise ValueError(f"there is no lookup '{kind}'; the language has 'env' and 'file'")


def _variable(name: str, default: Any = "") -> Any:
    """Return an environment variable; a `Secret` when its name says that it is one."""
    value = os.environ.get(name, default)
    return Secret(value) if sounds_secret(name) and isinstance(value, str) and value else value


def _file(context: Context, name: str, *, rstrip: bool = True, lstrip: bool = False) -> str:
    """Return the text of a file here, beside the role or the playbook unless absolute."""
    names: object = context.parent  # see `jinja.Reading`
    if isinstance(names, Scope):
        names.settle_files()
    places = [Path("/")] if Path(name).is_absolute() else list(_places(context))
    for path in (place / name for place in places):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            text = text.rstrip() if rstrip else text
            return text.lstrip() if lstrip else text
    raise ValueError(f"there is no file '{name}' in {', '.join(map(str, places))}")


def _places(context: Context) -> Iterator[Path]:
    for variable in ("role_path", "playbook_dir"):
        value = context.resolve(variable)
        if isinstance(value, str):
            yield Path(value, "files")
            yield Path(value)


GLOBALS = {"lookup": lookup, "query": query, "q": query}
