"""What a test needs of the machine: it skips with the reason, but in CI a lack is a failure."""

import os
import shutil

import pytest


def lacking(reason: str) -> None:
    """End the test: skipped with `reason` on a developer's machine, failed in CI."""
    if os.environ.get("MEGAPLAN_CI"):
        pytest.fail(f"CI must provide this: {reason}")
    pytest.skip(reason)


def need(*commands: str) -> None:
    """Go on only if every command is on the PATH (or in /usr/sbin, where servers live)."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    for command in commands:
        if shutil.which(command, path=path) is None:
            lacking(f"needs {command}")


def need_root() -> None:
    """Go on only as root."""
    if os.geteuid() != 0:
        lacking("needs root")
