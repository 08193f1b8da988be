"""What a test of the whole program needs: an operator with a box of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.need import need
from tests.support.operator import BIN, Operator


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    """Give an operator with an empty home; whatever box they leave is destroyed."""
    need("tmux", "git")
    if not (BIN / "megaplan").exists():
        pytest.skip("the project is not installed into this environment")
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    person = Operator(home, folder)
    yield person
    person.run("destroy", "--yes", code=None)
