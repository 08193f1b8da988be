"""`python -m benchmarks`: measure, print the tables, and write docs/benchmarks.md."""

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench import Bench, Trial, bench
from benchmarks.page import PAGE, page
from benchmarks.table import Row, markdown
from benchmarks.trials import TRIALS

RTTS, ROUNDS = (0, 50, 150), 5


def main() -> None:
    """Run the benchmarks that the words choose."""
    words = arguments()
    chosen = chosen_trials(words.only.split(",") if words.only else ())
    if words.alone:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    rtts, rounds = (RTTS[:2], 1) if words.quick else (RTTS, words.rounds)
    with (
        tempfile.TemporaryDirectory(prefix="megaplan-bench-") as folder,
        bench(Path(folder), rtts, rounds, tell) as measured,
    ):
        results = [(trial, told(trial, measured)) for trial in chosen]
    if chosen == TRIALS and not words.quick:
        PAGE.write_text(page(results), encoding="utf-8")
        tell(f"Written to {PAGE}.")


def told(trial: Trial, measured: Bench) -> Sequence[Sequence[Row]]:
    """Measure a trial and print its tables."""
    found = trial.measure(measured)
    for heading, rows in zip(trial.tables, found, strict=True):
        print(markdown(heading, rows), flush=True)
    return found


def arguments() -> argparse.Namespace:
    """Return the words of this command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one round, 0 and 50 ms only")
    parser.add_argument(
        "--only", default="", help="names, parted by commas: W1, W4, noop, upload …"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="how often to measure")
    parser.add_argument(
        "--alone", action="store_true", help="go before all other work of this machine (root)"
    )
    return parser.parse_args()


def chosen_trials(names: Sequence[str]) -> tuple[Trial, ...]:
    """Return the trials of these names; all of them without a name."""
    known = {name for trial in TRIALS for name in trial.names}
    if unknown := set(names) - known:
        sys.exit(
            f"There is no benchmark {' '.join(unknown)}; there are: {' '.join(sorted(known))}."
        )
    return tuple(trial for trial in TRIALS if not names or set(names) & set(trial.names))


def tell(line: str) -> None:
    """Say how far it is."""
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
