"""Plain data: what a template gives, with nothing lazy or undefined left in it."""

from collections.abc import ItemsView, Iterator, KeysView, Mapping, ValuesView
from typing import Any

from jinja2.runtime import Undefined

from megaplan_cloud.engine.lazy import LazySequence
from megaplan_cloud.engine.omit import OMIT
from megaplan_cloud.engine.secret import Secret, holds_secret, reveal


def settled(value: Any) -> Any:
    """Return `value` as plain data: nothing lazy, nothing undefined, secrets kept."""
    match value:
        case None | bool() | int() | float() | Secret():
            return value
        case str():
            return str(value)
        case Undefined():
            return value._fail_with_undefined_error()  # noqa: SLF001 - Jinja's own way to say it
        case Mapping():
            pairs = ((settled(key), settled(each)) for key, each in value.items())
            return {key: each for key, each in pairs if each is not OMIT}
        case _ if value is OMIT:
            return OMIT
        case _ if isinstance(value, LISTS):
            return [each for each in map(settled, value) if each is not OMIT]
        case _:
            raise TypeError(f"a template gave a {type(value).__name__}, which no variable can be")


LISTS = (list, tuple, set, frozenset, LazySequence, Iterator, KeysView, ValuesView, ItemsView)
"""What becomes a list when it leaves a template."""


def as_text(values: list[Any]) -> str:
    """Return plain values as one text, a `Secret` when one of them holds a secret."""
    if not holds_secret(values):
        return "".join(map(str, values))
    return Secret("".join(str(reveal(value)) for value in values))


def is_nothing(part: Any) -> bool:
    """Say whether a part adds no text: `omit`, or what an `if` without `else` gives."""
    return part is OMIT or type(part) is Undefined
