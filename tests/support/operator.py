"""Somebody who types commands in a folder of their own, and the repositories they work on."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from megaplan_cloud.engine import schema

BIN = Path(sys.executable).parent
PROGRAM = (
    "import sys; sys.argv[0] = 'megaplan-cloud'; from megaplan_cloud.program import main; main()"
)
PATIENCE = 90


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> dict[str, Any]:
        """Return the one document on stdout, which obeys its schema."""
        found = json.loads(self.stdout)
        assert isinstance(found, dict)
        if name := schema_of(found):
            assert schema.check(found, name) == []
        return found


def schema_of(document: dict[str, Any]) -> str:
    """Return the schema that a document has to obey; nothing for small ones."""
    events = {"cloud_deploy": "deploy", "cloud_chain_launched": "chain_launch"}
    for key, name in (
        ("effective_status", "status_chain"),
        ("gotchas", "doctor"),
        ("checked", "validate"),
    ):
        if key in document:
            return name
    if event := events.get(str(document.get("event"))):
        return event
    return "error" if "error" in document else ""


@dataclass(frozen=True)
class Operator:
    """Somebody with a home and a folder, who types commands there, and waits `patience` seconds."""

    home: Path
    folder: Path
    patience: float = PATIENCE

    def run(self, *words: str, code: int | None = 0, stdin: str = "", **env: str) -> Said:
        """Type a command; fail when it does not end with `code`, if one is expected."""
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, *words],
            cwd=self.folder,
            env={**self.environment, **env},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=self.patience,
            check=False,
        )
        said = Said(done.returncode, done.stdout, done.stderr)
        assert code is None or said.code == code, f"exit {said.code}\n{said.stdout}\n{said.stderr}"
        return said

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment: our commands first, nothing of the tester's own box."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith("MEGAPLAN")}
        return {**kept, "HOME": str(self.home), "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}

    def settle(self, text: str) -> None:
        """Write the cloud.yaml."""
        (self.folder / "cloud.yaml").write_text(text, encoding="utf-8")

    @property
    def box(self) -> Path:
        """Return the directory of the one box of this home."""
        boxes = [*(self.home / ".megaplan" / "cloud" / "process").iterdir()]
        assert len(boxes) == 1
        return boxes[0]


def git(folder: Path, *words: str) -> str:
    """Run git as a person who has a name."""
    who = ["-c", "user.name=Tester", "-c", "user.email=tester@localhost"]
    done = subprocess.run(
        ["git", *who, "-C", str(folder), *words], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def make_repository(path: Path, files: dict[str, str]) -> Path:
    """Make a bare repository whose branch main holds the files."""
    tree = path.with_suffix(".tree")
    tree.mkdir(parents=True)
    git(tree, "init", "--quiet", "--initial-branch=main")
    for name, text in files.items():
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).write_text(text, encoding="utf-8")
    git(tree, "add", "--all")
    git(tree, "commit", "--quiet", "--message", "Begin")
    git(tree, "clone", "--quiet", "--bare", str(tree), str(path))
    shutil.rmtree(tree)
    return path
