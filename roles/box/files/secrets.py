"""Keep the box's secrets: values that are given are set, those that are left out stay.

Words: the file, and `keep` or `rehearse`. `MEGAPLAN_SECRETS` is a JSON object that has, for each
declared name, its value or null. Prints one JSON line with a word for each name (set, same, kept
or missing), and never a value. When one is missing nothing is written. The file is for the shell,
and for its owner alone.
"""

import json
import os
import shlex
import sys
from pathlib import Path


def main(path: str, verb: str) -> None:
    """Say what becomes of each name, and do it unless this is a rehearsal."""
    file, given = Path(path), json.loads(os.environ["MEGAPLAN_SECRETS"])
    kept = read(file)
    words = {name: word(value, kept.get(name)) for name, value in given.items()}
    missing = "missing" in words.values()
    wanted = {name: value or kept.get(name, "") for name, value in given.items()}
    changed = wanted != kept and bool(wanted or kept)
    if changed and not missing and verb == "keep":
        write(file, wanted)
    told = [{"name": name, "status": status} for name, status in words.items()]
    print(json.dumps({"secrets": told, "changed": changed and not missing}))


def word(value: "str | None", kept: "str | None") -> str:
    """Return what becomes of one secret. An empty value is none: it must not hide a good one."""
    if value:
        return "same" if value == kept else "set"
    return "kept" if kept else "missing"


def read(file: Path) -> "dict[str, str]":
    """Return the secrets that the box has."""
    try:
        words = shlex.split(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return dict(each.split("=", 1) for each in words if "=" in each)


def write(file: Path, secrets: "dict[str, str]") -> None:
    """Replace the file in one step; at no moment can anybody else read it."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in sorted(secrets.items())]
    part = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.writelines(lines)
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
