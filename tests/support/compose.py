"""The two composes: what this machine has, and what a test has to bring."""

import shutil
import subprocess
from pathlib import Path

from tests.support.need import lacking, need

KEPT = Path("/var/tmp/megaplan-test-compose")
PLUGIN = "cli-plugins/docker-compose"


def compose_environment(kind: str, folder: Path) -> dict[str, str]:
    """Return the environment with that compose: `docker compose`, or the old one alone."""
    if kind == "docker-compose":
        need("docker-compose")
        (folder / "docker").mkdir()
        return {"DOCKER_CONFIG": str(folder / "docker")}
    asked = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    return {"DOCKER_CONFIG": str(plugin())} if asked.returncode else {}


def plugin() -> Path:
    """Return a configuration of docker with the plugin, from the mirror that this machine uses."""
    if (KEPT / PLUGIN).exists():
        return KEPT
    need("apt-get", "dpkg")
    words = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)"]
    listed = subprocess.run(
        [*words, "Created-By: Packages"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    mirrors = [line.split()[0] for line in listed.splitlines() if line.endswith(" bookworm")]
    if not mirrors:
        lacking("needs docker compose, or a Debian mirror to get it from")
    work = KEPT / "apt"
    for name in ("lists/partial", "cache/archives/partial", "unpacked"):
        (work / name).mkdir(parents=True, exist_ok=True)
    keyring = "/usr/share/keyrings/debian-archive-keyring.gpg"
    source = f"deb [signed-by={keyring}] {mirrors[0]} trixie main\n"
    (work / "sources.list").write_text(source, encoding="utf-8")
    options = [
        f"-oDir::Etc::sourcelist={work}/sources.list",
        "-oDir::Etc::sourceparts=/dev/null",
        f"-oDir::State::lists={work}/lists",
        f"-oDir::Cache={work}/cache",
        "-oAPT::Sandbox::User=root",
    ]
    fetch = 'apt-get "$@" update && apt-get "$@" download docker-compose/trixie'
    got = subprocess.run(
        ["sh", "-c", fetch, "sh", *options],
        cwd=work,
        capture_output=True,
        check=False,
        timeout=300,
    )
    packages = [*work.glob("docker-compose_*.deb")]
    if got.returncode or not packages:
        lacking("needs docker compose, and no mirror gives it")
    subprocess.run(["dpkg", "-x", packages[0], work / "unpacked"], check=True, timeout=60)
    (KEPT / PLUGIN).parent.mkdir(parents=True, exist_ok=True)
    shutil.move(work / "unpacked/usr/libexec/docker" / PLUGIN, KEPT / PLUGIN)
    shutil.rmtree(work)
    return KEPT
