"""The operator: takes a command's words, gives its answer to whoever asked, and its exit code."""

import os
import signal
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from megaplan_cloud.cloud.answer import (
    FAILED,
    UNHEARD,
    Answer,
    PlayFailed,
    interrupted,
    of_error,
    of_failure,
)
from megaplan_cloud.cloud.errors import InvalidArguments
from megaplan_cloud.cloud.streams import Unheard, standard, to_nowhere
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.errors import EngineError


def run(command: str, /, *, json: bool, **arguments: Any) -> int:
    """Run a command and tell its answer; return its exit code (docs/exit-codes.md)."""
    _end_as_with_ctrl_c()
    stdout, stderr = standard()
    voice = Voice.of(stdout, stderr, os.environ, wants_json=json)
    try:
        return tell(voice, answer(voice, command, arguments))
    except Unheard:
        to_nowhere(stdout)
        return UNHEARD


def _end_as_with_ctrl_c() -> None:
    """Let `kill`, and a terminal that is closed, end what runs in the box as Ctrl-C does."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_DFL:  # `nohup` ignores one
            signal.signal(number, signal.default_int_handler)


def refuse(error: EngineError, *, json: bool) -> int:
    """Tell that the words of this process are no command; return the exit code."""
    stdout, stderr = standard()
    return tell(Voice.of(stdout, stderr, os.environ, wants_json=json), of_error(error))


def answer(voice: Voice, command: str, arguments: Mapping[str, Any]) -> Answer:
    """Return the answer of a command, whatever becomes of it."""
    module = import_module(f"megaplan_cloud.cloud.commands.{command}")
    try:
        _be_at_home()
        return module.run(voice, **arguments)  # type: ignore[no-any-return]
    except EngineError as error:
        return of_error(error)
    except PlayFailed as failed:
        return of_failure(failed.report, told=voice.told)
    except KeyboardInterrupt:
        return interrupted()


def _be_at_home() -> None:
    """Let an empty HOME be what an unset one is; git and tmux need one that is set."""
    if os.environ.get("HOME"):
        return
    os.environ.pop("HOME", None)
    try:
        os.environ["HOME"] = str(Path.home())
    except RuntimeError as error:
        raise InvalidArguments(
            "HOME is not set, and this machine knows no home of yours.",
            hint="Set HOME to a directory that you can write.",
        ) from error


def tell(voice: Voice, answer: Answer) -> int:
    """Write the answer, the document to stdout, the lines to stderr; return the exit code.

    Every secret is redacted. Whoever does not read the document to its end knows enough: what
    was done was done. One that cannot be written because a disk is full is no answer.
    """
    for line in answer.lines:
        voice.say(line)
    passed = voice.terminal or voice.passed or answer.passes_output
    if passed and not voice.wants_json:
        return answer.exit_code
    try:
        voice.document(answer.document)
    except OSError as error:
        to_nowhere(voice.stdout)
        if not isinstance(error, BrokenPipeError):
            voice.say(f"The answer could not be written: {error.strerror}.")
            return answer.exit_code or FAILED
    return answer.exit_code
