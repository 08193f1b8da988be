"""Progress: what is shown of a chain that is followed."""

import io
import json
from typing import Any

from megaplan_cloud.cloud.progress import Progress, following
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.event import OutputCame


def snapshot(index: int, phase: str, log: str = "", done: int = 0) -> str:
    """Return a line as the box writes it."""
    state = {"current_milestone_index": index, "completed": [{"label": "m"}] * done}
    plan: dict[str, Any] = {"state": "planned", "active_step": {"step": phase} if phase else None}
    return json.dumps({"runner": "alive", "state": state, "plan": plan, "log": {"tail": [log]}})


def test_only_a_turn_of_the_chain_is_told() -> None:
    """Another milestone or phase is news; a longer log, or the moment between, is not."""
    progress = Progress(["m1", "m2"], clock=lambda: 0.0)

    told = [
        progress.take(line)
        for line in (
            snapshot(0, "plan"),
            snapshot(0, "plan", "more"),
            snapshot(0, ""),
            snapshot(0, "execute"),
            snapshot(1, "execute", done=1),
            "not JSON",
            "[1]",
        )
    ]

    assert told == [True, False, False, True, True, False, False]
    assert progress.milestone == "m2"


def test_a_line_says_milestone_phase_time_and_log() -> None:
    """Everything that a person asks, in one line."""
    times = iter([0.0, 0.0, 12.4])
    progress = Progress(["m1", "m2"], clock=lambda: next(times))

    progress.take(snapshot(0, "critique", "[chain] works"))

    assert progress.line() == "m1 (0 of 2 done) · critique · 12 s · [chain] works"


def test_elsewhere_than_on_a_terminal_there_are_plain_lines() -> None:
    """A pipe and a log get one line for each phase, secrets redacted."""
    stderr = io.StringIO()
    voice = Voice(io.StringIO(), stderr, {})
    progress = Progress(["m1"], clock=lambda: 0.0)

    with following(voice, progress) as listen:
        listen(OutputCame("task", "box", snapshot(0, "plan", "key sk-abcdefghij0123456789")))

    assert stderr.getvalue() == "m1 (0 of 1 done) · plan · 0 s · key ***REDACTED***\n"
