"""A connection that breaks where a test wants it to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from megaplan_cloud.engine.command import Completed
from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.engine.frame import Frame


@dataclass(slots=True)
class Stubborn:
    """Answers every frame with 0 until `breaks_at` (counted from 0) and then raises `error`."""

    breaks_at: int
    error: EngineError
    asked: list[Sequence[str]] = field(default_factory=list)

    def send(self, batch: Sequence[Frame]) -> Iterator[Completed | None]:
        """Answer the frames, as long as the link holds."""
        for frame in batch:
            if len(self.asked) == self.breaks_at:
                raise self.error
            self.asked.append(frame.command.argv)
            yield Completed(0, b"", b"", 0.0)

    def close(self) -> None:
        """Do nothing."""
