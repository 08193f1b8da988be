"""What an image is built from: the Dockerfile, the entry point and the wheel, without Docker."""

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from megaplan_cloud.house import house
from tests.support.need import need
from tests.support.operator import Operator

WHEEL = house() / "roles" / "image" / "files" / "wheel.py"
PLAIN = "provider: local\nrepo: {url: https://example.org/app.git}\n"
MODES = {
    "idle": "",
    "auto": "mode: auto\nauto: {plan_name: it's, idea_file: /workspace/app/an idea.md}\n",
    "chain": "mode: chain\nchain: {spec: /workspace/app/chain.yaml}\n",
}
PLAY = """\
- hosts: controller
  gather_facts: false
  vars:
    checkouts:
      - {name: app, url: https://example.org/app.git, branch: main, workspace: /workspace/app}
  roles: [image]
"""


pytestmark = pytest.mark.slow


@pytest.fixture
def operator(tmp_path: Path) -> Operator:
    """Give an operator who renders contexts and builds nothing."""
    home, folder = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    folder.mkdir()
    (folder / "render.yml").write_text(PLAY, encoding="utf-8")
    return Operator(home, folder)


def rendered(operator: Operator, more: str = "") -> Path:
    """Render the context of a cloud.yaml; return its folder."""
    operator.settle(PLAIN + more)
    operator.run("play", "render.yml")
    return operator.home / ".megaplan" / "cloud" / "megaplan-cloud" / "context"


def test_the_dockerfile_builds_everywhere(operator: Operator) -> None:
    """No syntax line, no heredoc, no mount: the legacy builder and BuildKit read it alike."""
    text = (rendered(operator) / "Dockerfile").read_text(encoding="utf-8")

    assert "# syntax" not in text
    assert "<<" not in text
    assert "--mount" not in text
    assert "\nFROM ${BASE_IMAGE}\n" in text
    assert ":latest" not in text


def test_without_toolchains_the_dockerfile_does_not_change(operator: Operator) -> None:
    """No toolchains, an empty list of them, and other settings of the box: the same bytes."""
    plain = (rendered(operator) / "Dockerfile").read_bytes()
    empty = (rendered(operator, "toolchains: []\n") / "Dockerfile").read_bytes()
    other = (rendered(operator, MODES["chain"] + "secrets: [TOKEN]\n") / "Dockerfile").read_bytes()

    assert plain == empty == other


def test_toolchains_stand_in_the_dockerfile_in_their_order(operator: Operator) -> None:
    """The three that we know, and the operator's own lines as they are."""
    own = "toolchains: [rust, go, java, {name: zig, install: 'RUN apt-get install zig'}]\n"
    text = (rendered(operator, own) / "Dockerfile").read_text(encoding="utf-8")

    lines = text.splitlines()
    at = [lines.index(word) for word in ("# rust", "# go", "# java", "# zig")]
    assert at == sorted(at)
    assert "RUN apt-get install zig" in lines
    # Nothing is for one processor only.
    assert "amd64" not in text.replace("${arch/amd64/x64}", "")


@pytest.mark.parametrize("mode", MODES)
def test_what_runs_in_the_box_is_clean_shell(operator: Operator, mode: str) -> None:
    """Rendered for every mode, shellcheck finds nothing in it."""
    need("shellcheck")

    context = rendered(operator, MODES[mode])

    for name, shell in (
        ("entrypoint.sh", "bash"),
        ("box/agent.sh", "sh"),
        ("box/git-credential.sh", "sh"),
        ("box/profile.sh", "sh"),
    ):
        words = ["shellcheck", f"--shell={shell}", "--exclude=SC1090,SC1091", str(context / name)]
        done = subprocess.run(words, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (0, "")


def test_the_context_changes_only_when_its_parts_do(operator: Operator) -> None:
    """Rendering it again changes nothing."""
    rendered(operator)

    report = operator.run("play", "render.yml", "--json").json

    statuses = {task["status"] for play in report["plays"] for task in play["tasks"]}
    assert statuses <= {"ok", "skipped"}


def test_the_harness_may_come_from_git(operator: Operator) -> None:
    """Then no wheel is in the image, and what pip installs is pinned to the ref."""
    git = "megaplan: {source: git, repo: https://example.org/harness.git, ref: v1.2}\n"
    context = rendered(operator, git)

    text = (context / "Dockerfile").read_text(encoding="utf-8")
    assert "ARG MEGAPLAN_INSTALL_SPEC=git+https://example.org/harness.git@v1.2\n" in text
    assert "COPY harness" not in text
    assert not (context / "harness").exists()


def test_the_wheel_is_the_same_each_time_and_can_be_installed(tmp_path: Path) -> None:
    """The same sources give the same bytes; pip takes it, and what operators edit is in it."""
    for name in ("one", "two"):
        subprocess.run([sys.executable, WHEEL, "write", tmp_path / name], check=True)
    looked = subprocess.run(
        [sys.executable, WHEEL, "look", tmp_path / "one"], capture_output=True, check=True
    )
    [wheel] = (tmp_path / "one").glob("*.whl")
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--target", target, wheel], check=True, timeout=60)

    assert json.loads(looked.stdout) == {"wheel": wheel.name, "changed": False}
    assert wheel.read_bytes() == (tmp_path / "two" / wheel.name).read_bytes()
    assert (target / "megaplan_cloud" / "_tree" / "playbooks" / "deploy.yml").is_file()
    assert zipfile.ZipFile(wheel).testzip() is None
    needs = (tmp_path / "one" / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert all("==" in need for need in needs)
