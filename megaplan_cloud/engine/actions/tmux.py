"""Start a command in a detached tmux session of that name, or end the session.

The name is matched whole. A session that runs already is left alone. With `log`, what the command
prints is added to that file, and its exit code is written to `<log>.exit` when it ends.

    - name: The chain runs in its session
      tmux:
        session: "{{ session }}"
        command: [megaplan, chain, start, --spec, "{{ spec }}"]
        chdir: "{{ workspace }}"
        log: "{{ workspace }}/.megaplan/cloud-chain.log"
      environment:
        PYTHONUNBUFFERED: "1"
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions._path import far_path
from megaplan_cloud.engine.actions._program import Word, assignments, failure, fields, program
from megaplan_cloud.engine.actions.command import as_word
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

NAME = re.compile(r"[A-Za-z0-9_-]+")


def action(context: "Context", arguments: Mapping[str, Any]) -> Step:
    """Make `session` run `command`, or with `state: absent` end it."""
    absent = arguments.get("state") == "absent"
    known = assignments(
        session=_session(arguments["session"]),
        socket=Word(far_path(arguments.get("socket") or "")),
        chdir=Word(far_path(arguments.get("chdir") or "")),
        log=Word(far_path(arguments.get("log") or "")),
        # What a session inherits is the server's environment, not that of the task.
        names=" ".join(context.environment),
        absent=absent,
        check=context.check,
    )
    words = tuple(as_word(word) for word in arguments.get("command", ()))
    if not words and not absent:
        raise PlaybookError(
            "A tmux session needs a command to run.", mark=getattr(arguments, "mark", None)
        )
    command = Command((known, *words), program=program("tmux"))
    return Step(command, lambda completed: _read(completed, arguments.get("log")))


def _session(name: str) -> str:
    """Return the name; tmux itself would change `.` and `:` to `_` without a word."""
    if NAME.fullmatch(name):
        return name
    raise PlaybookError(
        f"'{name}' cannot be the name of a tmux session.",
        mark=getattr(name, "mark", None),
        hint="Use letters, digits, - and _.",
    )


def _read(completed: Completed, log: str | None) -> Result:
    answer = fields(completed.stdout)
    if completed.rc:
        return failure(completed, answer)
    values: dict[str, Any] = {
        "session": answer["session"],
        "already_running": "already_running" in answer,
    }
    if answer.get("pid", "").isdigit():
        values["pid"] = int(answer["pid"])
    if log:
        values |= {"log": log, "exit_file": f"{log}.exit"}
    return Result(changed="changed" in answer, duration=completed.duration, values=values)
