"""The page of the benchmarks: made by the tables as they are now."""

from benchmarks.page import HEAD, PAGE
from benchmarks.table import markdown, skeleton
from benchmarks.trials import TRIALS


def test_the_page_has_the_tables_that_are_measured() -> None:
    """Titles and columns of docs/benchmarks.md are those of the trials; figures may differ."""
    text = PAGE.read_text(encoding="utf-8")
    headings = [heading for trial in TRIALS for heading in trial.tables]

    assert text.startswith(HEAD)
    assert skeleton(text) == skeleton(HEAD + "\n".join(markdown(each, ()) for each in headings))


def test_every_trial_has_a_name_of_its_own() -> None:
    """`--only` takes it."""
    names = [name for trial in TRIALS for name in trial.names]

    assert len(names) == len(set(names))
