"""Read a file of the place into a variable, in base64 because it may hold any byte.

- name: Read the box's identity
  slurp:
    src: /workspace/.megaplan/identity
  register: identity

- name: Say who the box is
  debug:
    msg: "{{ identity.content | b64decode }}"
"""

import base64
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions._path import far_path
from megaplan_cloud.engine.actions._program import Word, assignments, program
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context


def action(context: "Context", arguments: Mapping[str, Any]) -> Step:
    """Return the content of `src`."""
    src = arguments["src"]
    known = assignments(src=Word(far_path(src)), check=context.check)
    command = Command((known,), program=program("slurp"))
    return Step(command, lambda completed: _read(completed, src, check=context.check))


def _read(completed: Completed, src: str, *, check: bool) -> Result:
    said = completed.stderr.decode(errors="replace").strip()
    if completed.rc:
        return Result(failed=True, msg=said, duration=completed.duration)
    if check and said.startswith("File not found"):
        return Result(msg=said, unknown=said, duration=completed.duration)
    content = base64.b64encode(completed.stdout).decode()
    return Result(
        duration=completed.duration,
        values={"content": content, "encoding": "base64", "source": src},
    )
