"""Wait until a port answers, a file is there or holds a text, or until it is gone.

In check mode nothing is waited for.

    - name: The health server answers
      wait_for:
        port: 8080
        timeout: 60

    - name: The box says that it has booted
      wait_for:
        path: /workspace/boot.log
        search_regex: ready in ([0-9]+) s
      register: boot
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions._ere import posix_expression
from megaplan_cloud.engine.actions._path import far_path
from megaplan_cloud.engine.actions._program import Word, assignments, failure, fields, program
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

GONE = ("absent", "stopped")


def action(context: "Context", arguments: Mapping[str, Any]) -> Result | Step:
    """Wait for what the arguments say, at most `timeout` seconds."""
    if context.check:
        return Result(skipped=True, unknown="a wait that is not waited in check mode")
    known = assignments(
        host=arguments.get("host", "127.0.0.1"),
        port=arguments.get("port"),
        path=Word(far_path(arguments.get("path") or "")),
        regex=_pattern(arguments),
        gone=arguments.get("state", "started") in GONE,
        timeout=int(arguments.get("timeout", 300)),
        delay=arguments.get("delay", 0),
        pause=arguments.get("sleep", 1),
        connect=arguments.get("connect_timeout", 5),
    )
    command = Command((known,), program=program("wait_for"))
    return Step(command, lambda completed: _read(completed, arguments))


def _pattern(arguments: Mapping[str, Any]) -> str | None:
    """Return `search_regex` for the far side's awk; PlaybookError if it cannot look for it."""
    pattern = arguments.get("search_regex")
    mark = getattr(pattern, "mark", None)
    if pattern is None:
        return None
    if "path" not in arguments:
        raise PlaybookError("`search_regex` needs a `path` to search in.", mark=mark)
    try:
        re.compile(pattern)
    except re.error as error:
        raise PlaybookError(
            f"'{pattern}' is not a regular expression: {error}.", mark=mark
        ) from error
    translated = posix_expression(pattern)
    if translated is None:
        raise PlaybookError(
            f"'{pattern}' cannot be searched for at the place.",
            mark=mark,
            hint="Leave out look-around, \\b and references, or use `slurp` with `until`.",
        )
    return translated


def _read(completed: Completed, arguments: Mapping[str, Any]) -> Result:
    answer = fields(completed.stdout)
    if completed.rc:
        return failure(completed, answer)
    values: dict[str, Any] = {"elapsed": int(answer["elapsed"])}
    if "late" in answer:
        msg = arguments.get("msg") or f"Timeout when waiting for {_awaited(arguments)}"
        return Result(failed=True, msg=msg, duration=completed.duration, values=values)
    values |= {name: arguments.get(name) for name in ("port", "path", "search_regex")}
    if "path" not in arguments:
        values["state"] = arguments.get("state", "started")
    found = re.search(arguments.get("search_regex") or "", answer.get("line", ""))
    values["match_groups"] = list(found.groups()) if found else []
    values["match_groupdict"] = found.groupdict() if found else {}
    return Result(duration=completed.duration, values=values)


def _awaited(arguments: Mapping[str, Any]) -> str:
    """Return what was waited for, in words."""
    gone = arguments.get("state") in GONE
    if "port" in arguments:
        place = f"{arguments.get('host', '127.0.0.1')}:{arguments['port']}"
        return f"{place} to stop." if gone else place
    if "search_regex" in arguments:
        return f"search string {arguments['search_regex']} in {arguments['path']}"
    return f"{arguments['path']} to be absent." if gone else f"file {arguments['path']}"
