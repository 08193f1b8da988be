"""A box on this machine: real tmux, real git, real processes."""

import json
import os
import pty
import select
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.support.need import lacking, need, need_root
from tests.support.operator import PROGRAM, Operator, git, make_repository
from tests.support.processes import alive

pytestmark = pytest.mark.slow


def processes_of(box: Path) -> list[str]:
    """Return the processes that name a box in their words or were born in it."""
    found = []
    for entry in Path("/proc").iterdir() if Path("/proc/self").exists() else []:
        try:
            words = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(box).encode() in words:
            found.append(entry.name)
    return found


def asked(url: str) -> str:
    """Return a page of a server on this machine."""
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own address
        return str(answer.read().decode())


def health(document: dict[str, Any]) -> dict[str, Any]:
    """Ask the box's health server."""
    found = json.loads(asked(document["health"]["url"]))
    assert isinstance(found, dict)
    return found


def test_a_box_lives_from_deploy_to_destroy(operator: Operator, repository: Path) -> None:
    """Deploy, deploy again, down, deploy, destroy: each does what it says, and no more."""
    operator.settle(f"repo: {{url: {repository}}}\n")

    first = operator.run("deploy").json
    box = operator.box
    again = operator.run("deploy").json
    (box / "workspace" / "kept").write_text("work")
    down = operator.run("down").json
    left = processes_of(box)
    back = operator.run("deploy").json
    destroyed = operator.run("destroy", "--yes").json

    assert first["no_op"] is False
    assert first["repos"][0]["status"] == "cloned"
    assert again["no_op"] is True
    assert again["verdict"] == "deploy: no-op (nothing changed)"
    assert down["no_op"] is False
    assert left == []
    assert back["volume"]["id"] == first["volume"]["id"]
    assert back["repos"][0]["status"] == "present"
    assert destroyed["success"] is True
    assert not box.exists()
    assert processes_of(box) == []


def test_health_tells_every_component(operator: Operator, repository: Path) -> None:
    """`/` says OK and `/health` says which part of the box is how."""
    operator.settle(f"repo: {{url: {repository}}}\n")

    document = operator.run("deploy").json

    state = health(document)
    assert asked(document["health"]["url"].removesuffix("health")).startswith("OK")
    assert state["status"] == "ready"
    assert {"volume", "boot", "tmux", "git", "megaplan", "repo:app"} <= set(state["components"])
    assert set(state["components"]["tmux"]["sessions"]) == {"agent", "health"}


def test_a_command_that_is_killed_ends_what_it_ran(operator: Operator, repository: Path) -> None:
    """Ctrl-C, `kill` and a terminal that is closed leave no process behind; the code is 130."""
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy")

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        typed = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, "exec", "echo begun; exec sleep 9753"],
            cwd=operator.folder,
            env=operator.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert typed.stdout is not None
        assert typed.stdout.readline() == "begun\n"
        typed.send_signal(number)
        typed.communicate(timeout=30)
        assert typed.returncode == 130
        assert alive("sleep 9753") == []


def test_two_boxes_do_not_see_each_other(operator: Operator, repository: Path) -> None:
    """Each has its own volume, its own tmux server and its own port."""
    other = Operator(operator.home, operator.folder / "other")
    other.folder.mkdir()
    for person in (operator, other):
        person.settle(f"repo: {{url: {repository}}}\n")

    one, two = operator.run("deploy").json, other.run("deploy").json
    operator.run("exec", "tmux new-session -d -s mine 'sleep 60'")
    sessions = other.run("exec", "tmux list-sessions -F '#{session_name}'").stdout.split()
    operator.run("down")
    still = other.run("exec", "echo alive").stdout
    other.run("destroy", "--yes")

    assert one["health"]["port"] != two["health"]["port"]
    assert one["volume"]["id"] != two["volume"]["id"]
    assert sessions == ["agent", "health"]
    assert still == "alive\n"


