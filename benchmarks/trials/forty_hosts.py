"""W4: W1 at forty hosts, all of them this machine, so that it shows total thrift."""

from collections.abc import Sequence

from benchmarks.bench import Bench, Trial
from benchmarks.measure import Sample, cpu, run
from benchmarks.rivals import FLOOR, OURS, PIPELINING, PYINFRA, RIVALS, Do
from benchmarks.site import HOSTS
from benchmarks.table import Heading, Row, seconds

NAMES = {FLOOR: "`xargs -P20 ssh host sh -s`", OURS: f"**{OURS}**"}
# Ansible takes minutes for one run.
ROUNDS = {PIPELINING: 1, PYINFRA: 2}


def measure(bench: Bench) -> Sequence[Sequence[Row]]:
    """Measure the tools that can do many hosts at a time."""
    tools: dict[str, Do] = {
        rival.name: rival.w1 for rival in RIVALS if rival.name in (FLOOR, OURS, *ROUNDS)
    }
    found: dict[str, list[Sample]] = {name: [] for name in tools}
    for number in range(bench.rounds):
        for name, do in tools.items():
            if number < ROUNDS.get(name, bench.rounds):
                top = bench.folder / f"w4-{len(found[name])}-{list(tools).index(name)}"
                top.mkdir()
                found[name].append(run(do(bench.here, f"{top}/HOST", HOSTS)))
                if len(list(top.glob("*/kernel"))) != len(HOSTS):
                    raise RuntimeError(f"{name} did not reach every host: see {top}")
        bench.tell(f"W4: round {number + 1} of {bench.rounds}")
    floor = found[FLOOR]
    return [
        [
            (NAMES.get(name, name), seconds(own, floor), f"{cpu(own):.2f} s", str(len(own)))
            for name, own in found.items()
        ]
    ]


TRIAL = Trial(
    ("W4",),
    (
        Heading(
            "W4: forty hosts x W1",
            "Twenty hosts at a time, no delay; all hosts are this machine.",
            ("tool", "time", "processor here", "n"),
        ),
    ),
    measure,
)
