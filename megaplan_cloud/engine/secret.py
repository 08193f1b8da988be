"""A secret: a string that programs can use and that nobody gets to read by accident."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NoReturn, Self

MASK = "***REDACTED***"


def _kept(name: str) -> Any:
    """Return the string method `name`, whose text comes back as a `Secret`."""
    method: Callable[..., Any] = getattr(str, name)

    def keeping(self: "Secret", *args: Any, **kwargs: Any) -> Any:
        real = method(self.reveal(), *map(reveal, args), **reveal(kwargs))
        return real if real is NotImplemented else conceal(real)

    keeping.__name__ = name
    keeping.__doc__ = f"Return what `str.{name}` returns, still secret."
    return keeping


class Secret(str):
    """A string that prints as `***REDACTED***`; everything made from it is a secret again.

    The real text is its payload, so comparing, hashing and encoding work as for any string.
    What takes the payload without asking (`json`, C extensions) must be given `reveal`ed text on
    purpose or pass through `Redactor.redact_value` first.
    """

    __slots__ = ()

    def reveal(self) -> str:
        """Return the real text, as a plain string."""
        return str.__str__(self)

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return repr(MASK)

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __hash__(self) -> int:
        return str.__hash__(self)

    def __eq__(self, other: object) -> bool:
        return str.__eq__(self, other)

    def __iter__(self) -> Iterator[str]:
        return map(Secret, self.reveal())

    def __radd__(self, other: str) -> Self:
        if not isinstance(other, str):
            return NotImplemented
        return type(self)(reveal(other) + self.reveal())

    def __rmod__(self, template: str) -> Self:
        return type(self)(reveal(template) % self.reveal())

    def __reduce_ex__(self, _protocol: object) -> NoReturn:
        raise TypeError("A secret is not pickled: pass its name and read it where it is needed.")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, _memo: object) -> Self:
        return self

    __add__ = _kept("__add__")
    __mod__ = _kept("__mod__")
    __mul__ = _kept("__mul__")
    __rmul__ = _kept("__rmul__")
    __getitem__ = _kept("__getitem__")
    capitalize = _kept("capitalize")
    casefold = _kept("casefold")
    center = _kept("center")
    expandtabs = _kept("expandtabs")
    format = _kept("format")
    format_map = _kept("format_map")
    join = _kept("join")
    ljust = _kept("ljust")
    lower = _kept("lower")
    lstrip = _kept("lstrip")
    partition = _kept("partition")
    removeprefix = _kept("removeprefix")
    removesuffix = _kept("removesuffix")
    replace = _kept("replace")
    rjust = _kept("rjust")
    rpartition = _kept("rpartition")
    rsplit = _kept("rsplit")
    rstrip = _kept("rstrip")
    split = _kept("split")
    splitlines = _kept("splitlines")
    strip = _kept("strip")
    swapcase = _kept("swapcase")
    title = _kept("title")
    translate = _kept("translate")
    upper = _kept("upper")
    zfill = _kept("zfill")


def holds_secret(value: Any) -> bool:
    """Say whether `value` is a secret or a container with one somewhere inside."""
    match value:
        case Secret():
            return True
        case str() | None | bool() | int() | float():
            return False
        case Mapping():
            return any(holds_secret(key) or holds_secret(each) for key, each in value.items())
        case list() | tuple() | set() | frozenset():
            return any(map(holds_secret, value))
        case _:
            return False


def reveal(value: Any) -> Any:
    """Return `value` with the real text in place of each secret, at any depth."""
    return _mapped(value, Secret, lambda secret: secret.reveal()) if holds_secret(value) else value


def conceal(value: Any) -> Any:
    """Return `value` with each string, at any depth, made a secret; keys stay readable."""
    return _mapped(value, str, Secret)


def _mapped(value: Any, kind: type[Any], change: Callable[[Any], Any]) -> Any:
    """Return a copy of `value` in which `change` was applied to every value of `kind`."""
    match value:
        case _ if isinstance(value, kind):
            return change(value)
        case dict():
            real = {reveal(key): each for key, each in value.items()} if kind is Secret else value
            return {key: _mapped(each, kind, change) for key, each in real.items()}
        case list():
            return [_mapped(each, kind, change) for each in value]
        case tuple():
            return tuple(_mapped(each, kind, change) for each in value)
        case set() | frozenset():
            return type(value)(_mapped(each, kind, change) for each in value)
        case _:
            return value
