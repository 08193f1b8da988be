"""The operator: takes a command's words, gives its answer to whoever asked, and its exit code."""

import os
import sys
from importlib import import_module
from typing import Any, TextIO

from megaplan_cloud.cloud.answer import INTERRUPTED, Answer, PlayFailed, of_error, of_failure
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.errors import EngineError


def run(command: str, /, *, json: bool, **arguments: Any) -> int:
    """Run a command and tell its answer; return its exit code (docs/exit-codes.md)."""
    voice = Voice.of(sys.stdout, sys.stderr, os.environ, wants_json=json)
    module = import_module(f"megaplan_cloud.cloud.commands.{command}")
    try:
        answer = module.run(voice, **arguments)
    except EngineError as error:
        answer = of_error(error)
    except PlayFailed as failed:
        answer = of_failure(failed.report, told=voice.told)
    except KeyboardInterrupt:
        answer = Answer(INTERRUPTION, ("Interrupted.",), INTERRUPTED)
    except BrokenPipeError:
        return _nobody_listens(sys.stdout)
    tell(voice, answer)
    return int(answer.exit_code)


INTERRUPTION = {
    "success": False,
    "error": "interrupted",
    "message": "Interrupted.",
    "hint": "What runs in the box goes on; `invoke status --chain` says how it is.",
}


def tell(voice: Voice, answer: Answer) -> None:
    """Write the answer: the document to stdout, the lines to stderr, every secret redacted."""
    for line in answer.lines:
        voice.say(line)
    if voice.wants_json or not (voice.terminal or voice.passed or answer.passes_output):
        voice.document(answer.document)


def _nobody_listens(stream: TextIO) -> int:
    """End quietly when whoever read our output has gone, as `head` does."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return 0
