"""Known texts are found wherever they stand, and looked for quickly."""

from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.engine.literals import LONG, literals, long_runs, order

PIECES = st.text("aZ09+/é€\n \ud800", max_size=2 * LONG) | st.sampled_from(
    ["x" * LONG, "y" * (LONG - 1), "0" * 40, f"{'k' * LONG}+{'k' * LONG}"]
)


@given(st.lists(PIECES.filter(bool), max_size=5, unique=True), st.lists(PIECES, max_size=8))
def test_what_is_found_is_what_a_plain_search_finds(known: list[str], parts: list[str]) -> None:
    """With or without long runs, at the ends and across other characters."""
    text = "".join([*parts, *known[:1], *parts])

    expected = sorted((each for each in known if each in text), key=order)
    assert expected == literals(known).within(text)


def test_long_runs_are_those_of_letters_and_digits() -> None:
    """Shorter words and everything else are left out; places are those of the text."""
    text = f"é€\ud800 {'a' * LONG}-{'b' * (LONG - 1)}é{'7' * 2 * LONG}"

    assert long_runs(text) == f"{'a' * LONG}\n{'7' * 2 * LONG}"
