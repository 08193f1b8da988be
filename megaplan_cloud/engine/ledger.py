"""A ledger: what one host's run writes in the journal, and when."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from megaplan_cloud.engine.discretion import Discretion
from megaplan_cloud.engine.journal import Journal
from megaplan_cloud.engine.outcome import Outcome
from megaplan_cloud.engine.result import Status
from megaplan_cloud.engine.resume import statement_text
from megaplan_cloud.engine.turn import Part, Turn

BRIEF = ("changed", "failed", "skipped", "rc", "msg", "emit")


@dataclass(frozen=True, slots=True)
class Ledger:
    """The pen of one host; without a journal it writes nothing."""

    journal: Journal | None
    discretion: Discretion
    host: str

    def intends(self, parts: Iterable[Part]) -> None:
        """Record, on the disk, that these parts are about to be done."""
        self._each("intends", parts)
        if self.journal:
            self.journal.sync()

    def withdraws(self, parts: Iterable[Part]) -> None:
        """Record that these parts, sent ahead, are proven never to have begun."""
        self._each("withdraws", parts)

    def item(self, part: Part, outcome: Outcome) -> None:
        """Record how one item of a loop ended."""
        self._write("item", part.turn, outcome, index=part.index, item=self.digest(part.item))

    def task(self, turn: Turn, outcome: Outcome) -> None:
        """Record how a task ended."""
        self._write("task", turn, outcome, text=statement_text(turn.task.mark))

    def sync(self) -> None:
        """Return when what is recorded is on the disk."""
        if self.journal:
            self.journal.sync()

    def digest(self, item: Any) -> str:
        """Return an item as the journal compares it: redacted JSON."""
        return json.dumps(self.discretion.redact_value(item), sort_keys=True, default=str)

    def _each(self, event: str, parts: Iterable[Part]) -> None:
        if not self.journal:
            return
        for part in parts:
            self.journal.write(
                event,
                host=self.host,
                address=part.turn.address,
                name=part.turn.name,
                **({"index": part.index} if part.turn.looped else {}),
            )

    def _write(self, event: str, turn: Turn, outcome: Outcome, **more: Any) -> None:
        if not self.journal:
            return
        kept = dict(outcome.variable)
        # A rescue reads all of a failed result, as `ansible_failed_result`.
        if not turn.task.register and outcome.status is not Status.RESCUED:
            kept = {key: kept[key] for key in BRIEF if key in kept}
        self.journal.write(
            event,
            host=self.host,
            address=turn.address,
            name=turn.name,
            status=outcome.status.value,
            fingerprint=turn.task.fingerprint,
            duration=round(outcome.duration, 3),
            reason=outcome.reason,
            secret=self.is_secret(turn, kept, outcome.facts),
            variable={} if turn.no_log else kept,
            facts={} if turn.no_log else dict(outcome.facts),
            notified=sorted(turn.notified),
            **more,
        )

    def is_secret(self, turn: Turn, variable: Mapping[str, Any], facts: Mapping[str, Any]) -> bool:
        """Return whether what is kept of a result lacks something that later tasks may read."""
        wanted = bool(turn.task.register or facts)
        held = turn.no_log or any(
            self.discretion.redact_value(value) != value for value in (dict(variable), dict(facts))
        )
        return wanted and held
