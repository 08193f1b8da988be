"""Writing a file so that a reader sees the old text or the new one, whatever happens."""

import json
import os
import time
import uuid
from contextlib import suppress
from pathlib import Path
from typing import Any

# No write takes nearly as long: a temporary file this old has lost its writer.
ABANDONED = 600.0


def write_text(path: Path, text: str, *, mode: int = 0o644) -> None:
    """Replace `path` with `text`: temporary file, fsync, rename, fsync of the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex}.tmp")
    try:
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_json(path: Path, document: Any, *, mode: int = 0o644) -> None:
    """Replace `path` with `document` as indented JSON, keys in the order they were built."""
    write_text(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n", mode=mode)


def sweep(folder: Path, *, age: float = ABANDONED) -> None:
    """Remove temporary files whose writers were killed: those untouched for `age` seconds."""
    oldest = time.time() - age
    for path in folder.glob(".*.tmp"):
        with suppress(FileNotFoundError):
            if path.is_file() and path.stat().st_mtime < oldest:
                path.unlink()


def sync_folder(folder: Path) -> None:
    """Make a rename in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
