"""The voice of a command: data on stdout, prose on stderr, and no secret on either."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TextIO

from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.cloud.streams import Unheard
from megaplan_cloud.engine.event import Event, Listener, TaskEnded
from megaplan_cloud.engine.redaction import Redactor
from megaplan_cloud.engine.result import Status
from megaplan_cloud.engine.secret import Secret


@dataclass(slots=True)
class Voice:
    """Where a command speaks.

    `told` says that a console has shown the run task by task, `passed` that output of the box was
    written to stdout, behind which no document may stand.
    """

    stdout: TextIO
    stderr: TextIO
    environment: Mapping[str, str]
    wants_json: bool = False
    terminal: bool = False
    told: bool = False
    passed: bool = False
    redactor: Redactor = field(default_factory=Redactor)

    @classmethod
    def of(
        cls, stdout: TextIO, stderr: TextIO, environment: Mapping[str, str], *, wants_json: bool
    ) -> "Voice":
        """Return the voice of this process."""
        return cls(stdout, stderr, environment, wants_json, terminal=stdout.isatty())

    def say(self, line: str) -> None:
        """Write a line for people."""
        self.stderr.write(self.redact(line) + "\n")
        self.stderr.flush()

    def ask(self, question: str) -> None:
        """Write a question; the answer is typed behind it."""
        self.stderr.write(self.redact(question))
        self.stderr.flush()

    def guard(self, settings: Settings) -> Settings:
        """Keep the secrets that the settings name out of everything that is said; return them."""
        names = settings["secrets"]
        values = [self.environment[name] for name in names if self.environment.get(name)]
        self.redactor = Redactor(values, names)
        return settings

    def redact(self, text: str) -> str:
        """Return a text without the secrets that are known by now."""
        return self.redactor.redact(text)

    def secrets(self, settings: Settings) -> dict[str, Secret | None]:
        """Return the value that each secret has here; None where it has none, or an empty one."""
        found = {name: self.environment.get(name, "") for name in settings["secrets"]}
        return {name: Secret(value) if value else None for name, value in found.items()}

    def pass_on(self, text: str) -> None:
        """Write output of the box to stdout, at once; Unheard when nobody reads it any more."""
        self.passed = True
        try:
            self.stdout.write(self.redact(text))
            self.stdout.flush()
        except BrokenPipeError as error:
            raise Unheard(str(error)) from error

    def document(self, value: Mapping[str, Any]) -> None:
        """Write the one JSON document of the command."""
        text = json.dumps(
            self.redactor.redact_value(value), indent=2, ensure_ascii=False, default=str
        )
        self.stdout.write(text + "\n")
        self.stdout.flush()

    @contextmanager
    def console(self) -> Iterator[Listener]:
        """Give a listener that shows a run task by task."""
        from megaplan_cloud.engine.console import console

        self.told = True
        with console(self.stderr, self.redact, self.environment) as listener:
            yield lambda event: None if _goes_without_saying(event) else listener(event)

    @contextmanager
    def silence(self) -> Iterator[Listener]:
        """Give a listener for a command whose answer is all there is to say."""
        self.told = False
        yield _nothing


def _goes_without_saying(event: Event) -> bool:
    """Say whether an event is a guard that had nothing to refuse, or data for stdout."""
    if not isinstance(event, TaskEnded):
        return False
    quiet = event.report.action in ("refuse", "emit", "assert")
    return quiet and event.report.status in (Status.OK, Status.SKIPPED)


def _nothing(_: Event) -> None:
    """Say nothing."""
