"""A table of medians and ratios, as it stands on the page."""

from collections.abc import Sequence
from dataclasses import dataclass

from benchmarks.measure import Sample, wall

NONE = "-"
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """What is known of a table before anything is measured."""

    title: str
    about: str
    columns: Row


def markdown(heading: Heading, rows: Sequence[Row]) -> str:
    """Return a table with its title and what it is about."""
    head = (_line(heading.columns), _line(("---",) * len(heading.columns)))
    lines = (f"## {heading.title}", "", heading.about, "", *head, *map(_line, rows), "")
    return "\n".join(lines)


def skeleton(text: str) -> list[str]:
    """Return the lines of a page that do not depend on what was measured: titles and columns."""
    lines = text.splitlines()
    rules = [number for number, line in enumerate(lines) if line.startswith("| ---")]
    titles = [line for line in lines if line.startswith("#")]
    return titles + [lines[number - 1] for number in rules]


def seconds(samples: Sequence[Sample], floor: Sequence[Sample]) -> str:
    """Return a median and its ratio to the floor's: `1.03 s (1.15x)`."""
    if not samples:
        return NONE
    return f"{wall(samples):.2f} s ({ratio(wall(samples), wall(floor))})"


def ratio(value: float, of: float) -> str:
    """Return how many times `of` a value is."""
    times = value / of
    return f"{times:.0f}x" if times >= 20 else f"{times:.2f}x" if times < 10 else f"{times:.1f}x"


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"
