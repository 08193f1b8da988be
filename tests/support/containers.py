"""Containers for the tests: images are made here from what the machine has, never pulled."""

import io
import re
import subprocess
import tarfile
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.need import lacking, need, need_root

LABEL = "megaplan-test"
BUSYBOX = "megaplan-test/busybox:1"
DEBIAN = "megaplan-test/debian:1"
DEBIAN_PACKAGES = (
    "ca-certificates,dash,git,openssh-client,procps,python3,python3-pip,python3-venv,tmux"
)


def need_engine() -> None:
    """Go on only where a Docker engine answers."""
    need("docker")
    answer = subprocess.run(["docker", "info"], capture_output=True, check=False, timeout=60)
    if answer.returncode != 0:
        lacking("needs a running Docker engine")


def busybox_image() -> str:
    """Return the name of an image with nothing but busybox: no bash, no python."""
    need_engine()
    need("busybox")
    if not _exists(BUSYBOX):
        _import(BUSYBOX, _busybox_root(), 'CMD ["sh"]')
    return BUSYBOX


def debian_image() -> str:
    """Return the name of a small Debian with bash, git, tmux and python; made in about 45 s."""
    need_engine()
    if not _exists(DEBIAN):
        need_root()
        need("debootstrap")
        with tempfile.TemporaryDirectory(prefix="megaplan-debian-") as root:
            _debootstrap(Path(root))
            packed = subprocess.run(
                ["tar", "--directory", root, "--numeric-owner", "--create", "."],
                stdout=subprocess.PIPE,
                check=True,
                timeout=120,
            ).stdout
        authorities = "/etc/ssl/certs/ca-certificates.crt"
        names = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS")
        environment = " ".join(f"{name}={authorities}" for name in names)
        _import(DEBIAN, packed, 'CMD ["bash"]', f"ENV LANG=C.UTF-8 {environment}")
    return DEBIAN


@contextmanager
def container(image: str, *argv: str, options: tuple[str, ...] = ()) -> Iterator[str]:
    """Give the name of a running container; it is removed, whatever happens."""
    name = f"{LABEL}-{uuid.uuid4().hex[:12]}"
    words = ["docker", "run", "--detach", "--init", "--name", name, "--label", LABEL, *options]
    try:
        subprocess.run(
            [*words, image, *(argv or ("sleep", "3600"))],
            check=True,
            capture_output=True,
            timeout=60,
        )
        yield name
    finally:
        subprocess.run(
            ["docker", "rm", "--force", "--volumes", name],
            check=False,
            capture_output=True,
            timeout=60,
        )


def _exists(image: str) -> bool:
    words = ["docker", "image", "inspect", image]
    return subprocess.run(words, capture_output=True, check=False, timeout=30).returncode == 0


def _import(image: str, packed: bytes, *changes: str) -> None:
    options = [word for change in changes for word in ("--change", change)]
    subprocess.run(
        ["docker", "import", *options, "-", image],
        input=packed,
        check=True,
        capture_output=True,
        timeout=120,
    )


def _busybox_root() -> bytes:
    """Pack busybox, the libraries it is linked to, and a link for each of its applets."""
    binary = Path("/bin/busybox").resolve()
    linked = subprocess.run(["ldd", binary], capture_output=True, text=True, check=False).stdout
    applets = subprocess.run([binary, "--list"], capture_output=True, text=True, check=True).stdout
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for folder in ("tmp", "etc", "root", "bin", "proc", "dev", "sys"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o1777 if folder == "tmp" else 0o755
            archive.addfile(entry)
        archive.add(binary, "bin/busybox")
        for library in sorted(set(re.findall(r"(/\S+)", linked))):
            archive.add(Path(library).resolve(), library.lstrip("/"))
        for applet in sorted(set(applets.split()) - {"busybox"}):
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            archive.addfile(entry)
        for name, text in {
            "etc/passwd": "root:x:0:0:root:/root:/bin/sh\n",
            "etc/group": "root:x:0:\n",
        }.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def _debootstrap(root: Path) -> None:
    """Fill `root` with a small Debian from the mirror that this machine itself uses."""
    targets = ["apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME)"]
    listed = subprocess.run(
        [*targets, "Created-By: Packages"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    mirrors = [line.split()[0] for line in listed.splitlines() if line.endswith(" bookworm")]
    if not mirrors:
        lacking("needs a Debian bookworm mirror in this machine's own sources")
    subprocess.run(
        [
            "debootstrap",
            "--variant=minbase",
            f"--include={DEBIAN_PACKAGES}",
            "bookworm",
            root,
            mirrors[0],
        ],
        check=True,
        capture_output=True,
        timeout=600,
    )
    # A machine behind a proxy of its own has extra authorities; containers need them as well.
    authorities = root / "usr/local/share/ca-certificates"
    for extra in Path("/usr/local/share/ca-certificates").glob("*.crt"):
        (authorities / extra.name).write_bytes(extra.read_bytes())
    subprocess.run(["chroot", root, "update-ca-certificates"], check=True, capture_output=True)
    for waste in ("usr/share/doc", "usr/share/man", "usr/share/locale", "var/lib/apt/lists"):
        subprocess.run(["rm", "--recursive", "--force", root / waste], check=True)
    for package in (root / "var/cache/apt/archives").glob("*.deb"):
        package.unlink()
