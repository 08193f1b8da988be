"""A subject of the conformance kit: a provider, an operator who uses it, and what the kit may do.

The kit itself needs no more than a cloud.yaml. What else a subject brings (a link that can be
cut, a list of what is left at the provider) lets more of it be tried.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.engine.connection import Connection
from megaplan_cloud.engine.inventory import Inventory
from megaplan_cloud.engine.shell import Patience
from tests.support.operator import PROGRAM, Operator
from tests.support.relay import TcpRelay

PATIENCE = Patience(opening=30, grace=15)
# It stands in what every image and every box is made of, and changes nothing that is tried here.
OTHERWISE = "\ncodex: {reasoning: low}\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoilt:
    """A cloud.yaml, and an environment, with which the provider will not let us in."""

    cloud_yaml: str
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A provider under test.

    `relay` is its link, `left` lists what is left of the box there, and `keep` keeps what is slow
    to make again, as the layers of an image.
    """

    provider: str
    operator: Operator
    relay: TcpRelay | None = None
    left: Callable[[], list[str]] | None = None
    keep: Callable[[], None] = lambda: None
    spoilt: Spoilt | None = None

    @property
    def cloud_yaml(self) -> str:
        """Return the text of the cloud.yaml."""
        return (self.operator.folder / "cloud.yaml").read_text(encoding="utf-8")

    @property
    def settings(self) -> Settings:
        """Return what the cloud.yaml says."""
        with patch.dict(os.environ, self.operator.environment):
            return loader.load(self.operator.folder / "cloud.yaml")

    @contextmanager
    def connected(self, place: str = "box") -> Iterator[Connection]:
        """Give the engine's own connection to a place of the box."""
        with patch.dict(os.environ, self.operator.environment):
            inventory = Inventory({"controller": {}, **self.settings.places}, PATIENCE)
            with closing(inventory):
                yield inventory.connection(place)

    def types(self, *words: str, **options: Any) -> "subprocess.Popen[bytes]":
        """Type a command, and return its process while it runs."""
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *words],
            cwd=self.operator.folder,
            env={**self.operator.environment, "TERM": "xterm"},
            **options,
        )

    @contextmanager
    def settled(self, text: str) -> Iterator[None]:
        """Have another cloud.yaml for a while."""
        before = self.cloud_yaml
        self.operator.settle(text)
        try:
            yield
        finally:
            self.operator.settle(before)

    @contextmanager
    def somebody_else(self) -> Iterator[Operator]:
        """Give an operator with the same cloud.yaml in a folder of their own: another box."""
        folder = self.operator.folder.parent / "somebody-else"
        shutil.copytree(self.operator.folder, folder)
        try:
            yield replace(self.operator, folder=folder)
        finally:
            shutil.rmtree(folder)


def path_without(command: str, folder: Path) -> str:
    """Return a PATH with everything of ours but one command."""
    folder.mkdir()
    for directory in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(directory).iterdir() if Path(directory).is_dir() else ():
            link = folder / program.name
            link.unlink(missing_ok=True)
            if program.name != command:
                link.symlink_to(program)
    return str(folder)
