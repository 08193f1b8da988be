"""A chain spec as the operator's side reads it: who it is, and the files that it names.

What it means is the harness's business; its shape is schemas/chain.schema.json for both.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from megaplan_cloud.cloud.errors import MissingIdeaFile
from megaplan_cloud.cloud.identity import ChainIdentity, chain_identity
from megaplan_cloud.engine import schema, source
from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.engine.mark import Mark


@dataclass(frozen=True, slots=True)
class Milestone:
    """One milestone: its label and the idea file that it names, and where it does."""

    label: str
    idea: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class LocalChain:
    """A chain spec in a file here. `base_branch` is empty when the spec leaves it out."""

    path: Path
    text: str
    node: source.Mapping
    base_branch: str
    milestones: tuple[Milestone, ...]

    @property
    def identity(self) -> ChainIdentity:
        """Return what tells this chain from every other."""
        seed = (self.node.get("seed") or {}).get("plan")
        return chain_identity(self.path.stem, seed, [each.label for each in self.milestones])


def load(path: Path | str) -> LocalChain:
    """Return the chain in a file; SchemaError tells every mistake at its place."""
    file = Path(path).expanduser()
    if not file.is_file():
        raise SchemaError(
            f"chain spec not found: {file}", hint="Give the path of a chain.yaml with --spec."
        )
    node = source.load(file)
    if not isinstance(node, source.Mapping):
        raise SchemaError("a chain spec must be a YAML mapping", mark=Mark(str(file), 1, 1))
    problems = schema.check(node, "chain") or [*_rules(node)]
    if problems:
        raise (
            problems[0]
            if len(problems) == 1
            else SchemaError(f"{file} has {len(problems)} mistakes", problems=problems)
        )
    milestones = tuple(
        Milestone(str(each["label"]), str(each["idea"]), each.values_at["idea"])
        for each in node.get("milestones") or []
    )
    text = file.read_text(encoding="utf-8")
    return LocalChain(file, text, node, str(node.get("base_branch", "")), milestones)


def find_idea(milestone: Milestone, idea_dir: Path, here: Path, workspace: str) -> Path:
    """Return the local file of a milestone's idea; MissingIdeaFile names each path tried."""
    tried = list(dict.fromkeys(_candidates(milestone.idea, idea_dir, here, workspace)))
    for path in tried:
        if path.is_file() and path.stat().st_size:
            return path
    listed = "".join(f"\n  - {path}" for path in tried)
    raise MissingIdeaFile(
        f"the idea file of milestone '{milestone.label}' is missing or empty; tried:{listed}",
        mark=milestone.mark,
        hint="Run the command from the repository's root, or say where ideas are with --idea-dir.",
    )


def relative_idea(idea: str, workspace: str) -> PurePosixPath:
    """Return an idea's path as it lies beside the spec: under the workspace, or by its name."""
    path = PurePosixPath(idea)
    if path.is_relative_to(workspace):
        return path.relative_to(workspace)
    if path.is_absolute() or ".." in path.parts:
        return PurePosixPath("ideas", path.name)
    return path


def _candidates(idea: str, idea_dir: Path, here: Path, workspace: str) -> Iterator[Path]:
    """Yield where an idea file may be, the likeliest first."""
    path = PurePosixPath(idea)
    inside = path.is_relative_to(workspace)
    relative = path.relative_to(workspace) if inside else PurePosixPath(idea.lstrip("/"))
    yield idea_dir / relative
    yield here / relative
    if idea_dir.resolve().is_relative_to(here.resolve()):
        tail = PurePosixPath(idea_dir.resolve().relative_to(here.resolve()))
        if tail.parts and relative.is_relative_to(tail):
            yield idea_dir / relative.relative_to(tail)
    if path.is_absolute() and not inside:
        yield idea_dir / path.name


def _rules(node: source.Mapping) -> Iterator[SchemaError]:
    """Find labels that stand twice, and milestones that depend on later ones."""
    seen: dict[str, Mark] = {}
    for each in node.get("milestones") or []:
        label, mark = str(each["label"]), each.values_at["label"]
        if label in seen:
            yield SchemaError(
                f"the label '{label}' stands twice",
                mark=mark,
                hint=f"The first one is in line {seen[label].line}; give each its own.",
            )
        for name in _names(each.get("depends_on")):
            if name not in seen:
                yield SchemaError(
                    f"'{label}' depends on '{name}', which is no earlier milestone",
                    mark=each.values_at["depends_on"],
                )
        seen.setdefault(label, mark)


def _names(value: object) -> list[str]:
    return [value] if isinstance(value, str) else list(value) if isinstance(value, list) else []
