"""W1, W2 and W3 at one host, at each round trip; and what a slow login file adds."""

from collections.abc import Sequence
from pathlib import Path

from benchmarks.bench import Bench, Trial
from benchmarks.measure import Sample, run, wall
from benchmarks.rivals import FLOOR, ONE, OURS, RIVALS, Rival, ours
from benchmarks.site import Site, site
from benchmarks.table import NONE, Heading, Row, seconds
from benchmarks.workload import LEFT_BEHIND

RTTS = (0, 50, 150)
SLEEPING = "sleep 0.15\n"
COLUMNS = ("tool", *(f"{rtt} ms round trip" for rtt in RTTS), "processor here, 0 ms", "n")
Samples = dict[str, dict[int, list[Sample]]]


def measure(bench: Bench) -> Sequence[Sequence[Row]]:
    """Measure all tools in turn, at one round trip after the other."""
    first: Samples = {rival.name: {} for rival in RIVALS}
    again: Samples = {rival.name: {} for rival in RIVALS}
    trivial: Samples = {rival.name: {} for rival in RIVALS}
    for rtt, place in bench.sites.items():
        for rival in RIVALS:
            for found in (first, again, trivial):
                found[rival.name][rtt] = []
            _warm_up(bench, place, rival)
        rounds = bench.rounds_at(rtt)
        for number in range(rounds):
            for rival in RIVALS:
                if number < max(1, round(rounds * rival.share)):
                    target = _target(bench, rtt, rival, str(number))
                    errand = rival.w1(place, str(target), ONE)
                    first[rival.name][rtt].append(run(errand))
                    again[rival.name][rtt].append(run(errand))
                    trivial[rival.name][rtt].append(run(rival.trivial(place, "", ONE)))
                    _check(target)
            bench.tell(f"W1 to W3 at {rtt} ms: round {number + 1} of {rounds}")
    return _rows(first), _rows(again), _rows(trivial), _slow_login(bench)


def _warm_up(bench: Bench, place: Site, rival: Rival) -> None:
    """Let a tool make what it makes once: byte code, known hosts."""
    if place is bench.here or not place.link.rtt:
        run(rival.w1(place, str(_target(bench, place.link.rtt, rival, "warm")), ONE))
    run(rival.trivial(place, "", ONE))


def _target(bench: Bench, rtt: int, rival: Rival, number: str) -> Path:
    return bench.folder / f"w1-{rtt}-{RIVALS.index(rival)}-{number}"


def _check(target: Path) -> None:
    """Check that a tool has left behind what the floor has: the same files, byte for byte."""
    model = target.with_name(f"w1-0-{[rival.name for rival in RIVALS].index(FLOOR)}-warm")
    found, wanted = (
        {file.name: file.read_bytes() for file in at.iterdir()} for at in (target, model)
    )
    if found != wanted or set(wanted) != set(LEFT_BEHIND):
        raise RuntimeError(f"{target} holds {sorted(found)}, and not the files of {model}")


def _rows(samples: Samples) -> list[Row]:
    floor = samples[FLOOR]
    return [
        (
            f"**{name}**" if name == OURS else name,
            *(seconds(own[rtt], floor[rtt]) if rtt in own else NONE for rtt in RTTS),
            f"{sum(sample.cpu for sample in own[0]) / len(own[0]):.2f} s",
            ", ".join(str(len(own[rtt])) for rtt in RTTS if rtt in own),
        )
        for name, own in samples.items()
    ]


def _slow_login(bench: Bench) -> list[Row]:
    slow = bench.closing.enter_context(
        site(bench.here.link, bench.folder / "site-slow", login=SLEEPING)
    )
    quick: list[Sample] = []
    late: list[Sample] = []
    run(ours(slow, str(bench.folder / "login-warm"), ONE))
    for number in range(bench.rounds):
        quick.append(run(ours(bench.here, str(bench.folder / f"login-{number}-quick"), ONE)))
        late.append(run(ours(slow, str(bench.folder / f"login-{number}-late"), ONE)))
    without, with_it = wall(quick), wall(late)
    adds = f"**{with_it - without:.2f} s**"
    return [(f"{without:.2f} s", f"{with_it:.2f} s", adds, str(bench.rounds))]


def _heading(title: str, about: str) -> Heading:
    return Heading(title, about, COLUMNS)


TRIAL = Trial(
    ("W1", "W2", "W3", "login"),
    (
        _heading("W1: twenty tasks at one host", "A fresh target, cold process to exit."),
        _heading("W2: the same again", "Nothing changes, except that commands run."),
        _heading("W3: one trivial command", "Cold process to exit; `true` at the host."),
        Heading(
            "A slow login file",
            "W1 by this project, where the user's `.bashrc` sleeps 150 ms.",
            ("without", "with", "it adds", "n"),
        ),
    ),
    measure,
)
