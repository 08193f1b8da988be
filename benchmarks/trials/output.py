"""Output: 200 MB of log through a connection, and how much memory that takes."""

from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.bench import Bench, Trial
from benchmarks.measure import Errand, Sample, interleaved, run, wall
from benchmarks.rivals import OURS
from benchmarks.site import HOSTS, Site
from benchmarks.table import Heading, Row

MB = 1_000_000
SMALL, LARGE = 2, 200
LINE = b"2026-01-01T00:00:00Z worker 7 phase=execute message=a line of an agent's log\n"


def measure(bench: Bench) -> Sequence[Sequence[Row]]:
    """Measure both readers with a short log and a long one."""
    logs = {size: _log(bench.folder / f"log-{size}", size * MB) for size in (SMALL, LARGE)}
    site = bench.here
    tools = {
        f"{name} {size}": (lambda _, do=do, log=log: run(do(site, log)))
        for name, do in (("`ssh host cat`", _ssh), (f"**{OURS}**", _ours))
        for size, log in logs.items()
    }
    found = interleaved(tools, bench.rounds)
    bench.tell(f"output of {LARGE} MB")
    names = ("`ssh host cat`", f"**{OURS}**")
    return [[_row(name, found[f"{name} {SMALL}"], found[f"{name} {LARGE}"]) for name in names]]


def _row(name: str, small: list[Sample], large: list[Sample]) -> Row:
    speed = (LARGE - SMALL) / (wall(large) - wall(small))
    memory = [f"{median(sample.memory for sample in each):.0f} MB" for each in (small, large)]
    return (name, f"{speed:.0f} MB/s", *memory, str(len(large)))


def _ssh(site: Site, log: Path) -> Errand:
    return Errand((*site.ssh(), f"cat {log}"), site.env)


def _ours(site: Site, log: Path) -> Errand:
    words = ("-m", "benchmarks.client", str(site.config), HOSTS[0], "output")
    return Errand(site.python(*words, str(log), str(log.stat().st_size)), site.env)


def _log(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        for _ in range(size // len(LINE) // 1000):
            file.write(LINE * 1000)
    return path


TRIAL = Trial(
    ("output",),
    (
        Heading(
            f"Output of {LARGE} MB",
            "A log that is printed at the host; most memory is the process's peak.",
            ("reader", "speed", f"memory, {SMALL} MB", f"memory, {LARGE} MB", "n"),
        ),
    ),
    measure,
)
