"""A folder on its way to a place: one tar on stdin, compared and settled file by file there."""

import io
import tarfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions._attributes import described, directory_mode
from megaplan_cloud.engine.actions._content import landing
from megaplan_cloud.engine.actions._program import assignments, fields, program, stopped
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

PARTS = ("attributes", "content", "tree")


def copy_step(context: "Context", arguments: Mapping[str, Any], source: Path) -> Step:
    """Return the step that brings the folder `source` into `dest`, or what is in it.

    A slash at the end of `src` means what is in it.
    """
    src, dest = arguments["src"], arguments["dest"]
    inside = src.endswith("/")
    known = assignments(
        check=context.check,
        force=arguments.get("force", True),
        directory_mode=directory_mode(arguments),
        **landing(arguments, dest),
    )
    command = Command(
        (known,), stdin=_packed(source, inside=inside), program=program("copy_tree", *PARTS)
    )
    return Step(command, lambda completed: settled(completed, {"src": src}, diff=context.diff))


def _packed(source: Path, *, inside: bool) -> bytes:
    """Return the folder as a tar; times and owners of this machine do not travel."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        for path in sorted(source.rglob("*")) if inside else [source, *sorted(source.rglob("*"))]:
            name = path.relative_to(source if inside else source.parent)
            archive.add(path, arcname=str(name), recursive=False, filter=_anonymous)
    return packed.getvalue()


def _anonymous(member: tarfile.TarInfo) -> tarfile.TarInfo:
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member


def settled(completed: Completed, more: Mapping[str, Any], *, diff: bool) -> Result:
    """Return the result of a program that settled a tree."""
    answer = fields(completed.stdout)
    if result := stopped(completed, answer):
        return result
    values = {**more, "dest": answer["dest"], **described(answer)}
    if diff:
        names = [key.removeprefix("new.") for key in answer if key.startswith("new.")]
        values["diff"] = [{"prepared": "".join(f"{name or answer['dest']}\n" for name in names)}]
    return Result(changed="changed" in answer, duration=completed.duration, values=values)


def listed(completed: Completed) -> list[str]:
    """Return the names of all that the tree holds."""
    answer = fields(completed.stdout)
    return [key.removeprefix("file.") for key in answer if key.startswith("file.")]
