"""Starting: what it takes to list the commands, and to check a long playbook."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from benchmarks.bench import Bench, Trial
from benchmarks.measure import Errand, Sample, cpu, interleaved, run, wall
from benchmarks.rivals import BIN
from benchmarks.site import TREE
from benchmarks.table import Heading, Row, ratio

LINES = 5600
# To find a mistake in a tree that is being worked at takes as long as to find none.
FOUND = (0, 2)
TASK = """\
    - name: Write part {number}
      template:
        src: part.j2
        dest: "{{{{ place }}}}/part-{number}"
        mode: "0644"
      when: wanted != 'nothing'
      register: part_{number}

"""
HEAD = """\
- name: Write many files
  hosts: host
  vars:
    place: /tmp
    wanted: all
  tasks:
"""


def measure(bench: Bench) -> Sequence[Sequence[Row]]:
    """Measure the lists by the clock, and the check by processor time."""
    empty, full = _trees(bench.folder)
    env = bench.here.env
    ours = str(BIN / "megaplan-cloud")
    tools = {
        "`python -c pass`": Errand((str(BIN / "python"), "-c", "pass"), env),
        "`invoke --list`": Errand((str(BIN / "invoke"), "--list"), env, cwd=TREE),
        "`megaplan-cloud --list`": Errand((ours, "--list"), env, cwd=TREE),
        "`validate`, no playbook": Errand((ours, "validate"), env, cwd=empty, codes=FOUND),
        f"`validate`, {LINES:,} lines": Errand((ours, "validate"), env, cwd=full, codes=FOUND),
    }
    for errand in tools.values():
        run(errand)
    rounds = max(5, bench.rounds)
    found = interleaved({name: partial(again, errand) for name, errand in tools.items()}, rounds)
    bench.tell("starting")
    *lists, without, with_it = found.items()
    floor = found["`python -c pass`"]
    rows = [
        (name, f"{wall(own) * 1000:.0f} ms", ratio(wall(own), wall(floor)), str(rounds))
        for name, own in lists
    ]
    return [rows, [_check(without[1], with_it[1])]]


def again(errand: Errand, _: int) -> Sample:
    """Run a command once more."""
    return run(errand)


def _check(without: list[Sample], with_it: list[Sample]) -> Row:
    least, most = cpu(without) * 1000, cpu(with_it) * 1000
    return (f"{least:.0f} ms", f"{most:.0f} ms", f"**{most - least:.0f} ms**", str(len(without)))


def _trees(top: Path) -> tuple[Path, Path]:
    """Make a folder without playbooks, and one with a long one."""
    empty, full = top / "validate-empty", top / "validate-full"
    for folder in (empty, full):
        (folder / "playbooks").mkdir(parents=True)
        (folder / "playbooks" / "templates").mkdir()
        (folder / "playbooks" / "templates" / "part.j2").write_text("part\n", encoding="utf-8")
    count = (LINES - HEAD.count("\n")) // TASK.count("\n")
    tasks = "".join(TASK.format(number=number) for number in range(count))
    text = "---\n" + HEAD + tasks
    (full / "playbooks" / "long.yml").write_text(text, encoding="utf-8")
    return empty, full


TRIAL = Trial(
    ("start", "list", "validate"),
    (
        Heading(
            "Listing the commands",
            "By the clock, start to exit.",
            ("command", "time", "x python", "n"),
        ),
        Heading(
            f"Checking a playbook of {LINES:,} lines",
            "Processor time of `megaplan-cloud validate`, which checks every playbook of this "
            "project as well.",
            ("without it", "with it", "it takes", "n"),
        ),
    ),
    measure,
)
