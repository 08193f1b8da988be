"""Redaction: text on its way out, without the secrets in it."""

import codecs
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any, overload

from megaplan_cloud.engine.encodings import SHORTEST, encodings
from megaplan_cloud.engine.literals import literals
from megaplan_cloud.engine.secret import MASK, Secret
from megaplan_cloud.engine.shapes import SHAPES, Shape, sounds_secret

__all__ = ["MASK", "Redactor", "Stream", "sounds_secret"]

PASSES = 4
"""Masking one secret can bring another to light; a text that still changes then is left."""
SHORT = 200
"""Texts up to this length are remembered with what they became."""


class Redactor:
    """Takes secrets out of text: known values in any encoding, declared names, known shapes.

    `values` are the secrets themselves; those under six characters are hidden by their type only.
    `names` are variables such as `DB_PASSWORD`: what text assigns to them is masked.
    """

    def __init__(self, values: Iterable[str] = (), names: Iterable[str] = ()) -> None:
        real = (value.reveal() if isinstance(value, Secret) else str(value) for value in values)
        self.values = frozenset(value for value in real if len(value.strip()) >= SHORTEST)
        self.names = frozenset(names)
        texts = {text for value in self.values for text in encodings(value) if text not in MASK}
        self._literals = literals(texts)
        self._long = tuple(literal for literal in self._literals.texts if "\n" in literal)
        self._shapes = (*_assignments(self.names), *SHAPES)
        self._by_stem = _by_stem(self._shapes)
        # A run says the same keys, names and paths again and again.
        self._again = lru_cache(maxsize=4096)(self._clean)

    def knowing(self, *values: str) -> "Redactor":
        """Return a redactor that knows more secrets; this one if they are not new."""
        more = Redactor(self.values.union(values), self.names)
        return self if more.values == self.values else more

    def redact(self, text: str) -> str:
        """Return the text with `***REDACTED***` in place of each secret."""
        return self._again(text) if type(text) is str and len(text) <= SHORT else self._clean(text)

    def _clean(self, text: str) -> str:
        for _ in range(PASSES):
            clean = self._once(text)
            if clean == text:
                break
            text = clean
        return text

    def _once(self, text: str) -> str:
        text = text.reveal() if isinstance(text, Secret) else text
        for literal in self._literals.within(text):
            text = text.replace(literal, MASK)
        lower = text.lower()
        for stem, folded, words, shapes in self._by_stem:
            if stem in (lower if folded else text):
                found = {word for word in words if word in (lower if word.islower() else text)}
                for shape in shapes:
                    if not shape.words or not found.isdisjoint(shape.words):
                        text = shape.mask(text, found.intersection(shape.words))
        return text

    def redact_value(self, value: Any) -> Any:
        """Return JSON data with every text in it redacted, keys included.

        The whole value of a key is masked when the key is a declared name or says that it is
        secret (`password`, `api_key`).
        """
        match value:
            case Secret():
                return MASK
            case str():
                return self.redact(value)
            case Mapping():
                return {
                    self.redact(str(key)): self._field(key, each) for key, each in value.items()
                }
            case list() | tuple() | set() | frozenset():
                return [self.redact_value(each) for each in value]
            case bytes():
                return self.redact(value.decode("utf-8", "replace"))
            case _:
                return value

    def _field(self, key: Any, value: Any) -> Any:
        if isinstance(value, str) and value and (key in self.names or sounds_secret(str(key))):
            return MASK
        return self.redact_value(value)

    def stream(self) -> "Stream":
        """Return what redacts output that comes in blocks."""
        return Stream(self)

    def held_from(self, text: str, lines: int) -> int:
        """Return where the text can be cut at or before `lines`, the end of its last line.

        No secret that is in the text, or may be when it goes on, stands across that place.
        """
        cut = lines
        begun = text.rfind("-----BEGIN ", 0, lines)
        if begun >= 0 and text.find("-----END ", begun, lines) < 0 and _may_be_key(text, begun):
            cut = begun
        cut = min([cut, *(_begun(text, literal) for literal in self._long)])
        across = self.spans(text) if cut < lines else _spans(text, self._long)
        return _before(cut, across)

    def longest(self) -> int:
        """Return the length of the longest text that is known to be secret."""
        return max(map(len, self._literals.texts), default=0)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return where in the text secrets are."""
        shapes = [found.span() for each in self._shapes for found in each.pattern.finditer(text)]
        return _spans(text, self._literals.within(text)) + shapes


def _by_stem(shapes: Iterable[Shape]) -> list[tuple[str, bool, frozenset[str], list[Shape]]]:
    """Return the shapes by the text that all their words hold, to be looked for first.

    Beside it: whether it stands for any case.
    """
    stems: dict[str, list[Shape]] = {}
    for shape in shapes:
        stems.setdefault(shape.stem, []).append(shape)
    return [
        (stem, stem.islower(), frozenset(word for shape in those for word in shape.words), those)
        for stem, those in stems.items()
    ]


def _assignments(names: Iterable[str]) -> list[Shape]:
    """Return the shapes of `NAME=value`, `NAME: value` and `"NAME": "value"`."""
    return [
        Shape(
            re.compile(
                rf"(?P<a>(?<![A-Za-z0-9_]){re.escape(name)}\\*[\"']?[ \t]*[:=][ \t]*)"
                r"(?:(?P<q>\\*[\"'])(?:(?!(?P=q))[^\n])+(?P=q)?|[^\s\"',]+)"
            ),
            rf"\g<a>\g<q>{MASK}\g<q>",
            name.lower(),
            (name.lower(),),
        )
        for name in sorted(names, key=len, reverse=True)
        if name
    ]


def _may_be_key(text: str, begun: int) -> bool:
    line = text[begun : begun + 64].split("\n", 1)[0]
    return "PRIVATE KEY" in line or "\n" not in text[begun : begun + 64]


def _begun(text: str, literal: str) -> int:
    """Return where the end of the text is the beginning of a literal; its length if it is not."""
    for length in range(min(len(literal) - 1, len(text)), 0, -1):
        if text.endswith(literal[:length]):
            return len(text) - length
    return len(text)


def _spans(text: str, literals: Iterable[str]) -> list[tuple[int, int]]:
    """Return where the literals stand in the text."""
    found = []
    for literal in literals:
        at = text.find(literal)
        while at >= 0:
            found.append((at, at + len(literal)))
            at = text.find(literal, at + 1)
    return found


def _before(cut: int, spans: Iterable[tuple[int, int]]) -> int:
    """Return the last place, at or before `cut`, that is inside no span."""
    for start, end in sorted(spans, reverse=True):
        if start < cut < end:
            cut = start
    return cut


LINE_LIMIT = 256 * 1024
MARGIN = 8 * 1024
DELIMITER = re.compile(r"[\s\"'&,;<>]")


class Stream:
    """Redacts output that comes in blocks, wherever they are cut.

    A line is given out when it is complete, and so is a secret of several lines.
    Memory is bounded: a line longer than 256 KiB is given out in parts, cut between secrets.
    """

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._held: list[str] = []
        self._length = 0
        self._inside = False

    @overload
    def feed(self, block: str) -> str: ...
    @overload
    def feed(self, block: bytes) -> bytes: ...
    def feed(self, block: str | bytes) -> str | bytes:
        """Return what can be given out now that `block` has come; perhaps nothing."""
        if isinstance(block, bytes):
            return self._feed(self._decoder.decode(block)).encode("utf-8", "surrogateescape")
        return self._feed(block)

    def close(self) -> str:
        """Return the rest: the last line, when its end never came."""
        rest = "".join(self._held) + self._decoder.decode(b"", final=True)
        self._held, self._length = [], 0
        return self._redacted(rest)

    def close_bytes(self) -> bytes:
        """Return the rest as bytes."""
        return self.close().encode("utf-8", "surrogateescape")

    def _feed(self, block: str) -> str:
        if self._inside:
            block = self._behind_secret(block)
        self._held.append(block)
        self._length += len(block)
        if "\n" not in block and "\r" not in block and self._length <= LINE_LIMIT:
            return ""
        text = "".join(self._held)
        ready = self._ready(text)
        self._held, self._length = [text[ready:]], len(text) - ready
        return self._redacted(text[:ready])

    def _ready(self, text: str) -> int:
        """Return how much of the text no later block can make part of a secret."""
        lines = max(text.rfind("\n"), text.rfind("\r")) + 1
        ready = self._redactor.held_from(text, lines)
        return ready if len(text) - ready <= LINE_LIMIT else self._ready_of_long(text)

    def _ready_of_long(self, text: str) -> int:
        """Return where a line without end can be cut: not inside a secret."""
        cut = len(text) - max(MARGIN, 2 * self._redactor.longest())
        cut = _before(cut, self._redactor.spans(text))
        self._inside = cut <= 0
        return cut if cut > 0 else len(text)

    def _behind_secret(self, block: str) -> str:
        """Return what of the block follows a secret too long to be held."""
        end = DELIMITER.search(block)
        self._inside = end is None
        return block[end.start() :] if end else ""

    def _redacted(self, text: str) -> str:
        return self._redactor.redact(text)
