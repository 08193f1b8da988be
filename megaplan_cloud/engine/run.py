"""A run at one host: the plays, sections, blocks and includes around its tasks."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from megaplan_cloud.engine import inheritance, playbook
from megaplan_cloud.engine.errors import EngineError, PlaybookError
from megaplan_cloud.engine.handlers import Handlers
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.omit import OMIT
from megaplan_cloud.engine.outcome import Outcome, unknown
from megaplan_cloud.engine.playbook import Play, RoleUse
from megaplan_cloud.engine.result import Status
from megaplan_cloud.engine.role import Role
from megaplan_cloud.engine.rules import Rules
from megaplan_cloud.engine.scope import Pending, Scope, UnknownValue
from megaplan_cloud.engine.statement import (
    Block,
    ImportTasks,
    IncludeRole,
    IncludeTasks,
    Statement,
    Task,
    every,
    find_tasks,
)
from megaplan_cloud.engine.suggestion import did_you_mean
from megaplan_cloud.engine.template import render
from megaplan_cloud.engine.turn import Part, Stopped, Surroundings, Turn
from megaplan_cloud.engine.worker import Worker

DEEPEST = 50
INCLUDES = (IncludeTasks, IncludeRole)


@dataclass(slots=True, kw_only=True)
class HostRun:
    """The run at one host. `seeking` is where to start, as long as it is not reached."""

    rules: Rules
    worker: Worker
    scope: Scope
    seeking: Mark | None = None
    guards: int = 0
    turns: int = 0

    def play(self, play: Play, address: str) -> bool:
        """Play a play; return whether the host may go on to the next one."""
        start = self.rules.selection
        self.seeking = start.start if address == str(start.first_play) else None
        around = self.surroundings(play, address)
        roles = list(roles_of(play, around))
        self.worker.books.handlers = Handlers()
        for inner, role, _ in roles:
            self.worker.books.handlers.add(role.handlers, inner.at("handlers"))
        self.worker.books.handlers.add(play.handlers, around.at("handlers"))
        try:
            self.section(lambda: self.statements(play.pre_tasks, around.at("pre_tasks")))
            self.section(lambda: self.roles_and_tasks(roles, play, around))
            self.section(lambda: self.statements(play.post_tasks, around.at("post_tasks")))
        except Stopped:
            return False
        return True

    def section(self, do: Callable[[], None]) -> None:
        """Do a section of a play to its end, then the handlers that were notified in it."""
        do()
        self.worker.flush()
        for handler, depends_on in self.worker.books.handlers.take():
            self.handler(handler.task, handler.around.inside(handler.task.keywords), depends_on)
            self.worker.flush()

    def roles_and_tasks(
        self, roles: Sequence[tuple[Surroundings, Role, RoleUse]], play: Play, around: Surroundings
    ) -> None:
        """Do a play's roles, each once, and then its tasks."""
        done: list[tuple[object, ...]] = []
        for inner, role, use in roles:
            one = (role.path, role.tasks_from, use.keywords)
            if one not in done:
                done.append(one)
                self.statements(role.tasks, inner)
        self.statements(play.tasks, around.at("tasks"))

    def surroundings(self, play: Play, address: str) -> Surroundings:
        """Return the surroundings of a play's tasks; they see its roles' variables as well."""
        scope = self.scope.child(play=play.vars)
        for use in play.roles:
            if use.role:
                scope = scope.child(defaults=use.role.defaults, role=use.role.vars)
        return Surroundings(
            scope=scope,
            keywords=inheritance.of_play(play),
            address=address,
            folders=(self.rules.playbook_dir,),
        )

    def statements(self, statements: Sequence[Statement], around: Surroundings) -> None:
        """Do statements one after the other."""
        for index, statement in enumerate(statements):
            self.statement(statement, around.at(index))

    def statement(self, statement: Statement, around: Surroundings) -> None:
        """Do one statement."""
        inside = around.inside(statement.keywords, included=isinstance(statement, INCLUDES))
        match statement:
            case Block():
                self.block(statement, inside)
            case ImportTasks():
                self.statements(statement.tasks, inside)
            case _ if self.passed_over(statement, inside):
                return
            case Task():
                self.worker.take(self.turn(statement, inside))
            case IncludeTasks():
                self.include(statement, as_task(statement), inside, around)
            case IncludeRole():
                self.include(statement, as_task(statement), inside, around)

    def passed_over(self, statement: Statement, inside: Surroundings) -> bool:
        """Return whether a task stands before the start, or its tags are not selected."""
        if self.seeking is not None and self.seeking != statement.mark:
            return True
        self.seeking = None
        tags = flat([render(tag, inside.scope) for tag in inside.keywords.tags])
        return not self.rules.selection.takes(set(tags))

    def turn(self, task: Task, inside: Surroundings) -> Turn:
        """Return a task's turn, ready to be taken."""
        self.turns += 1
        return Turn(
            task=task,
            name=self.named(task.name, inside.scope),
            around=inside,
            number=self.turns,
            rescued=self.guards > 0,
        )

    def named(self, name: str, scope: Scope) -> str:
        """Return a task's name, rendered where that can be done."""
        while True:
            try:
                rendered = render(name, scope)
            except Pending:
                self.worker.flush()
                continue
            except (EngineError, UnknownValue):
                return name
            return name if rendered is OMIT else str(rendered)

    def handler(self, task: Task, inside: Surroundings, depends_on: str) -> None:
        """Run a handler; in check mode it cannot be known whether one of doubtful cause runs."""
        turn = self.turn(task, inside)
        if depends_on:
            turn.opens = lambda _: unknown(depends_on)
        self.worker.take(turn)

    def block(self, block: Block, inside: Surroundings) -> None:
        """Do a block; when one of its tasks fails, its rescue; its always in any case."""
        if not (block.rescue or block.always):
            self.statements(block.block, inside.at("block"))
            return
        stopped: Stopped | None = None
        try:
            with self.guarding(bool(block.rescue)):
                self.statements(block.block, inside.at("block"))
                self.worker.flush()
        except Stopped as failure:
            if failure.lost or not failure.turn.address.startswith(f"{inside.address}/block/"):
                raise
            stopped = self.rescue(block, inside, failure) if block.rescue else failure
        self.statements(block.always, inside.at("always"))
        self.worker.flush()
        if stopped:
            raise stopped

    @contextmanager
    def guarding(self, guards: bool) -> Iterator[None]:  # noqa: FBT001 - read at its one call
        """Count a rescue around what is done inside."""
        self.guards += guards
        try:
            yield
        finally:
            self.guards -= guards

    def rescue(self, block: Block, inside: Surroundings, failure: Stopped) -> Stopped | None:
        """Do a block's rescue; return what failed in it, None when all went well."""
        facts = inside.scope.facts
        facts.set("ansible_failed_task", {"name": failure.turn.name})
        facts.set("ansible_failed_result", dict(failure.outcome.variable))
        try:
            self.statements(block.rescue, inside.at("rescue"))
            self.worker.flush()
        except Stopped as another:
            if another.lost:
                raise
            return another
        return None

    def include(
        self,
        statement: IncludeTasks | IncludeRole,
        task: Task,
        inside: Surroundings,
        around: Surroundings,
    ) -> None:
        """Do what an include names, once for each item of its loop."""
        opened: dict[int, tuple[Surroundings, Sequence[Statement]]] = {}

        def opens(part: Part) -> Outcome:
            where = replace(around, scope=part.scope, depth=around.depth + 1).at(part.index)
            opened[part.index] = self.open(statement, where, around.scope)
            return Outcome(status=Status.OK, variable={"changed": False, "failed": False})

        turn = self.turn(task, inside)
        turn.opens, turn.holds = opens, tuple(every((statement,)))
        self.worker.take(turn)
        for where, statements in opened.values():
            self.statements(statements, where)

    def open(
        self, statement: IncludeTasks | IncludeRole, around: Surroundings, outer: Scope
    ) -> tuple[Surroundings, Sequence[Statement]]:
        """Read what an include names; return its statements and their surroundings.

        The handlers of a role see the `outer` scope, not the vars of the include.
        """
        around.scope.settle_files()
        if around.depth > DEEPEST:
            raise PlaybookError(
                f"Includes are more than {DEEPEST} deep: does a file include itself?",
                mark=statement.mark,
            )
        if isinstance(statement, IncludeTasks):
            return around, self.included_tasks(statement, around.scope)
        role = playbook.load_role(
            str(render(statement.role, around.scope)),
            self.rules.playbook.search,
            actions=self.rules.actions,
            tasks_from=str(render(statement.tasks_from, around.scope)),
            mark=statement.role.mark,
        )
        outside = enter_role(replace(around, scope=outer), role, "handlers")
        self.worker.books.handlers.add(role.handlers, outside)
        return enter_role(around, role, "role"), role.tasks

    def included_tasks(self, statement: IncludeTasks, scope: Scope) -> Sequence[Statement]:
        """Return the statements of the file that an include names."""
        name = str(render(statement.file, scope))
        path = find_tasks(name, statement.folders)
        if path is None:
            files = [file.name for folder in statement.folders for file in folder.glob("*.yml")]
            looked = ", ".join(map(str, statement.folders))
            raise PlaybookError(
                f"There is no task file '{name}'.",
                mark=statement.file.mark,
                hint=f"{did_you_mean(name, files)}Looked in: {looked}.",
            )
        return playbook.load_tasks(path, actions=self.rules.actions)


