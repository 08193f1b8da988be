"""The context of a task: where it runs, what it may look at, and the one door to the outside."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.secret import Secret
from megaplan_cloud.engine.source import NOWHERE, Text
from megaplan_cloud.house import house

if TYPE_CHECKING:
    from megaplan_cloud.engine.connection import Connection
    from megaplan_cloud.engine.redaction import Redactor
    from megaplan_cloud.engine.scope import Scope


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What an action is given besides its arguments; nothing else is in its reach.

    `place` is `controller`, `host` or `box`, `hostname` the one machine of it. `environment`,
    `become` and `timeout` (seconds) are the task's own. `search` holds the folders where its
    files and templates may be: the role's first, then the playbook's. `emit` takes live output
    and whether it is of stderr, `record` each command that is run, or would be in check mode.
    """

    place: str
    connection: "Connection"
    scope: "Scope"
    hostname: str = "localhost"
    check: bool = False
    diff: bool = False
    redactor: "Redactor | None" = None
    environment: Mapping[str, str] = field(default_factory=dict)
    become: bool = False
    timeout: float | None = None
    search: tuple[Path, ...] = ()
    verbosity: int = 0
    emit: Callable[[str, bool], None] = lambda _line, _is_error: None
    record: Callable[[str, Command], None] = lambda _place, _command: None

    def run(self, command: Command) -> Completed:
        """Run the command at the task's place and return it when it is proven to have ended.

        PlaybookError when a secret stands among its words; ConnectionFailed and Unproven as the
        connection says.
        """
        return self.connection.run(self._recorded(command))

    def stream(
        self,
        command: Command,
        on_output: Callable[[bytes], None],
        on_error: Callable[[bytes], None] | None = None,
    ) -> int:
        """Run the command, hand on what it prints as it comes, and return its exit code."""
        return self.connection.stream(self._recorded(command), on_output, on_error)

    def sync(self, source: Path, target: str) -> Completed:
        """Make the directory `target` there equal to `source`; in check mode only compare them."""
        self.record(self.place, Command(("sync", f"{source}/", f"{target}/")))
        return self.connection.sync(source, target, check=self.check, become=self.become)

    def attach(self, command: Command) -> int:
        """Give this terminal to the command, raw and unredacted, and return its exit code."""
        return self.connection.attach(self._recorded(command))

    def _recorded(self, command: Command) -> Command:
        dressed = self.dress(command)
        self.record(self.place, dressed)
        return dressed

    def dress(self, command: Command) -> Command:
        """Return the command with the task's environment, become and timeout."""
        refuse_secrets(command.argv)
        return replace(
            command,
            env={**self.environment, **command.env},
            become=self.become or command.become,
            timeout=self.timeout if command.timeout is None else command.timeout,
        )

    def render(self, value: Any) -> Any:
        """Return the value with its templates rendered against the task's variables."""
        from megaplan_cloud.engine.template import render  # it brings Jinja2

        return render(value, self.scope)

    def holds(self, condition: Any) -> bool:
        """Say whether a condition such as `health.rc == 0` is true for the task's variables."""
        from megaplan_cloud.engine.template import condition as true_for  # it brings Jinja2

        return true_for(condition, self.scope)

    def render_file(
        self, path: Path, *, trim_blocks: bool = True, lstrip_blocks: bool = False
    ) -> str:
        """Return the text that a template file makes; a `Secret` if one went into it."""
        from megaplan_cloud.engine.template import render_document

        folders = (path.parent, *self._folders("templates"))
        return render_document(
            path.read_text(encoding="utf-8"),
            str(path),
            self.scope,
            search=folders,
            trim_blocks=trim_blocks,
            lstrip_blocks=lstrip_blocks,
        )

    def value(self, expression: str) -> Any:
        """Return what an expression such as `health.stdout_lines` comes to."""
        mark = getattr(expression, "mark", NOWHERE)
        return self.render(Text(f"{{{{ {expression} }}}}", mark))

    def file_path(self, name: str) -> Path:
        """Return where the file that a task calls `name` lies here, or PlaybookError."""
        return self._find("files", name)

    def template_path(self, name: str) -> Path:
        """Return where the template that a task calls `name` lies here, or PlaybookError."""
        return self._find("templates", name)

    def _find(self, kind: str, name: str) -> Path:
        self.scope.settle_files()
        folders = self._folders(kind)
        for folder in folders:
            if (found := folder / name).exists():
                return found
        raise PlaybookError(
            f"There is no file '{name}'.",
            mark=getattr(name, "mark", None),
            hint=f"Looked in {', '.join(map(str, folders))}.",
        )

    def _folders(self, kind: str) -> list[Path]:
        """Return where files of a kind may be: in `kind` or beside it, then in the house."""
        own = [folder / part for folder in self.search for part in (kind, "")]
        return [*own, house() / kind]


def refuse_secrets(words: Iterable[str]) -> None:
    """Raise PlaybookError for a secret among words that every user of a machine can read."""
    for word in words:
        if isinstance(word, Secret):
            raise PlaybookError(
                "A secret stands among the words of a command, where `ps` would show it.",
                mark=getattr(word, "mark", None),
                hint="Pass it through `environment` or `stdin` instead.",
            )
