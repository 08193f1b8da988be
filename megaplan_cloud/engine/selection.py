"""A selection: which tasks of a playbook are played, by their tags and by where to start."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from megaplan_cloud.engine import inheritance
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.playbook import Play, Playbook
from megaplan_cloud.engine.report import PlayReport, Report, TaskReport
from megaplan_cloud.engine.result import Status
from megaplan_cloud.engine.statement import Block, ImportTasks, Keywords, Statement, Task
from megaplan_cloud.engine.suggestion import did_you_mean

ALL = frozenset({"all"})


@dataclass(frozen=True, slots=True)
class Selection:
    """The tasks that a run plays; `start` is where the first of them stands, and in which play."""

    tags: frozenset[str] = ALL
    skip_tags: frozenset[str] = frozenset()
    start: Mark | None = None
    first_play: int = 0

    def takes(self, tags: Collection[str]) -> bool:
        """Return whether a task with these tags, its own and inherited, is played."""
        own = frozenset(tags)
        return self.wanted(own) and not self.unwanted(own)

    def wanted(self, tags: frozenset[str]) -> bool:
        """Return whether `--tags` asks for the tags; `always` comes unasked, `never` by name."""
        if "always" in tags or tags & self.tags:
            return True
        if "untagged" in self.tags and not tags:
            return True
        return "never" not in tags and (
            "all" in self.tags or ("tagged" in self.tags and bool(tags))
        )

    def unwanted(self, tags: frozenset[str]) -> bool:
        """Return whether `--skip-tags` takes the tags out again."""
        if "all" in self.skip_tags:
            return "always" not in tags or "always" in self.skip_tags
        if "tagged" in self.skip_tags and tags:
            return True
        return bool(tags & self.skip_tags) or ("untagged" in self.skip_tags and not tags)


def select(
    playbook: Playbook, tags: Collection[str], skip_tags: Collection[str], start_at: str | None
) -> Selection:
    """Return the selection of a run; PlaybookError when no task has the name to start at."""
    first, start = find_task(playbook, start_at) if start_at else (0, None)
    return Selection(frozenset(tags) or ALL, frozenset(skip_tags), start, first)


def find_task(playbook: Playbook, name: str) -> tuple[int, Mark]:
    """Return in which play, and where, the first task of that name stands."""
    named = [
        (task.name, index, task.mark)
        for index, play in enumerate(playbook.plays)
        for task, _ in tasks_of(play)
    ]
    for known, index, mark in named:
        if known == name:
            return index, mark
    raise PlaybookError(
        f"No task is named '{name}'.",
        hint=f"{did_you_mean(name, [known for known, *_ in named])}See them with --list-tasks.",
    )


def tasks_of(play: Play) -> Iterator[tuple[Statement, Keywords]]:
    """Yield the tasks and includes of a play with their keywords, in the order they are played."""
    outer = inheritance.of_play(play)
    yield from walk(play.pre_tasks, outer)
    for use in play.roles:
        if use.role:
            yield from walk(use.role.tasks, inheritance.of_role(outer, use))
    yield from walk(play.tasks, outer)
    yield from walk(play.post_tasks, outer)


def walk(
    statements: tuple[Statement, ...], outer: Keywords
) -> Iterator[tuple[Statement, Keywords]]:
    """Yield the tasks and includes of a list with their keywords, blocks and imports opened."""
    for statement in statements:
        keywords = inheritance.inherit(outer, statement.keywords)
        match statement:
            case Block():
                yield from walk(statement.block, keywords)
                yield from walk(statement.rescue, keywords)
                yield from walk(statement.always, keywords)
            case ImportTasks():
                yield from walk(statement.tasks, keywords)
            case _:
                yield statement, keywords


def listing(playbook: Playbook, selection: Selection, *, check: bool) -> Report:
    """Return a report of the tasks that would be played, none of them played."""
    plays = tuple(list_play(play, selection) for play in playbook.plays)
    return Report(playbook=str(playbook.path), plays=plays, check=check)


def list_play(play: Play, selection: Selection) -> PlayReport:
    """Return the report of a play of which nothing was played."""
    tasks = tuple(
        TaskReport(
            name=statement.name,
            action=statement.action if isinstance(statement, Task) else "include",
            status=Status.SKIPPED,
            host="",
            file=statement.mark.file,
            line=statement.mark.line,
            reason="listed, not played",
            result={"tags": sorted(set(keywords.tags))},
        )
        for statement, keywords in tasks_of(play)
        if selection.takes(keywords.tags)
    )
    return PlayReport(
        name=play.name,
        place=play.hosts,
        hosts=(),
        file=play.mark.file,
        line=play.mark.line,
        tasks=tasks,
    )
