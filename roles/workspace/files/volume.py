"""Look at the identity of a volume, or give it one; print one JSON line.

Words: `look` or `claim`, the volume's root, the name of its box. The identity is written once
and never again: whoever has written it down can tell this volume from an empty or foreign one.
"""

import json
import os
import sys
import time
import uuid
from pathlib import Path


def main(verb: str, root: str, box: str) -> None:
    """Print how the volume is."""
    place = Path(root)
    if verb == "claim":
        claim(place, box)
    print(json.dumps({"root": root, **look(place, box)}))


def look(root: Path, box: str) -> "dict[str, str]":
    """Return the status: ours, foreign, absent, empty, occupied or unreadable; and the identity."""
    try:
        text = identity(root).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {"status": vacancy(root), "id": "", "box": ""}
    except OSError as error:
        return {"status": "unreadable", "id": "", "box": "", "reason": error.strerror or ""}
    try:
        known = json.loads(text)
        found = {"id": str(known["id"]), "box": str(known["box"])}
    except (ValueError, KeyError, TypeError):
        return {"status": "unreadable", "id": "", "box": "", "reason": "not a volume's identity"}
    return {"status": "ours" if found["box"] == box else "foreign", **found}


def vacancy(root: Path) -> str:
    """Return what a place without an identity is."""
    if not root.exists():
        return "absent"
    return "occupied" if any(root.iterdir()) else "empty"


def claim(root: Path, box: str) -> None:
    """Give the volume an identity; of two who try at once, one wins and both read the same."""
    file = identity(root)
    file.parent.mkdir(parents=True, exist_ok=True)
    made = {"id": str(uuid.uuid4()), "box": box, "created_at": now()}
    part = file.with_name(f".volume.{os.getpid()}")
    with part.open("w", encoding="utf-8") as stream:
        stream.write(json.dumps(made) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(part, file)
    except FileExistsError:
        pass
    finally:
        part.unlink()


def identity(root: Path) -> Path:
    """Return where a volume keeps its identity."""
    return root / ".megaplan" / "volume.json"


def now() -> str:
    """Return the time, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


if __name__ == "__main__":
    try:
        main(*sys.argv[1:])
    except OSError as error:
        sys.exit(f"{error.filename}: {error.strerror}")
