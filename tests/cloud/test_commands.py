"""Commands that need no box: init, validate, play, wrong words; stdout, stderr and exit codes."""

import io
import json
import os
import pwd
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from megaplan_cloud.cloud.answer import Answer, of_error
from megaplan_cloud.cloud.errors import InvalidArguments
from megaplan_cloud.cloud.operator import tell
from megaplan_cloud.cloud.voice import Voice
from tests.support.operator import PROGRAM, Operator

OURS = shlex.join([sys.executable, "-c", PROGRAM])


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say yes."""
        return True


def typed(person: Operator, line: str) -> tuple[int, str]:
    """Type a line of shell; return its exit code, and what came to stderr."""
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", line],
        cwd=person.folder,
        env=person.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stderr


@pytest.fixture
def person(tmp_path: Path) -> Operator:
    """Give an operator who needs no box."""
    (tmp_path / "home").mkdir()
    (tmp_path / "work").mkdir()
    return Operator(tmp_path / "home", tmp_path / "work")


@pytest.mark.parametrize("provider", ["process", "local", "ssh", "railway"])
def test_what_init_writes_is_valid(person: Operator, provider: str) -> None:
    """A commented file for each provider, with nothing in it that validate would refuse."""
    said = person.run("init", "--provider", provider)
    checked = person.run("validate")

    assert said.json["cloud_yaml"] == str(person.folder / "cloud.yaml")
    assert "invoke deploy" in said.stderr
    assert checked.json["success"] is True


def test_init_leaves_a_cloud_yaml_alone(person: Operator) -> None:
    """Only `--force` replaces a file."""
    person.settle("# mine\n")

    refused = person.run("init", code=2).json
    kept = (person.folder / "cloud.yaml").read_text()
    person.run("init", "--force")

    assert refused["error"] == "invalid_args"
    assert "cloud spec already exists" in refused["message"]
    assert kept == "# mine\n"
    assert "provider: process" in (person.folder / "cloud.yaml").read_text()


def test_init_suggests_the_provider_that_was_meant(person: Operator) -> None:
    """A misspelt provider is wrong input, and the right one is named."""
    said = person.run("init", "--provider", "proces", code=2).json

    assert "Did you mean 'process'?" in said["hint"]


def test_validate_tells_every_mistake_at_its_place(person: Operator) -> None:
    """cloud.yaml, a playbook of one's own and a chain spec, in one go."""
    person.settle("repo: {url: u}\nmod: idle\n")
    (person.folder / "playbooks").mkdir()
    (person.folder / "playbooks" / "mine.yml").write_text(
        "- hosts: box\n  tasks:\n    - name: Say hello\n      commnd: [echo, hello]\n"
    )
    (person.folder / "chain.yaml").write_text("milestones:\n  - {label: m1, idea: nothing.md}\n")

    said = person.run("validate", "--spec", "chain.yaml", code=2)

    places = [problem["at"].rpartition("/")[2] for problem in said.json["problems"]]
    assert places == ["cloud.yaml:2:1", "mine.yml:4:7", "chain.yaml:2:23"]
    assert "3 mistakes" in said.stderr


def test_validate_is_quiet_about_what_is_not_there(person: Operator) -> None:
    """Without a cloud.yaml the house's own playbooks and roles are still checked."""
    assert person.run("validate").json["success"] is True


def test_any_playbook_can_be_tried_here(person: Operator) -> None:
    """Without a cloud.yaml every place is this machine; --set gives variables."""
    (person.folder / "hello.yml").write_text(
        "- name: Greet\n  hosts: box\n  tasks:\n"
        "    - name: Say hello\n      command: [echo, 'hello {{ who }}']\n      register: said\n"
        "    - name: Tell\n      emit: {json: {said: '{{ said.stdout }}'}}\n"
    )

    report = person.run("play", "hello.yml", "--set", "who=world").json
    rehearsed = person.run("play", "hello.yml", "--set", "who=world", "--check").json

    assert report["plays"][0]["tasks"][0]["result"]["stdout"] == "hello world"
    assert report["plays"][0]["tasks"][0]["status"] == "changed"
    assert rehearsed["plays"][0]["tasks"][0]["status"] == "unknown"


def test_a_failing_playbook_exits_with_1(person: Operator) -> None:
    """The report is still one document."""
    (person.folder / "fails.yml").write_text(
        "- hosts: controller\n  tasks:\n    - name: Fail\n      command: ['false']\n"
    )

    report = person.run("play", "fails.yml", code=1).json

    assert report["exit_code"] == 1
    assert report["counts"]["failed"] == 1


