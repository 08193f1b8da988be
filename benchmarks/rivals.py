"""The rivals: how each tool is told to do a workload at a site, as the words of one command."""

import json
import shlex
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import workload
from benchmarks.measure import Errand
from benchmarks.site import HOSTS, Site

Do = Callable[[Site, str, Sequence[str]], Errand]
OURS = "this project"
FLOOR = "one `ssh host sh -s`, the whole workload"
STEPS = "`ssh` per step over a ControlMaster"
PIPELINING = "ansible-core, pipelining"
PYINFRA = "pyinfra"
BIN = Path(sys.executable).parent
# Ansible leaves a connection behind, in which the next run would not be cold.
COLD = (
    "sh",
    "-c",
    'export ANSIBLE_SSH_CONTROL_PATH_DIR="$(mktemp -d "$0/XXXX")" && exec "$@"',
)


@dataclass(frozen=True, slots=True)
class Rival:
    """A tool that can do W1: its name, and the command that does it for `$target` at hosts.

    HOST in the target stands for the name of each host. `rounds` is the share of all rounds in
    which it runs: what takes a minute need not run as often as what takes a second.
    """

    name: str
    w1: Do
    trivial: Do
    share: float = 1.0


def ours(site: Site, target: str, hosts: Sequence[str]) -> Errand:
    """Return our W1: the command that an operator types."""
    return _play(site, workload.PLAYBOOK, target, hosts)


def ours_trivial(site: Site, _: str, hosts: Sequence[str]) -> Errand:
    """Return our trivial command: a playbook of one task."""
    playbook = site.folder / "trivial.yml"
    task = {"name": "Do nothing", "command": "true"}
    plays = [{"name": "Do nothing", "hosts": "host", "gather_facts": False, "tasks": [task]}]
    playbook.write_text(json.dumps(plays), encoding="utf-8")
    return _play(site, playbook, "", hosts)


def _play(site: Site, playbook: Path, target: str, hosts: Sequence[str]) -> Errand:
    inventory = site.folder / f"inventory-{len(hosts)}.yml"
    places = [{"name": host, "address": host, "config": str(site.config)} for host in hosts]
    inventory.write_text(json.dumps({"host": places}), encoding="utf-8")
    words = (str(BIN / "megaplan-cloud"), "play", str(playbook), "--inventory", str(inventory))
    target = target.replace("HOST", "{{ inventory_hostname }}")
    return _errand(site, *words, *(("--set", f"target={target}") if target else ()))


def floor(site: Site, target: str, hosts: Sequence[str]) -> Errand:
    """Return W1 as one script: to one host, or to many by xargs."""
    script = _script(site)
    if len(hosts) == 1:
        words = (*site.ssh(hosts[0]), f"target={target} sh -s")
        return Errand(words, site.env, stdin=script)
    ssh = f"ssh -F {site.config} {{}} 'target={target.replace('HOST', '{}')} sh -s' <{script}"
    names = site.folder / "hosts"
    names.write_text("\n".join(hosts), encoding="utf-8")
    words = (*site.link.near, "xargs", "-P20", "-I{}", "sh", "-c", ssh)
    return Errand(words, site.env, stdin=names)


def floor_trivial(site: Site, _: str, hosts: Sequence[str]) -> Errand:
    """Return a trivial command over OpenSSH."""
    return Errand((*site.ssh(hosts[0]), "true"), site.env)


def per_step(site: Site, target: str, hosts: Sequence[str]) -> Errand:
    """Return W1 with one `ssh` for each step, all of them over one connection."""
    control = f"-o ControlPath={site.folder}/control -o ControlMaster=auto -o ControlPersist=60"
    ssh = f"ssh -F {site.config} {control} {hosts[0]}"
    lines = [
        f"{ssh} {shlex.quote(f'target={target}; {step}')} </dev/null" for step in workload.steps()
    ]
    script = site.folder / "per-step.sh"
    script.write_text("\n".join(("set -e", *lines, f"{ssh} -O exit", "")), encoding="utf-8")
    return Errand((*site.link.near, "sh", str(script)), site.env)


def per_step_trivial(site: Site, _: str, hosts: Sequence[str]) -> Errand:
    """Return a trivial command over a connection that is not there yet."""
    return floor_trivial(site, "", hosts)


def ansible(site: Site, target: str, hosts: Sequence[str]) -> Errand:
    """Return W1 as Ansible plays it, from the very playbook that we play."""
    inventory = _ansible_inventory(site, hosts)
    target = target.replace("HOST", "{{ inventory_hostname }}")
    words = (str(BIN / "ansible-playbook"), "-i", str(inventory), "-e", f"target='{target}'")
    return _errand(site, *COLD, str(site.folder), *words, str(workload.PLAYBOOK))


def ansible_trivial(site: Site, _: str, hosts: Sequence[str]) -> Errand:
    """Return a trivial command by Ansible."""
    words = ("-i", str(_ansible_inventory(site, hosts)), "host", "-m", "command", "-a", "true")
    return _errand(site, *COLD, str(site.folder), str(BIN / "ansible"), *words)


def _ansible_inventory(site: Site, hosts: Sequence[str]) -> Path:
    inventory = site.folder / f"inventory-{len(hosts)}.ini"
    lines = [
        "[host]",
        *hosts,
        "[host:vars]",
        f"ansible_ssh_common_args=-F {site.config}",
        "ansible_python_interpreter=/usr/bin/python3",
    ]
    inventory.write_text("\n".join((*lines, "")), encoding="utf-8")
    return inventory


def pyinfra(site: Site, target: str, hosts: Sequence[str]) -> Errand:
    """Return W1 as pyinfra deploys it."""
    words = (str(BIN / "pyinfra"), "-y", str(_pyinfra_inventory(site, hosts)))
    return _errand(site, *words, str(workload.DEPLOY), "--data", f"target={target}")


def pyinfra_trivial(site: Site, _: str, hosts: Sequence[str]) -> Errand:
    """Return a trivial command by pyinfra."""
    words = ("-y", str(_pyinfra_inventory(site, hosts)), "exec", "--", "true")
    return _errand(site, str(BIN / "pyinfra"), *words)


def _pyinfra_inventory(site: Site, hosts: Sequence[str]) -> Path:
    inventory = site.folder / f"inventory_{len(hosts)}.py"
    data = {"ssh_config_file": str(site.config), "ssh_strict_host_key_checking": "accept-new"}
    inventory.write_text(f"host = ({list(hosts)!r}, {data!r})\n", encoding="utf-8")
    return inventory


def _script(site: Site) -> Path:
    script = site.folder / "w1.sh"
    script.write_text(workload.script(), encoding="utf-8")
    return script


def _errand(site: Site, program: str, *words: str) -> Errand:
    """Return a command of ours or a rival's, at the near end, in the folder of the client."""
    return Errand((*site.link.near, program, *words), site.env, cwd=Path(site.env["HOME"]))


RIVALS = (
    Rival(FLOOR, floor, floor_trivial),
    Rival(OURS, ours, ours_trivial),
    Rival(STEPS, per_step, per_step_trivial),
    Rival(PYINFRA, pyinfra, pyinfra_trivial, share=0.6),
    Rival(PIPELINING, ansible, ansible_trivial, share=0.4),
)
ONE = HOSTS[:1]
