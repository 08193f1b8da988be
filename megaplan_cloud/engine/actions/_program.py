"""The far side of an action: the program it sends, its arguments, and what it answers.

A program gets its arguments as one word of shell assignments (`path=/etc/motd mode=0644`) and
answers with fields: key and value in turn, each ended by NUL, so that any byte may stand in them.
"""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from megaplan_cloud.engine.command import Completed, Program
from megaplan_cloud.engine.context import refuse_secrets
from megaplan_cloud.engine.result import Result


@dataclass(frozen=True, slots=True)
class Word:
    """Shell text that is quoted already: a path to expand there, an arithmetic expression."""

    text: str


@cache
def program(name: str, *parts: str) -> Program:
    """Return the program of the action `name`: its parts (`_<part>.sh`), then `<name>.sh`."""
    folder = Path(__file__).parent
    files = [*(f"_{part}.sh" for part in parts), f"{name}.sh"]
    texts = [_without_comments((folder / file).read_text(encoding="utf-8")) for file in files]
    return Program(f"action_{name}", "".join(texts))


def _without_comments(text: str) -> str:
    """Return the program as it travels: each byte of it is sent to every place."""
    lines = (line.strip() for line in text.splitlines())
    return "".join(f"{line}\n" for line in lines if line and not line.startswith("#"))


def assignments(**values: Any) -> str:
    """Return the one word that sets a program's variables.

    None and false become empty; each is set, lest the environment's variable of that name speak.
    """
    refuse_secrets(value for value in values.values() if isinstance(value, str))
    return " ".join(f"{key}={_word(value)}" for key, value in values.items())


def _word(value: Any) -> str:
    match value:
        case Word():
            return value.text
        case True:
            return "1"
        case None | False | "":
            return ""
        case _:
            return shlex.quote(str(value))


def fields(stdout: bytes) -> dict[str, str]:
    """Return the fields a program printed."""
    words = [word.decode(errors="surrogateescape") for word in stdout.split(b"\0")]
    return dict(zip(words[::2], words[1::2], strict=False))


def stopped(completed: Completed, answer: Mapping[str, str]) -> Result | None:
    """Return the result of a program that did not reach its end, None if it did."""
    if completed.rc:
        return failure(completed, answer)
    if "unknown" in answer:
        return Result(unknown=answer["unknown"], duration=completed.duration)
    return None


def failure(completed: Completed, answer: Mapping[str, str]) -> Result:
    """Return the failed result of a program that ended with an exit code other than zero."""
    stderr = completed.stderr.decode(errors="replace").strip()
    if completed.timed_out:
        reason = f"timed out after {completed.duration:.0f} seconds"
    else:
        reason = answer.get("msg") or stderr or f"exit code {completed.rc}"
    return Result(failed=True, msg=reason, duration=completed.duration)
