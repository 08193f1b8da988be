"""The rooms of the house: who may know whom, and what a light command may load."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parent.parent
PACKAGE = TOP / "megaplan_cloud"
FORBIDDEN = {
    "engine": ("megaplan_cloud.cloud", "megaplan_cloud.harness"),
    "cloud": ("megaplan_cloud.harness",),
    "harness": ("megaplan_cloud.cloud",),
}
HEAVY = ("fabric", "paramiko", "jinja2", "jsonschema", "asyncio", "yaml._yaml")


@pytest.mark.parametrize("room", sorted(FORBIDDEN))
def test_imports_point_one_way(room: str) -> None:
    """The engine knows neither cloud nor harness, and these two do not know each other."""
    wrong = [
        f"{file.relative_to(TOP)} imports {name}"
        for file in sorted((PACKAGE / room).rglob("*.py"))
        for name in _imported(file)
        if name.startswith(FORBIDDEN[room])
    ]

    assert wrong == []


def test_no_provider_is_named_in_the_engine() -> None:
    """A provider is a folder of YAML: the engine has no word for any of them."""
    names = {folder.name for folder in (TOP / "roles").iterdir() if _is_provider(folder)}
    wrong = [
        f"{file.relative_to(TOP)} names {node.value!r}"
        for file in sorted((PACKAGE / "engine").rglob("*.py"))
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        # `ssh` and `process` are words of their own: a protocol and what an operating system runs.
        if isinstance(node, ast.Constant) and node.value in names - {"ssh", "local", "process"}
    ]

    assert names >= {"process"}
    assert wrong == []


@pytest.mark.parametrize("words", [("--list",), ("--help",), ("--version",)])
def test_looking_at_the_commands_loads_nothing_heavy(words: tuple[str, ...]) -> None:
    """`invoke --list` and its like stay quick: what a command needs is loaded when it runs."""
    code = (
        "import sys; from megaplan_cloud import program\n"
        "try: program.main()\n"
        "except SystemExit: pass\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules])"
    )

    done = subprocess.run(
        [sys.executable, "-c", code, *words], capture_output=True, text=True, check=True, cwd=TOP
    )

    assert done.stdout.splitlines()[-1] == _already_loaded_by_invoke()


def test_the_changelog_is_gathered() -> None:
    """CHANGELOG.md is what `make changelog` makes of changelog.d/."""
    code = "import runpy; print(end=runpy.run_path('changelog.d/gather.py')['changelog']())"

    made = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=TOP
    ).stdout

    assert made == (TOP / "CHANGELOG.md").read_text("utf-8")


def _imported(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _is_provider(role: Path) -> bool:
    return (role / "meta" / "arguments.schema.json").is_file() and (role / "defaults").is_dir()


def _already_loaded_by_invoke() -> str:
    """Return what Invoke itself loads of the heavy ones, as the test prints it."""
    code = f"import sys, invoke; print([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout.strip()
