"""Each broken cloud.yaml of the corpus says what is wrong, at its place."""

from pathlib import Path

import pytest

from megaplan_cloud.cloud import settings
from megaplan_cloud.engine.errors import SchemaError

CORPUS = sorted((Path(__file__).parents[1] / "corpus" / "cloud").glob("*.yaml"))


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.stem)
def test_a_broken_file_is_told_at_its_place(path: Path) -> None:
    """The comments at the end of a file are its mistakes: line, column and sentence."""
    lines = path.read_text(encoding="utf-8").splitlines()
    expected = [line.removeprefix("# ") for line in lines if line.startswith("# ")]

    with pytest.raises(SchemaError) as caught:
        settings.load(path)

    problems = caught.value.problems
    told = [f"{one.mark.line}:{one.mark.column} {one.what}" for one in problems if one.mark]
    assert told == expected
    assert {one.mark.file for one in problems if one.mark} == {str(path)}
    assert caught.value.exit_code == 2


def test_a_missing_file_names_the_command_that_writes_one(tmp_path: Path) -> None:
    """Without a cloud.yaml the next step is `invoke init`."""
    with pytest.raises(SchemaError, match="spec file not found") as caught:
        settings.load(tmp_path / "cloud.yaml")

    assert "invoke init" in caught.value.hint
