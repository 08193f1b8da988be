"""A place for actions to run at: each POSIX shell of this machine, without a connection."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, cast

import pytest

from megaplan_cloud.engine.action import ActionTable, Step, find_actions
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.context import Context
from megaplan_cloud.engine.result import Result
from megaplan_cloud.engine.scope import Scope

if TYPE_CHECKING:
    from megaplan_cloud.engine.connection import Connection

SHELLS = {"dash": ["dash"], "bash": ["bash", "--posix"], "busybox": ["busybox", "sh"]}

Run = Callable[..., Result]


def mode_of(path: Path) -> str:
    """Return the permissions of `path` as a playbook writes them."""
    return f"{path.stat().st_mode & 0o7777:04o}"


def digest(algorithm: str, content: bytes) -> str:
    """Return the checksum of content, in hexadecimal."""
    return hashlib.new(algorithm, content).hexdigest()


def names(folder: Path) -> list[str]:
    """Return the names of all that is in a folder."""
    return sorted(path.name for path in folder.iterdir())


@dataclass(frozen=True)
class BareShell:
    """A stand-in for a connection: one shell process per command, on this machine."""

    words: tuple[str, ...]

    def run(self, command: Command) -> Completed:
        """Run the command, its program defined before it as a function."""
        argv = list(command.argv)
        if command.program is not None:
            text = f'program() {{\n{command.program.text}\n}}\nprogram "$@"'
            argv = [*self.words, "-c", text, "sh", *argv]
        begun = monotonic()
        environment = {**os.environ, **command.env}
        ran = subprocess.run(
            [os.fsencode(word) for word in argv],
            input=command.stdin,
            cwd=command.cwd,
            env=environment,
            capture_output=True,
            timeout=60,
            check=False,
        )
        return Completed(ran.returncode, ran.stdout, ran.stderr, monotonic() - begun)


@pytest.fixture(params=SHELLS)
def shell(request: pytest.FixtureRequest) -> BareShell:
    """Give every shell that the programs must work on; those absent are skipped."""
    words = SHELLS[request.param]
    if not shutil.which(words[0]):
        pytest.skip(f"{words[0]} is not installed")
    return BareShell(tuple(words))


@pytest.fixture(scope="session")
def actions() -> ActionTable:
    """Give the actions of the engine."""
    return find_actions("megaplan_cloud.engine.actions")


@pytest.fixture
def context(shell: BareShell, tmp_path: Path) -> Context:
    """Give a context whose files are looked for in a folder of the test."""
    return Context(
        place="box",
        connection=cast("Connection", shell),
        scope=Scope(),
        search=(tmp_path / "role",),
    )


@pytest.fixture
def run(actions: ActionTable, context: Context) -> Run:
    """Give a function that does a task, in check mode or not, and returns its result."""

    def do(name: str, arguments: Mapping[str, Any], **changes: Any) -> Result:
        ours = replace(context, **changes)
        done = actions.action(name)(ours, arguments)
        return done.read(ours.run(done.command)) if isinstance(done, Step) else done

    return do
