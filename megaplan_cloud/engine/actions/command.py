"""Run a command, without a shell: its words reach it as they are written.

`$VAR`, `*` and `|` mean nothing to it; `shell` is for those. It counts as changed whenever it
runs. With `creates` or `removes` it runs only while that file is missing, or there.

    - name: Write down the version of the tree
      command: [git, describe, --always]
      register: version

    - name: Build the project once
      command:
        argv: [make, all]
        chdir: /workspace/app
        creates: /workspace/app/build/done
"""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions._path import far_path, is_plain
from megaplan_cloud.engine.actions._program import Word, assignments, program
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.context import refuse_secrets
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.result import Result
from megaplan_cloud.engine.secret import reveal

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

UNKNOWN = "a command that is not run in check mode"


def action(context: "Context", arguments: Mapping[str, Any]) -> Result | Step:
    """Run the words of `argv`, or of `cmd` split as a shell would split them."""
    return step(context, arguments, words_of(arguments))


def words_of(arguments: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the words to run; PlaybookError if there are none."""
    if "argv" in arguments:
        words = tuple(as_word(word) for word in arguments["argv"])
    else:
        words = _split(arguments.get("cmd", ""))
    if not words:
        raise PlaybookError("A command has no words.", mark=getattr(arguments, "mark", None))
    return words


def as_word(value: Any) -> str:
    """Return a value of YAML as one word; a string keeps its type, so a secret stays one."""
    return value if isinstance(value, str) else str(value)


def step(context: "Context", arguments: Mapping[str, Any], argv: tuple[str, ...]) -> Result | Step:
    """Return the step that runs `argv` if check mode, `creates` and `removes` allow it."""
    guarded = "creates" in arguments or "removes" in arguments
    if context.check and not guarded:
        context.record(context.place, Command(argv))
        return Result(
            skipped=True,
            argv=argv,
            rc=0,
            msg="Command would have run if not in check mode",
            unknown=UNKNOWN,
        )
    if guarded or not is_plain(arguments.get("chdir") or ""):
        return _guarded_step(context, arguments, argv)
    return plain_step(arguments, argv, changed=True)


def plain_step(arguments: Mapping[str, Any], argv: tuple[str, ...], *, changed: bool) -> Step:
    """Return the step that runs `argv`, come what may."""
    command = Command(argv, stdin=stdin_of(arguments), cwd=arguments.get("chdir"))
    return Step(command, lambda completed: outcome(completed, argv, arguments, changed=changed))


def stdin_of(arguments: Mapping[str, Any]) -> bytes:
    """Return what the command reads: `stdin`, ended by a newline unless told otherwise."""
    if arguments.get("stdin") is None:
        return b""
    return as_bytes(arguments["stdin"]) + b"\n" * bool(arguments.get("stdin_add_newline", True))


def as_bytes(value: Any) -> bytes:
    """Return a string's real bytes, a secret's too: for content and stdin, never for argv."""
    return as_word(reveal(value)).encode(errors="surrogateescape")


def outcome(
    completed: Completed, argv: tuple[str, ...], arguments: Mapping[str, Any], *, changed: bool
) -> Result:
    """Return the result of a command that ran; it failed when its exit code is not zero."""
    strip = arguments.get("strip_empty_ends", True)
    return Result(
        changed=changed,
        failed=completed.rc != 0,
        msg=_message(completed),
        argv=argv,
        rc=completed.rc,
        stdout=_text(completed.stdout, strip=strip),
        stderr=_text(completed.stderr, strip=strip),
        duration=completed.duration,
    )


def _message(completed: Completed) -> str:
    if completed.timed_out:
        return f"timed out after {completed.duration:.0f} seconds"
    return "non-zero return code" if completed.rc else ""


def _text(output: bytes, *, strip: bool) -> str:
    text = output.decode(errors="replace")
    return text.rstrip("\r\n") if strip else text


def _split(line: str) -> tuple[str, ...]:
    refuse_secrets((line,))
    try:
        return tuple(shlex.split(line))
    except ValueError as error:
        raise PlaybookError(
            f"The command cannot be split into words: {error}.",
            mark=getattr(line, "mark", None),
            hint="Close the quote, or write the words as a list.",
        ) from error


def _guarded_step(context: "Context", arguments: Mapping[str, Any], argv: tuple[str, ...]) -> Step:
    known = assignments(
        check=context.check,
        **{
            name: Word(far_path(arguments.get(name) or ""))
            for name in ("creates", "removes", "chdir")
        },
    )
    command = Command((known, *argv), stdin=stdin_of(arguments), program=program("command"))

    def read(completed: Completed) -> Result:
        return _read_guarded(completed, argv, arguments, check=context.check)

    return Step(command, read)


def _read_guarded(
    completed: Completed, argv: tuple[str, ...], arguments: Mapping[str, Any], *, check: bool
) -> Result:
    said, _, output = completed.stdout.partition(b"\0")
    match said:
        case b"run" if check:
            return Result(changed=True, argv=argv, rc=0, msg="Command would have run")
        case b"there":
            return _not_run(argv, arguments["creates"], "exists")
        case b"missing":
            return _not_run(argv, arguments["removes"], "does not exist")
        case _:
            ran = replace(completed, stdout=output)
            return outcome(ran, argv, arguments, changed=said == b"run")


def _not_run(argv: tuple[str, ...], path: str, why: str) -> Result:
    return Result(
        argv=argv,
        rc=0,
        stdout=f"skipped, since {path} {why}",
        msg=f"Did not run command since '{path}' {why}",
    )
