"""A suggestion: the known word that a misspelt one probably means."""

from collections.abc import Iterable
from difflib import get_close_matches

# One letter wrong, missing or too much in a word of four; two in one of eight.
NEAR = 0.75


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return the known word nearest to `word`; nothing when none is near."""
    candidates = {_folded(name): name for name in known}
    folded = _folded(word)
    swapped = [name for name in candidates if sorted(name) == sorted(folded)]
    near = swapped or get_close_matches(folded, candidates, n=1, cutoff=NEAR)
    return candidates[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `Did you mean 'x'? `, or nothing when no known word is near."""
    near = suggestion(word, known)
    return f"Did you mean '{near}'? " if near else ""


def _folded(word: str) -> str:
    return word.casefold().replace("-", "_")
