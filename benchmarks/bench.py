"""A bench: the sites of one run of the benchmarks, and how often each thing is measured."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.link import linked, why_no_delay
from benchmarks.site import Site, site
from benchmarks.table import Heading, Row

Measure = Callable[["Bench"], Sequence[Sequence[Row]]]


@dataclass(frozen=True, slots=True)
class Bench:
    """Sites by their round trip in milliseconds, a folder for what is made, how many rounds."""

    folder: Path
    sites: dict[int, Site]
    rounds: int
    tell: Callable[[str], None]
    closing: ExitStack = field(default_factory=ExitStack)

    @property
    def here(self) -> Site:
        """Return the site without a delay."""
        return self.sites[0]

    def rounds_at(self, rtt: int) -> int:
        """Return how often to measure at a round trip: less where everything takes long."""
        return max(1, self.rounds * 3 // 5) if rtt >= 150 else self.rounds


@dataclass(frozen=True, slots=True)
class Trial:
    """Something to measure: the names that choose it, its tables, and how their rows are found."""

    names: tuple[str, ...]
    tables: tuple[Heading, ...]
    measure: Measure


@contextmanager
def bench(
    folder: Path, rtts: Sequence[int], rounds: int, tell: Callable[[str], None]
) -> Iterator[Bench]:
    """Give a bench; where no delays can be made there is only this machine's loopback."""
    reason = why_no_delay()
    if reason:
        tell(f"No round trips but 0 ms: a link with a delay {reason}.")
    with ExitStack() as closing:
        sites = {}
        for number, rtt in enumerate(rtts):
            if rtt == 0 or not reason:
                link = closing.enter_context(linked(rtt, number))
                sites[rtt] = closing.enter_context(site(link, folder / f"site-{rtt}"))
        yield Bench(folder, sites, rounds, tell, closing)
