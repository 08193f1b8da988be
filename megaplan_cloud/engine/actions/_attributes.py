"""Owner, group and mode of a file: what a task asks for, and what the far side says of it."""

import re
from collections.abc import Mapping
from typing import Any

from megaplan_cloud.engine.errors import PlaybookError

SHIFT = {"u": 6, "g": 3, "o": 0}
SPECIAL = {"u": 0o4000, "g": 0o2000, "o": 0o1000}
CLAUSE = re.compile(r"([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)")
CHANGE = re.compile(r"([-+=])([ugo]|[rwxXst]*)")
NUMBERS = ("uid", "gid", "size")


def wanted(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the variables that tell a program which owner, group and mode to set."""
    mode = arguments.get("mode")
    return {
        "owner": arguments.get("owner"),
        "group": arguments.get("group"),
        "mode": None if mode is None else mode_expression(mode),
    }


def directory_mode(arguments: Mapping[str, Any]) -> str | None:
    """Return the mode of folders that have to be made, as arithmetic; None leaves it to umask."""
    mode = arguments.get("directory_mode")
    return None if mode is None else mode_expression(mode)


def mode_expression(mode: Any) -> str:
    """Return the mode as arithmetic over the present one, which only the far side knows.

    In it `m` is the present mode, `k` the umask, and `x` says whether `X` means execute.
    """
    if not isinstance(mode, str):
        spelling = f'"0{mode:o}"' if isinstance(mode, int) else '"0644"'
        raise _unreadable(mode, f"Write it as a quoted string, such as {spelling}.")
    if re.fullmatch(r"[0-7]{1,5}", mode):
        return str(int(mode, 8))
    expression = "m"
    for clause in mode.split(","):
        found = CLAUSE.fullmatch(clause)
        if not found:
            raise _unreadable(mode, 'Write it as "0644" or as "u=rw,g=r,o=r".')
        for operator, permissions in CHANGE.findall(found[2]):
            expression = _changed(expression, found[1], operator, permissions)
    return expression


def _unreadable(mode: Any, hint: str) -> PlaybookError:
    mark = getattr(mode, "mark", None)
    return PlaybookError(f"{mode!r} is not a file mode.", mark=mark, hint=hint)


def _changed(before: str, who: str, operator: str, permissions: str) -> str:
    users = "ugo" if not who or "a" in who else who
    bits = "|".join(_bits(user, permissions) for user in users)
    if not who:
        bits = f"({bits})&~k"
    match operator:
        case "+":
            return f"({before}|({bits}))"
        case "-":
            return f"({before}&~({bits}))"
        case _:
            mask = sum(7 << SHIFT[user] | SPECIAL[user] for user in set(users))
            return f"({before}&~{mask}|({bits}))"


def _bits(user: str, permissions: str) -> str:
    shift = SHIFT[user]
    if permissions in SHIFT and permissions:
        return f"(m>>{SHIFT[permissions]}&7)<<{shift}"
    fixed = sum(
        {"r": 4, "w": 2, "x": 1}[letter] << shift for letter in set(permissions) & set("rwx")
    )
    if ("s" in permissions and user != "o") or ("t" in permissions and user == "o"):
        fixed |= SPECIAL[user]
    return f"{fixed}|(x?{1 << shift}:0)" if "X" in permissions else str(fixed)


def described(answer: Mapping[str, str]) -> dict[str, Any]:
    """Return what a program said of the file as a playbook reads it: `mode` is like `0644`."""
    shown: dict[str, Any] = {
        key: value for key, value in answer.items() if key in ("state", "owner", "group")
    }
    if "mode" in answer:
        shown["mode"] = f"{int(answer['mode']):04o}"
    return shown | {key: int(answer[key]) for key in NUMBERS if key in answer}


def attribute_diff(path: str, answer: Mapping[str, str]) -> dict[str, Any]:
    """Return what changed of the file's attributes: `before` and `after` as Ansible has them."""
    sides: dict[str, dict[str, Any]] = {"before": {"path": path}, "after": {"path": path}}
    for key, value in answer.items():
        side, _, name = key.partition(".")
        if side in sides and name:
            sides[side][name] = f"{int(value):04o}" if name == "mode" else value
    return sides
