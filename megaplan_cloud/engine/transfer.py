"""Files to and from a place: streamed, verified by sha256, and put in their place by rename."""

import hashlib
import io
import os
import secrets
import stat
import tarfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

from megaplan_cloud.engine.channel import BLOCK
from megaplan_cloud.engine.command import Command, Completed, Program
from megaplan_cloud.engine.errors import PlaybookError

# More than this travels on a channel of its own, so that it need not fit into memory here.
SMALL = 1 << 20
# Directories, links, programs, private files, hashes.
PARTS = 5


class Carrier(Protocol):
    """What files travel over: the part of a connection that is needed here."""

    def run(self, command: Command) -> Completed:
        """Run a command and return what came of it."""

    def errand(
        self, command: Command, on_output: Callable[[bytes], None], source: Iterable[bytes]
    ) -> Completed:
        """Run `command` on a channel of its own; its stdout goes to `on_output` only."""


def put(
    carrier: Carrier,
    source: Path | bytes,
    target: str,
    *,
    mode: str,
    owner: str | None,
    become: bool,
) -> Completed:
    """Make the file `target` of `source`; exit code 1 and a reason in stderr when it cannot be."""
    checksum = sha256(source)
    words = ("put", target, mode, owner or "", checksum, secrets.token_hex(4))
    command = Command(words, program=_program(), become=become)
    if isinstance(source, Path) and source.stat().st_size > SMALL:
        return carrier.errand(command, _ignore, _blocks(source))
    content = source.read_bytes() if isinstance(source, Path) else source
    if len(content) > SMALL:
        return carrier.errand(command, _ignore, [content])
    return carrier.run(Command(words, content, become=become, program=_program()))


def get(carrier: Carrier, source: str, target: Path, *, become: bool) -> Completed:
    """Fetch the file `source`; exit code 1 and a reason in stderr when it cannot be."""
    part = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    command = Command(("get", source), program=_program(), become=become)
    try:
        with part.open("xb") as file:
            arrival = Arrival(file.write)
            completed = carrier.errand(command, arrival.take, ())
        if completed.rc == 0 and not arrival.whole():
            return Completed(1, b"", f"{source} was damaged on its way.\n".encode(), 0)
        if completed.rc == 0:
            part.replace(target)
        return completed
    finally:
        part.unlink(missing_ok=True)


def sync(carrier: Carrier, source: Path, target: str, *, check: bool, become: bool) -> Completed:
    """Make the directory `target` equal to `source`; stdout has a line `+ path` or `- path` each.

    The far side's list is one turn and what changed is one stream, however many files there are.
    """
    target = target.rstrip("/")
    # This side reads its files while that side reads its own.
    with ThreadPoolExecutor(max_workers=1) as pool:
        reading = pool.submit(read_tree, source)
        listing = Command(("list", target), program=_program(), become=become)
        listed = carrier.run(listing)
        ours = reading.result()
    if listed.rc != 0:
        return listed
    theirs = read_listing(listed.stdout)
    new = [path for path, entry in ours.items() if theirs.get(path) != entry]
    gone = [path for path, entry in theirs.items() if _kind(ours.get(path)) != _kind(entry)]
    told = "".join([f"+ {path}\n" for path in new] + [f"- {path}\n" for path in gone])
    done = Completed(0, told.encode("utf-8", "surrogateescape"), b"", listed.duration)
    if check or not told:
        return done
    words = ("update", target, _digest(ours, new), secrets.token_hex(4))
    stream = chain([_lines(gone)], _tar(source, ours, set(new)))
    command = Command(words, program=_program(), become=become)
    updated = carrier.errand(command, _ignore, stream)
    return done if updated.rc == 0 else updated


def sha256(source: Path | bytes) -> str:
    """Return the checksum of a file's content, or of the bytes themselves."""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """What a path is: a directory `d`, a link `l` to `content`, a file `f` with its checksum."""

    kind: str
    content: str = ""
    program: bool = False
    private: bool = False


Tree = Mapping[str, Entry]


def read_tree(top: Path) -> Tree:
    """Return every path below `top`, as `./a/b`, parents before children."""
    tree = {".": Entry("d")}
    for folder, folders, files in os.walk(top):
        folders.sort()
        for name in sorted((*folders, *files)):
            path = Path(folder, name)
            tree[f"./{path.relative_to(top).as_posix()}"] = _entry(path)
    return tree


def read_listing(listing: bytes) -> Tree:
    """Return what `transfer.sh list` printed; a directory that is absent has no path at all."""
    state, _, rest = listing.decode("utf-8", "surrogateescape").partition("\n")
    if state != "present":
        return {}
    folders, links, programs, private, hashes = (_part(part) for part in _split(rest))
    is_program, is_private = set(programs), set(private)
    tree = {path: Entry("d") for path in folders}
    tree |= {path: Entry("l", to) for path, to in zip(links[::2], links[1::2], strict=False)}
    for line in hashes:
        checksum, _, path = line.partition(" ")
        tree[path] = Entry("f", checksum, path in is_program, path in is_private)
    return tree


