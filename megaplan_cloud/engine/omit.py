"""`omit`: the value that takes its argument away."""

from typing import Final, final


@final
class Omit:
    """What `{{ omit }}` gives: the argument, key or item that has this value is left out."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "omit"


OMIT: Final = Omit()
