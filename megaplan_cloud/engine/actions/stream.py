"""Run a command and show what it prints while it prints it, with secrets taken out.

Only the last lines are kept in the result. It counts as changed, as `command` does.

    - name: Build the image, showing how far it is
      stream: [docker, build, --progress=plain, --tag, megaplan, "{{ build_dir }}"]
"""

from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.actions import command
from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.redaction import Redactor
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

barrier = True

KEPT = 20


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Run the words of `argv`, or of `cmd` split as a shell would split them."""
    argv = command.words_of(arguments)
    if context.check:
        context.record(context.place, Command(argv))
        return Result(skipped=True, argv=argv, rc=0, unknown=command.UNKNOWN)
    ours = Command(argv, stdin=command.stdin_of(arguments), cwd=arguments.get("chdir"))
    clean = (context.redactor or Redactor()).stream()
    kept: deque[str] = deque(maxlen=KEPT)

    def show(text: str) -> None:
        for line in text.splitlines():
            kept.append(line)
            context.emit(line)

    rc = context.stream(ours, lambda block: show(clean.feed(block).decode(errors="replace")))
    show(clean.close())
    return Result(
        changed=True,
        failed=rc != 0,
        msg="non-zero return code" if rc else "",
        argv=argv,
        rc=rc,
        stdout="\n".join(kept),
    )
