"""A company: the hosts of a run, which play each play side by side."""

from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass, field
from typing import Any

from megaplan_cloud.engine.bookkeeper import Bookkeeper
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.event import PlayStarted
from megaplan_cloud.engine.inventory import Place
from megaplan_cloud.engine.ledger import Ledger
from megaplan_cloud.engine.playbook import Play
from megaplan_cloud.engine.report import PlayReport
from megaplan_cloud.engine.rules import Rules
from megaplan_cloud.engine.run import HostRun
from megaplan_cloud.engine.scope import Scope
from megaplan_cloud.engine.suggestion import did_you_mean
from megaplan_cloud.engine.turn import Interrupted
from megaplan_cloud.engine.worker import Worker

Hosts = Mapping[str, tuple[str, ...]]
PATIENCE = 0.2


@dataclass(slots=True, kw_only=True)
class Company:
    """The hosts of a run. A host that failed or was lost has left, and plays no further play.

    `hosts` are the names at each place; `layers` are the variables that all of them see.
    """

    rules: Rules
    hosts: Hosts
    layers: Mapping[str, Mapping[str, Any]]
    forks: int
    runs: dict[tuple[str, str], HostRun] = field(default_factory=dict)
    gone: set[tuple[str, str]] = field(default_factory=set)
    plays: list[PlayReport] = field(default_factory=list)

    def perform(self, plays: Iterator[tuple[str, Play]]) -> bool:
        """Play the plays until one leaves nobody; return whether it was interrupted."""
        try:
            for address, play in plays:
                if not self.play(play, address):
                    return False
        except (KeyboardInterrupt, Interrupted):
            self.rules.stopping.set()
            return True
        return False

    def play(self, play: Play, address: str) -> bool:
        """Play one play at all its hosts; return whether somebody can go on."""
        names = self.names(play)
        runs = [self.run(play.hosts, name) for name in names if (play.hosts, name) not in self.gone]
        before = [len(run.worker.books.reports) for run in runs]
        self.rules.tell(PlayStarted(play.name, play.hosts, names))
        try:
            going = self.side_by_side(runs, play, address)
        finally:
            tasks = (run.worker.books.reports[n:] for run, n in zip(runs, before, strict=True))
            self.plays.append(
                PlayReport(
                    name=play.name,
                    place=play.hosts,
                    hosts=names,
                    file=play.mark.file,
                    line=play.mark.line,
                    tasks=tuple(task for own in tasks for task in own),
                )
            )
        self.gone |= {
            (run.worker.place, run.worker.host)
            for run, goes in zip(runs, going, strict=True)
            if not goes
        }
        return any(going) or not names

    def side_by_side(self, runs: list[HostRun], play: Play, address: str) -> list[bool]:
        """Play a play with `forks` hosts at a time; return which of them may go on."""
        if len(runs) <= 1:
            return [one(run, play, address) for run in runs]
        with ThreadPoolExecutor(max_workers=self.forks) as pool:
            futures = [pool.submit(one, run, play, address) for run in runs]
            try:
                wait(futures)
            except KeyboardInterrupt:
                self.rules.stopping.set()
                while wait(futures, timeout=PATIENCE).not_done:
                    self.rules.cancel()  # again, for what began in between
                raise
            return [future.result() for future in futures]

    def run(self, place: str, name: str) -> HostRun:
        """Return the run of a host; what it registered in earlier plays is still there."""
        if (place, name) not in self.runs:
            rules = self.rules
            magic = {
                "inventory_hostname": name,
                "check": rules.check,
                "ansible_check_mode": rules.check,
                "playbook_dir": str(rules.playbook_dir),
            }
            self.runs[place, name] = HostRun(
                rules=rules,
                scope=Scope().child(**self.layers, magic=magic),
                worker=Worker(
                    rules=rules,
                    place=place,
                    host=name,
                    books=Bookkeeper(
                        rules=rules,
                        host=name,
                        ledger=Ledger(rules.journal, rules.discretion, name),
                    ),
                ),
            )
        return self.runs[place, name]

    def names(self, play: Play) -> tuple[str, ...]:
        """Return the names of the hosts that a play is for; PlaybookError if there is no place."""
        if play.hosts in self.hosts:
            return self.hosts[play.hosts]
        places = ", ".join(self.hosts)
        mark = play.at.get("hosts", play.mark)
        raise PlaybookError(
            f"There is no place '{play.hosts}'.",
            mark=mark,
            hint=f"{did_you_mean(play.hosts, self.hosts)}Places: {places}.",
        )

    @property
    def emitted(self) -> tuple[Any, ...]:
        """Return what the `emit` tasks put out, in order, host by host."""
        return tuple(value for run in self.runs.values() for value in run.worker.books.emitted)


def one(run: HostRun, play: Play, address: str) -> bool:
    """Play a play at one host; when it is interrupted, say of which task that is unproven."""
    try:
        return run.play(play, address)
    except (KeyboardInterrupt, Interrupted):
        run.worker.books.cut()
        raise


def near(places: Mapping[str, Any]) -> frozenset[str]:
    """Return the places that are entered without ssh: their files may be those that are here."""
    return frozenset(place for place in places if not is_far(places, place))


def is_far(places: Mapping[str, Any], place: str) -> bool:
    """Return whether a place, or the one it is reached through, has an address."""
    value = places.get(place, {})
    for host in value if isinstance(value, list | tuple) else (value,):
        way = asdict(host) if isinstance(host, Place) else host
        if way.get("address") or (way.get("through") and is_far(places, way["through"])):
            return True
    return False
