"""Look at a file: whether it is there, what it is, and whose.

It runs in check mode too and never counts as changed.

    - name: Look for the lock of the checkout
      stat:
        path: /workspace/app/.megaplan/lock
      register: lock

    - name: Nobody else is at work in the checkout
      assert:
        that: not lock.stat.exists
"""

import stat
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions._path import far_path
from megaplan_cloud.engine.actions._program import (
    Word,
    assignments,
    failure,
    fields,
    program,
)
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

KINDS = {
    "isdir": stat.S_ISDIR,
    "ischr": stat.S_ISCHR,
    "isblk": stat.S_ISBLK,
    "isreg": stat.S_ISREG,
    "isfifo": stat.S_ISFIFO,
    "islnk": stat.S_ISLNK,
    "issock": stat.S_ISSOCK,
}
BITS = {
    "rusr": stat.S_IRUSR,
    "wusr": stat.S_IWUSR,
    "xusr": stat.S_IXUSR,
    "rgrp": stat.S_IRGRP,
    "wgrp": stat.S_IWGRP,
    "xgrp": stat.S_IXGRP,
    "roth": stat.S_IROTH,
    "woth": stat.S_IWOTH,
    "xoth": stat.S_IXOTH,
    "isuid": stat.S_ISUID,
    "isgid": stat.S_ISGID,
}
COUNTS = ("uid", "gid", "size", "inode", "dev", "nlink", "blocks")
RIGHTS = {"readable": "r", "writeable": "w", "executable": "x"}


def action(_context: "Context", arguments: Mapping[str, Any]) -> Step:
    """Look at `path`, or with `follow` at what it leads to."""
    path = arguments["path"]
    algorithm = arguments.get("checksum_algorithm", "sha1").removeprefix("sha")
    known = assignments(
        path=Word(far_path(path)),
        follow=arguments.get("follow", False),
        algorithm=algorithm if arguments.get("get_checksum", True) else None,
    )
    command = Command((known,), program=program("stat"))
    return Step(command, lambda completed: _read(completed, path))


def _read(completed: Completed, path: str) -> Result:
    answer = fields(completed.stdout)
    if completed.rc:
        return failure(completed, answer)
    found = _described(answer, path) if answer["exists"] else {"exists": False}
    return Result(duration=completed.duration, values={"stat": found})


def _described(answer: Mapping[str, str], path: str) -> dict[str, Any]:
    """Return what the far side said as Ansible's `stat` has it."""
    raw = int(answer["raw"])
    shown: dict[str, Any] = {"exists": True, "path": path, "mode": f"{stat.S_IMODE(raw):04o}"}
    shown |= {name: kind(raw) for name, kind in KINDS.items()}
    shown |= {name: bool(raw & bit) for name, bit in BITS.items()}
    shown |= {name: int(answer[name]) for name in COUNTS}
    shown |= {name: letter in answer for name, letter in RIGHTS.items()}
    shown |= {name: _seconds(answer, name) for name in ("atime", "mtime", "ctime")}
    named = ("pw_name", "gr_name", "lnk_target", "lnk_source", "checksum")
    return shown | {name: answer[name] for name in named if name in answer}


def _seconds(answer: Mapping[str, str], name: str) -> float:
    """Return a time stamp; busybox knows whole seconds only."""
    try:
        return float(answer[name])
    except ValueError:
        return float(answer[f"whole_{name}"])
