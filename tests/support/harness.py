"""A project with a scripted agent, and the `megaplan` command run in it as people run it."""

import io
import json
import os
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import plan as plans
from megaplan_cloud.harness.command import main
from megaplan_cloud.harness.plan import Plan

TREE = Path(__file__).parents[2]
# A limit on files must not cut short the compiled modules of everybody else.
COMMON = {"PYTHONPATH": str(TREE), "PYTHONDONTWRITEBYTECODE": "1"}
AGENT = TREE / "tests" / "harness" / "agents" / "scripted.py"
PROFILE = f"""
[profiles.scripted]
default = "script:{sys.executable} {AGENT}"
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """What the command did: its exit code, the one document, and what it told people."""

    rc: int
    document: dict[str, Any]
    told: str


@dataclass(frozen=True, slots=True)
class Project:
    """A git repository with the profile `scripted`, and a home of its own."""

    path: Path
    home: Path

    def plan(self, level: str = "bare", name: str | None = None, **config: Any) -> Plan:
        """Begin a plan that the scripted agent carries out."""
        chosen = {"robustness": level, "profile": "scripted", "auto_approve": True, **config}
        return plans.create(self.path, "Add a greeting", name, config=chosen)

    def misbehave(self, how: str) -> None:
        """Let the agent do `how`, such as `plan:quota` or `execute:broken`, from now on."""
        (self.path / "script.fail").write_text(how, encoding="utf-8")

    def behave(self) -> None:
        """Let the agent do its work from now on."""
        (self.path / "script.fail").unlink(missing_ok=True)

    def environment(self, **more: str) -> dict[str, str]:
        """Return what the command may see: little, so that nothing of ours leaks into it."""
        return {"PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C.UTF-8", **more}

    def ask(self, *words: str) -> Answer:
        """Run the command within this process, which is faster; what it tells people is lost."""
        out = io.StringIO()
        with chdir(self.path), redirect_stdout(out), redirect_stderr(io.StringIO()):
            rc = main(words)
        return Answer(rc, json.loads(out.getvalue()), "")

    def start(self, *words: str, limit: int = 0, **environment: str) -> subprocess.Popen[str]:
        """Start the command and return at once; its files may have `limit` blocks of 512 bytes."""
        command = [sys.executable, "-m", "megaplan_cloud.harness.command", *words]
        limited = ["sh", "-c", f'ulimit -f {limit} && exec "$@"', "sh"] if limit else []
        return subprocess.Popen(
            [*limited, *command],
            cwd=self.path,
            env=self.environment(**{**COMMON, **environment}),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def megaplan(self, *words: str, limit: int = 0, **environment: str) -> Answer:
        """Run the command to its end; its stdout has to be one JSON document."""
        process = self.start(*words, limit=limit, **environment)
        out, told = process.communicate(timeout=90)
        return Answer(process.returncode, json.loads(out), told)


def build(path: Path) -> Project:
    """Make a project below `path`."""
    project = Project(path / "project", path / "home")
    project.home.mkdir()
    (project.path / ".megaplan").mkdir(parents=True)
    subprocess.run(["git", "init", "--quiet", str(project.path)], check=True)
    profiles = project.path / ".megaplan" / "profiles.toml"
    profiles.write_text(PROFILE, encoding="utf-8")
    return project
