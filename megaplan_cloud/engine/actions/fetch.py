"""Bring a file of the place to this machine, unless the same is here already.

It goes to `dest/<host>/<src>`, or with `flat` to `dest` itself.

    - name: Keep the chain's log beside the report
      fetch:
        src: /workspace/app/.megaplan/cloud-chain.log
        dest: logs/
        flat: true
"""

import base64
import os
import tempfile
from collections.abc import Mapping
from hashlib import md5
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.actions import slurp
from megaplan_cloud.engine.actions._content import sha1
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

barrier = True


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Make the file here hold what `src` holds there."""
    src = arguments["src"]
    step = slurp.action(context, {"src": src})
    found = step.read(context.run(step.command))
    if found.unknown:
        return found
    if found.failed:
        missing = found.msg.startswith("File not found")
        lenient = missing and not arguments.get("fail_on_missing", True)
        reason = "the remote file does not exist, not transferring, ignored"
        return Result(
            failed=not lenient, msg=reason if missing else found.msg, values={"file": src}
        )
    content = base64.b64decode(found.values["content"])
    target = _target(context.hostname, src, arguments)
    changed = not target.is_file() or target.read_bytes() != content
    if changed and not context.check:
        _write(target, content)
    return Result(changed=changed, values=_described(target, content))


def _target(hostname: str, src: str, arguments: Mapping[str, Any]) -> Path:
    """Return where the file belongs here."""
    dest = Path(arguments["dest"]).expanduser()
    if not arguments.get("flat"):
        return dest / hostname / src.lstrip("~/")
    return dest / Path(src).name if arguments["dest"].endswith("/") else dest


def _write(target: Path, content: bytes) -> None:
    """Write the file whole or not at all; nobody else may read what came from a place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=".megaplan-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _described(target: Path, content: bytes) -> dict[str, Any]:
    checksum = sha1(content)
    return {
        "dest": str(target),
        "checksum": checksum,
        "remote_checksum": checksum,
        "md5sum": md5(content, usedforsecurity=False).hexdigest(),
    }
