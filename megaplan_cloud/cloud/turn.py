"""Turns: of two commands that change one box, started here at the same time, one waits."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager

from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.cloud.voice import Voice

CHANGING = frozenset({"deploy", "bootstrap", "chain", "down", "destroy"})


@contextmanager
def turn(name: str, settings: Settings, voice: Voice, *, check: bool) -> Iterator[None]:
    """Give the box to a playbook that changes it, and to no other from here until it ends.

    The lock is on cloud.yaml itself: it makes no file, and dies with its owner.
    """
    if check or name not in CHANGING:
        yield
        return
    with settings.path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            voice.say("Another command changes this box; waiting until it has ended.")
            fcntl.flock(file, fcntl.LOCK_EX)
        except OSError as error:  # some file systems have no locks
            voice.say(f"warning: {settings.path} cannot be locked: {error.strerror}")
        yield
