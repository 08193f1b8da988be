"""Literals: many known texts, looked for in another much faster than one after the other."""

import re
import string
from collections.abc import Iterable
from dataclasses import dataclass

LONG = 16
"""Runs of so many letters and digits are rare in a log, and most encodings of a secret hold one."""

PLAIN = (string.ascii_letters + string.digits).encode()
CLASSES = bytes(0x78 if code in PLAIN else 0x20 for code in range(256))
RUN, BETWEEN = b"x" * LONG, b" "


@dataclass(frozen=True, slots=True)
class Literals:
    """Texts, the longest first; those with a long run of letters and digits have it as `core`."""

    texts: tuple[str, ...]
    cores: tuple[tuple[str, str], ...]
    others: tuple[str, ...]

    def within(self, text: str) -> list[str]:
        """Return those that stand in the text, the longest first."""
        runs = long_runs(text) if self.cores else ""
        found = [literal for literal in self.others if literal in text]
        found += [each for core, each in self.cores if runs and core in runs and each in text]
        return sorted(found, key=order)


def literals(texts: Iterable[str]) -> Literals:
    """Return texts, ready to be looked for."""
    every = tuple(sorted(texts, key=order))
    cores = [(max(re.findall(r"[A-Za-z0-9]+", each), key=len, default=""), each) for each in every]
    return Literals(
        texts=every,
        cores=tuple((core, each) for core, each in cores if len(core) >= LONG),
        others=tuple(each for core, each in cores if len(core) < LONG),
    )


def order(literal: str) -> tuple[int, str]:
    """Return the key that sorts what may hold others before them."""
    return -len(literal), literal


def long_runs(text: str) -> str:
    """Return the long runs of letters and digits in the text, one a line."""
    # One byte a character, whatever the character: places in both are the same.
    classes = text.encode("latin-1", "replace").translate(CLASSES)
    runs = []
    start = classes.find(RUN)
    while start >= 0:
        end = classes.find(BETWEEN, start)
        end = len(classes) if end < 0 else end
        runs.append(text[start:end])
        start = classes.find(RUN, end)
    return "\n".join(runs)
