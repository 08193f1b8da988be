"""A chain spec: the milestones of a chain and how it is to be driven, as `chain.yaml` says."""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from megaplan_cloud.engine import schema, source
from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.suggestion import did_you_mean
from megaplan_cloud.harness import branch_name

PHASE_MODEL = re.compile(r"[a-z_]+=\S.*")
SEED = "seed"
LABEL = re.compile(r"[^\W_-][^/\\\x00-\x1f\x7f]*")
FORWARDED = ("vendor", "depth", "critic", "deepseek_provider", "prep_direction")
WITHOUT_EFFECT = frozenset(
    (
        "anchors",
        "bakeoff",
        "completion_contract_mode",
        "execution_binding",
        "fresh_child_admission",
        "intended_initiative_revision",
        "kind",
        "launch_preconditions",
        "missing_anchor_ack",
        "north_star_critical",
        "reconciliation",
        "require_anchor",
        "successors",
        "target_branch",
        "validate",
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """One milestone. `dials` are passed on to its plan; None means the profile's or level's own."""

    label: str
    idea: str
    branch: str | None = None
    profile: str | None = None
    robustness: str | None = None
    dials: Mapping[str, str]
    with_prep: bool = False
    with_feedback: bool = False
    prep_clarify: bool = True
    phase_model: tuple[str, ...] = ()
    depends_on: tuple[str, ...] = ()
    merge_policy: str | None = None
    mark: Mark

    @property
    def digest(self) -> str:
        """Return what identifies the milestone's own settings, wherever it stands in the file."""
        settings = {name: value for name, value in asdict(self).items() if name != "mark"}
        return _sha256(json.dumps(settings, sort_keys=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What to do about a failure: the rungs of a ladder; None where there is no such rung."""

    retry: str | None = None
    escalate: str | None = None
    abort: str = "stop_chain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Driver:
    """How each plan is driven; durations are in seconds. No level means the user's own."""

    robustness: str | None = None
    auto_approve: bool = True
    stall_threshold: int = 5
    max_iterations: int = 200
    poll_sleep: float = 1.0
    phase_timeout: float = 3600.0
    status_timeout: float = 60.0
    on_escalate: str = "fail"
    require_clean_base: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainSpec:
    """A chain as its file says. `path` is absolute; `sha256` is that of the file's bytes.

    `ignored` names the keys that are accepted and have no effect here.
    """

    path: Path
    sha256: str
    base_branch: str
    seed_plan: str | None
    milestones: tuple[Milestone, ...]
    on_failure: Policy
    on_escalate: Policy
    merge_policy: str
    policies: Mapping[str, str]
    driver: Driver
    ignored: tuple[str, ...]

    def position(self, label: str) -> int:
        """Return the index of the milestone called `label`; -1 when there is none."""
        return next((i for i, each in enumerate(self.milestones) if each.label == label), -1)


def load(path: Path) -> ChainSpec:
    """Return the chain that `path` describes. Raises SchemaError holding every problem found."""
    path = path.absolute().resolve()
    node = source.load(path)
    problems = schema.check(node, "chain")
    if not problems and isinstance(node, source.Mapping):
        problems = sorted(_broken_rules(node), key=lambda each: each.mark or source.NOWHERE)
    if problems:
        raise SchemaError(f"{path} is not a chain spec", problems=problems)
    return _spec(path, node)


def _spec(path: Path, node: Any) -> ChainSpec:
    review = node.get("review_policy") or {}
    merge = node.get("merge_policy", "auto")
    return ChainSpec(
        path=path,
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        base_branch=str(node.get("base_branch", "main")),
        seed_plan=str((node.get("seed") or {}).get("plan") or "").strip() or None,
        milestones=tuple(_milestone(each, mark) for each, mark in _milestones(node)),
        on_failure=_policy(node.get("on_failure", "stop_chain")),
        on_escalate=_policy(node.get("on_escalate", "stop_chain")),
        merge_policy="review" if merge == "manual" else str(merge),
        policies={
            "prerequisite_policy": str(node.get("prerequisite_policy", "none")),
            "validation_policy": str(node.get("validation_policy", "none")),
            "clean_milestone_pr": str(review.get("clean_milestone_pr", "auto")),
        },
        driver=_driver(node.get("driver") or {}),
        ignored=tuple(_ignored(node)),
    )


def _milestone(node: Mapping[str, Any], mark: Mark) -> Milestone:
    merge = node.get("merge_policy")
    return Milestone(
        label=str(node["label"]),
        idea=str(node["idea"]),
        branch=_word(node.get("branch")),
        profile=_word(node.get("profile")),
        robustness=_word(node.get("robustness")),
        dials={name: str(node[name]).strip() for name in FORWARDED if node.get(name)},
        with_prep=node.get("with_prep", False),
        with_feedback=node.get("with_feedback", False),
        prep_clarify=node.get("prep_clarify", True),
        phase_model=_words(node.get("phase_model")),
        depends_on=_words(node.get("depends_on")),
        merge_policy="review" if merge == "manual" else _word(merge),
        mark=mark,
    )


def _policy(node: str | Mapping[str, str | None]) -> Policy:
    if isinstance(node, str):
        return Policy(abort=str(node))
    return Policy(
        retry=_word(node.get("retry")),
        escalate=_word(node.get("escalate")),
        abort=str(node.get("abort", "stop_chain")),
    )


def _driver(node: Mapping[str, Any]) -> Driver:
    plain = {name: value for name, value in node.items() if name in Driver.__dataclass_fields__}
    if "max_stall_iterations" in node:
        plain["stall_threshold"] = node["max_stall_iterations"]
    return Driver(**plain)


def _broken_rules(node: source.Mapping) -> Iterator[SchemaError]:
    """Yield what a schema cannot say: labels, branches and what they refer to."""
    base = node.get("base_branch", "main")
    said = branch_name.problem(base)
    if said:
        yield SchemaError(f"base_branch '{base}' {said}", mark=node.values_at.get("base_branch"))
    seeded = bool((node.get("seed") or {}).get("plan"))
    earlier: dict[str, Mark] = {}
    branches = [base]
    for milestone, _ in _milestones(node):
        yield from _broken_label(milestone, earlier, seeded=seeded)
        yield from _broken_branch(milestone, branches)
        branches += [milestone["branch"]] if milestone.get("branch") else []
        yield from _broken_dependency(milestone, list(earlier))
        yield from _broken_phase_model(milestone)
        if not milestone["idea"].strip():
            yield SchemaError("the idea is empty", mark=milestone.values_at["idea"])
        earlier.setdefault(milestone["label"], milestone.values_at["label"])


def _broken_label(
    node: source.Mapping, earlier: Mapping[str, Mark], *, seeded: bool
) -> Iterator[SchemaError]:
    label, mark = node["label"], node.values_at["label"]
    if seeded and label == SEED:
        yield SchemaError(f"'{SEED}' is what the seed plan is called in the state", mark=mark)
    if label in earlier:
        yield SchemaError(
            f"two milestones are called '{label}'",
            mark=mark,
            hint=f"The first one is in line {earlier[label].line}; give this one another label.",
        )
    if not LABEL.fullmatch(label) or ".." in label or label != label.strip():
        yield SchemaError(
            f"'{label}' cannot be a milestone's label",
            mark=mark,
            hint="Begin with a letter or digit, and use no '/', no '..' and no control characters.",
        )


def _broken_branch(node: source.Mapping, earlier: Sequence[str]) -> Iterator[SchemaError]:
    branch = node.get("branch")
    if branch is None:
        return
    said = branch_name.problem(branch)
    if branch == earlier[0]:
        said = "is the base branch"
    for other in earlier:
        if f"{branch}/".startswith(f"{other}/") != f"{other}/".startswith(f"{branch}/"):
            said = f"and the branch '{other}' cannot both be: Git keeps branches like folders"
    if said:
        yield SchemaError(
            f"branch '{branch}' {said}",
            mark=node.values_at["branch"],
            hint="A milestone's branch is a name like 'epic/m1'; leave `branch` out for none.",
        )


def _broken_dependency(node: source.Mapping, earlier: Sequence[str]) -> Iterator[SchemaError]:
    for name in _words(node.get("depends_on")):
        if name not in earlier:
            on = "itself" if name == node["label"] else f"'{name}'"
            yield SchemaError(
                f"'{node['label']}' depends on {on}, which is not an earlier milestone",
                mark=node.values_at["depends_on"],
                hint=f"{did_you_mean(name, earlier)}Milestones are driven in the file's order.",
            )


def _broken_phase_model(node: source.Mapping) -> Iterator[SchemaError]:
    for text in _words(node.get("phase_model")):
        if not PHASE_MODEL.fullmatch(text):
            yield SchemaError(
                f"phase_model '{text}' is not `phase=agent`",
                mark=node.values_at["phase_model"],
                hint="Write it like `execute=codex:high`.",
            )


def _milestones(node: source.Mapping) -> Iterator[tuple[source.Mapping, Mark]]:
    found = node.get("milestones") or source.Sequence()
    yield from zip(found, found.items_at, strict=True)


def _ignored(node: source.Mapping) -> Iterator[str]:
    yield from (key for key in node if key in WITHOUT_EFFECT)
    yield from (f"driver.{key}" for key in node.get("driver") or {} if key in WITHOUT_EFFECT)
    for number, (milestone, _) in enumerate(_milestones(node)):
        yield from (f"milestones[{number}].{key}" for key in milestone if key in WITHOUT_EFFECT)


def _word(value: str | None) -> str | None:
    return (str(value).strip() or None) if value is not None else None


def _words(value: str | Sequence[str] | None) -> tuple[str, ...]:
    if value is None:
        return ()
    return (str(value),) if isinstance(value, str) else tuple(str(each) for each in value)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
