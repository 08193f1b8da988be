"""One milestone: its worktree, its plan and its commits, each looked for before it is made."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import auto, worktree
from megaplan_cloud.harness import plan as plans
from megaplan_cloud.harness.chain_run import Run
from megaplan_cloud.harness.chain_spec import ChainSpec, Milestone
from megaplan_cloud.harness.commit import changes, claimed_paths, commit, committed
from megaplan_cloud.harness.plan import Plan
from megaplan_cloud.harness.push import push
from megaplan_cloud.harness.start import start_of
from megaplan_cloud.harness.worktree import Worktree

SHOWN = 5


def drive(run: Run, milestone: Milestone) -> auto.Outcome:
    """Drive a milestone as far as it goes, from wherever an earlier run was ended.

    When the outcome is done, its commits are on its branch, and on the remote if the run pushes.
    """
    tree = _worktree(run, milestone)
    folder = tree.path if tree else run.root
    plan, existed = _plan(run, milestone, folder)

    def settle(_plan: Plan, _phase: str) -> None:
        if tree is not None:
            _settle(run, milestone, tree, plan)

    settle(plan, "resume")
    outcome = run.driver(plan, options(run, resume=existed), settle)
    settle(plan, "end")
    if tree is not None and outcome.status == "done":
        _publish(run, milestone, tree, tree.head())
        _tell_unclaimed(run, milestone, tree, plan)
    return outcome


def configuration(
    spec: ChainSpec, milestone: Milestone, bumps: Mapping[str, str]
) -> dict[str, Any]:
    """Return what a milestone's plan is created with; `bumps` are stronger than the spec."""
    chosen = {
        "auto_approve": spec.driver.auto_approve,
        "robustness": milestone.robustness or spec.driver.robustness,
        "profile": milestone.profile,
        "with_prep": milestone.with_prep,
        "with_feedback": milestone.with_feedback,
        "phase_model": list(milestone.phase_model),
        **milestone.dials,
        **bumps,
    }
    return {name: value for name, value in chosen.items() if value not in (None, [])}


def bumps(run: Run, label: str) -> dict[str, str]:
    """Return how far the failure ladder has lifted a milestone."""
    state = run.file.state
    lifted = {
        "profile": state.profile_bumps.get(label),
        "robustness": state.robustness_bumps.get(label),
    }
    return {name: value for name, value in lifted.items() if value}


def tree_of(run: Run, milestone: Milestone) -> Worktree | None:
    """Return the worktree that a milestone has had so far, whether it is still there or not."""
    kept = run.file.state.of(milestone.label)
    if not milestone.branch or kept.get("branch") != milestone.branch or "start" not in kept:
        return None
    return Worktree(worktree.place(run.root, milestone.branch), milestone.branch, kept["start"])


def _worktree(run: Run, milestone: Milestone) -> Worktree | None:
    """Return the milestone's worktree; what it starts from is written down before it is made."""
    if milestone.branch is None:
        return None
    kept = run.file.state.of(milestone.label)
    if kept.get("branch") != milestone.branch or "start" not in kept:
        start = start_of(run, milestone.branch)
        worktree.refuse_foreign(run.root, milestone.branch, start.commit)
        run.log(f"branch {milestone.branch} from {start.told} ({start.commit[:9]})")
        kept = {"branch": milestone.branch, "start": start.commit, "start_ref": start.told}
        run.file.keep(milestone.label, kept | {"finished": False})
    finished = bool(kept.get("finished"))
    tree = worktree.prepare(run.root, milestone.branch, kept["start"], finished=finished)
    if not finished:
        told = tree.path.relative_to(run.root)
        run.log(f"worktree {told}")
        run.file.keep(milestone.label, {"finished": True, "worktree": str(told)})
    return tree