class Arrival:
    """A file that arrives as `checksum size`, a newline, and its bytes."""

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self._head = b""
        self._promised: tuple[str, int] | None = None
        self._hash = hashlib.sha256()
        self._size = 0

    def take(self, data: bytes) -> None:
        """Take the next bytes of the stream."""
        if self._promised is None:
            head, newline, data = (self._head + data).partition(b"\n")
            self._head = head
            if not newline:
                return
            checksum, _, size = head.decode("ascii", "replace").partition(" ")
            self._promised = (checksum, int(size) if size.isdigit() else -1)
        self._write(data)
        self._hash.update(data)
        self._size += len(data)

    def whole(self) -> bool:
        """Return whether all that was promised came, unharmed."""
        return self._promised == (self._hash.hexdigest(), self._size)


def _ignore(_: bytes) -> None:
    """Take what nobody asked for."""


def _blocks(source: Path) -> Iterator[bytes]:
    with source.open("rb") as file:
        while block := file.read(BLOCK):
            yield block


def _entry(path: Path) -> Entry:
    # `sha256sum` writes such names in a way of its own.
    if set(path.name) & set("\n\r\\"):
        raise PlaybookError(
            f"The name {str(path)!r} cannot be sent: it holds a newline or a backslash.",
            hint="Rename it, or leave it out of the directory.",
        )
    status = path.lstat()
    if stat.S_ISDIR(status.st_mode):
        return Entry("d")
    if stat.S_ISLNK(status.st_mode):
        return Entry("l", str(path.readlink()))
    if not stat.S_ISREG(status.st_mode):
        raise PlaybookError(
            f"{path} is neither a file nor a directory nor a link, so it cannot be sent.",
            hint="Remove it, or leave it out of the directory.",
        )
    mode = status.st_mode
    return Entry("f", sha256(path), bool(mode & stat.S_IXUSR), not mode & stat.S_IROTH)


def _kind(entry: Entry | None) -> str:
    return entry.kind if entry else ""


def _split(rest: str) -> list[str]:
    """Return the parts of a listing; each but the last ends with an empty line."""
    parts: list[str] = []
    while len(parts) < PARTS - 1:
        if rest.startswith("\n"):
            part, rest = "", rest[1:]
        else:
            part, _, rest = rest.partition("\n\n")
        parts.append(part)
    return [*parts, rest]


def _part(text: str) -> list[str]:
    return [line for line in text.split("\n") if line]


def _digest(ours: Tree, new: Iterable[str]) -> str:
    lines = sorted(
        f"{ours[path].content} {path}\n".encode("utf-8", "surrogateescape")
        for path in new
        if ours[path].kind == "f"
    )
    return hashlib.sha256(b"".join(lines)).hexdigest()


def _lines(paths: Iterable[str]) -> bytes:
    return "".join(f"{path}\n" for path in (*paths, "")).encode("utf-8", "surrogateescape")


class _Sink(io.RawIOBase):
    """Gathers what a tar writer writes, until it is taken away."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def write(self, data: Any, /) -> int:
        self.parts.append(bytes(data))
        self.size += len(data)
        return len(data)

    def taken(self) -> bytes:
        data = b"".join(self.parts)
        self.parts, self.size = [], 0
        return data


def _tar(source: Path, ours: Tree, new: set[str]) -> Iterator[bytes]:
    """Give a tar of what is `new`; all directories are in it, so that each gets its own mode."""
    sink = _Sink()
    with tarfile.open(fileobj=sink, mode="w|", format=tarfile.GNU_FORMAT, bufsize=BLOCK) as archive:
        for path, entry in ours.items():
            if path not in new and entry.kind != "d":
                continue
            _add(archive, source / path, path)
            if sink.size >= BLOCK:
                yield sink.taken()
    yield sink.taken()


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    info = archive.gettarinfo(path, name)
    info.uid = info.gid = 0
    info.uname = info.gname = ""
    if info.islnk():
        # Two names of one file here are two files there.
        info.type, info.size = tarfile.REGTYPE, path.stat().st_size
    if info.isreg():
        with path.open("rb") as file:
            archive.addfile(info, file)
    else:
        archive.addfile(info)


@cache
def _program() -> Program:
    text = Path(__file__).with_name("transfer.sh").read_text(encoding="utf-8")
    lines = (line.strip() for line in text.splitlines())
    bare = "\n".join(line for line in lines if line and not line.startswith("#"))
    return Program("transfer", bare)
