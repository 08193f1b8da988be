"""Discretion: the redaction of a run, which learns each secret that a task is given."""

from collections.abc import Iterator, Mapping
from typing import Any

from megaplan_cloud.engine.redaction import Redactor
from megaplan_cloud.engine.secret import Secret


class Discretion:
    """What every sink of a run passes its text through; secrets are added as they appear.

    A redactor that knows more replaces the one before, so hosts may learn side by side.
    """

    def __init__(self, redactor: Redactor) -> None:
        self.redactor = redactor

    def learn(self, value: Any) -> None:
        """Keep every secret inside `value` out of all that is told from now on."""
        found = set(secrets_in(value)) - self.redactor.values
        if found:
            self.redactor = self.redactor.knowing(*found)

    def redact(self, text: str) -> str:
        """Return the text without secrets."""
        return self.redactor.redact(text)

    def redact_value(self, value: Any) -> Any:
        """Return JSON data without secrets."""
        return self.redactor.redact_value(value)


def secrets_in(value: Any) -> Iterator[str]:
    """Yield the real text of each secret inside `value`."""
    match value:
        case Secret():
            yield value.reveal()
        case Mapping():
            for each in value.values():
                yield from secrets_in(each)
        case list() | tuple() | set() | frozenset():
            for each in value:
                yield from secrets_in(each)
