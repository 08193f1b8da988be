"""The subjects that this machine can give by itself, one for each provider that CI proves."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.conformance.subject import Subject
from tests.support.need import need
from tests.support.operator import Operator, make_repository

Maker = Callable[[Path], AbstractContextManager[Subject]]


@contextmanager
def described(cloud_yaml: Path, folder: Path) -> Iterator[Subject]:
    """Give the subject that a cloud.yaml describes, in a folder of its own: a box of its own."""
    person = operator(folder)
    person.settle(cloud_yaml.read_text(encoding="utf-8"))
    roles = cloud_yaml.resolve().parent / "roles"
    if roles.is_dir():
        shutil.copytree(roles, person.folder / "roles")
    given = Operator(Path.home(), person.folder, patience=1800)
    yield from _until_destroyed(Subject(provider="", operator=given))


@contextmanager
def process(folder: Path) -> Iterator[Subject]:
    """Give a box on this machine."""
    need("tmux", "git")
    person = operator(folder)
    repository = make_repository(folder / "app.git", {"README.md": "An app.\n"})
    person.settle(f"provider: process\nrepo: {{url: {repository}}}\n")

    def left() -> list[str]:
        place = person.home / ".megaplan" / "cloud" / "process"
        return [str(path) for path in place.iterdir()] if place.is_dir() else []

    yield from _until_destroyed(Subject(provider="process", operator=person, left=left))


SUBJECTS: dict[str, Maker] = {"process": process}


def operator(folder: Path, patience: float = 600) -> Operator:
    """Return somebody with an empty home and an empty folder."""
    home, work = folder / "home", folder / "work"
    home.mkdir(parents=True)
    work.mkdir()
    return Operator(home, work, patience)


def _until_destroyed(subject: Subject) -> Iterator[Subject]:
    """Yield the subject, and destroy whatever box is left."""
    try:
        yield subject
    finally:
        subject.operator.run("destroy", "--yes", code=None)