def test_a_taken_port_is_named(operator: Operator, repository: Path) -> None:
    """A port that somebody has is an error that says which, and by whom if it can be known."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        operator.settle(f"repo: {{url: {repository}}}\nresources: {{port: {port}}}\n")

        said = operator.run("deploy", code=1).json

    assert said["error"] == "box_unhealthy"
    assert f"port {port} on 127.0.0.1 is taken" in said["message"]


def test_a_repository_that_cannot_be_cloned_degrades_the_box(
    operator: Operator, repository: Path, tmp_path: Path
) -> None:
    """The box comes up without it, says why, and gets it at the next deploy."""
    missing = tmp_path / "missing.git"
    operator.settle(
        f"repo: {{url: {repository}}}\n"
        f"extra_repos: [{{url: {missing}, workspace: /workspace/missing}}]\n"
    )

    said = operator.run("deploy", code=1)
    document = said.json
    state = health(document)
    make_repository(missing, {"a": "b"})
    repaired = operator.run("deploy").json

    assert [repo["status"] for repo in document["repos"]] == ["cloned", "failed"]
    assert str(missing) in document["repos"][1]["reason"]
    assert state["status"] == "degraded"
    assert document["warnings"]
    assert (document["success"], document["error"]) == (False, "box_degraded")
    assert str(missing) in document["message"]
    assert "invoke deploy" in document["hint"]
    assert "steps changed" not in said.stderr
    assert [repo["status"] for repo in repaired["repos"]] == ["present", "cloned"]
    assert repaired["warnings"] == []


def test_a_checkout_of_another_repository_is_told(
    operator: Operator, repository: Path, tmp_path: Path
) -> None:
    """A directory with another remote is never taken for the repository."""
    other = make_repository(tmp_path / "other.git", {"a": "b"})
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy")
    operator.settle(f"repo: {{url: {other}}}\n")

    document = operator.run("deploy", code=1).json

    assert document["error"] == "box_degraded"
    assert "Correct the url" in document["hint"]
    assert document["repos"][0]["status"] == "wrong_remote"
    assert str(repository) in document["repos"][0]["reason"]


def test_a_foreign_volume_is_refused(operator: Operator, repository: Path) -> None:
    """A directory that belongs to another cloud.yaml, or to nobody's box, is left alone."""
    place = operator.folder / "place"
    operator.settle(f"repo: {{url: {repository}}}\nprocess: {{dir: {place}}}\n")
    operator.run("deploy")
    other = Operator(operator.home, operator.folder / "other")
    other.folder.mkdir()
    other.settle(f"repo: {{url: {repository}}}\nprocess: {{dir: {place}}}\n")

    said = [other.run(command, code=1).json["error"] for command in ("deploy", "down")]

    assert said == ["foreign_volume", "foreign_volume"]
    assert operator.run("exec", "echo alive").stdout == "alive\n"


def test_a_directory_with_files_is_no_volume(operator: Operator, repository: Path) -> None:
    """Deploy writes nothing into somebody's directory."""
    place = operator.folder / "place"
    (place / "workspace").mkdir(parents=True)
    (place / "workspace" / "thesis.txt").write_text("work of years")
    operator.settle(f"repo: {{url: {repository}}}\nprocess: {{dir: {place}}}\n")

    said = operator.run("deploy", code=1).json

    assert said["error"] == "foreign_volume"
    assert [entry.name for entry in place.iterdir()] == ["workspace"]
    assert [entry.name for entry in (place / "workspace").iterdir()] == ["thesis.txt"]


def test_a_directory_that_cannot_be_made_is_told(operator: Operator, repository: Path) -> None:
    """In a sentence with the path, not with the lines of a program; /proc stops even root."""
    operator.settle(f"repo: {{url: {repository}}}\nprocess: {{dir: /proc/megaplan-box}}\n")

    done = operator.run("deploy", code=1)

    assert "/proc/megaplan-box" in done.json["message"]
    assert "Traceback" not in done.stderr
    assert 'File "' not in done.stderr


def test_an_emptied_volume_is_refused(operator: Operator, repository: Path) -> None:
    """A volume that is gone is not replaced in silence by an empty one."""
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy")
    box = operator.box
    operator.run("down")
    subprocess.run(["rm", "-r", str(box)], check=True)

    deploy = operator.run("deploy", code=1).json
    command = operator.run("exec", "true", code=1).json
    operator.run("destroy", "--yes")
    anew = operator.run("deploy").json

    assert deploy["error"] == command["error"] == "volume_lost"
    assert "destroy --yes" in deploy["hint"]
    assert anew["success"] is True


