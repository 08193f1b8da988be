"""What is missing: a name or a key that a template reads and that is not there."""

from collections.abc import Iterable, Mapping
from typing import Any

from jinja2.runtime import StrictUndefined
from jinja2.utils import missing


class Missing(StrictUndefined):
    """A name or key that is not there; using it in any way is an error that says so.

    What would be inside it is missing too, so that `a.b.c is defined` and `| default` can ask.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> "Missing":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _key: Any) -> "Missing":  # type: ignore[override]
        return self

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return str(self._undefined_hint)
        owner = self._undefined_obj
        if owner is missing:
            return f"'{self._undefined_name}' is undefined"
        if not isinstance(owner, Mapping):
            return f"a value of type {type(owner).__name__} has no '{self._undefined_name}'"
        return f"there is no '{self._undefined_name}' among the keys {_listed(owner)}"


def _listed(keys: Iterable[Any]) -> str:
    shown = [str(key) for key in keys]
    more = ", …" if len(shown) > 10 else ""  # noqa: PLR2004 - as many as fit a line
    return (", ".join(shown[:10]) + more) or "(it has none)"


def raising(error: Exception) -> Any:
    """Return what Jinja calls to make an exception, so that it raises `error` itself."""
    return lambda _message: error
