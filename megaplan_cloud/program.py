"""The console script `megaplan-cloud`: the same tasks as `invoke`, from any directory."""

import os
import re
import sys
from contextlib import suppress
from importlib.util import module_from_spec, spec_from_file_location

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError
from invoke.program import Program

from megaplan_cloud.house import house

INTERRUPTED = 130
ASKING = frozenset(("--version", "-V"))


def main() -> None:
    """Run the command that the words of this process name, and end with its exit code."""
    program = Program(
        name="Megaplan Cloud",
        binary="megaplan-cloud",
        binary_names=["megaplan-cloud"],
        namespace=tasks(),
        version=version() if ASKING.intersection(sys.argv) else None,
    )
    sys.exit(run(program, sys.argv))


def run(program: Program, words: list[str]) -> int:
    """Return the exit code of a run; Invoke itself would end wrong words with 1, not with 2."""
    try:
        program.create_config()
        program.parse_core(help_first(words))
        program.parse_collection()
        program.parse_tasks()
        program.parse_cleanup()
        program.update_config()
        program.execute()
        if sys.stdout:
            sys.stdout.flush()
    except ParseError as error:
        return wrong_words(str(error), words)
    except BrokenPipeError:  # of a list or a help: a command has streams of its own
        with suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    except Exit as error:
        if error.message:
            print(error.message, file=sys.stderr)  # noqa: T201 - as Invoke does
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def wrong_words(problem: str, words: list[str]) -> int:
    """Refuse words that no command knows, as everything is refused; return the exit code."""
    from megaplan_cloud.cloud import operator
    from megaplan_cloud.cloud.errors import InvalidArguments
    from megaplan_cloud.engine.suggestion import did_you_mean

    names = list(tasks().task_names)
    command = next((word for word in words[1:] if not word.startswith("-")), "")
    if command in names:
        hint = f"`megaplan-cloud {command} --help` says what it takes."
    else:
        hint = f"{did_you_mean(command, names)}Commands: {', '.join(sorted(names))}."
    error = InvalidArguments(plainly(problem), hint=hint)
    return operator.refuse(error, json="--json" in words)


def plainly(problem: str) -> str:
    """Return what Invoke says of wrong words, in the words of those who type."""
    said = re.sub(r"Flag <Argument: (\w+)[^>]*> needed value .*", r"--\1 needs a value.", problem)
    said = re.sub(r"No idea what '(.*)' is!", r"There is no '\1' here.", said)
    said = re.sub(r"'(\S+)' did not receive required positional arguments: ", r"\1 needs: ", said)
    return re.sub(r"--\w+", lambda flag: flag[0].replace("_", "-"), said)


def version() -> str:
    """Return the version of this program."""
    from importlib.metadata import version  # slow, and seldom asked for

    return version("megaplan-cloud")


def help_first(words: list[str]) -> list[str]:
    """Return the words with a command's `--help` before it: behind it a command would take it."""
    program, *rest = words
    if len(rest) == 2 and rest[1] in ("--help", "-h") and not rest[0].startswith("-"):  # noqa: PLR2004
        return [program, "--help", rest[0]]
    return words


def tasks() -> Collection:
    """Return the tasks of the house's tasks.py, wherever this process was started."""
    spec = spec_from_file_location("tasks", house() / "tasks.py")
    if spec is None or spec.loader is None:
        raise ImportError(f"there is no tasks.py in {house()}")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return Collection.from_module(module)
