"""How long phases usually take, so that whoever waits knows when to look again."""

from typing import Any

QUICK = ("prep", "gate")
SHORTEST_EXECUTE = 300
LONGEST_EXECUTE = 7200
LONGEST = 900


def expected(phase: str | None) -> dict[str, Any] | None:
    """Return how long a phase takes and when to look again, in seconds; None for no phase."""
    if phase is None or phase.startswith(("override", "step", "resume")):
        return None
    if phase == "execute":
        return {
            "expected_duration_seconds": {"min": SHORTEST_EXECUTE, "max": LONGEST_EXECUTE},
            "recommended_next_check_seconds": SHORTEST_EXECUTE,
            "duration_hint": "Expected minimum duration: 5m (depends on task count).",
        }
    quick = phase in QUICK
    return {
        "expected_duration_seconds": {"min": 30 if quick else 60, "max": LONGEST},
        "recommended_next_check_seconds": 60 if quick else 120,
        "duration_hint": "Expected duration: 1m-15m.",
    }
