"""Uploads: 3,000 files to an empty place, and again when five of them have changed."""

import random
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.bench import Bench, Trial
from benchmarks.measure import Errand, Sample, run
from benchmarks.rivals import OURS
from benchmarks.site import HOSTS, Site
from benchmarks.table import Heading, Row, seconds

FILES, CHANGED = 3000, 5
TAR, RSYNC = "`tar` through `ssh`", "`rsync --archive`"
Way = Callable[[Site, Path, Path], tuple[str, ...]]


def measure(bench: Bench) -> Sequence[Sequence[Row]]:
    """Measure each way into a place of its own, first and again."""
    source = _files(bench.folder / "upload")
    ways: dict[str, Way] = {TAR: _tar, RSYNC: _rsync, OURS: _sync}
    first: dict[str, list[Sample]] = {name: [] for name in ways}
    again: dict[str, list[Sample]] = {name: [] for name in ways}
    for number in range(bench.rounds):
        places = {name: bench.folder / f"uploaded-{list(ways).index(name)}" for name in ways}
        for name, way in ways.items():
            first[name].append(run(_errand(bench.here, way, source, places[name])))
        _change(source, number)
        for name, way in ways.items():
            again[name].append(run(_errand(bench.here, way, source, places[name])))
            _check(source, places[name])
        for place in places.values():
            shutil.rmtree(place)
        bench.tell(f"uploads: round {number + 1} of {bench.rounds}")
    return [
        [
            (
                f"**{name}**" if name == OURS else name,
                seconds(first[name], first[TAR]),
                seconds(again[name], again[RSYNC]),
                str(bench.rounds),
            )
            for name in ways
        ]
    ]


def _errand(site: Site, way: Way, source: Path, target: Path) -> Errand:
    return Errand(way(site, source, target), site.env)


def _tar(site: Site, source: Path, target: Path) -> tuple[str, ...]:
    far = f"mkdir -p {target} && tar -xf - -C {target}"
    pipe = f"tar -cf - -C {source} . | ssh -F {site.config} {HOSTS[0]} '{far}'"
    return (*site.link.near, "sh", "-c", pipe)


def _rsync(site: Site, source: Path, target: Path) -> tuple[str, ...]:
    words = ("rsync", "--archive", "--delete", f"--rsh=ssh -F {site.config}")
    return (*site.link.near, *words, f"{source}/", f"{HOSTS[0]}:{target}")


def _sync(site: Site, source: Path, target: Path) -> tuple[str, ...]:
    words = ("-m", "benchmarks.client", str(site.config), HOSTS[0], "sync")
    return site.python(*words, str(source), str(target))


def _files(top: Path) -> Path:
    """Make files as a source tree has them: most small, some large, half of them text."""
    chance = random.Random(7)  # noqa: S311 - the same files every time, and no secrets
    for number in range(FILES):
        folder = top / f"d{number % 60:02}"
        folder.mkdir(parents=True, exist_ok=True)
        size = min(int(chance.paretovariate(1.1) * 2500), 400_000)
        line = f"line of file {number}\n".encode()
        data = chance.randbytes(size) if number % 2 else (line * (size // len(line) + 1))[:size]
        (folder / f"f{number:04}").write_bytes(data)
    return top


def _change(source: Path, number: int) -> None:
    for file in sorted(source.rglob("f*"))[: CHANGED * 100 : 100]:
        file.write_bytes(file.read_bytes() + b"changed %d\n" % number)


def _check(source: Path, target: Path) -> None:
    for file in source.rglob("f*"):
        if (target / file.relative_to(source)).read_bytes() != file.read_bytes():
            raise RuntimeError(f"{file} has not arrived in {target}")


TRIAL = Trial(
    ("upload",),
    (
        Heading(
            f"Upload of {FILES:,} files",
            f"First to a place that is empty (ratio to {TAR}), then again with {CHANGED} of them "
            f"changed (ratio to {RSYNC}). This project verifies every file's sha256 and needs no "
            "rsync at the host.",
            ("way", "first", f"again, {CHANGED} changed", "n"),
        ),
    ),
    measure,
)
