"""The page: what was measured, how, and what came of it."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.bench import Trial
from benchmarks.table import Row, markdown

PAGE = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"
HEAD = """\
# Benchmarks

This page is written by `python -m benchmarks` (`make bench`). Read the ratios, not the seconds:
they were measured in one run, in which the tools take turns, so that a slow minute of the machine
is slow for all of them. Every figure is a median of *n* runs; a list of *n* is one for each round
trip.

Every tool does the same work at the same sshd, whose user has an empty home, and the files that
each leaves behind are compared byte for byte. W1 is twenty tasks, 22 operations: a directory, five
files from templates with their checksum, five commands whose output is kept, three looks, two
lines in files, two conditions that do not hold, a loop of five, one command that needs an earlier
one's output. It stands once in `benchmarks/w1/playbook.yml`, which both Ansible and this project
play, once in `deploy.py` for pyinfra, and once in `benchmarks/workload.py` as one shell script:
the floor.

Round trips come from two network namespaces joined by TUN devices whose packets are held, so real
TCP is at work; that needs root. Without it only the loopback is measured, and it is said. How many
turns and bytes a run takes is counted exactly by `tests/integration/test_turns.py`.

    make bench                              all of it, about ten minutes
    python -m benchmarks --quick            one round, round trips of 0 and 50 ms
    python -m benchmarks --only W1,noop     some of it, printed and not written

"""


def page(results: Sequence[tuple[Trial, Sequence[Sequence[Row]]]]) -> str:
    """Return the page with the tables of the trials."""
    tables = [
        markdown(heading, rows)
        for trial, found in results
        for heading, rows in zip(trial.tables, found, strict=True)
    ]
    return "\n".join((HEAD + machine(), "", *tables)).rstrip() + "\n"


def machine() -> str:
    """Return the machine in one line."""
    what = f"{os.cpu_count()} cores, {platform.system()} {_release()}"
    return f"Measured on {datetime.now(UTC).date()}: {what}, Python {platform.python_version()}.\n"


def _release() -> str:
    return platform.release().split("-")[0]
