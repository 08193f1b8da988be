"""Run a command and show what it prints while it prints it, with secrets taken out.

Only the last lines of each output are kept in the result. It counts as changed, as `command` does.

    - name: Build the image, showing how far it is
      stream: [docker, build, --progress=plain, --tag, megaplan, "{{ build_dir }}"]
"""

import re
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.actions import command
from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.redaction import Redactor, Stream
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

barrier = True

KEPT = 20
ENDS = re.compile(r"\r\n|\n|\r")


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Run the words of `argv`, or of `cmd` split as a shell would split them."""
    argv = command.words_of(arguments)
    if context.check:
        context.record(context.place, Command(argv))
        return Result(skipped=True, argv=argv, rc=0, unknown=command.UNKNOWN)
    ours = Command(argv, stdin=command.stdin_of(arguments), cwd=arguments.get("chdir"))
    redactor = context.redactor or Redactor()
    output = Lines(redactor.stream(), lambda line: context.emit(line, False))
    errors = Lines(redactor.stream(), lambda line: context.emit(line, True))
    rc = context.stream(ours, output.feed, errors.feed)
    return Result(
        changed=True,
        failed=rc != 0,
        msg="non-zero return code" if rc else "",
        argv=argv,
        rc=rc,
        stdout=output.close(),
        stderr=errors.close(),
    )


@dataclass(slots=True)
class Lines:
    """One of the outputs: shown line by line without secrets, its last lines kept."""

    clean: Stream
    show: Callable[[str], None]
    kept: deque[str] = field(default_factory=lambda: deque(maxlen=KEPT))

    def feed(self, block: bytes) -> None:
        """Show what of the output can be shown now that the block has come."""
        self._show(self.clean.feed(block).decode(errors="replace"))

    def close(self) -> str:
        """Show the rest; return the last lines."""
        self._show(self.clean.close())
        return "\n".join(self.kept)

    def _show(self, text: str) -> None:
        # As terminals see it; str.splitlines would also break at form feeds.
        lines = ENDS.split(text)
        for line in lines if lines[-1] else lines[:-1]:
            self.kept.append(line)
            self.show(line)
