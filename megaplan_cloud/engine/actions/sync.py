"""Make a directory at the place equal to one of this machine; only what differs travels.

Both sides are compared file by file first. What is new lands when all of it has arrived unharmed,
and what is gone here is removed there: nothing is emptied before. `sync` of a directory that is
the same costs one round trip.

    - name: The build context is on the host
      sync:
        src: "{{ box.deploy_dir }}/context"
        dest: "{{ ssh.remote_dir }}/context"
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

barrier = True


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Make the directory `dest` there equal to the directory `src` here."""
    source, dest = Path(arguments["src"]), str(arguments["dest"])
    if context.check and not source.exists():
        context.record(context.place, Command(("sync", f"{source}/", f"{dest}/")))
        return Result(unknown=f"{source}, which is not made in check mode")
    folder = context.file_path(arguments["src"])
    if not folder.is_dir():
        return Result(failed=True, msg=f"{folder} is not a directory.")
    completed = context.sync(folder, dest)
    if completed.rc:
        return Result(failed=True, msg=_reason(completed.stderr), duration=completed.duration)
    changes = completed.stdout.decode(errors="replace").splitlines()
    return Result(
        changed=bool(changes),
        duration=completed.duration,
        values={"src": str(folder), "dest": dest, "changes": changes},
    )


def _reason(stderr: bytes) -> str:
    return stderr.decode(errors="replace").strip() or "the directory could not be sent"
