"""Print a short checksum of a folder: of the names, the modes and the contents of its files."""

import hashlib
import sys
from pathlib import Path


def main(folder: str) -> None:
    """Print the checksum; that of nothing when there is no such folder."""
    place, summed = Path(folder), hashlib.sha256()
    for path in sorted(place.rglob("*")) if place.is_dir() else []:
        if path.is_file():
            name = f"{path.relative_to(place).as_posix()} {path.stat().st_mode & 0o100}"
            summed.update(f"{name} {hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode())
    print(summed.hexdigest()[:12])


if __name__ == "__main__":
    main(*sys.argv[1:])
