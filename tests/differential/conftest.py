"""What ansible-core makes of the cases."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock

from .case import Case
from .played import Played, files_of, plain

HERE = Path(__file__).parent
SHARDS = 2
DEADLINE = 580  # on a machine that does much else; alone it takes a quarter of that


@pytest.fixture(scope="session")
def ansible_runs(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, list[Played]]:
    """Return what ansible-core made of the cases that this session asks for.

    They are played once, in two processes; the workers of pytest-xdist share the outcome.
    """
    asked = (
        item.callspec.params.get("case")
        for item in request.session.items
        if isinstance(item, pytest.Function) and hasattr(item, "callspec")
    )
    wanted = {case for case in asked if isinstance(case, Case)}
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    root = shared / "ansible"
    with FileLock(str(root) + ".lock", timeout=DEADLINE):
        if not root.exists():
            root.mkdir()
            _play_all(sorted(wanted, key=lambda case: case.name), root)
    return {case.name: list(_played(case, root)) for case in wanted}


def _play_all(cases: list[Case], root: Path) -> None:
    """Play the cases through ansible-core, the files of each run kept."""
    (root / "ansible.cfg").touch()
    for case in cases:
        case.lay_out(root / case.name)
    processes = []
    for shard in range(SHARDS):
        jobs = [
            {
                "folder": str(root / case.name),
                "arguments": ansible_arguments(options),
                "witness": str(root / f"{case.name}.{number}.json"),
                "copy": str(root / f"{case.name}.{number}"),
            }
            for case in cases[shard::SHARDS]
            for number, options in enumerate(case.runs)
        ]
        plan = root / f"jobs.{shard}.json"
        plan.write_text(json.dumps(jobs), encoding="utf-8")
        words = [sys.executable, str(HERE / "ansible_side.py"), str(plan)]
        processes.append(subprocess.Popen(words, env=_environment(root)))
    for process in processes:
        assert process.wait(timeout=DEADLINE) == 0


def _environment(root: Path) -> dict[str, str]:
    """Return the environment of ansible-core: quiet, and apart from the machine's own settings."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("ANSIBLE_")}
    return kept | {
        "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callback"),
        "ANSIBLE_CONFIG": str(root / "ansible.cfg"),
        "ANSIBLE_DEPRECATION_WARNINGS": "0",
        "ANSIBLE_GATHERING": "explicit",
        "ANSIBLE_HOME": str(root / ".ansible"),
        "ANSIBLE_LOCALHOST_WARNING": "0",
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_PIPELINING": "1",
        "ANSIBLE_RETRY_FILES_ENABLED": "0",
        "ANSIBLE_STDOUT_CALLBACK": "witness",
    }


def _played(case: Case, root: Path) -> Iterator[Played]:
    for number, _ in enumerate(case.runs):
        witness = root / f"{case.name}.{number}.json"
        rows = json.loads(witness.read_text(encoding="utf-8")) if witness.exists() else []
        rc = int(Path(f"{witness}.rc").read_text(encoding="utf-8"))
        yield Played(plain(rows, root / case.name), rc, _files(root, case, number))


def _files(root: Path, case: Case, number: int) -> dict[str, Any]:
    """Return the files that a run left, the folder's own path taken out of them."""
    return dict(plain(files_of(root / f"{case.name}.{number}"), root / case.name))


def ansible_arguments(options: Mapping[str, Any]) -> list[str]:
    """Return the words of `ansible-playbook` for a run's options."""
    words = ["--check"] if options.get("check") else []
    for key, flag in (("tags", "--tags"), ("skip_tags", "--skip-tags")):
        if key in options:
            words += [flag, ",".join(options[key])]
    if "extra" in options:
        words += ["--extra-vars", json.dumps(options["extra"])]
    return words
