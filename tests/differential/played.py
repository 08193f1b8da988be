"""What a run came to: its rows, its exit code and the files it left, in comparable form."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Played:
    """What a run left: a row per task, the exit code, and the files of the folder.

    `refused` says why nothing was played at all.
    """

    rows: list[dict[str, Any]]
    rc: int
    files: dict[str, Any]
    refused: str = ""


def files_of(folder: Path) -> dict[str, Any]:
    """Return what is in a folder: type, mode and content of each path."""
    return {str(path.relative_to(folder)): _file(path) for path in sorted(folder.rglob("*"))}


def _file(path: Path) -> list[Any]:
    if path.is_symlink():
        return ["link", str(path.readlink())]
    mode = f"{path.stat().st_mode & 0o7777:04o}"
    if path.is_dir():
        return ["directory", mode]
    return ["file", mode, path.read_bytes().decode("utf-8", "backslashreplace")]


VOLATILE = {
    *("start", "end", "delta", "duration", "atime", "mtime", "ctime", "birthtime"),
    *("inode", "dev", "device_type", "version", "mimetype", "charset", "attr_flags"),
    *("attributes", "block_size", "blocks", "md5sum", "invocation", "diff"),
    *("warnings", "deprecations", "exception", "failed_when_suppressed_exception"),
    "ansible_loop_var",
}
"""What a result says of time and place, or what only one of the two ever tells."""


def plain(value: Any, folder: Path) -> Any:
    """Return a value without what differs from run to run."""
    match value:
        case dict():
            return {
                key: plain(each, folder)
                for key, each in value.items()
                if key not in VOLATILE
                and not key.startswith("_ansible")
                and (key, each) != ("msg", "")
            }
        case list() | tuple():
            return [plain(each, folder) for each in value]
        case str():
            return value.replace(str(folder), "<work>")
        case _:
            return value