def test_destroy_asks_for_the_name(operator: Operator, repository: Path) -> None:
    """Another answer touches nothing; nobody to ask is wrong input."""
    operator.settle(f"repo: {{url: {repository}}}\nresources: {{volume: my-volume}}\n")
    operator.run("deploy")

    refused = operator.run("destroy", stdin="yes\n", code=1)
    nobody = operator.run("destroy", code=2)
    alive = operator.run("exec", "echo alive").stdout
    operator.run("destroy", stdin="my-volume\n")

    assert refused.json["error"] == "not_confirmed"
    assert "my-volume" in refused.stderr
    assert nobody.json["error"] == "invalid_args"
    assert alive == "alive\n"


def test_exec_passes_output_and_exit_code(operator: Operator, repository: Path) -> None:
    """Our stdout is its stdout, stderr is stderr, and the exit code is the command's."""
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy")

    plain = operator.run("exec", "echo out; echo err >&2; exit 7", code=7)
    document = operator.run("exec", "--json", "echo out; echo err >&2; exit 7", code=7).json
    large = operator.run("exec", "seq 1 50000").stdout

    assert (plain.stdout, plain.stderr) == ("out\n", "err\n")
    assert (document["rc"], document["stdout"], document["stderr"]) == (7, "out", "err")
    assert large == "".join(f"{number}\n" for number in range(1, 50001))


