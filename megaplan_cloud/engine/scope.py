"""The scope: the variables that one host sees at one task, each rendered when it is read.

Where a name is defined twice the later of these layers wins, in Ansible's order: a role's
defaults, the settings, the play's vars, the role's vars, the vars of blocks, tasks and includes,
what was registered or set as a fact, the parameters of a role, `--set`, the loop's item, and last
the names the engine gives (`inventory_hostname`, `check` …), which nothing overrides.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import IntEnum
from functools import partial
from typing import Any, NoReturn

from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.lazy import lazily
from megaplan_cloud.engine.source import Text
from megaplan_cloud.engine.template import render, render_text


class Layer(IntEnum):
    """Where a variable comes from; a higher layer wins."""

    DEFAULTS = 1
    SETTINGS = 2
    PLAY = 3
    ROLE = 4
    TASK = 5
    FACTS = 6
    PARAMETERS = 7
    EXTRA = 8
    ITEM = 9
    MAGIC = 10


class Pending(Exception):
    """A template reads a registered name whose task was sent ahead and not read back yet."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the result '{name}' is not read yet")
        self.name = name


class UnknownValue(Exception):
    """A template reads what check mode cannot know: the result of a task that did not run."""

    def __init__(self, name: str, task: str) -> None:
        super().__init__(f"'{name}' depends on '{task}'")
        self.name = name
        self.task = task


class Unknowns(dict[str, str]):
    """Variables that check mode cannot know, and for each the task that it depends on."""

    def __getitem__(self, name: str) -> NoReturn:
        """Raise UnknownValue, or KeyError for another name."""
        raise UnknownValue(name, super().__getitem__(name))


class Facts:
    """What the tasks of one host registered and set so far; all its scopes share it."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.marks: dict[str, Callable[[], Exception]] = {}
        self.version = 0
        self.files_pending = False

    def set(self, name: str, value: Any) -> None:
        """Give a name its value; it is neither pending nor unknown any more."""
        self.values[name] = value
        self.marks.pop(name, None)
        self.version += 1

    def mark(self, name: str, mark: Callable[[], Exception]) -> None:
        """Make reading the name raise what `mark` makes."""
        self.marks[name] = mark
        self.version += 1

    def read(self, name: str) -> Any:
        """Return a value; KeyError if nothing has that name, or what the name is marked with."""
        if name in self.marks:
            raise self.marks[name]()  # noqa: RSE102 - a function that makes the exception
        return self.values[name]

    def __contains__(self, name: object) -> bool:
        return name in self.values or name in self.marks


class Scope(Mapping[str, Any]):
    """The variables of one host at one task. `scope[name]` is rendered, plain data.

    Layers are given as mappings, `Scope(facts, settings={…}, magic={…})`; `child(task={…})` sees
    them all and more, and shares the facts.
    """

    def __init__(
        self, facts: Facts | None = None, parent: "Scope | None" = None, **layers: Mapping[str, Any]
    ) -> None:
        self.facts = facts if facts is not None else Facts()
        own = [(Layer[name.upper()], values) for name, values in layers.items() if values]
        inherited = parent.layers if parent else ()
        # An inner mapping goes before an outer one of the same layer; sorting keeps that.
        self.layers: tuple[tuple[Layer, Mapping[str, Any]], ...] = tuple(
            sorted((*own, *inherited), key=lambda layer: layer[0], reverse=True)
        )
        self._rendered: dict[str, Any] = {}
        self._version = self.facts.version
        self._open: list[tuple[str, Text]] = []

    def child(self, **layers: Mapping[str, Any]) -> "Scope":
        """Return a scope inside this one: `child(task=vars)`, `child(item={"item": 1})`."""
        return Scope(self.facts, self, **layers)

    def __getitem__(self, name: str) -> Any:
        raw = self._raw(name)
        return self._value(name, raw) if isinstance(raw, Text) else render(raw, self)

    def look_up(self, name: str) -> Any:
        """Return a variable as a template reads it: texts rendered, containers when looked into.

        No template can change what it reads. KeyError if there is none; `Pending` or
        `UnknownValue` if it has no value yet.
        """
        raw = self._raw(name)
        value = self._value(name, raw) if isinstance(raw, Text) else raw
        return lazily(value, partial(self._render, name))

    def _value(self, name: str, raw: Text) -> Any:
        """Return what a variable's text gives, rendered once as long as no fact changes."""
        if self._version != self.facts.version:
            self._rendered.clear()
            self._version = self.facts.version
        if name not in self._rendered:
            self._rendered[name] = self._render(name, raw)
        return self._rendered[name]

    def _raw(self, name: str) -> Any:
        """Return a variable unrendered, from the highest layer that has it."""
        for layer, values in self.layers:
            if layer < Layer.FACTS and name in self.facts:
                break
            if name in values:
                return values[name]
        return self.facts.read(name)

    def _render(self, name: str, text: Text) -> Any:
        """Return what a variable's text means; TemplateError if it needs itself for that."""
        if any(text is each for _, each in self._open):
            cycle = " → ".join([*(each for each, _ in self._open), name])
            raise TemplateError(f"The variable needs itself: {cycle}.", mark=text.mark)
        self._open.append((name, text))
        try:
            return render_text(text, self)
        finally:
            self._open.pop()

    def known(self) -> Iterable[str]:
        """Return every name, unrendered, for suggestions and for a listing."""
        return iter(self)

    def __iter__(self) -> Iterator[str]:
        names = [name for _, values in self.layers for name in values]
        return iter(dict.fromkeys([*names, *self.facts.values, *self.facts.marks]))

    def __len__(self) -> int:
        return len(list(iter(self)))

    def __contains__(self, name: object) -> bool:
        return any(name in values for _, values in self.layers) or name in self.facts

    def register(self, name: str, value: Any) -> None:
        """Give a registered name or a fact its value, for this host's later tasks too."""
        self.facts.set(name, value)

    def pending(self, name: str) -> None:
        """Make reading `name` raise `Pending` until it is registered."""
        self.facts.mark(name, partial(Pending, name))

    def unknown(self, name: str, task: str) -> None:
        """Make reading `name` raise `UnknownValue`: `task` did not run in check mode."""
        self.facts.mark(name, partial(UnknownValue, name, task))

    def settle_files(self) -> None:
        """Raise `Pending` while a command that was sent ahead may still write files here."""
        if self.facts.files_pending:
            raise Pending("files")

    def snapshot(self) -> dict[str, Any]:
        """Return what was registered and set so far, for the journal."""
        return dict(self.facts.values)

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Take up what an earlier run registered."""
        for name, value in snapshot.items():
            self.facts.set(name, value)
