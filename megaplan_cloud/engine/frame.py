"""A frame: one command as it travels to a place, as bytes that a POSIX shell can read."""

import hashlib
import re
import secrets
import shlex
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from megaplan_cloud.engine.command import Command, Program
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.secret import Secret

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Linux takes at most 128 KiB in one word.
LONGEST_WORD = 120_000
# Survives every login shell, csh and fish too: no backslash, newline, `!` or single quote.
BOOTSTRAP = (
    "sh",
    "-c",
    'IFS= read -r h; case $h in "#megaplan-cloud "*) eval "$(printf %b "$h")";; esac',
)


@dataclass(frozen=True, slots=True)
class Frame:
    """A command with its place in a batch.

    Frames of one `group` do not stop each other (the items of a loop). A frame that `stops` and
    ends with another code than 0 keeps every later group of its batch from beginning.
    """

    command: Command
    group: int = 0
    stops: bool = True


def new_name() -> str:
    """Return a name for a helper: `ps` and its directory there show it, unlike its nonce."""
    return f"megaplan-cloud-{secrets.token_hex(8)}"


def hello(nonce: str, mode: str) -> bytes:
    """Return the one line that turns `BOOTSTRAP` into our helper, doing what `mode` says."""
    return escape(_text(nonce, mode).encode()) + b"\n"


def whole_words(name: str, nonce: str, command: Command) -> tuple[str, ...]:
    """Return words that run `command` with nothing on stdin: helper, code and input are in them.

    `PlaybookError` when a secret would be among them, or when it is too much for one word.
    """
    refuse_secrets(command, "A place that takes no input")
    code, data = escape(script(command, whole=True)), escape(command.stdin)
    words = f"{seconds(command.timeout)} {int(command.become)}"
    mode = f"once {words} {shlex.quote(code.decode())} {shlex.quote(data.decode())}"
    text = _text(nonce, mode)
    if len(text) > LONGEST_WORD:
        raise PlaybookError(
            f"The command and its input are {len(text)} bytes, too much for a place without stdin.",
            hint=f"At most {LONGEST_WORD} bytes fit; fetch what is larger from there.",
        )
    return ("sh", "-c", text, name)


def refuse_secrets(command: Command, where: str) -> None:
    """Raise `PlaybookError` if `where` would get a secret among words, which `ps` shows."""
    if any(isinstance(value, Secret) for value in command.env.values()):
        raise PlaybookError(
            f"{where} could be given a secret in a command line only.",
            hint="Set it with the provider's own command for secrets, or put it in a file there.",
        )


def cancel(name: str, pid: int) -> str:
    """Return the mode that ends the helper `pid`, if its name is still `name`, and what it runs."""
    return f"cancel {pid} {name}"


def cancel_words(name: str, pid: int) -> tuple[str, ...]:
    """Return words that do so with nothing on stdin."""
    return ("sh", "-c", _text("0", cancel(name, pid)), new_name())


def program_key(program: Program) -> str:
    """Return the name under which a place keeps `program`; another text has another key."""
    return hashlib.sha256(f"{program.name}\n{program.text}".encode()).hexdigest()[:16]


def define(nonce: str, program: Program) -> bytes:
    """Return the bytes that teach a place `program`, once per shell."""
    code = escape(_function(program))
    return _header(nonce, f"program {program_key(program)} {len(code)}") + code + b"\n"


def encode(nonce: str, number: int, batch: int, frame: Frame) -> bytes:
    """Return the bytes of `frame` as the `number`-th of its connection."""
    command = frame.command
    code = escape(script(command))
    fields = (
        "frame",
        number,
        batch,
        frame.group,
        int(frame.stops),
        seconds(command.timeout),
        int(command.become),
        program_key(command.program) if command.program else "-",
        len(command.stdin),
        len(code),
    )
    trailer = f"{nonce} {number}\n".encode()
    return b"".join(
        (
            _header(nonce, " ".join(map(str, fields))),
            code,
            b"\n",
            command.stdin,
            trailer,
        )
    )


def script(command: Command, *, whole: bool = False) -> bytes:
    """Return shell code that runs `command`: the one place where words are quoted.

    With `whole`, the code brings its program along instead of finding it at the place.
    """
    lines = [f"export {_variable(name)}={quote(value)}" for name, value in command.env.items()]
    if command.cwd is not None:
        directory = f"./{command.cwd}" if command.cwd.startswith("-") else command.cwd
        lines.append(f"CDPATH= cd {quote(directory)} || exit 1")
    words = " ".join(quote(word) for word in command.argv)
    if command.program is None and not words:
        raise PlaybookError("A command has no words.", hint="Say which program to run.")
    lines.append(f"exec $session {words}" if command.program is None else f"program {words}")
    code = "\n".join(lines).encode("utf-8", "surrogateescape")
    return _function(command.program) + code if whole and command.program else code


def quote(word: str) -> str:
    """Return `word` as one word of a POSIX shell; a `Secret` gives its real value, here only."""
    # The encoded payload, because the text methods of a Secret keep the secret hidden.
    plain = str.encode(word, "utf-8", "surrogateescape").decode("utf-8", "surrogateescape")
    if "\0" in plain:
        raise PlaybookError(
            "A word of a command or the value of a variable holds a NUL byte.",
            hint="No command line can carry it: send it as `stdin`, or in a file.",
        )
    return shlex.quote(plain)


def escape(data: bytes) -> bytes:
    """Return `data` as one line of printable ASCII that `printf %b` turns back."""
    return _SPECIAL.sub(_escaped, data)


def seconds(timeout: float | None) -> str:
    """Return a timeout as `sleep` reads it, `0` for none."""
    if timeout is None:
        return "0"
    return f"{max(timeout, 0.001):.3f}".rstrip("0").rstrip(".")


_SPECIAL = re.compile(rb"[^ -\[\]-~]")


def _escaped(found: re.Match[bytes]) -> bytes:
    match found[0]:
        case b"\n":
            return b"\\n"
        case b"\\":
            return b"\\\\"
        case byte:
            return b"\\0%03o" % byte[0]


def _text(nonce: str, mode: str) -> str:
    return f"#megaplan-cloud {nonce}\nnonce={nonce}\n{_helper()}\n{mode}\n"


def _header(nonce: str, fields: str) -> bytes:
    return f"{nonce} {len(fields)} {fields}\n".encode()


def _function(program: Program) -> bytes:
    return f"program() {{\n{program.text}\n}}\n".encode("utf-8", "surrogateescape")


def _variable(name: str) -> str:
    if not NAME.fullmatch(name):
        raise PlaybookError(
            f"{name!r} cannot be the name of an environment variable.",
            hint="Use letters, digits and underscores, and no digit first.",
        )
    return name


@cache
def _helper() -> str:
    lines = Path(__file__).with_name("shell.sh").read_text(encoding="utf-8").splitlines()
    bare = (line.strip() for line in lines)
    return "\n".join(line for line in bare if line and not line.startswith("#"))
