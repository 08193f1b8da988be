"""A box of its own for a test: a home, a folder, a repository."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.operator import BIN, Operator, make_repository


@pytest.fixture
def operator(tmp_path: Path) -> Iterator[Operator]:
    """Give an operator with an empty home; whatever box they leave is destroyed."""
    for command in ("tmux", "git"):
        if shutil.which(command) is None:
            pytest.skip(f"there is no {command} here")
    if not (BIN / "megaplan").exists():
        pytest.skip("the project is not installed into this environment")
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    person = Operator(home, folder)
    yield person
    person.run("destroy", "--yes", code=None)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Give a bare repository with one file."""
    return make_repository(tmp_path / "app.git", {"README.md": "An app.\n"})
