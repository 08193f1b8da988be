"""A path at the place where a task runs, written so that the far side can expand it."""

import re
import shlex

from megaplan_cloud.engine.context import refuse_secrets

VARIABLE = re.compile(r"\$(?:\{([A-Za-z_]\w*)\}|([A-Za-z_]\w*))", re.ASCII)
HOME = re.compile(r"~([A-Za-z0-9_.][A-Za-z0-9_.-]*)?(?=/|$)")


def far_path(path: str) -> str:
    """Return a shell word for `path`: `~` and `$NAME` are expanded there, all else is literal.

    A name that is not set stays as it is written; a leading dash cannot be taken for an option.
    """
    refuse_secrets((path,))
    if path.startswith("-"):
        return shlex.quote(f"./{path}")
    home = HOME.match(path)
    start = home.end() if home else 0
    return path[:start] + _with_variables(path[start:])


def is_plain(path: str) -> bool:
    """Say whether `path` names a file without anything to expand."""
    return "$" not in path and not path.startswith(("~", "-"))


def _with_variables(path: str) -> str:
    pieces, end = [], 0
    for found in VARIABLE.finditer(path):
        pieces += [_quoted(path[end : found.start()]), _expanded(found[1] or found[2], found[0])]
        end = found.end()
    return "".join([*pieces, _quoted(path[end:])])


def _expanded(name: str, written: str) -> str:
    literal = written.replace("$", r"\$").replace("}", r"\}")
    return f'"${{{name}-{literal}}}"'


def _quoted(text: str) -> str:
    return shlex.quote(text) if text else ""
