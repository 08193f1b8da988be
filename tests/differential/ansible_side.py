"""Plays cases through ansible-core: `ansible_side.py JOBS`, a JSON list of runs, one after another.

Ansible is loaded once; each run is a fork of that process, so that none sees what another did.
"""

import contextlib
import gc
import json
import os
import shutil
import sys
import traceback
from importlib import import_module
from pathlib import Path
from typing import Any

from ansible.cli.playbook import PlaybookCLI  # type: ignore[import-untyped]
from ansible.plugins.loader import init_plugin_loader  # type: ignore[import-untyped]

HERE = Path(__file__).parent
SHARED = (
    "ansible_collections.ansible.builtin",
    "ansible.executor.module_common",
    "ansible.executor.playbook_executor",
    "ansible.executor.process.worker",
    "ansible.plugins.action.command",
    "ansible.plugins.action.copy",
    "ansible.plugins.connection.local",
    "ansible.plugins.strategy.linear",
)
INVENTORY = (
    "controller\nhost\nbox\n"
    "[all:vars]\nansible_connection=local\nansible_python_interpreter={python}\n"
)


def main(jobs: list[dict[str, Any]]) -> None:
    """Play every job: `{folder, arguments, witness}`."""
    warm_up()
    for job in jobs:
        child = os.fork()
        if not child:
            os._exit(play(job))
        _, status = os.waitpid(child, 0)
        Path(job["witness"] + ".rc").write_text(str(os.waitstatus_to_exitcode(status)))
        shutil.copytree(job["folder"], job["copy"], symlinks=True)


def warm_up() -> None:
    """Load once what every run would load, such as Ansible's table of its own plugins."""
    init_plugin_loader()
    for name in SHARED:
        import_module(name)
    gc.freeze()  # what all runs share is not copied by their garbage collectors


def play(job: dict[str, Any]) -> int:
    """Play one playbook as `ansible-playbook` does and return its exit code."""
    folder = Path(job["folder"])
    os.chdir(folder)
    os.environ["WITNESS"] = job["witness"]
    inventory = folder.parent / f"{folder.name}.inventory"
    inventory.write_text(INVENTORY.format(python=sys.executable))
    words = ["ansible-playbook", "--inventory", str(inventory), *job["arguments"], "play.yml"]
    with Path(job["witness"] + ".log").open("w") as log:
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
        with contextlib.suppress(SystemExit):
            try:
                cli = PlaybookCLI(words)
                cli.parse()
                return int(cli.run() or 0)
            except Exception:  # noqa: BLE001 - whatever it is, the comparison shows it
                traceback.print_exc()
    return 250


if __name__ == "__main__":
    main(json.loads(Path(sys.argv[1]).read_text()))
