"""The shells that may stand at the far side, and transports that start them here."""

import shutil
from collections.abc import Sequence

import pytest

from megaplan_cloud.engine.process import ProcessChannel, ProcessTransport

SHELLS = {"sh": ["sh"], "dash": ["dash"], "bash": ["bash"], "busybox": ["busybox", "sh"]}


class ShellTransport(ProcessTransport):
    """Starts the helper in a given shell instead of whatever `sh` is here."""

    def __init__(self, shell: Sequence[str]) -> None:
        super().__init__()
        self._shell = shell

    def open(self, words: Sequence[str]) -> ProcessChannel:
        """Start `words` with `sh` replaced."""
        return super().open([*self._shell, *words[1:]])


def shell_transport(name: str) -> ShellTransport:
    """Return a transport to a shell by its name; the test is skipped where it is not installed."""
    if shutil.which(SHELLS[name][0]) is None:
        pytest.skip(f"needs {name}")
    return ShellTransport(SHELLS[name])
