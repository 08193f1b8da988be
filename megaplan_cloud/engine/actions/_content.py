"""The content of a file on its way to a place: sent, compared there, and shown as a difference."""

import hashlib
import shlex
from collections.abc import Mapping
from typing import Any

from megaplan_cloud.engine.actions._attributes import attribute_diff, described, wanted
from megaplan_cloud.engine.actions._path import far_path
from megaplan_cloud.engine.actions._program import Word, fields, stopped
from megaplan_cloud.engine.command import Completed
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.result import Result
from megaplan_cloud.engine.secret import Secret

SHOWN = 104_448


def landing(arguments: Mapping[str, Any], dest: str) -> dict[str, Any]:
    """Return the variables of a program that lands content at `dest`."""
    return {
        "dest": Word(far_path(dest)),
        "validate": validation(arguments.get("validate")),
        "backup": arguments.get("backup", False),
        **wanted(arguments),
    }


def validation(command: str | None) -> str | None:
    """Return the shell text that judges a new file before it lands; `%s` stands for the file."""
    if command is None:
        return None
    if "%s" not in command:
        raise PlaybookError(
            "`validate` must contain %s, which stands for the new file.",
            mark=getattr(command, "mark", None),
        )
    words = shlex.split(command)
    return " ".join('"$tmp"'.join(map(_quoted, word.split("%s"))) for word in words)


def _quoted(text: str) -> str:
    return shlex.quote(text) if text else ""


def landed(completed: Completed, after: str | None, *, diff: bool) -> Result:
    """Return the result of a program that landed content; `after` is the content if known here."""
    answer = fields(completed.stdout)
    if result := stopped(completed, answer):
        return result
    values = described(answer)
    for name in ("dest", "checksum", "backup_file"):
        if name in answer:
            values[name] = answer[name]
    if diff:
        values["diff"] = differences(answer["dest"], answer, after)
    return Result(
        changed="changed" in answer,
        msg=answer.get("msg", ""),
        duration=completed.duration,
        values=values,
    )


def differences(path: str, answer: Mapping[str, str], after: str | None) -> list[dict[str, Any]]:
    """Return what changed, as Ansible has it: the content, then the attributes."""
    shown = []
    if "content" in answer and (after is not None or "after" in answer):
        shown.append(_content(path, answer, after))
    attributes = attribute_diff(path, answer)
    if len(attributes["after"]) > 1:
        header = f"{path} (file attributes)"
        shown.append(attributes | {"before_header": header, "after_header": header})
    return shown


def _content(path: str, answer: Mapping[str, str], after: str | None) -> dict[str, Any]:
    before = answer.get("before", "x").removesuffix("x")
    new: str = answer.get("after", "x").removesuffix("x") if after is None else after
    hidden = answer.get("before.hidden") or answer.get("after.hidden") or _unfit(new)
    if hidden:
        return {"before_header": path, "after_header": path, "hidden": hidden}
    if isinstance(new, Secret):
        before = Secret(before)
    return {"before": before, "after": new, "before_header": path, "after_header": path}


def _unfit(text: str) -> str:
    if len(text) > SHOWN:
        return "too large to be shown"
    return "binary" if str.__contains__(text, "\0") else ""


def sha1(content: bytes) -> str:
    """Return the checksum that Ansible gives of content, and the far side compares."""
    return hashlib.sha1(content, usedforsecurity=False).hexdigest()
