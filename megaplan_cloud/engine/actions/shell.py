"""Run a line of shell, with its pipes, variables and patterns, in `/bin/sh` or `executable`.

It counts as changed whenever it runs. With `creates` or `removes` it runs only while that file is
missing, or there. A secret reaches it through `environment` or `stdin`, never in the line.

    - name: Count the errors of today
      shell:
        cmd: grep --count ERROR app.log | tee errors.txt
        chdir: /workspace/logs
        creates: errors.txt
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions import command
from megaplan_cloud.engine.command import Completed
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context


def action(context: "Context", arguments: Mapping[str, Any]) -> Result | Step:
    """Run the line in `cmd`."""
    line = command.as_word(arguments.get("cmd", ""))
    executable = arguments.get("executable") or "/bin/sh"
    done = command.step(context, arguments, (executable, "-c", line))
    if isinstance(done, Result):
        return _shown(done, line)
    return Step(done.command, lambda completed: _read(done, completed, line))


def _read(step: Step, completed: Completed, line: str) -> Result:
    return _shown(step.read(completed), line)


def _shown(result: Result, line: str) -> Result:
    """Return the result with the line as its `cmd`: the shell around it is ours."""
    return replace(result, values={**result.values, "cmd": line})
