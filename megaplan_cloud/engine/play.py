"""Playing: a playbook in, a report out."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from threading import Event as Flag
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine import journal as journals
from megaplan_cloud.engine import playbook as playbooks
from megaplan_cloud.engine.action import ActionTable, find_actions
from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.connection import Connection
from megaplan_cloud.engine.discretion import Discretion
from megaplan_cloud.engine.errors import EngineError, PlaybookError
from megaplan_cloud.engine.event import Event, Listener, RunEnded, RunStarted, nobody
from megaplan_cloud.engine.inventory import Inventory
from megaplan_cloud.engine.journal import Journal
from megaplan_cloud.engine.playbook import Play, Playbook, RoleUse
from megaplan_cloud.engine.redaction import Redactor
from megaplan_cloud.engine.report import Report
from megaplan_cloud.engine.resume import Past, read_past
from megaplan_cloud.engine.rules import Clock, Rules
from megaplan_cloud.engine.scope import Scope
from megaplan_cloud.engine.selection import listing, select
from megaplan_cloud.engine.template import render

if TYPE_CHECKING:
    from megaplan_cloud.engine.company import Company

ACTIONS = "megaplan_cloud.engine.actions"
HERE: Mapping[str, Mapping[str, Any]] = {"controller": {}, "host": {}, "box": {}}
NOTHING: Mapping[str, Any] = {}
Connect = Callable[[str, str], Connection]
Recorder = Callable[[str, Command], None]
HOSTS = re.compile(r"^[-\s]+hosts:\s*([A-Za-z]+)\s*$", re.MULTILINE)


def play(
    path: Path,
    *,
    variables: Mapping[str, Any] = NOTHING,
    places: Mapping[str, Any] = HERE,
    actions: ActionTable | None = None,
    roles_path: Sequence[Path] = (),
    extra: Mapping[str, Any] = NOTHING,
    check: bool = False,
    diff: bool = False,
    tags: Collection[str] = (),
    skip_tags: Collection[str] = (),
    start_at: str | None = None,
    list_tasks: bool = False,
    resume: bool = False,
    batch: bool = True,
    forks: int = 20,
    journal: Path | None = None,
    listener: Listener = nobody,
    redactor: Redactor | None = None,
    clock: Clock | None = None,
    connect: Connect | None = None,
    record: Recorder | None = None,
) -> Report:
    """Play a playbook and report what came of it. The whole program of the engine.

    `variables` are the settings, `extra` what `--set` says; `places` says how each place is
    reached (several hosts: a list of them, each with a `name`). `journal` is the file to keep the
    run in, and to `resume` it from. `connect` gives the connections of the places instead of how
    they are described, and `record` takes each command (see `engine.testing`). EngineError for a
    mistake that is found before the first task.
    """
    actions = actions or find_actions(ACTIONS)
    layers = {"settings": variables, "extra": extra}
    inventory = Inventory(places)
    with connecting(inventory, () if list_tasks or connect else places_in(path)):
        playbook = read(path, roles_path, actions, Scope().child(**layers))
        selection = select(playbook, tags, skip_tags, start_at)
        past = past_of(journal, path) if resume else Past()
    if list_tasks:
        return listing(playbook, selection, check=check)
    # What plays is loaded while the connections open.
    from megaplan_cloud.engine.company import Company, near

    clock = clock or Clock()
    discretion = discretion_of(redactor, layers)
    with closing(inventory), kept(journal, discretion, clock, keep=resume) as book:
        rules = Rules(
            playbook=playbook,
            actions=actions,
            connect=connect or inventory.connection,
            cancel=inventory.cancel,
            discretion=discretion,
            selection=selection,
            journal=book,
            past=past,
            tell=one_at_a_time(listener),
            clock=clock,
            stopping=Flag(),
            check=check,
            diff=diff,
            batch=batch,
            near=near(places),
            record=record or (lambda _place, _command: None),
        )
        hosts = {place: inventory.hosts(place) for place in places}
        return perform(Company(rules=rules, hosts=hosts, layers=layers, forks=forks))


def perform(company: "Company") -> Report:
    """Play the plays of a run, and report it to whoever listens."""
    rules = company.rules
    path = str(rules.playbook.path)
    began = rules.clock.now()
    rules.tell(RunStarted(path, rules.check))
    if rules.journal:
        digest = journals.fingerprint(rules.playbook.path.read_text(encoding="utf-8"))
        whole = str(rules.playbook.path.resolve())
        rules.journal.write("run", playbook=whole, fingerprint=digest, check=rules.check)
    interrupted = company.perform(plays_from(rules.playbook, rules.selection.first_play))
    report = Report(
        playbook=path,
        plays=tuple(company.plays),
        check=rules.check,
        interrupted=interrupted,
        duration=rules.clock.now() - began,
        emitted=company.emitted,
        journal=str(rules.journal.path) if rules.journal else "",
    )
    if rules.journal:
        rules.journal.write("end", exit_code=report.exit_code, interrupted=interrupted)
        rules.journal.sync()
    rules.tell(RunEnded(report))
    return report


def places_in(path: Path) -> Collection[str]:
    """Return the places that a playbook seems to be for, at a glance."""
    try:
        return set(HOSTS.findall(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError):
        return ()


@contextmanager
def connecting(inventory: Inventory, places: Collection[str]) -> Iterator[None]:
    """Connect to the places in the background, while the playbook is read.

    After a mistake nobody waits for the connections: they are closed in the background, too.
    """
    for place in places:
        with suppress(EngineError):
            for host in inventory.hosts(place):
                inventory.prepare(place, host)
    try:
        yield
    except EngineError:
        Thread(target=inventory.close, daemon=True).start()
        raise


def read(path: Path, roles_path: Sequence[Path], actions: ActionTable, scope: Scope) -> Playbook:
    """Return a playbook with every role that its plays list, named by a template or not.

    EngineError for a variable that nothing defines, in whatever task or template it is read.
    """
    playbook = playbooks.load(path, roles_path, actions=actions)
    plays = (with_roles(play, playbook, actions, scope) for play in playbook.plays)
    complete = replace(playbook, plays=tuple(plays))
    playbooks.check_variables(complete, frozenset(scope), actions=actions)
    return complete


def with_roles(play: Play, playbook: Playbook, actions: ActionTable, scope: Scope) -> Play:
    """Return a play whose roles are all read."""
    inside = scope.child(play=play.vars)

    def with_role(use: RoleUse) -> RoleUse:
        if use.role:
            return use
        own = inside.child(role=use.keywords.vars)
        name, tasks_from = str(render(use.name, own)), str(render(use.tasks_from, own))
        role = playbooks.load_role(
            name, playbook.search, actions=actions, tasks_from=tasks_from, mark=use.name.mark
        )
        return replace(use, role=role)

    return replace(play, roles=tuple(with_role(use) for use in play.roles))


def discretion_of(redactor: Redactor | None, layers: Mapping[str, Any]) -> Discretion:
    """Return the redaction of a run, which knows every secret among its settings."""
    discretion = Discretion(redactor or Redactor())
    discretion.learn(layers)
    return discretion


def past_of(journal: Path | None, playbook: Path) -> Past:
    """Return what an earlier run did; PlaybookError when nothing tells of one."""
    if journal is None:
        raise PlaybookError("Without a journal there is nothing to resume.", hint="Name its file.")
    return read_past(journal, playbook)


@contextmanager
def kept(
    path: Path | None, discretion: Discretion, clock: Clock, *, keep: bool
) -> Iterator[Journal | None]:
    """Give the journal of a run, if one is kept; `keep` goes on with what is there."""
    if path is None:
        yield None
        return
    with closing(journals.open_journal(path, discretion.redact_value, clock.wall, keep=keep)) as it:
        yield it


def one_at_a_time(listener: Listener) -> Listener:
    """Return a listener that hears the hosts of a run one after the other."""
    lock = Lock()

    def tell(event: Event) -> None:
        with lock:
            listener(event)

    return tell


def plays_from(playbook: Playbook, first: int) -> Iterator[tuple[str, Play]]:
    """Yield the plays with their addresses, from the one that holds the task to start at."""
    return ((str(index), play) for index, play in enumerate(playbook.plays) if index >= first)