def roles_of(play: Play, around: Surroundings) -> Iterator[tuple[Surroundings, Role, RoleUse]]:
    """Yield the roles of a play, all read before the run began, and their surroundings."""
    for index, use in enumerate(play.roles):
        if use.role:
            inner = enter_role(around, use.role, f"roles/{index}")
            keywords = inheritance.of_role(around.keywords, use)
            scope = inner.scope.child(role=use.keywords.vars)
            yield replace(inner, scope=scope, keywords=keywords), use.role, use


def enter_role(around: Surroundings, role: Role, step: str) -> Surroundings:
    """Return the surroundings of a role's tasks."""
    magic = {"role_name": role.name, "role_path": str(role.path)}
    scope = around.scope.child(defaults=role.defaults, role=role.vars, magic=magic)
    own = replace(around, scope=scope, role=role.name, folders=(role.path, *around.folders))
    return own.at(step)


def as_task(include: IncludeTasks | IncludeRole) -> Task:
    """Return an include as the task that it is in a report."""
    return Task(
        action="include_tasks" if isinstance(include, IncludeTasks) else "include_role",
        arguments={},
        keywords=replace(include.keywords, name=include.name),
        mark=include.mark,
        at=include.at,
        fingerprint=include.fingerprint,
        loop=include.loop,
    )


def flat(tags: Sequence[object]) -> Iterator[str]:
    """Yield the tags of a list in which a text may hold several, parted by commas."""
    for tag in tags:
        several = tag if isinstance(tag, list) else str(tag).split(",")
        yield from (str(one).strip() for one in several)
