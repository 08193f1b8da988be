"""Identity: the names by which a box, a chain and a marker are told from all others."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

SLUG_LENGTH = 48


def slug(text: str, length: int = SLUG_LENGTH) -> str:
    """Return `text` in small letters, digits and hyphens; `chain` when nothing is left."""
    safe = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    return safe[:length].strip("-") or "chain"


def box_name(cloud_yaml: Path) -> str:
    """Return the name of the box that belongs to a cloud.yaml: `<folder>-<8 hex digits>`."""
    path = cloud_yaml.resolve()
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:8]
    return f"{slug(path.parent.name, 24)}-{digest}"


def homes(cloud_yaml: Path) -> dict[str, str]:
    """Return where this machine keeps what it knows of all boxes, and of this one."""
    key = hashlib.sha256(str(cloud_yaml.resolve()).encode()).hexdigest()[:16]
    state = Path.home() / ".megaplan" / "cloud"
    return {"state_dir": str(state), "marker_dir": str(state / "markers" / key)}


@dataclass(frozen=True, slots=True)
class ChainIdentity:
    """What makes a chain itself: the name of its spec, its seed and its milestones."""

    slug: str
    digest: str

    @property
    def session(self) -> str:
        """Return the tmux session that a chain has when cloud.yaml names none."""
        return f"megaplan-chain-{self.slug}-{self.digest[:8]}"

    def workspace(self, repo_url: str) -> str:
        """Return the checkout that a chain has when cloud.yaml names none."""
        return f"/workspace/{self.slug}-{self.digest[:8]}/{repo_name(repo_url)}"


def chain_identity(stem: str, seed: str | None, labels: Sequence[str]) -> ChainIdentity:
    """Return the identity of a chain from its spec's file name, seed plan and labels."""
    text = f"{stem}:{seed or ''}:{','.join(labels)}"
    return ChainIdentity(
        slug(stem), hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()[:10]
    )


def repo_name(url: str) -> str:
    """Return the last word of a git address, without `.git`."""
    name = PurePosixPath(url.rstrip("/").replace(":", "/")).name.removesuffix(".git")
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") or "repo"
