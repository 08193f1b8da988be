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


def action(_context: "Context", arguments: Mapping[str, Any]) -> Step:
    """Return the content of `src`."""
    src = arguments["src"]
    command = Command((assignments(src=Word(far_path(src))),), program=program("slurp"))
    return Step(command, lambda completed: _read(completed, src))


def _read(completed: Completed, src: str) -> Result:
    if completed.rc:
        return Result(
            failed=True,
            msg=completed.stderr.decode(errors="replace").strip(),
            duration=completed.duration,
        )
    content = base64.b64encode(completed.stdout).decode()
    return Result(
        duration=completed.duration,
        values={"content": content, "encoding": "base64", "source": src},
    )
