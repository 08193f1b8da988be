"""The promises every action keeps: found by its file, documented, small, and plain POSIX sh."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from megaplan_cloud.engine import actions as package
from megaplan_cloud.engine.action import ActionTable, find_actions, named_arguments
from megaplan_cloud.engine.actions._program import assignments, fields, program
from megaplan_cloud.house import house
from tests.engine.actions.conftest import Run

FOLDER = Path(package.__file__).parent
NAMES = tuple(find_actions(package.__name__))
PROGRAMS = tuple(sorted(FOLDER.glob("*.sh")))


def test_adding_a_file_adds_an_action() -> None:
    """The table is the folder: no list has to be edited, and what is private is no action."""
    modules = {path.stem for path in FOLDER.glob("[!_]*.py")}

    assert set(NAMES) == modules


def test_asking_for_the_names_imports_none_of_them() -> None:
    """The names cost next to nothing; neither does finding the package load Jinja or Fabric."""
    code = (
        "import sys; from megaplan_cloud.engine.action import find_actions;"
        f"assert 'copy' in find_actions('{package.__name__}');"
        f"loaded = [name for name in sys.modules if name.startswith('{package.__name__}.')];"
        "heavy = {'jinja2', 'fabric', 'paramiko', 'invoke', 'jsonschema'} & set(sys.modules);"
        "assert not loaded and not heavy, (loaded, heavy)"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", NAMES)
def test_importing_an_action_loads_neither_jinja_nor_fabric(name: str) -> None:
    """What an action does not need, it does not wait for."""
    code = (
        f"import sys, importlib; importlib.import_module('{package.__name__}.{name}');"
        "heavy = {'jinja2', 'fabric', 'paramiko', 'invoke', 'jsonschema'} & set(sys.modules);"
        "assert not heavy, heavy"
    )

    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize("name", NAMES)
def test_the_docstring_is_a_docs_page(actions: ActionTable, name: str) -> None:
    """It begins with a sentence and holds an example that is a list of tasks."""
    text = actions.docstring(name)
    sentence = text.split("\n\n")[0]

    tasks = yaml.safe_load(actions.example(name))

    assert sentence.endswith(".")
    assert any(name in task for task in tasks)
    for task in tasks:
        assert task["name"][0].isupper()
        assert not task["name"].endswith(".")


@pytest.mark.parametrize("name", NAMES)
def test_every_action_has_a_schema(name: str) -> None:
    """Editors and the loader know the arguments of each."""
    assert (house() / f"schemas/actions/{name}.schema.json").is_file()


@pytest.mark.skipif(not shutil.which("shellcheck"), reason="shellcheck is not installed")
@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.name)
def test_programs_are_plain_posix_shell(path: Path) -> None:
    """The shell's linter finds nothing to say."""
    subprocess.run(["shellcheck", "--shell=sh", str(path)], check=True)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("file", ("attributes",)),
        ("copy", ("attributes", "content")),
        ("lineinfile", ("attributes", "content")),
        ("unarchive", ("attributes", "content", "tree")),
        ("git", ()),
        ("tmux", ()),
        ("stat", ()),
    ],
)
def test_programs_are_small(name: str, parts: tuple[str, ...]) -> None:
    """Each is sent once to every place: comments and indentation stay here."""
    text = program(name, *parts).text

    assert len(text) < 6500
    assert "\n#" not in text
    assert "\n " not in text


def test_answers_may_hold_any_byte_but_nul() -> None:
    """Fields are told apart by NUL alone."""
    assert fields(b"path\0a\nb=c\0state\0\0") == {"path": "a\nb=c", "state": ""}


def test_what_is_not_given_is_set_to_nothing() -> None:
    """A variable of the place's environment is never taken for an argument."""
    assert assignments(a=None, b=False, c=True, d="x y", e=0) == "a= b= c=1 d='x y' e=0"


@pytest.mark.parametrize(
    ("written", "named"),
    [
        (["a", "b"], {"argv": ["a", "b"]}),
        ("a b", {"cmd": "a b"}),
        ({"src": "x"}, {"src": "x"}),
        (None, {}),
    ],
)
def test_short_forms_have_names(written: object, named: dict[str, object]) -> None:
    """A list is `argv`, a text is `cmd`."""
    assert named_arguments(written) == named


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("copy", {"content": "x", "dest": "{0}/no/file"}),
        ("copy", {"src": "{0}/none", "dest": "{0}/file", "remote_src": True}),
        ("file", {"path": "{0}/none", "mode": "0600"}),
        ("file", {"path": "{0}/link", "src": "none", "state": "link"}),
        ("file", {"path": "{0}/link", "src": "{0}/none", "state": "hard"}),
        ("lineinfile", {"path": "{0}/none", "line": "x"}),
        ("lineinfile", {"path": "{0}/none", "line": "x", "regexp": r"\bx"}),
        ("unarchive", {"src": "{0}/none.tar", "dest": "{0}", "remote_src": True}),
        ("unarchive", {"src": "{0}/none.tar", "dest": "{0}/none", "remote_src": True}),
        ("slurp", {"src": "{0}/none"}),
        ("fetch", {"src": "{0}/none", "dest": "{0}/here", "flat": True}),
    ],
)
def test_a_rehearsal_does_not_fail_for_what_an_earlier_task_would_have_made(
    run: Run, tmp_path: Path, name: str, arguments: dict[str, object]
) -> None:
    """What is missing now is an error when it counts; before that, nobody knows."""
    task = {
        key: value.format(tmp_path) if isinstance(value, str) else value
        for key, value in arguments.items()
    }

    rehearsed, done = run(name, task, check=True), run(name, task)

    assert (rehearsed.failed, rehearsed.changed) == (False, False)
    assert str(tmp_path) in rehearsed.unknown or "src does not exist" in rehearsed.unknown
    assert done.failed
    assert list(tmp_path.iterdir()) == []
