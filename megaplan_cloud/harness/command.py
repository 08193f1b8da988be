"""The `megaplan` command: one JSON document on stdout, always; lines for people on stderr."""

import argparse
import importlib
import importlib.util
import io
import json
import os
import pkgutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.harness.arguments import refuse_recursion
from megaplan_cloud.harness.errors import HarnessError, InputError, of_system
from megaplan_cloud.harness.payload import Payload
from megaplan_cloud.harness.root import find_root

COMMANDS = "megaplan_cloud.harness.commands"
CHAIN = "megaplan_cloud.harness.chain_command"
INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code (docs/harness.md has the table)."""
    words = list(sys.argv[1:] if argv is None else argv)
    _speak_utf8()
    if argv is None:
        for number in (signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, _interrupt)
    try:
        payload = _answer(words)
    except KeyboardInterrupt:
        payload = _failed("interrupted", "the command was interrupted", INTERRUPTED)
    _print(payload)
    return payload.exit_code


def _interrupt(number: int, _frame: object) -> NoReturn:
    """Let the end of a terminal or a `kill` end us as Ctrl-C does: agents first, then we."""
    raise KeyboardInterrupt(number)


class Parser(argparse.ArgumentParser):
    """An argument parser that raises what is wrong, instead of printing it and leaving."""

    def error(self, message: str) -> NoReturn:
        """Raise InputError `invalid_args`, with the usage as the hint."""
        raise InputError("invalid_args", message, hint=self.format_usage().strip())


def parser(words: Sequence[str]) -> Parser:
    """Return the parser of the command that `words` begin with; of all commands for help.

    Only the modules that are needed are imported: each of `commands/` has `add_parser` and `run`.
    """
    top = Parser(prog="megaplan", description="Plans, and chains of plans, carried out by agents.")
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    known = _modules()
    wanted = [word for word in words[:1] if word in known] or known
    for name in wanted:
        module = importlib.import_module(known[name])
        module.add_parser(subparsers)
    return top


def _answer(words: list[str]) -> Payload:
    """Return what the command answers, its refusals and its accidents included."""
    try:
        payload = _run(words)
    except HarnessError as error:
        return Payload(error.document(), error.exit_code, (str(error),))
    except EngineError as error:
        return _failed(error.code, str(error), error.exit_code)
    except OSError as error:
        refused = of_system(error)
        return Payload(refused.document(), refused.exit_code, (str(refused),))
    except Exception as error:  # noqa: BLE001  # the last door: nothing may leave without its JSON
        return _accident(error)
    return payload


def _run(words: list[str]) -> Payload:
    for word in words:
        _require_text(word)
    arguments = parser(words).parse_args(words)
    start = Path(getattr(arguments, "project_dir", None) or ".")
    refuse_recursion(arguments.command, find_root(start))
    module = importlib.import_module(_modules()[arguments.command])
    payload: Payload = module.run(arguments)
    return payload


def _require_text(word: str) -> None:
    """Refuse bytes that are no UTF-8: they could not be written down."""
    try:
        word.encode()
    except UnicodeEncodeError as error:
        raise InputError("invalid_args", f"{word!r} is not UTF-8 text") from error


def _modules() -> dict[str, str]:
    """Return the module of each command, by the command's name."""
    package = importlib.import_module(COMMANDS)
    names = sorted(found.name for found in pkgutil.iter_modules(package.__path__))
    modules = {name.strip("_").replace("_", "-"): f"{COMMANDS}.{name}" for name in names}
    if importlib.util.find_spec(CHAIN):
        modules["chain"] = CHAIN
    return modules


def _accident(error: Exception) -> Payload:
    """Return the answer for what nobody foresaw: its trace is kept in a file."""
    with tempfile.NamedTemporaryFile(
        "w", prefix="megaplan-trace-", suffix=".txt", delete=False, encoding="utf-8"
    ) as file:
        file.write(f"megaplan {' '.join(sys.argv[1:2])}\n")
        traceback.print_exception(error, file=file)
    message = f"{type(error).__name__}: {error}"
    return Payload(
        {
            "success": False,
            "error": "internal_error",
            "message": message,
            "hint": f"This is a mistake in megaplan. Report it with {file.name}.",
            "details": {"trace": file.name},
        },
        1,
        (message, f"The trace is in {file.name}"),
    )


def _failed(error: str, message: str, exit_code: int) -> Payload:
    return Payload({"success": False, "error": error, "message": message}, exit_code, (message,))


def _print(payload: Payload) -> None:
    """Write the one document; on a terminal, lines for people too."""
    if sys.stderr.isatty():
        for line in payload.lines:
            sys.stderr.write(f"{line}\n")
        sys.stderr.flush()
    try:
        json.dump(payload.document, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read us has gone; Python would complain once more while it closes stdout.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _speak_utf8() -> None:
    """Write UTF-8 whatever the locale; what is no text (a strange path) is escaped, as JSON has it.

    The escape of a lone surrogate is the same in Python and in JSON.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    sys.exit(main())
