"""A measurement: what one command took, start to exit, and medians of several."""

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import IO

LAST = 2000


@dataclass(frozen=True, slots=True)
class Sample:
    """What a run took: seconds by the clock, seconds of processor here, most memory in MB."""

    wall: float
    cpu: float
    memory: float = 0.0


@dataclass(frozen=True, slots=True)
class Errand:
    """A command to measure: its words, its variables, its stdin, and how it may end."""

    words: tuple[str, ...]
    env: Mapping[str, str]
    stdin: Path | None = None
    cwd: Path | None = None
    codes: tuple[int, ...] = (0,)


def run(errand: Errand) -> Sample:
    """Run a command to its end; RuntimeError with its last words when it fails."""
    with _stdin(errand.stdin) as stdin, _log() as log:
        began = time.monotonic()
        process = subprocess.Popen(
            errand.words,
            env=dict(errand.env),
            cwd=errand.cwd,
            stdin=stdin,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
        # Of all that is known about a child, only wait4 tells its processor time and memory.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode not in errand.codes:
            raise RuntimeError(
                f"{' '.join(errand.words)} ended with {process.returncode}:\n{_tail(log)}"
            )
    return Sample(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


def interleaved(
    tools: Mapping[str, Callable[[int], Sample]], rounds: int
) -> dict[str, list[Sample]]:
    """Run each tool once a round, so that a slow minute of the machine is slow for all of them."""
    samples: dict[str, list[Sample]] = {name: [] for name in tools}
    for number in range(rounds):
        for name, tool in tools.items():
            samples[name].append(tool(number))
    return samples


def wall(samples: Sequence[Sample]) -> float:
    """Return the median of the seconds by the clock."""
    return median(sample.wall for sample in samples)


def cpu(samples: Sequence[Sample]) -> float:
    """Return the median of the seconds of processor."""
    return median(sample.cpu for sample in samples)


def _stdin(path: Path | None) -> IO[bytes]:
    return Path(path or os.devnull).open("rb")


def _log() -> IO[bytes]:
    return tempfile.TemporaryFile()


def _tail(log: IO[bytes]) -> str:
    log.seek(max(0, log.seek(0, os.SEEK_END) - LAST))
    return log.read().decode("utf-8", "replace")
