"""Answers: what a helper says of the frames it was sent, read back from bytes."""

from dataclasses import dataclass

# A line of the protocol is far shorter than this; what is longer is something else.
LONGEST_LINE = 4096


@dataclass(frozen=True, slots=True)
class Began:
    """The begin mark of frame `number` was read."""

    number: int


@dataclass(frozen=True, slots=True)
class Refused:
    """Frame `number` never began, because an earlier frame of its batch failed."""

    number: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The end mark of frame `number` was read, and with it all that the command said."""

    number: int
    rc: int
    stdout: bytes
    stderr: bytes
    timed_out: bool


class GarbledAnswer(Exception):
    """What came back is not what the far side of this protocol says."""


Event = Began | Refused | Ended


class Hello:
    """Skips what comes before the helper's hello: banners, and what login files print.

    `pid` is the helper's process, None until the hello came; `skipped` is up to 4 kB of the rest.
    """

    def __init__(self, nonce: str) -> None:
        self.pid: int | None = None
        self.skipped = b""
        self._mark = f"\n{nonce} ".encode()

    def feed(self, data: bytes) -> bytes:
        """Take `data`; return what of it comes after the hello."""
        self.skipped += data
        start = self.skipped.find(self._mark)
        end = self.skipped.find(b"\n", start + 1) if start >= 0 else -1
        if end < 0:
            self.skipped = self.skipped[-4096:]
            return b""
        rest = self.skipped[end + 1 :]
        word, _, pid = self.skipped[start + len(self._mark) : end].partition(b" ")
        self.skipped = self.skipped[:start][-4096:]
        if word != b"hello":
            raise GarbledAnswer((word + b" " + pid).decode("utf-8", "replace"))
        self.pid = figure(pid.decode("ascii", "replace"))
        return rest


class Answers:
    """Reads the answers of a helper: bytes in, events out; raises `GarbledAnswer` on others."""

    def __init__(self, nonce: str) -> None:
        self._mark = f"{nonce} ".encode()
        self._buffer = bytearray()
        self._body: tuple[int, int, int] | None = None

    def feed(self, data: bytes) -> None:
        """Take `data`, as it came."""
        self._buffer += data

    def empty(self) -> bool:
        """Return whether nothing is there that has not been read."""
        return not self._buffer

    def next(self) -> Event | None:
        """Return the next event, None when it has not come as a whole."""
        if self._body is not None:
            return self._read_body(*self._body)
        words = self._line(0)
        match words:
            case None:
                return None
            case ["begin", number]:
                return Began(figure(number))
            case ["skip", number]:
                return Refused(figure(number))
            case ["sizes", number, out, err]:
                self._body = (figure(number), figure(out), figure(err))
                return self._read_body(*self._body)
        raise GarbledAnswer(" ".join(words))

    def _read_body(self, number: int, out: int, err: int) -> Event | None:
        if len(self._buffer) <= out + err:
            return None
        body = bytes(self._buffer[: out + err]) if self._ends(out + err) else b""
        match self._line(out + err):
            case None:
                return None
            case ["end", again, rc, late] if figure(again) == number:
                self._body = None
                return Ended(number, figure(rc), body[:out], body[out:], late == "1")
            case words:
                raise GarbledAnswer(" ".join(words))

    def _ends(self, start: int) -> bool:
        return self._buffer.find(b"\n", start) >= 0

    def _line(self, start: int) -> list[str] | None:
        """Take the marked line at `start`, and all before it, from the buffer."""
        end = self._buffer.find(b"\n", start, start + LONGEST_LINE)
        line = bytes(self._buffer[start : end if end >= 0 else start + LONGEST_LINE])
        if not line.startswith(self._mark[: len(line)]) or (end < 0 and len(line) == LONGEST_LINE):
            raise GarbledAnswer(line[:200].decode("utf-8", "replace"))
        if end < 0:
            return None
        del self._buffer[: end + 1]
        return line[len(self._mark) :].decode("ascii", "replace").split(" ")


def figure(word: str) -> int:
    """Return the number that `word` is written as; raises `GarbledAnswer` if it is none."""
    if not (word.isascii() and word.isdigit()):
        raise GarbledAnswer(f"{word!r} is not a figure")
    return int(word)
