"""An errand: one command on a channel of its own, its output handed on as it comes."""

from collections.abc import Callable, Iterable

from megaplan_cloud.engine.answer import GarbledAnswer, Hello
from megaplan_cloud.engine.channel import Block, Channel
from megaplan_cloud.engine.command import Command
from megaplan_cloud.engine.frame import escape, hello, script, seconds
from megaplan_cloud.engine.shell import Patience, not_opened, unproven

OnBlock = Callable[[bytes], None]


class Errand:
    """One command on its own channel; its exit code is known when its end mark was read."""

    def __init__(
        self, name: str, channel: Channel, place: str, patience: Patience, nonce: str
    ) -> None:
        self.name = name
        self.broken = False
        self._channel = channel
        self._place = place
        self._patience = patience
        self._nonce = nonce
        self._hello = Hello(self._nonce)
        self._output = Tail(self._nonce)
        self._errors = Tail(self._nonce)

    @property
    def pid(self) -> int | None:
        """The helper's process there; None until it said hello."""
        return self._hello.pid

    @property
    def timed_out(self) -> bool:
        """Whether the far side killed the command because its timeout was over."""
        return (self._output.ending or b"").endswith(b" 1")

    def run(
        self,
        command: Command,
        on_output: OnBlock,
        on_error: OnBlock,
        source: Iterable[bytes] = (),
    ) -> int:
        """Run `command`, whose stdin is `command.stdin` and then `source`; return its exit code."""
        self._open(command)
        code = escape(script(command, whole=True)) + b"\n"
        self._channel.feed((code, command.stdin))
        self._channel.feed(source, last=True)
        return self.listen(command, on_output, on_error)

    def listen(self, command: Command, on_output: OnBlock, on_error: OnBlock) -> int:
        """Hand on what `command`, which is on its way, prints; return its exit code."""
        timeout = command.timeout
        deadline = None if timeout is None else self._now() + timeout + self._patience.grace
        try:
            while self._output.ending is None or self._errors.ending is None:
                self._hand_on(on_output, on_error, deadline)
            return int(self._output.ending.split(b" ")[0])
        except (EOFError, TimeoutError, ValueError, GarbledAnswer) as error:
            raise unproven(command, self._place, error, b"") from error

    def _hand_on(self, on_output: OnBlock, on_error: OnBlock, deadline: float | None) -> None:
        block = self._read(deadline)
        tail, hand_on = (self._errors, on_error) if block.is_error else (self._output, on_output)
        # Only a command that was sent together with the helper's text can come before its hello.
        skip = self.pid is None and not block.is_error
        if shown := tail.feed(self._hello.feed(block.data) if skip else block.data):
            hand_on(shown)

    def _open(self, command: Command) -> None:
        """Start the helper and wait for its hello: no code is sent before it came."""
        mode = f"once {seconds(command.timeout)} {int(command.become)}"
        self._channel.feed([hello(self._nonce, mode)])
        deadline = self._now() + self._patience.opening
        errors = b""
        try:
            while self.pid is None:
                block = self._read(deadline)
                if block.is_error:
                    errors = (errors + block.data)[-4096:]
                else:
                    self._output.feed(self._hello.feed(block.data))
        except (EOFError, TimeoutError, GarbledAnswer) as error:
            said = self._hello.skipped + b"\n" + errors
            raise not_opened(self._place, error, self._channel, said, self._patience) from error

    def _read(self, deadline: float | None) -> Block:
        block = self._channel.read(None if deadline is None else max(0.0, deadline - self._now()))
        if not block.data and not block.is_error:
            self.broken = True
            raise EOFError
        return block

    def _now(self) -> float:
        return self._patience.clock()


class Tail:
    """Finds the end mark of an output that may hold anything, holding back as little as it can."""

    def __init__(self, nonce: str) -> None:
        self.ending: bytes | None = None
        self._mark = f"{nonce} end".encode()
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """Return what of the output is certain not to be the end mark."""
        data = self._held + data if self._held else data
        start = data.find(self._mark)
        if start >= 0:
            self._held = data[start:]
            if (end := data.find(b"\n", start)) >= 0:
                self.ending = data[start + len(self._mark) : end].strip()
            return data[:start]
        keep = self._beginning(data)
        self._held = data[len(data) - keep :]
        return data[: len(data) - keep]

    def _beginning(self, data: bytes) -> int:
        """Return how many last bytes of `data` could be the beginning of the mark."""
        for length in range(min(len(data), len(self._mark) - 1), 0, -1):
            if data.endswith(self._mark[:length]):
                return length
        return 0
