"""Fifty tasks that do nothing: what each costs over a child process, ssh and `docker exec`."""

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.bench import Bench, Trial
from benchmarks.measure import Errand, Sample, cpu, run, wall
from benchmarks.rivals import BIN
from benchmarks.site import HOSTS, Site
from benchmarks.table import NONE, Heading, Row

TASKS = 50
# What the far side cannot be spared: a shell and the command, started one by one.
FLOOR = f"i=0; while [ $i -lt {TASKS} ]; do sh -c true; i=$((i + 1)); done"


def measure(bench: Bench) -> Sequence[Sequence[Row]]:
    """Measure a playbook of 51 such tasks and one of a single one; the rest is the difference."""
    floor = [run(Errand(("sh", "-c", FLOOR), bench.here.env)) for _ in range(bench.rounds)]
    least = f"{wall(floor) / TASKS * 1000:.1f} ms"
    rows = [
        _row(bench, "child process", {}, least),
        _row(bench, "ssh", {"address": HOSTS[0], "config": str(bench.here.config)}, least),
    ]
    with _container() as name:
        if name:
            enter = ["docker", "exec", "--interactive", name]
            rows.append(_row(bench, "`docker exec`", {"enter": enter}, least))
        else:
            rows.append(("`docker exec`: needs Docker", NONE, NONE, least, "0"))
    return [rows]


def _row(bench: Bench, title: str, place: Mapping[str, Any], least: str) -> Row:
    few, many = (
        [_one(bench.here, place, tasks) for _ in range(bench.rounds + 1)]
        for tasks in (1, TASKS + 1)
    )
    each = (wall(many[1:]) - wall(few[1:])) / TASKS * 1000
    here = (cpu(many[1:]) - cpu(few[1:])) / TASKS * 1000
    bench.tell(f"{TASKS} tasks that do nothing: {title}")
    return (title, f"**{each:.1f} ms**", f"{here:.1f} ms", least, str(bench.rounds))


def _one(site: Site, place: Mapping[str, Any], tasks: int) -> Sample:
    playbook, inventory = site.folder / "noop.yml", site.folder / "noop-inventory.yml"
    nothing = [{"name": f"Do nothing {number}", "command": "true"} for number in range(tasks)]
    play = {"name": "Do nothing", "hosts": "host", "gather_facts": False, "tasks": nothing}
    playbook.write_text(json.dumps([play]), encoding="utf-8")
    inventory.write_text(json.dumps({"host": place}), encoding="utf-8")
    words = (str(BIN / "megaplan-cloud"), "play", str(playbook), "--inventory", str(inventory))
    return run(Errand(words, site.env, cwd=Path(site.env["HOME"])))


@contextmanager
def _container() -> Iterator[str]:
    """Give the name of a running container with a POSIX shell; nothing where there is no Docker."""
    try:
        images = _docker("images", "--quiet", "--filter", "reference=megaplan-test/busybox")
        image = images.split()[0]
        name = _docker("run", "--detach", "--rm", "--network=none", image, "sleep", "600").strip()
    except (OSError, subprocess.CalledProcessError, IndexError):
        yield ""
        return
    try:
        yield name
    finally:
        _docker("rm", "--force", name)


def _docker(*words: str) -> str:
    return subprocess.run(
        ["docker", *words], check=True, capture_output=True, text=True, timeout=60
    ).stdout


TRIAL = Trial(
    ("noop",),
    (
        Heading(
            f"{TASKS} tasks that do nothing, on a connection that is open",
            "Each is `command: true`. What it takes by the clock, what of that is processor time "
            "of this project's process (and of its children, where the place is one), and what "
            "starting a shell and a command by hand takes here.",
            ("over", "each", "processor here", "`sh -c true` by hand", "n"),
        ),
    ),
    measure,
)
