"""The console script `megaplan-cloud`: the same tasks as `invoke`, from any directory."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

from invoke.collection import Collection
from invoke.exceptions import Exit, ParseError
from invoke.program import Program

from megaplan_cloud.house import house

WRONG_INPUT, INTERRUPTED = 2, 130
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
    except ParseError as error:
        print(error, file=sys.stderr)  # noqa: T201 - as Invoke does
        return WRONG_INPUT
    except Exit as error:
        if error.message:
            print(error.message, file=sys.stderr)  # noqa: T201 - as Invoke does
        return error.code
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


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
