"""Make a path a file, a directory, a link or nothing, with the owner and mode it should have.

- name: The log folder is there, for its owner only
  file:
    path: /workspace/.megaplan/logs
    state: directory
    mode: "0700"

- name: The old socket is gone
  file:
    path: /run/megaplan/old.sock
    state: absent
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions._attributes import attribute_diff, described, wanted
from megaplan_cloud.engine.actions._path import far_path
from megaplan_cloud.engine.actions._program import Word, assignments, fields, program, stopped
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

LINKS = ("link", "hard")
TIMES = ("access_time", "modification_time")


def action(context: "Context", arguments: Mapping[str, Any]) -> Result | Step:
    """Make `path` what `state` says."""
    state = arguments.get("state") or ""
    if refusal := _refusal(state, arguments):
        return Result(failed=True, msg=refusal)
    known = assignments(
        path=Word(far_path(arguments["path"])),
        state=state,
        # What a link points to is text of the link: nothing in it is expanded.
        src=arguments.get("src"),
        follow=arguments.get("follow", True),
        force=arguments.get("force", False),
        recurse=arguments.get("recurse", False),
        check=context.check,
        times=_times(arguments),
        **wanted(arguments),
    )
    command = Command((known,), program=program("file", "attributes"))
    return Step(command, lambda completed: _read(completed, state, diff=context.diff))


def _refusal(state: str, arguments: Mapping[str, Any]) -> str:
    if arguments.get("recurse") and state != "directory":
        return "recurse option requires state to be 'directory'"
    if arguments.get("src") is not None and state not in LINKS:
        return "src option requires state to be 'link' or 'hard'"
    if state != "touch" and any(name in arguments for name in TIMES):
        return "access_time and modification_time require state to be 'touch'"
    return ""


def _times(arguments: Mapping[str, Any]) -> str:
    """Return the option by which `touch` leaves one of the times alone, `none` for both."""
    match [arguments.get(name, "now") for name in TIMES]:
        case ["preserve", "preserve"]:
            return "none"
        case ["preserve", _]:
            return "-m"
        case [_, "preserve"]:
            return "-a"
        case _:
            return "-am"


def _read(completed: Completed, state: str, *, diff: bool) -> Result:
    answer = fields(completed.stdout)
    if result := stopped(completed, answer):
        return result
    values = described(answer)
    values["path"] = answer["path"]
    if "src" in answer:
        values["src"] = answer["src"]
    if "src" in answer or state == "touch":
        values["dest"] = answer["path"]
    if diff:
        values["diff"] = attribute_diff(answer["path"], answer)
    return Result(changed="changed" in answer, duration=completed.duration, values=values)
