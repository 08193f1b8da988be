"""A suggestion is made for a slip of the finger, and for nothing else."""

import pytest

from megaplan_cloud.engine.suggestion import did_you_mean, suggestion

WORDS = ["hosts", "command", "when", "register", "cmd", "direct", "ignore_errors"]


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("hots", "hosts"),
        ("comand", "command"),
        ("wehn", "when"),
        ("regsiter", "register"),
        ("cdm", "cmd"),
        ("ignore-errors", "ignore_errors"),
        ("Ignore_Erors", "ignore_errors"),
        ("watched", ""),
        ("x", ""),
        ("", ""),
    ],
)
def test_a_slip_finds_its_word(word: str, expected: str) -> None:
    """A letter missing, doubled, swapped; never a word that only looks a little alike."""
    assert expected == suggestion(word, WORDS)


def test_nothing_is_asked_when_nothing_is_near() -> None:
    """The sentence can stand before other hints, or be left out."""
    assert did_you_mean("hots", WORDS) == "Did you mean 'hosts'? "
    assert did_you_mean("watched", WORDS) == ""
