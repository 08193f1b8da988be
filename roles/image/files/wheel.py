"""Put this project's own wheel into a folder, and print one JSON line that says what it holds.

Words: `look` or `write`, the folder. The wheel is made of the package that runs this program,
whether that is a checkout or an installation; the same sources give the same bytes, so that an
image is built again only when something of them has changed. `requirements.txt` beside it has
what the wheel needs: those are a layer of their own, which changes seldom.
"""

import base64
import hashlib
import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path

from megaplan_cloud.house import PACKAGE, house

NAME = "megaplan-cloud"
TREE = ("tasks.py", "playbooks", "roles", "templates", "schemas", "examples")
WASTE = frozenset({"__pycache__", "_tree", ".ruff_cache", ".mypy_cache", "tests"})
# The oldest time that a zip can hold: times must not make two equal wheels differ.
TIME = (1980, 1, 1, 0, 0, 0)


def main(verb: str, folder: str) -> None:
    """Print the wheel's name and whether the folder has, or had, another one."""
    found = distribution(NAME)
    wanted = {
        f"megaplan_cloud-{found.version}-py3-none-any.whl": wheel(found),
        "requirements.txt": requirements(found),
    }
    place = Path(folder)
    changed = wanted != there(place)
    if changed and verb == "write":
        write(place, wanted)
    print(json.dumps({"wheel": next(iter(wanted)), "changed": changed}))


def wheel(found: Distribution) -> bytes:
    """Return the wheel, file by file in the order of their names."""
    info = f"megaplan_cloud-{found.version}.dist-info"
    files = {**dict(members()), **dict(metadata(found, info))}
    record = "".join(f"{name},{digest(data)},{len(data)}\n" for name, data in sorted(files.items()))
    files[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in sorted(files.items()):
            entry = zipfile.ZipInfo(name, TIME)
            entry.external_attr = 0o644 << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, data)
    return packed.getvalue()


def members() -> Iterator[tuple[str, bytes]]:
    """Yield the package, and the tree that travels in it."""
    for path in sources(PACKAGE):
        yield f"megaplan_cloud/{path.relative_to(PACKAGE).as_posix()}", path.read_bytes()
    top = house()
    for name in TREE:
        for path in sources(top / name):
            yield f"megaplan_cloud/_tree/{path.relative_to(top).as_posix()}", path.read_bytes()


def sources(place: Path) -> Iterator[Path]:
    """Yield the files of a folder, without what running it leaves behind."""
    if place.is_file():
        yield place
    elif place.name not in WASTE and place.is_dir():
        for inner in place.iterdir():
            yield from sources(inner)


def metadata(found: Distribution, info: str) -> Iterator[tuple[str, bytes]]:
    """Yield what an installer reads."""
    for name in ("METADATA", "entry_points.txt"):
        yield f"{info}/{name}", (found.read_text(name) or "").encode()
    lines = ("Wheel-Version: 1.0", f"Generator: {NAME}", "Root-Is-Purelib: true")
    yield f"{info}/WHEEL", "\n".join([*lines, "Tag: py3-none-any", ""]).encode()


def requirements(found: Distribution) -> bytes:
    """Return what the wheel needs, in the versions that it runs with here; no extras."""
    needs = [need for need in found.requires or [] if "extra ==" not in need]
    names = sorted(re.split(r"[^A-Za-z0-9._-]", need, maxsplit=1)[0] for need in needs)
    return "".join(f"{name}=={distribution(name).version}\n" for name in names).encode()


def digest(data: bytes) -> str:
    """Return the checksum of a file as RECORD has it."""
    summed = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={summed.rstrip(b'=').decode()}"


def there(place: Path) -> dict[str, bytes]:
    """Return the files that the folder holds now."""
    if not place.is_dir():
        return {}
    return {path.name: path.read_bytes() for path in place.iterdir() if path.is_file()}


def write(place: Path, wanted: dict[str, bytes]) -> None:
    """Make the folder hold these files, and no wheel of an older release."""
    place.mkdir(parents=True, exist_ok=True)
    for name in there(place).keys() - wanted.keys():
        (place / name).unlink()
    for name, data in wanted.items():
        part = place / f".{name}.part"
        part.write_bytes(data)
        part.replace(place / name)


if __name__ == "__main__":
    main(*sys.argv[1:])
