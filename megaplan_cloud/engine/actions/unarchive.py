"""Unpack an archive into a folder, replacing only the files that differ.

The archive is a tar (gz, bz2, xz, zst) or a zip; it lies here, or with `remote_src` at the place.

    - name: The tools are unpacked
      unarchive:
        src: tools.tar.gz
        dest: /opt/tools
        creates: /opt/tools/bin/run
"""

import gzip
import io
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions._attributes import wanted
from megaplan_cloud.engine.actions._path import far_path
from megaplan_cloud.engine.actions._program import Word, assignments, fields, program
from megaplan_cloud.engine.actions._tree import PARTS, listed, settled
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

KINDS = {".gz": "gz", ".tgz": "gz", ".bz2": "bz2", ".xz": "xz", ".zst": "zst", ".zip": "zip"}
HANDLERS = {"zip": "ZipArchive", "bz2": "TarBzipArchive", "xz": "TarXzArchive"}


def action(context: "Context", arguments: Mapping[str, Any]) -> Step:
    """Unpack `src` into `dest`."""
    src, dest = arguments["src"], arguments["dest"]
    kind = KINDS.get(Path(src).suffix, "tar")
    there = bool(arguments.get("remote_src"))
    content = b"" if there else context.file_path(src).read_bytes()
    sent = kind
    if kind == "zip" and not there:
        content, sent = _tar_of_zip(content), "gz"
    creates = arguments.get("creates")
    known = assignments(
        kind=sent,
        src=Word(far_path(src)) if there else None,
        dest=Word(far_path(dest)),
        creates=None if creates is None else Word(far_path(creates)),
        keep_newer=arguments.get("keep_newer", False),
        check=context.check,
        **wanted(arguments),
    )
    command = Command(
        (known, *_members(arguments, sent)), stdin=content, program=program("unarchive", *PARTS)
    )
    more = {
        "src": src,
        "handler": HANDLERS.get(kind, "TgzArchive" if kind == "gz" else "TarArchive"),
    }
    return Step(command, lambda completed: _read(completed, arguments, more, diff=context.diff))


def _members(arguments: Mapping[str, Any], kind: str) -> list[str]:
    """Return the words that tell `tar` or `unzip` which members to unpack, and how."""
    include = _texts(arguments.get("include"))
    exclude = _texts(arguments.get("exclude"))
    options = _texts(arguments.get("extra_opts"))
    if kind == "zip":
        return [*options, *include, *(("-x", *exclude) if exclude else ())]
    return [*options, *(f"--exclude={each}" for each in exclude), *include]


def _texts(value: str | list[str] | None) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _tar_of_zip(content: bytes) -> bytes:
    """Return a zip's members as a tar, so that the place needs no `unzip`."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as archive,
        tarfile.open(fileobj=packed, mode="w") as tar,
    ):
        for info in archive.infolist():
            member = tarfile.TarInfo(info.filename)
            mode = info.external_attr >> 16 & 0o7777
            member.type = tarfile.DIRTYPE if info.is_dir() else tarfile.REGTYPE
            member.mode = mode or (0o755 if info.is_dir() else 0o644)
            data = b"" if info.is_dir() else archive.read(info)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return gzip.compress(packed.getvalue(), compresslevel=1)


def _read(
    completed: Completed, arguments: Mapping[str, Any], more: Mapping[str, Any], *, diff: bool
) -> Result:
    result = settled(completed, more, diff=diff)
    if result.failed or result.unknown:
        return result
    answer = fields(completed.stdout)
    if "skipped" in answer:
        return Result(skipped=True, msg=answer["msg"], duration=completed.duration)
    if arguments.get("list_files"):
        return replace(result, values={**result.values, "files": listed(completed)})
    return result
