"""The guard of filters and tests: they see plain, defined values, and keep secrets secret."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from jinja2.runtime import Undefined

from megaplan_cloud.engine.lazy import LazyMapping, LazySequence
from megaplan_cloud.engine.omit import OMIT
from megaplan_cloud.engine.plain import LISTS, settled
from megaplan_cloud.engine.secret import conceal, holds_secret, reveal

TOLERANT = frozenset({"default", "d", "mandatory", "defined", "undefined"})
"""Filters and tests that may be given something undefined."""

LAZY = {
    *("attr", "count", "first", "last", "length", "list", "map"),
    *("reject", "rejectattr", "select", "selectattr"),
}
"""Filters that look at a container without reading all that is in it."""

KEEPING = LAZY | {
    *("batch", "bool", "combine", "d", "default", "dict2items", "dictsort", "difference"),
    *("extract", "flatten", "float", "groupby", "int", "intersect", "items", "items2dict"),
    *("mandatory", "max", "min", "random", "reverse", "slice", "sort", "sum"),
    *("symmetric_difference", "ternary", "type_debug", "union", "unique", "zip"),
}
"""Filters that hand on the values they are given, so that a secret among them stays as it is.

Every other filter makes new text: all of it is secret when any of its input was.
"""


def all_guarded(functions: Mapping[str, Any]) -> dict[str, Any]:
    """Return the filters or tests, each guarded."""
    return {name: _guarded(name, function) for name, function in functions.items()}


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter or test that is given plain, defined values and keeps secrets secret."""
    first = 1 if getattr(function, "jinja_pass_arg", None) is not None else 0

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if name in TOLERANT or (
            name in LAZY and isinstance(args[first], LazySequence | LazyMapping)
        ):
            return function(*args, **kwargs)
        given = [_ready(arg) for arg in args[first:]]
        named = {key: _ready(arg) for key, arg in kwargs.items()}
        if name in KEEPING or not (holds_secret(given) or holds_secret(named)):
            return function(*args[:first], *given, **named)
        return conceal(settled(function(*args[:first], *reveal(given), **reveal(named))))

    return guarded


def _ready(value: Any) -> Any:
    """Return what a filter is given for `value`."""
    if isinstance(value, str | int | float) or value is None or value is OMIT:
        return value
    return settled(value) if isinstance(value, (Undefined, Mapping, *LISTS)) else value
