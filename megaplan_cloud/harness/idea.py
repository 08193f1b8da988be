"""The idea files of a chain: where each milestone's is, before anything starts."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from megaplan_cloud.harness.chain_spec import ChainSpec, Milestone
from megaplan_cloud.harness.errors import InputError


@dataclass(frozen=True, slots=True)
class Idea:
    """What a milestone is to build, as its file says."""

    path: Path
    text: str

    @property
    def sha256(self) -> str:
        """Return what identifies the text."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def title(self) -> str:
        """Return the first line that says something, without the marks of a heading."""
        lines = (line.strip().lstrip("#").strip() for line in self.text.splitlines())
        return next((line for line in lines if line), self.path.stem)


def ideas(spec: ChainSpec, project: Path) -> Mapping[str, Idea]:
    """Return the idea of each milestone by its label.

    Raises InputError `missing_idea_file` that names every milestone whose file is missing, empty
    or unreadable, and the places that were tried.
    """
    found = {each.label: _find(each, spec, project) for each in spec.milestones}
    missing = {label: tried for label, tried in found.items() if isinstance(tried, list)}
    if missing:
        raise _missing(missing, spec)
    return {label: idea for label, idea in found.items() if isinstance(idea, Idea)}


def _find(milestone: Milestone, spec: ChainSpec, project: Path) -> Idea | list[str]:
    tried = []
    folders = (spec.path.parent, project, Path.cwd())
    for path in dict.fromkeys(folder / milestone.idea for folder in folders):
        try:
            text = path.read_text(encoding="utf-8")
        except OSError as error:
            tried.append(f"{path}: {error.strerror}")
        except UnicodeDecodeError:
            tried.append(f"{path}: it is not UTF-8")
        else:
            if text.strip():
                return Idea(path, text)
            tried.append(f"{path}: it is empty")
    return tried


def _missing(missing: Mapping[str, list[str]], spec: ChainSpec) -> InputError:
    lines = [
        f"milestone {label}:" + "".join(f"\n  - {each}" for each in tried)
        for label, tried in missing.items()
    ]
    first = next(each for each in spec.milestones if each.label in missing)
    return InputError(
        "missing_idea_file",
        f"{first.mark}: {len(missing)} of {len(spec.milestones)} idea files cannot be read\n"
        + "\n".join(lines),
        hint="Write the files, or correct `idea`; a path is relative to the spec or the project.",
        details={"milestones": list(missing)},
    )
