"""The quickstart in a container: the same chain and the same result as on this machine."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from megaplan_cloud.house import house
from tests.support.boxes import LocalBox, git_server, local_box
from tests.support.compose import compose_environment
from tests.support.containers import need_engine
from tests.support.operator import git

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
EXAMPLES = house() / "examples"


@pytest.fixture(params=["docker-compose", "docker compose"])
def box(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[LocalBox]:
    """Give a box that is kept by the old compose, and by the new one."""
    need_engine()
    for name, value in compose_environment(request.param, tmp_path).items():
        monkeypatch.setenv(name, value)
    with local_box(tmp_path) as one:
        yield one


def test_the_quickstart_runs_unchanged_in_a_container(box: LocalBox, tmp_path: Path) -> None:
    """Three milestones, a commit each, on the remote; status, logs and a second run know it."""
    prepare = [sys.executable, str(EXAMPLES / "quickstart/prepare.py"), "receipts.git"]
    subprocess.run(prepare, cwd=tmp_path, check=True, capture_output=True)
    spec = str(EXAMPLES / "quickstart/chain.yaml")
    with git_server(tmp_path) as server:
        box.settle(f"{server}/receipts.git")
        box.operator.run("deploy")
        chain = box.operator.run("chain", "--spec", spec, "--wait").json
        status = box.operator.run("status", "--chain").json
        log = box.operator.run("logs", "--chain", "--no-follow").stdout

    subjects = git(tmp_path / "receipts.git", "log", "--format=%s", "main..quickstart/m3-command")
    assert subjects.splitlines() == [
        "m3: Print the summary from the command line",
        "m2: Summarise a receipt by category",
        "m1: Work out the VAT of a receipt",
    ]
    assert chain["success"] is True
    assert status["effective_status"] == "complete"
    assert status["summary"]["completed"] == ["m1", "m2", "m3"]
    assert log.splitlines()[-1] == "[chain] 3 of 3 milestones are done"
