"""The quickstart for tests that break it: its files, its repository, and what it leaves there."""

import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from megaplan_cloud.house import house
from tests.support.chains import git

BRANCHES = ("quickstart/m1-vat", "quickstart/m2-summary", "quickstart/m3-command")


@dataclass(frozen=True)
class Quickstart:
    """The example's own folder, and the bare repository that its chain works on."""

    example: Path
    remote: Path

    @property
    def spec(self) -> Path:
        """Return the chain spec."""
        return self.example / "chain.yaml"

    def history(self) -> dict[str, list[str]]:
        """Return subject and tree of each commit on each branch of the remote."""
        return {
            branch: git(self.remote, "log", "--format=%s %T", f"main..{branch}").splitlines()
            for branch in BRANCHES
        }


def make_quickstart(folder: Path) -> Quickstart:
    """Copy the example, with an agent that does not stop to think, and make its repository."""
    example, remote = folder / "example", folder / "remote.git"
    shutil.copytree(house() / "examples/quickstart", example)
    agent = example / "agent/agent.py"
    text = agent.read_text(encoding="utf-8")
    agent.write_text(text.replace("THINKING = 0.3", "THINKING = 0.05"), encoding="utf-8")
    prepare = [sys.executable, str(example / "prepare.py"), str(remote)]
    subprocess.run(prepare, check=True, capture_output=True)
    return Quickstart(example, remote)
