"""A suggestion: the known word that a misspelt one probably means."""

from collections.abc import Iterable
from difflib import get_close_matches

# One letter wrong, missing, too much or swapped in a word of four; two in one of eight.
NEAR = 0.75


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return the known word nearest to `word`; nothing when none is near."""
    candidates = list(known)
    folded = {name.casefold().replace("-", "_"): name for name in candidates}
    near = get_close_matches(word.casefold().replace("-", "_"), folded, n=1, cutoff=NEAR)
    return folded[near[0]] if near else ""


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return `Did you mean 'x'? `, or nothing when no known word is near."""
    near = suggestion(word, known)
    return f"Did you mean '{near}'? " if near else ""
