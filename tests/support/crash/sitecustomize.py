"""Kills this very process at the n-th write, as a power cut would: no clean-up, no goodbye.

Python imports it at start when its folder is on PYTHONPATH. `CRASH_AT` counts the calls that make
a file last: fsync, replace, rename, unlink.
"""

import itertools
import os
import signal
from collections.abc import Callable
from typing import Any

CRASH_AT = int(os.environ.get("CRASH_AT", "0"))
CALLS = itertools.count(1)
NAMES = ("fsync", "replace", "rename", "unlink")


def deadly(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return `call` as it is until its turn has come."""

    def counted(*arguments: Any, **options: Any) -> Any:
        if next(CALLS) == CRASH_AT:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*arguments, **options)

    return counted


if CRASH_AT and "MEGAPLAN_PHASE" not in os.environ:
    for name in NAMES:
        setattr(os, name, deadly(getattr(os, name)))