def _plan(run: Run, milestone: Milestone, folder: Path) -> tuple[Plan, bool]:
    """Return the milestone's plan and whether it was there; its name is written down first."""
    label, idea = milestone.label, run.ideas[milestone.label]
    name = run.file.state.current_plan_name
    if name and Plan(run.root, name).directory.exists():
        return plans.find(run.root, name), True
    settled = str(run.file.state.of(label).get("settled", ""))
    # A plan whose folder was removed after it was committed must not pass for the same plan.
    if name is None or settled.startswith(f"{name}/"):
        name = _free_name(run.root, label, idea.title)
        kept = {"plan": name, "digest": milestone.digest, "idea_sha256": idea.sha256}
        run.file.keep(label, kept, current_plan_name=name, last_state=None, dirty_flag=False)
    config = configuration(run.spec, milestone, bumps(run, label)) | {"project_dir": str(folder)}
    plan = plans.create(run.root, idea.text, name, config=config)
    level = plan.state().level
    run.log(f"plan {name} ({level}{f', profile {milestone.profile}' if milestone.profile else ''})")
    return plan, False


def _free_name(root: Path, label: str, title: str) -> str:
    """Return a plan name that says the milestone and its idea, and that no plan has."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", label).strip("-_")[:40] or "m"
    base = f"{plain}-{plans.slug(title)}"
    names = [base, *(f"{base}-{number}" for number in range(2, 1000))]
    return next(name for name in names if not Plan(root, name).directory.exists())


def options(run: Run, *, resume: bool) -> auto.Options:
    """Return how a plan of this chain is driven."""
    driver = run.spec.driver
    return auto.Options(
        on_escalate=driver.on_escalate,
        stall_threshold=driver.stall_threshold,
        max_iterations=driver.max_iterations,
        poll_sleep=driver.poll_sleep,
        phase_timeout=driver.phase_timeout,
        resume=resume,
    )


def _settle(run: Run, milestone: Milestone, tree: Worktree, plan: Plan) -> None:
    """Commit and push what the plan's newest execution claims, once.

    Which execution that is, the plan's history says; whether it was committed, the branch says.
    So it makes no difference where an earlier run was ended. Work of an execution that has not
    come to its end belongs to no commit yet.
    """
    executions = _executions(plan)
    step = f"{plan.name}/execute/{executions}"
    if not executions or run.file.state.of(milestone.label).get("settled") == step:
        return
    if not committed(tree, step):
        found = changes(tree, claimed_paths(plan.directory))
        if found.claimed:
            subject = _subject(run, milestone, executions)
            made = commit(tree, found.claimed, subject, step)
            run.log(f"committed {_files(found.claimed)}: {made[:9]} {subject}")
    head = tree.head()
    run.file.keep(milestone.label, {"settled": step, "head": head}, branch_head=head)
    _publish(run, milestone, tree, head)


def _publish(run: Run, milestone: Milestone, tree: Worktree, head: str) -> None:
    """See to it that the remote has the branch at `head`, and write down what it has."""
    if not run.pushes:
        run.file.update(branch_head=head, sync_state="stale")
        return
    if push(tree.git, tree.branch, head, run.log):
        run.log(f"pushed {tree.branch} ({head[:9]})")
    if run.file.state.last_pushed_commit != head:
        seen = {"branch_head": head, "last_pushed_commit": head, "sync_state": "clean"}
        run.file.keep(milestone.label, {"pushed": head, "head": head}, **seen)


def _tell_unclaimed(run: Run, milestone: Milestone, tree: Worktree, plan: Plan) -> None:
    left = changes(tree, claimed_paths(plan.directory)).unclaimed
    if left:
        run.file.keep(
            milestone.label, {"unclaimed": list(left[:SHOWN])}, dirty_flag=True, sync_state="dirty"
        )
        run.log(f"left uncommitted, because the plan does not claim it: {_files(left)}")


def _executions(plan: Plan) -> int:
    """Return how many executions of the plan have come to their end."""
    done = [
        entry
        for entry in plan.state().history
        if entry.get("step") == "execute" and entry.get("result") == "success"
    ]
    return len(done)


def _subject(run: Run, milestone: Milestone, execution: int) -> str:
    title = run.ideas[milestone.label].title
    again = f" ({execution})" if execution > 1 else ""
    return f"{milestone.label}: {title}{again}"


def _files(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(paths[:SHOWN]) + more