@pytest.mark.parametrize(
    "words",
    [
        ("play", "nothing.yml"),
        ("play", "hello.yml", "--set", "novalue"),
        ("chain",),
        ("status", "--chain"),
        ("deploy", "--cloud-yaml", "nothing.yaml"),
        ("doctor", "--fix", "nothing"),
    ],
)
def test_wrong_input_is_one_document_and_exit_code_2(person: Operator, words: tuple[str]) -> None:
    """The document says error, message and hint; stderr says it to a person."""
    (person.folder / "hello.yml").write_text("- hosts: box\n  tasks: []\n")

    said = person.run(*words, code=2)

    assert said.json["success"] is False
    assert said.json["message"] in said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize(
    ("words", "message", "hint"),
    [
        (("deplo",), "There is no 'deplo' here.", "Did you mean 'deploy'?"),
        (("deploy", "--nothing"), "There is no '--nothing' here.", "deploy --help"),
        (("deploy", "extra"), "There is no 'extra' here.", "deploy --help"),
        (("deploy", "--cloud-yaml"), "--cloud-yaml needs a value.", "deploy --help"),
        (("exec",), "exec needs: 'command'", "exec --help"),
    ],
)
def test_words_that_no_command_knows_end_with_2(
    person: Operator, words: tuple[str], message: str, hint: str
) -> None:
    """Invoke's own usage errors would end with 1, and leave stdout empty."""
    said = person.run(*words, code=2)

    assert (said.json["error"], said.json["message"]) == ("invalid_args", message)
    assert hint in said.json["hint"]
    assert message in said.stderr


@pytest.mark.parametrize("words", ["--list", "--help", "validate --json"])
def test_a_reader_that_leaves_gets_no_traceback(person: Operator, words: str) -> None:
    """`| head` takes what it wants; what nobody reads is lost, and that is no failure."""
    code, told = typed(person, f"{OURS} {words} | true")

    assert code == 0
    assert "Traceback" not in told
    assert "Exception" not in told


def test_nobody_who_reads_prose_stops_no_work(person: Operator) -> None:
    """A command that is half done because `head` has seen enough would be worse than silence."""
    assert typed(person, f"{OURS} init 2>&1 >/dev/null | true") == (0, "")
    assert (person.folder / "cloud.yaml").is_file()


def test_streams_that_are_closed_stop_no_work(person: Operator) -> None:
    """A job started without stdout or stderr, as some schedulers do, is done all the same."""
    assert typed(person, f"{OURS} init --force >&-")[0] == 0
    assert typed(person, f"{OURS} init --force 2>&- >/dev/null") == (0, "")


def test_an_answer_that_cannot_be_written_is_no_answer(person: Operator) -> None:
    """A full disk under stdout ends with 1, and says so."""
    if not Path("/dev/full").exists():
        pytest.skip("there is no /dev/full here")

    code, told = typed(person, f"{OURS} validate >/dev/full")

    assert code == 1
    assert told.endswith("The answer could not be written: No space left on device.\n")


@pytest.mark.parametrize("unset", ["HOME=", "-u HOME"])
def test_an_empty_home_is_none(person: Operator, unset: str) -> None:
    """Nothing is ever written to the root of the file system because HOME is empty."""
    person.settle("repo: {url: u}\n")

    code, told = typed(person, f"env {unset} {OURS} deploy --check >/dev/null")

    home = pwd.getpwuid(os.getuid()).pw_dir
    assert code == 0, told
    assert f"service={home}/.megaplan" in told


@pytest.mark.parametrize("command", ["deploy", "exec", "play"])
def test_help_may_stand_behind_a_command(person: Operator, command: str) -> None:
    """A command that takes a word does not take --help for it."""
    assert f"megaplan-cloud [--core-opts] {command}" in person.run(command, "--help").stdout


def test_a_secret_written_by_mistake_is_not_repeated(person: Operator) -> None:
    """An error shows the line it is about, without a token in it."""
    token = "ghp_" + "a1B2" * 9
    person.settle(f"repo: {{url: u}}\nsecrets: [GH_TOKEN={token}]\n")

    said = person.run("deploy", code=2)

    assert token not in said.stdout + said.stderr


def test_the_same_tasks_from_any_directory(person: Operator) -> None:
    """`megaplan-cloud` needs no tasks.py where it is called; `invoke` reads the same file."""
    invoke = shutil.which("invoke", path=str(Path(sys.executable).parent))
    if invoke is None:
        pytest.skip("invoke is not installed into this environment")
    house = Path(__file__).parents[2]

    ours = person.run("--list").stdout
    theirs = subprocess.run(
        [invoke, "--list"], cwd=house, capture_output=True, text=True, check=True
    )

    names = [
        line.split()[0] for line in ours.splitlines() if line.startswith("  ") and line[2] != " "
    ]
    assert names == [
        line.split()[0]
        for line in theirs.stdout.splitlines()
        if line.startswith("  ") and line[2] != " "
    ]
    assert {"init", "deploy", "chain", "status", "exec", "destroy", "doctor"} <= set(names)


def test_on_a_terminal_the_document_is_left_out() -> None:
    """People read stderr; `--json` brings the document back."""
    shown = {}
    for wants_json in (False, True):
        stdout, stderr = Terminal(), Terminal()
        voice = Voice.of(stdout, stderr, {}, wants_json=wants_json)
        tell(voice, Answer({"success": True}, ("done",)))
        shown[wants_json] = (stdout.getvalue(), stderr.getvalue())

    assert shown[False] == ("", "done\n")
    assert json.loads(shown[True][0]) == {"success": True}


def test_an_error_says_what_where_and_what_now() -> None:
    """The three answers are in the document and in the lines."""
    answer = of_error(InvalidArguments("Give one.", hint="Do this."))

    assert answer.document == {
        "success": False,
        "error": "invalid_args",
        "message": "Give one.",
        "hint": "Do this.",
    }
    assert answer.lines == ("Give one.", "Do this.")
    assert answer.exit_code == 2
