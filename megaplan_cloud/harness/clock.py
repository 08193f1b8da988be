"""The time, in the forms that files have it."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return this moment in local time, knowing its offset."""
    return datetime.now().astimezone()


def stamp(moment: datetime | None = None) -> str:
    """Return a moment (now, if left out) as ISO 8601 in UTC with microseconds."""
    return (moment or now()).astimezone(UTC).isoformat(timespec="microseconds")
