"""Make sure that a file has a line, in the place of one that matches, or that it has none.

- name: The shell of the box knows where the workspace is
  lineinfile:
    path: /root/.profile
    regexp: '^export WORKSPACE='
    line: export WORKSPACE={{ workspace }}
    create: true
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions import slurp
from megaplan_cloud.engine.actions._attributes import wanted
from megaplan_cloud.engine.actions._content import landed, landing
from megaplan_cloud.engine.actions._ere import posix_expression
from megaplan_cloud.engine.actions._lines import Edit, with_line, without_line
from megaplan_cloud.engine.actions._program import assignments, fields, program
from megaplan_cloud.engine.actions.command import as_bytes, as_word
from megaplan_cloud.engine.actions.copy import content_step
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.result import Result
from megaplan_cloud.engine.secret import Secret, holds_secret, reveal

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

PATTERNS = ("regexp", "insertafter", "insertbefore")


def barrier(arguments: Mapping[str, Any]) -> bool:
    """Say whether the file has to be read here: the far side's awk cannot judge every pattern."""
    patterns = [arguments[name] for name in PATTERNS if arguments.get(name) is not None]
    return bool(arguments.get("backrefs")) or any(_far(each) is None for each in patterns)


def action(context: "Context", arguments: Mapping[str, Any]) -> Result | Step:
    """Make `path` have `line`, or with `state: absent` none like it."""
    if refusal := _refusal(arguments):
        return Result(failed=True, msg=refusal)
    for name in PATTERNS:
        _readable(arguments.get(name))
    if barrier(arguments):
        return _edited_here(context, arguments)
    return _edited_there(context, arguments)


def _refusal(arguments: Mapping[str, Any]) -> str:
    given = {name for name, value in arguments.items() if value is not None}
    if arguments.get("state", "present") == "absent":
        if not given & {"line", "search_string", "regexp"}:
            return "one of line, search_string, or regexp is required with state=absent"
        return ""
    if arguments.get("backrefs") and "regexp" not in given:
        return "regexp is required with backrefs=true"
    return "" if "line" in given else "line is required with state=present"


def _readable(pattern: str | None) -> None:
    try:
        re.compile((pattern or "").encode())
    except re.error as error:
        mark = getattr(pattern, "mark", None)
        raise PlaybookError(
            f"'{pattern}' is not a regular expression: {error}.", mark=mark
        ) from error


def _far(pattern: str) -> str | None:
    """Return an anchor or a pattern as the far side takes it, None if it cannot."""
    return pattern if pattern in ("BOF", "EOF") else posix_expression(pattern)


def _edited_there(context: "Context", arguments: Mapping[str, Any]) -> Step:
    regexp, search = arguments.get("regexp"), arguments.get("search_string")
    anchor = arguments.get("insertafter") or arguments.get("insertbefore") or "EOF"
    known = assignments(
        check=context.check,
        diff=context.diff,
        absent=arguments.get("state") == "absent",
        create=arguments.get("create", False),
        first=arguments.get("firstmatch", False),
        after=not arguments.get("insertbefore"),
        by="regexp" if regexp is not None else "search" if search is not None else None,
        regexp=None if regexp is None else posix_expression(regexp),
        search=search,
        anchor=None if anchor == "EOF" else _far(anchor),
        **landing(arguments, arguments["path"]),
    )
    line = "" if arguments.get("line") is None else as_word(arguments["line"])
    command = Command(
        (known,), env={"line": line}, program=program("lineinfile", "attributes", "content")
    )
    return Step(command, lambda completed: _read(completed, arguments, diff=context.diff))


def _read(completed: Completed, arguments: Mapping[str, Any], *, diff: bool) -> Result:
    answer = fields(completed.stdout)
    after = None
    if diff and "content" in answer and "before.hidden" not in answer:
        before = answer.get("before", "x").removesuffix("x")
        after = _edit(before.encode(errors="surrogateescape"), arguments).content
    result = landed(completed, None if after is None else _shown(after, arguments), diff=diff)
    return result if result.failed or result.unknown else _told(result, arguments)


def _told(result: Result, arguments: Mapping[str, Any]) -> Result:
    """Return the result with `backup` and `found` as Ansible's `lineinfile` has them."""
    values = {"backup": result.values.get("backup_file", "")}
    values |= {"diff": result.values["diff"]} if "diff" in result.values else {}
    removed = re.match(r"(\d+) line", result.msg)
    if arguments.get("state") == "absent" and result.msg != "file not present":
        values["found"] = int(removed[1]) if removed else 0
    attributes_only = result.changed and not result.msg
    note = "ownership, perms or SE linux context changed" if attributes_only else result.msg
    return replace(result, msg=note, values={**values, "msg": note})


def _shown(content: bytes, arguments: Mapping[str, Any]) -> str:
    text = content.decode(errors="surrogateescape")
    return Secret(text) if holds_secret(arguments) else text


def _edit(content: bytes, arguments: Mapping[str, Any]) -> Edit:
    plain = reveal(dict(arguments))
    line = None if plain.get("line") is None else as_bytes(plain["line"])
    if plain.get("state") == "absent":
        return without_line(content, plain, line)
    return with_line(content, plain, line or b"")


def _edited_here(context: "Context", arguments: Mapping[str, Any]) -> Result | Step:
    """Read the file, edit it here and put it back: for patterns only Python understands."""
    read = slurp.action(context, {"src": arguments["path"]})
    found = read.read(context.run(read.command))
    missing = found.msg.startswith("File not found")
    if (found.failed or found.unknown) and not (missing and arguments.get("create")):
        return _unreadable(found, arguments, check=context.check)
    content = b"" if missing else base64.b64decode(found.values["content"])
    edit = _edit(content, arguments)
    if missing and not edit.msg:
        return Result(msg=edit.msg)
    given = {"follow": True, "parents": missing, "dest": arguments["path"]}
    kept = {name: arguments.get(name) for name in (*wanted({}), "validate", "backup")}
    step = content_step(context, {**kept, **given}, _shown(edit.content, arguments))
    result = step.read(context.run(step.command))
    return result if result.failed else _told(replace(result, msg=edit.msg), arguments)


def _unreadable(found: Result, arguments: Mapping[str, Any], *, check: bool) -> Result:
    path = arguments["path"]
    if "is a directory" in found.msg:
        return Result(failed=True, msg=f"Path {path} is a directory !")
    if found.msg.startswith("File not found") and arguments.get("state") == "absent":
        return Result(msg="file not present")
    if found.msg.startswith("File not found"):
        reason = f"Destination {path} does not exist !"
        return Result(unknown=reason) if check else Result(failed=True, msg=reason)
    return found
