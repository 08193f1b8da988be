"""The encodings of a secret: the other texts from which it could be read."""

import base64
import json
import shlex
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

SHORTEST = 6
"""A shorter value is left alone in text: it would hide half of a log."""

SHORTEST_LINE = 8


def encodings(value: str) -> frozenset[str]:
    """Return the texts that give the value away: itself, its lines, and each as tools write it."""
    found = {text for part in _parts(value) for text in _written(part)}
    return frozenset(text for text in found if len(text) >= SHORTEST)


def _parts(value: str) -> Iterator[str]:
    """Yield the value, without the blanks around it, with other line ends, and line by line."""
    yield value
    yield value.strip()
    if "\n" in value.strip():
        unix = value.strip().replace("\r\n", "\n")
        yield unix
        yield unix.replace("\n", "\r\n")
        yield from (line.strip() for line in unix.split("\n") if len(line.strip()) >= SHORTEST_LINE)


def _written(value: str) -> Iterator[str]:
    """Yield one text in every encoding."""
    if len(value) < SHORTEST:
        return
    data = value.encode("utf-8", "surrogateescape")
    yield value
    yield json.dumps(value)[1:-1]
    yield json.dumps(value, ensure_ascii=False)[1:-1]
    yield from _in_shells(value)
    yield from _in_urls(data)
    yield data.hex()
    yield data.hex().upper()
    yield from _in_base64(data)


def _in_shells(value: str) -> Iterator[str]:
    """Yield the text as shells write it between quotes."""
    yield shlex.quote(value)[1:-1] if "'" in value else value
    yield value.replace("'", r"'\''")
    yield "".join(f"\\{letter}" if letter in '"\\$`' else letter for letter in value)


def _in_urls(data: bytes) -> Iterator[str]:
    """Yield the text with percent escapes, in both cases."""
    for text in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield text
        yield _lower_escapes(text)


def _lower_escapes(text: str) -> str:
    first, *rest = text.split("%")
    return "%".join([first, *(part[:2].lower() + part[2:] for part in rest)])


def _in_base64(data: bytes) -> Iterator[str]:
    """Yield what the bytes become inside base64, at each of the three places they may begin.

    The characters that also depend on what stands before or after are left out.
    """
    for before in range(3):
        shifted = base64.b64encode(bytes(before) + data).decode("ascii")
        first = (0, 2, 3)[before]
        last = (before + len(data)) * 8 // 6
        core = shifted[first:last]
        yield core
        yield core.replace("+", "-").replace("/", "_")
