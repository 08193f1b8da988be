"""A chain, driven: milestone after milestone until it is done, waits for a person, or stops."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.harness import auto, chain_file, lock, milestone, worktree
from megaplan_cloud.harness import plan as plans
from megaplan_cloud.harness.chain_end import Ended, complete
from megaplan_cloud.harness.chain_failure import broken, failed
from megaplan_cloud.harness.chain_identity import reconcile, refuse_other_project
from megaplan_cloud.harness.chain_run import Driver, Run
from megaplan_cloud.harness.chain_spec import SEED, ChainSpec, Milestone
from megaplan_cloud.harness.chain_start import begin, check, in_git
from megaplan_cloud.harness.chain_state import ChainState
from megaplan_cloud.harness.git import Git
from megaplan_cloud.harness.idea import ideas
from megaplan_cloud.harness.start import base_of, has_remote, merged, refresh

AWAITING = "awaiting_pr_merge"
GIVEN_UP = frozenset({"aborted", "cancelled"})
FAILED = frozenset({"failed", "blocked"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to run a chain: `one` ends after one milestone, `fresh` sets earlier progress aside."""

    one: bool = False
    push: bool = True
    refresh: bool = True
    fresh: bool = False


def drive(
    spec: ChainSpec,
    root: Path,
    options: Options,
    say: Callable[[str], None],
    driver: Driver = auto.drive,
) -> tuple[Ended, ChainState]:
    """Drive the chain from where it stands, and return how it ended and what is true of it then.

    Everything that can be wrong about the spec is found before the first effect. Raises
    HarnessError when the chain could not be begun; a milestone that fails is an `Ended`.
    """
    found = ideas(spec, root)
    check(spec, root)
    with chain_file.opened(spec.path, fresh=options.fresh) as file:
        refuse_other_project(file.state, root)
        changes, told = reconcile(
            spec, found, file.state, stopped=_may_begin_again(root, file.state)
        )
        run = Run(
            spec=spec,
            root=root,
            file=file,
            ideas=found,
            pushes=options.push and in_git(spec, root) and has_remote(Git(root)),
            refreshes=options.refresh,
            log=say,
            driver=driver,
        )
        begin(run, changes, told)
        return _drive(run, options), file.state


def _drive(run: Run, options: Options) -> Ended:
    if run.file.state.current_milestone_index < 0:
        stopped = _seed(run)
        if stopped is not None:
            return stopped
    while (index := run.file.state.current_milestone_index) < len(run.spec.milestones):
        each = run.spec.milestones[index]
        waited = run.file.state.last_state == AWAITING
        with _alone(run, each):
            ended = _advance(_for(run, each), each)
        if ended is not None:
            return ended
        driven = run.file.state.current_milestone_index > index and not waited
        if options.one and driven and index + 1 < len(run.spec.milestones):
            return Ended("paused", f"{each.label} is done and --one was given")
    count = len(run.spec.milestones)
    told = f"{len(run.file.state.done())} of {count} milestones are done"
    skipped = [name for name in run.file.state.passed() if name not in run.file.state.done()]
    told += f", left behind: {', '.join(skipped)}" if skipped else ""
    run.log(told)
    for each in run.spec.milestones:
        # A run killed right after a milestone was done has left its worktree.
        if tree := milestone.tree_of(run, each):
            worktree.remove(run.root, tree)
    return Ended("done", told)


def _advance(run: Run, each: Milestone) -> Ended | None:
    """Drive one milestone once; None when the chain goes on, with it or with the next."""
    review = bool(each.branch) and (each.merge_policy or run.spec.merge_policy) == "review"
    if review and run.file.state.last_state == AWAITING:
        return _await_merge(run, each)
    number = run.file.state.current_milestone_index + 1
    run.log(f"{number} of {len(run.spec.milestones)}: {run.ideas[each.label].title}")
    _forget_given_up(run, each)
    if run.file.state.failure is not None:
        run.file.update(failure=None)
    try:
        outcome = milestone.drive(run, each)
    except EngineError as error:
        return broken(run, each, error)
    if outcome.status != "done":
        return failed(run, each, outcome)
    if review:
        run.file.update(last_state=AWAITING, failure=None)
        return _await_merge(run, each)
    complete(run, each, "done")
    return None


def _seed(run: Run) -> Ended | None:
    """Drive the plan that stands before the first milestone."""
    name, entries = run.spec.seed_plan, run.file.state.completed
    if name is not None:
        plan = plans.find(run.root, name)
        run.log(f"seed: plan {name}")
        outcome = run.driver(plan, milestone.options(run, resume=True), lambda _plan, _phase: None)
        if outcome.status not in ("done", "aborted"):
            run.file.update(last_state=outcome.status)
            return Ended(
                "stopped", f"the seed plan {name} ended {outcome.status}: {outcome.reason}"
            )
        entry = {"label": SEED, "index": -1, "plan": name, "status": outcome.status}
        entries = (*entries, entry)
    run.file.update(completed=entries, current_milestone_index=0)
    return None


def _await_merge(run: Run, each: Milestone) -> Ended | None:
    """Go on when a person has merged the milestone's branch, otherwise end and say so."""
    git = Git(run.root)
    if run.refreshes and has_remote(git):
        refresh(git, run.spec.base_branch)
    head = str(run.file.state.of(each.label).get("head") or run.file.state.of(each.label)["start"])
    base = base_of(git, run.spec.base_branch)
    if not merged(git, head, base.commit):
        told = f"{each.branch} ({head[:9]}) is not merged into {base.told}"
        run.log(f"{told}. What now: merge it, then start the chain again")
        return Ended(AWAITING, f"{each.label}: {told}")
    run.log(f"{each.branch} is merged into {base.told}")
    complete(run, each, "done", pr_state="merged")
    return None


def _forget_given_up(run: Run, each: Milestone) -> None:
    """Begin with a new plan where a person gave the last one up and started the chain again."""
    name = run.file.state.current_plan_name
    if run.file.state.failure is not None and _plan_state(run.root, name) in GIVEN_UP:
        run.log(f"plan {name} was given up; {each.label} begins again with a new one")
        run.file.update(current_plan_name=None)


def _may_begin_again(root: Path, state: ChainState) -> bool:
    """Tell whether the milestone that is driven has come to a stop that a person knows of."""
    return (
        state.failure is not None or _plan_state(root, state.current_plan_name) in GIVEN_UP | FAILED
    )


def _plan_state(root: Path, name: str | None) -> str | None:
    plan = plans.Plan(root, name) if name else None
    return plan.state().current_state if plan and plan.directory.exists() else None


@contextmanager
def _alone(run: Run, each: Milestone) -> Iterator[None]:
    """Hold the place where a milestone works: no two chains change one checkout."""
    name = f"branch-{each.branch.replace('/', '+')}" if each.branch else "project"
    with lock.held(
        run.root / ".megaplan/locks" / name / "lock", purpose=f"megaplan chain {each.label}"
    ):
        yield


def _for(run: Run, each: Milestone) -> Run:
    """Return the run with a log that says which milestone a line is about."""
    return replace(run, log=lambda line: run.log(f"{each.label}: {line}"))
