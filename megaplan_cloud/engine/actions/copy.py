"""Put a file, a folder or a text at a path, unless the same content is there already.

`src` is looked for in the role's `files`, then beside the playbook; with `remote_src` it lies
where the task runs. A folder with a slash at its end stands for what is in it.

    - name: The settings are on the box, for their owner only
      copy:
        content: "{{ settings | to_nice_json }}"
        dest: /workspace/.megaplan/settings.json
        mode: "0600"

    - name: The helper scripts are on the box
      copy:
        src: bin/
        dest: /usr/local/bin
        mode: "0755"
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions import _tree
from megaplan_cloud.engine.actions._attributes import directory_mode
from megaplan_cloud.engine.actions._content import landed, landing, sha1
from megaplan_cloud.engine.actions._path import far_path
from megaplan_cloud.engine.actions._program import Word, assignments, program
from megaplan_cloud.engine.actions.command import as_bytes
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.result import Result
from megaplan_cloud.engine.secret import Secret, holds_secret, reveal

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context


def action(context: "Context", arguments: Mapping[str, Any]) -> Result | Step:
    """Make `dest` hold what `src` or `content` holds."""
    if "content" in arguments:
        return content_step(context, arguments, _text(arguments["content"]))
    if arguments.get("remote_src"):
        return _remote_step(context, arguments)
    source = context.file_path(arguments["src"])
    if source.is_dir():
        return _tree.copy_step(context, arguments, source)
    return _file_step(context, arguments, source)


def _text(content: Any) -> str:
    """Return content as text: JSON if it is data, still secret if a secret is in it."""
    if isinstance(content, str):
        return content
    text = json.dumps(reveal(content))
    return Secret(text) if holds_secret(content) else text


def content_step(
    context: "Context", arguments: Mapping[str, Any], text: str, *, base: str = "", src: str = ""
) -> Step:
    """Return the step that makes `dest` hold `text`; `base` is its name if `dest` is a folder."""
    return _step(context, arguments, as_bytes(text), after=text, base=base, src=src)


def _file_step(context: "Context", arguments: Mapping[str, Any], source: Path) -> Result | Step:
    content = source.read_bytes()
    if arguments.get("checksum") not in (None, sha1(content)):
        return Result(
            failed=True,
            msg="Copied file does not match the expected checksum. Transfer failed.",
            values={"checksum": sha1(content), "expected_checksum": arguments["checksum"]},
        )
    if arguments.get("mode") == "preserve":
        arguments = {**arguments, "mode": f"{source.stat().st_mode & 0o7777:04o}"}
    after = content.decode(errors="replace")
    return _step(context, arguments, content, after=after, base=source.name, src=str(source))


def _step(
    context: "Context",
    arguments: Mapping[str, Any],
    content: bytes,
    *,
    after: str,
    base: str,
    src: str,
) -> Step:
    known = assignments(sum=sha1(content), base=base, **_shared(context, arguments))
    command = Command((known,), stdin=content, program=program("copy", "attributes", "content"))
    origin = {"src": src} if src else {}
    more = origin | {"md5sum": hashlib.md5(content, usedforsecurity=False).hexdigest()}
    return Step(command, lambda completed: _read(completed, after, more, diff=context.diff))


def _shared(context: "Context", arguments: Mapping[str, Any]) -> dict[str, Any]:
    dest = arguments["dest"]
    return {
        "check": context.check,
        "diff": context.diff,
        "slash": dest.endswith("/"),
        "force": arguments.get("force", True),
        "follow": arguments.get("follow", False),
        "directory_mode": directory_mode(arguments),
        "parents": arguments.get("parents", False),
        **landing(arguments, dest),
    }


def _remote_step(context: "Context", arguments: Mapping[str, Any]) -> Step:
    src = arguments["src"]
    preserve = arguments.get("mode") == "preserve"
    plain = {name: value for name, value in arguments.items() if name != "mode" or not preserve}
    variables = _shared(context, plain)
    if preserve:
        variables["mode"] = "preserve"
    base = src.rstrip("/").rpartition("/")[2]
    known = assignments(
        src=Word(far_path(src)), base=base, want=arguments.get("checksum"), **variables
    )
    command = Command((known,), program=program("copy", "attributes", "content"))
    return Step(command, lambda completed: _read(completed, None, {"src": src}, diff=context.diff))


def _read(
    completed: Completed, after: str | None, more: Mapping[str, Any], *, diff: bool
) -> Result:
    result = landed(completed, after, diff=diff)
    if result.failed or result.unknown:
        return result
    # When only attributes were looked at, Ansible names the file both ways.
    more = more if result.changed else {**more, "path": result.values["dest"]}
    return replace(result, values={**more, **result.values})