def test_attach_gives_a_terminal(operator: Operator, repository: Path) -> None:
    """The box's own session is shown until it is left; where there is no terminal it is refused."""
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy")
    ours, theirs = pty.openpty()
    words = [sys.executable, "-c", PROGRAM, "attach"]
    attached = subprocess.Popen(
        words,
        cwd=operator.folder,
        env={**operator.environment, "TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )

    shown = b""
    while b"[agent]" not in shown:
        assert select.select([ours], [], [], 60)[0], shown
        shown += os.read(ours, 65536)
    # tmux draws before it listens: keys that come too early are typed into the session.
    deadline = time.monotonic() + 30
    while attached.poll() is None and time.monotonic() < deadline:
        os.write(ours, b"\x02d")
        while select.select([ours], [], [], 0.5)[0] and attached.poll() is None:
            os.read(ours, 65536)

    assert attached.wait(timeout=1) == 0
    assert operator.run("attach", code=2).json["error"] == "invalid_args"


def test_the_operators_own_tmux_is_never_touched(
    operator: Operator, repository: Path, tmp_path: Path
) -> None:
    """A command typed inside tmux still speaks to the box's own server."""
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy", TMUX=f"{tmp_path}/other,1,0", TMUX_PANE="%0")

    said = operator.run("exec", "echo ${TMUX:-none}", TMUX=f"{tmp_path}/other,1,0")

    assert said.stdout == "none\n"


def test_commits_in_the_box_have_an_author(operator: Operator, repository: Path) -> None:
    """A machine without a git identity can still commit in its box."""
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy")

    operator.run("exec", "cd app && git commit --quiet --allow-empty --message Work")

    assert git(operator.box / "workspace" / "app", "log", "-1", "--format=%an") == "Megaplan Agent"


def test_secrets_reach_the_box_and_nothing_else(operator: Operator, repository: Path) -> None:
    """Missing is an error by name; a value that is given is set, one that is not is kept."""
    operator.settle(f"repo: {{url: {repository}}}\nsecrets: [MY_TOKEN]\n")

    missing = operator.run("deploy", code=1).json
    given = operator.run("deploy", MY_TOKEN="it's a $ecret")
    kept = operator.run("deploy", MY_TOKEN="")

    file = operator.box / "run" / "secrets.sh"
    read = subprocess.run(
        ["sh", "-c", f'. {file}; printf %s "$MY_TOKEN"'], capture_output=True, text=True, check=True
    )
    assert missing["error"] == "missing_secrets"
    assert missing["details"]["missing_env"] == ["MY_TOKEN"]
    assert given.json["secrets"] == [{"name": "MY_TOKEN", "status": "set"}]
    assert kept.json["secrets"] == [{"name": "MY_TOKEN", "status": "kept"}]
    assert kept.json["no_op"] is True
    assert "$ecret" not in given.stdout + given.stderr
    assert read.stdout == "it's a $ecret"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_rehearsal_changes_nothing(operator: Operator, repository: Path) -> None:
    """`--check` leaves no file and no process."""
    operator.settle(f"repo: {{url: {repository}}}\n")

    said = operator.run("deploy", "--check").json

    assert said["check"] is True
    assert said["no_op"] is False
    assert not (operator.home / ".megaplan").exists()


def test_an_unwritable_home_is_one_clear_message(operator: Operator, repository: Path) -> None:
    """A directory that cannot be written is told by name, without a traceback."""
    operator.settle(f"repo: {{url: {repository}}}\nprocess: {{dir: /proc/nowhere/box}}\n")

    said = operator.run("deploy", code=1)

    assert said.json["success"] is False
    assert "/proc/nowhere" in said.json["message"]
    assert "Traceback" not in said.stderr


def test_many_clones_at_once_make_one_checkout(tmp_path: Path, repository: Path) -> None:
    """Each of them has it in the end, one of them made it, and it is whole."""
    script = Path(__file__).parents[2] / "roles" / "workspace" / "files" / "repo.py"
    place = tmp_path / "workspace" / "app"
    words = ["app", str(repository), "main", str(place), str(place.parent)]
    running = [
        subprocess.Popen([sys.executable, str(script), *words], stdout=subprocess.PIPE)
        for _ in range(6)
    ]

    found = [json.loads(each.communicate(timeout=60)[0]) for each in running]

    statuses = sorted(each["status"] for each in found)
    assert statuses == ["cloned", *["present"] * 5], found
    assert git(place, "status", "--porcelain") == ""
    assert [each.name for each in place.parent.iterdir() if each.name != ".megaplan"] == ["app"]


def test_what_is_missing_is_said_with_what_makes_it(operator: Operator, repository: Path) -> None:
    """No checkout, no log: `status` and `logs` name it and the command, in words of their own."""
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy")
    shutil.rmtree(operator.box / "workspace" / "app")
    (operator.box / "run" / "health.log").unlink()

    status = operator.run("status", code=1).json
    logs = operator.run("logs", "--no-follow", code=1).json

    assert (status["error"], logs["error"]) == ("checkout_missing", "log_missing")
    assert str(operator.box / "workspace" / "app") in status["message"]
    assert "invoke deploy" in status["hint"]
    assert "invoke deploy" in logs["hint"]


def test_a_plan_that_did_not_start_is_not_said_to_run(operator: Operator, repository: Path) -> None:
    """What the harness refuses in its session is told here, with its reason and its hint."""
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy")
    (operator.folder / "idea.md").write_text("# Add a greeting\n")

    refused = operator.run("bootstrap", "idea.md", "--robustness", "silly", code=1).json

    assert refused["error"] == "launch_failed"
    assert refused["message"] == "The plan did not start: there is no robustness level 'silly'."
    assert "light" in refused["hint"]


def test_a_box_whose_tmux_is_gone_can_still_be_stopped(
    operator: Operator, repository: Path, tmp_path: Path
) -> None:
    """`down` ends every process, also where the command that would do it was uninstalled."""
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy")
    without = tmp_path / "bin"
    without.mkdir()
    for folder in ("/bin", "/usr/bin"):
        for program in Path(folder).iterdir():
            if program.name != "tmux" and not (without / program.name).exists():
                (without / program.name).symlink_to(program)

    operator.run("down", PATH=str(without))

    assert processes_of(operator.box) == []


@pytest.mark.parametrize("kilobytes", [12, 40])
def test_a_full_disk_is_said_and_leaves_nothing_half_done(
    kilobytes: int, operator: Operator, repository: Path, tmp_path: Path
) -> None:
    """Whatever it was that had no room is named with the reason; with room, deploy goes on."""
    need_root()
    need("mount")
    disk = tmp_path / "disk"
    disk.mkdir()
    operator.settle(f"repo: {{url: {repository}}}\nprocess: {{dir: {disk}/box}}\n")
    options = f"size={kilobytes}k"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        lacking("file systems may be mounted")
    try:
        refused = operator.run("deploy", code=1)
        subprocess.run(["mount", "-o", "remount,size=20m", str(disk)], check=True)
        repaired = operator.run("deploy").json
        operator.run("destroy", "--yes")
        left = list(disk.iterdir())
    finally:
        operator.run("destroy", "--yes", code=None)
        subprocess.run(["umount", str(disk)], check=True)

    assert "No space left on device" in refused.json["message"]
    assert "Traceback" not in refused.stderr
    assert repaired["repos"][0]["status"] in ("cloned", "present")
    assert repaired["warnings"] == []
    assert left == []
