"""What locks promise."""

import multiprocessing
import os
import signal
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

from megaplan_cloud.harness import lock
from megaplan_cloud.harness.errors import HarnessError


def hold(path: Path, told: Connection) -> None:
    """Hold the lock until we are killed."""
    with lock.held(path, purpose="megaplan execute"):
        told.send("held")
        signal.pause()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Give a lock's file, of the plan `mine`."""
    return tmp_path / "mine" / ".plan.lock"


def test_a_second_holder_is_refused_and_told_of_the_first(path: Path) -> None:
    """The message says what is at work, since when, in which process."""
    with (
        lock.held(path, purpose="megaplan plan"),
        pytest.raises(HarnessError) as caught,
        lock.held(path, purpose="megaplan auto"),
    ):
        pass

    assert caught.value.error == "plan_locked"
    assert f"megaplan plan (pid {os.getpid()}" in caught.value.what
    assert caught.value.details["holder"]["purpose"] == "megaplan plan"


def test_a_lock_ends_with_its_killed_holder(path: Path) -> None:
    """No file has to be removed by hand."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe()
    holder = context.Process(target=hold, args=(path, there))
    holder.start()
    assert here.poll(10)
    assert lock.is_held(path)
    assert holder.pid

    os.kill(holder.pid, signal.SIGKILL)
    holder.join(10)

    assert not lock.is_held(path)
    assert lock.holder(path) is None
    with lock.held(path, purpose="megaplan plan"):
        assert lock.is_held(path)


def test_asking_creates_nothing(path: Path) -> None:
    """A lock nobody took is not held, and stays without a file."""
    assert not lock.is_held(path)
    assert not path.parent.exists()


def test_waiting_has_an_end(path: Path) -> None:
    """Short work is waited for, but not for ever."""
    with (
        lock.waited(path),
        pytest.raises(HarnessError, match="stayed locked"),
        lock.waited(path, patience=0.05),
    ):
        pass
