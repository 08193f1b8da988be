"""A lazy value: data with templates in it, each of them rendered when it is read."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from megaplan_cloud.engine.source import Text


class LazyMapping(Mapping[str, Any]):
    """A mapping of a source that renders a value when a template asks for its key."""

    __slots__ = ("__node", "__render")

    def __init__(self, node: Mapping[str, Any], render: Callable[[Text], Any]) -> None:
        self.__node = node
        self.__render = render

    def __getitem__(self, key: str) -> Any:
        return lazily(self.__node[key], self.__render)

    def __iter__(self) -> Iterator[str]:
        return map(str, self.__node)

    def __len__(self) -> int:
        return len(self.__node)

    def __repr__(self) -> str:
        return repr(dict(self))


class LazySequence(Sequence[Any]):
    """A sequence of a source that renders an item when a template asks for it."""

    __slots__ = ("__node", "__render")

    def __init__(self, node: Sequence[Any], render: Callable[[Text], Any]) -> None:
        self.__node = node
        self.__render = render

    def __getitem__(self, index: Any) -> Any:
        found = self.__node[index]
        return (
            LazySequence(found, self.__render)
            if isinstance(index, slice)
            else lazily(found, self.__render)
        )

    def __len__(self) -> int:
        return len(self.__node)

    def __add__(self, other: Any) -> list[Any]:
        return [*self, *other]

    def __radd__(self, other: Any) -> list[Any]:
        return [*other, *self]

    def __eq__(self, other: object) -> bool:
        return list(self) == (list(other) if isinstance(other, LazySequence) else other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


def lazily(value: Any, render: Callable[[Text], Any]) -> Any:
    """Return `value` as a template reads it: texts rendered now, containers when looked into."""
    match value:
        case Text():
            return render(value)
        case dict():
            return LazyMapping(value, render)
        case list():
            return LazySequence(value, render)
        case _:
            return value
