"""Give the terminal to a command of the place until it ends.

What it shows is raw: nothing is redacted.

    - name: Look at the runner's session
      attach: [tmux, attach-session, -t, "={{ session }}"]
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.actions import command
from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

barrier = True


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Run the words of `argv`, or of `cmd` split as a shell would split them."""
    argv = command.words_of(arguments)
    if context.check:
        return Result(skipped=True, argv=argv, rc=0, unknown=command.UNKNOWN)
    rc = context.attach(Command(argv, cwd=arguments.get("chdir")))
    msg = "non-zero return code" if rc else ""
    return Result(failed=rc != 0, msg=msg, argv=argv, rc=rc)
