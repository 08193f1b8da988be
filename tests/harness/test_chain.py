"""What driving a chain promises."""

import json
from pathlib import Path

import pytest

from megaplan_cloud.harness import chain_file, lock
from megaplan_cloud.harness import plan as plans
from megaplan_cloud.harness.auto import Options, Outcome
from megaplan_cloud.harness.errors import HarnessError, InputError
from megaplan_cloud.harness.plan import Plan
from tests.support.chains import (
    OnPhase,
    Script,
    World,
    build,
    execute,
    failure,
    git,
    megaplan,
    spec_of,
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a chain of three milestones with branches."""
    return build(tmp_path, spec_of("m1", "m2", "m3"))


def test_every_milestone_lands_on_its_branch_once(world: World) -> None:
    """A finished chain has one commit per milestone, stacked, and pushed."""
    ended, state = world.run()

    assert (ended.status, ended.exit_code) == ("done", 0)
    assert state.done() == ("m1", "m2", "m3")
    assert world.subjects("epic/m3") == ["m3: Build m3", "m2: Build m2", "m1: Build m1"]
    assert git(world.remote, "ls-tree", "--name-only", "epic/m2").split() == [
        "README.md",
        "m1.txt",
        "m2.txt",
    ]
    assert state.last_pushed_commit == git(world.remote, "rev-parse", "epic/m3")


def test_the_operators_checkout_is_never_touched(world: World) -> None:
    """Dirt, branch and files of the project's own checkout stay as they are."""
    (world.project / "README.md").write_text("mine\n", encoding="utf-8")
    git(world.project, "switch", "--quiet", "--create", "mine")
    before = git(world.project, "status", "--porcelain"), git(world.project, "rev-parse", "HEAD")

    world.run()

    assert before == (
        git(world.project, "status", "--porcelain"),
        git(world.project, "rev-parse", "HEAD"),
    )
    assert git(world.project, "branch", "--show-current") == "mine"
    assert git(world.project, "worktree", "list", "--porcelain").count("worktree ") == 1


def test_a_finished_chain_started_again_does_nothing(world: World) -> None:
    """No plan is driven twice."""
    world.run()
    script = Script({})

    ended, _ = world.run(script)

    assert ended.status == "done"
    assert script.driven == []


def test_one_ends_after_one_milestone(world: World) -> None:
    """`--one` pauses, and the next run goes on."""
    ended, state = world.run(one=True)

    assert (ended.status, ended.exit_code, state.done()) == ("paused", 0, ("m1",))
    assert world.run(one=True)[1].done() == ("m1", "m2")
    assert world.run(one=True)[0].status == "done"


def test_without_pushing_the_remote_stays_as_it_is(world: World) -> None:
    """`--no-push` commits, and nothing leaves the machine."""
    _, state = world.run(push=False)

    assert git(world.remote, "branch", "--list", "epic/*") == ""
    assert state.last_pushed_commit is None
    assert git(world.project, "log", "--format=%s", "-1", "epic/m3") == "m3: Build m3"


def test_only_claimed_paths_are_committed(world: World) -> None:
    """What nobody claims stays uncommitted, is told, and keeps its worktree."""

    def careless(plan: Plan, options: Options, on_phase: OnPhase) -> Outcome:
        execute(plan, {"m1.txt": "1", "scratch.txt": "2"}, claims=["m1.txt", "../../../x", "gone"])
        on_phase(plan, "execute")
        return Script({})(plan, options, on_phase)

    world.run(careless, one=True)

    assert git(world.remote, "ls-tree", "--name-only", "epic/m1").split() == ["README.md", "m1.txt"]
    assert (world.worktree("epic/m1") / "scratch.txt").exists()
    assert any("scratch.txt" in line for line in world.said)
    assert world.state().dirty_flag


def test_a_failed_milestone_stops_the_chain_and_says_why(world: World) -> None:
    """Which milestone, which phase, the true sentence, and what now."""
    ended, state = world.run(Script({"m2": [failure(reason="2 of 9 tests fail")]}))

    assert (ended.status, ended.exit_code) == ("stopped", 1)
    assert ended.reason == "m2 failed in execute (failed): 2 of 9 tests fail"
    assert ended.failure is not None
    assert ended.failure["label"] == "m2"
    assert "start the chain again" in ended.failure["what_now"]
    assert state.done() == ("m1",)
    assert git(world.remote, "branch", "--list", "epic/m2") == ""


def test_a_stopped_chain_started_again_takes_up_the_failed_plan(world: World) -> None:
    """The same plan is resumed, and the chain is finished."""
    world.run(Script({"m2": [failure()]}))
    script = Script({})

    ended, state = world.run(script)

    assert ended.status == "done"
    assert script.driven[0] == ("m2-build-m2", script.driven[0][1])
    assert script.driven[0][1].resume
    assert state.failure is None


def test_retries_are_counted_and_capped(tmp_path: Path) -> None:
    """A milestone that always fails is tried three times, each with a new plan, then stops."""
    world = build(tmp_path, spec_of("m1", more="on_failure: retry_milestone"))
    script = Script({"m1": [failure() for _ in range(9)]})

    ended, state = world.run(script)

    assert ended.status == "stopped"
    assert [name for name, _ in script.driven] == [
        "m1-build-m1",
        "m1-build-m1-2",
        "m1-build-m1-3",
    ]
    assert state.retry_counts == {"m1": 2}


def test_a_retry_begins_clean_and_the_failed_work_is_kept(tmp_path: Path) -> None:
    """Dirt of a failed try is under a ref, not under the next try."""
    world = build(tmp_path, spec_of("m1", more="on_failure: retry_milestone"))

    def dirty(plan: Plan, options: Options, on_phase: OnPhase) -> Outcome:
        folder = Path(plan.state().config["project_dir"])
        if plan.name.endswith("-2"):
            assert not (folder / "half.txt").exists()
            return Script({})(plan, options, on_phase)
        (folder / "half.txt").write_text("half", encoding="utf-8")
        return failure()

    ended, _ = world.run(dirty)

    assert ended.status == "done"
    assert git(world.project, "show", "refs/megaplan/tries/m1/1:half.txt") == "half"
    assert git(world.remote, "ls-tree", "--name-only", "epic/m1").split() == ["README.md", "m1.txt"]


def test_a_skipped_milestone_is_left_behind_with_its_true_status(tmp_path: Path) -> None:
    """The next milestone does not stand on failed work."""
    world = build(tmp_path, spec_of("m1", "m2", "m3", more="on_failure: skip_milestone"))

    ended, state = world.run(Script({"m2": [failure()]}))

    assert (ended.status, state.done()) == ("done", ("m1", "m3"))
    assert [each["status"] for each in state.completed] == ["done", "failed", "done"]
    assert world.subjects("epic/m3") == ["m3: Build m3", "m1: Build m1"]


def test_the_ladder_retries_then_bumps_then_aborts(tmp_path: Path) -> None:
    """Each rung is written down."""
    ladder = (
        "on_failure: {retry: retry_milestone, escalate: bump_robustness, abort: skip_milestone}"
    )
    world = build(tmp_path, spec_of("m1", more=ladder))

    ended, state = world.run(Script({"m1": [failure() for _ in range(9)]}))

    assert ended.status == "done"
    assert state.robustness_bumps == {"m1": "light"}
    assert state.ladder_stage == {"m1": "bump"}
    assert state.passed() == ("m1",)


def test_what_a_person_has_to_resolve_is_not_retried(tmp_path: Path) -> None:
    """Quota is no reason to burn two more plans."""
    world = build(tmp_path, spec_of("m1", more="on_failure: retry_milestone"))
    script = Script({"m1": [failure(kind="quota_exceeded")]})

    ended, _ = world.run(script)

    assert (ended.status, len(script.driven)) == ("stopped", 1)


def test_a_plan_that_waits_for_a_person_is_not_a_failure(world: World) -> None:
    """Exit code 3, and nothing is skipped."""
    ended, _ = world.run(Script({"m1": [failure(status="awaiting_human", reason="approve it")]}))

    assert (ended.status, ended.exit_code) == ("awaiting_human", 3)


def test_review_waits_until_the_branch_is_merged_even_squashed(tmp_path: Path) -> None:
    """merge_policy review: exit 3 until the base has the work, then the next starts from it."""
    world = build(tmp_path, spec_of("m1", "m2", more="merge_policy: manual"))

    ended, state = world.run()
    again, _ = world.run()
    git(world.project, "checkout", "--quiet", "main")
    git(world.project, "merge", "--quiet", "--squash", "epic/m1")
    git(world.project, "commit", "--quiet", "--message", "Squash m1")
    git(world.project, "push", "--quiet", "origin", "main")
    third, _ = world.run()

    assert (ended.status, ended.exit_code, state.last_state) == (
        "awaiting_pr_merge",
        3,
        "awaiting_pr_merge",
    )
    assert again.status == "awaiting_pr_merge"
    assert third.status == "awaiting_pr_merge"
    assert world.state().done() == ("m1",)
    assert world.subjects("epic/m2") == ["m2: Build m2"]


def test_a_policy_changed_to_auto_ends_the_waiting(tmp_path: Path) -> None:
    """The operator need not merge what the spec no longer asks to be merged."""
    world = build(tmp_path, spec_of("m1", "m2", more="merge_policy: review"))
    world.run()
    world.spec.write_text(spec_of("m1", "m2"), encoding="utf-8")

    ended, state = world.run()

    assert (ended.status, state.done()) == ("done", ("m1", "m2"))


def test_rework_after_a_review_is_a_second_commit(world: World) -> None:
    """Each execution that came to its end has its own commit, in order."""

    def reworked(plan: Plan, options: Options, on_phase: OnPhase) -> Outcome:
        execute(plan, {"m1.txt": "first"})
        on_phase(plan, "execute")
        on_phase(plan, "review")
        execute(plan, {"m1.txt": "second"})
        on_phase(plan, "execute")
        return Script({})(plan, options, on_phase)

    world.run(reworked, one=True)

    assert world.subjects("epic/m1") == ["m1: Build m1 (2)", "m1: Build m1"]


def test_half_an_execution_is_in_no_commit(world: World) -> None:
    """A runner that died in a second execution goes on with it, and commits it when it is done."""

    def dies(plan: Plan, _options: Options, on_phase: OnPhase) -> Outcome:
        execute(plan, {"m1.txt": "first"})
        on_phase(plan, "execute")
        (Path(plan.state().config["project_dir"]) / "m1.txt").write_text("half", encoding="utf-8")
        raise KeyboardInterrupt

    def lives(plan: Plan, options: Options, on_phase: OnPhase) -> Outcome:
        execute(plan, {"m1.txt": "second"})
        on_phase(plan, "execute")
        return Script({})(plan, options, on_phase)

    with pytest.raises(KeyboardInterrupt):
        world.run(dies)
    world.run(lives, one=True)

    assert world.subjects("epic/m1") == ["m1: Build m1 (2)", "m1: Build m1"]
    assert git(world.remote, "show", "epic/m1:m1.txt") == "second"
    assert git(world.remote, "show", "epic/m1~1:m1.txt") == "first"


def test_a_seed_plan_is_driven_first(world: World) -> None:
    """And once: it is the first entry of what is behind us."""
    plans.create(world.project, "Seed", "first", config={"profile": "test", "robustness": "bare"})
    text = world.spec.read_text(encoding="utf-8")
    world.spec.write_text(f"seed: {{plan: first}}\n{text}", encoding="utf-8")
    script = Script({})

    ended, state = world.run(script)
    world.run(script)

    assert ended.status == "done"
    assert script.driven[0][0] == "first"
    assert state.passed() == ("seed", "m1", "m2", "m3")
    assert len(script.driven) == 4


def test_milestones_without_a_branch_work_in_the_checkout_and_commit_nothing(
    tmp_path: Path,
) -> None:
    """No branch, no git: the work lies in the project, uncommitted."""
    world = build(tmp_path, spec_of("m1", branches=False))

    ended, _ = world.run()

    assert ended.status == "done"
    assert git(world.project, "status", "--porcelain").splitlines() == ["?? m1.txt"]


def test_a_branch_of_somebody_else_is_never_built_on(world: World) -> None:
    """A local branch with commits of its own stops the chain before anything is made."""
    git(world.project, "switch", "--quiet", "--create", "epic/m1")
    git(world.project, "commit", "--quiet", "--allow-empty", "--message", "Mine")
    git(world.project, "switch", "--quiet", "main")

    ended, _ = world.run()

    assert ended.failure is not None
    assert ended.failure["kind"] == "git_branch_failed"
    assert git(world.project, "log", "--format=%s", "-1", "epic/m1") == "Mine"


def test_what_somebody_else_pushed_is_never_overwritten(world: World, tmp_path: Path) -> None:
    """A push that would replace commits is refused and told; the commit is kept here."""

    def meddled(plan: Plan, options: Options, on_phase: OnPhase) -> Outcome:
        git(tmp_path, "clone", "--quiet", str(world.remote), "other")
        git(tmp_path / "other", "switch", "--quiet", "--create", "epic/m1")
        git(tmp_path / "other", "commit", "--quiet", "--allow-empty", "--message", "Theirs")
        git(tmp_path / "other", "push", "--quiet", "origin", "epic/m1")
        return Script({})(plan, options, on_phase)

    ended, state = world.run(meddled)

    assert ended.failure is not None
    assert ended.failure["kind"] == "git_push_rejected"
    assert world.subjects("epic/m1") == ["Theirs"]
    assert state.last_pushed_commit is None


def test_a_stale_remote_branch_of_an_earlier_run_is_refused(world: World) -> None:
    """A branch that does not hold what the milestone stands on would lose it."""
    git(world.project, "push", "--quiet", "origin", "main:refs/heads/epic/m2")
    git(world.project, "commit", "--quiet", "--allow-empty", "--message", "Other history")
    git(world.project, "push", "--quiet", "origin", "HEAD:refs/heads/epic/m2")
    git(world.project, "reset", "--quiet", "--hard", "HEAD~1")

    ended, _ = world.run()

    assert ended.failure is not None
    assert (ended.failure["label"], ended.failure["kind"]) == ("m2", "git_branch_failed")
    assert "push origin --delete epic/m2" in ended.failure["what_now"]


def test_a_claim_inside_another_repository_is_told(world: World) -> None:
    """A commit here could not hold it, so it must not look as if it did."""

    def nested(plan: Plan, options: Options, on_phase: OnPhase) -> Outcome:
        folder = Path(plan.state().config["project_dir"])
        git(folder, "init", "--quiet", "inner")
        execute(plan, {"inner/x.txt": "x"})
        on_phase(plan, "execute")
        return Script({})(plan, options, on_phase)

    ended, _ = world.run(nested)

    assert ended.failure is not None
    assert ended.failure["kind"] == "nested_repo_changes_uncommitted"


def test_every_idea_is_there_before_anything_starts(world: World) -> None:
    """A missing file of the last milestone is found before the first one."""
    (world.spec.parent / "ideas/m3.md").unlink()

    with pytest.raises(InputError, match=r"milestone m3:\n.*ideas/m3\.md: No such file") as refused:
        world.run()

    assert (refused.value.error, refused.value.exit_code) == ("missing_idea_file", 2)
    assert not (world.spec.parent / ".megaplan").exists()


def test_an_unknown_profile_is_found_before_anything_starts(world: World) -> None:
    """The milestone, its line and the names there are."""
    text = world.spec.read_text(encoding="utf-8")
    head, _, tail = text.rpartition("profile: test")
    world.spec.write_text(f"{head}profile: tets{tail}", encoding="utf-8")

    with pytest.raises(InputError, match=r"chain\.yaml:12:5: milestone m3: .*'tets'") as refused:
        world.run()

    assert refused.value.error == "unknown_profile"
    assert not (world.spec.parent / ".megaplan").exists()


def test_branches_need_a_git_checkout(tmp_path: Path) -> None:
    """A folder without Git is refused, not half-used."""
    world = build(tmp_path, spec_of("m1"))
    plain = tmp_path / "plain"
    (plain / ".megaplan").mkdir(parents=True)
    (world.project / ".megaplan/profiles.toml").rename(plain / ".megaplan/profiles.toml")
    world.project = plain

    with pytest.raises(InputError) as refused:
        world.run()

    assert refused.value.error == "not_a_git_repository"


def test_two_runners_of_one_chain_are_one_too_many(world: World) -> None:
    """The second is refused with who the first one is; nothing is touched."""
    path = chain_file.state_path(world.spec).with_suffix(".lock")

    with lock.held(path, purpose="test"), pytest.raises(HarnessError) as refused:
        world.run()

    assert refused.value.error == "chain_locked"
    assert "pid" in refused.value.what


def test_a_token_in_the_remotes_address_is_not_told(world: World) -> None:
    """Git's own words are passed on without it."""
    token = "ghp_" + "a1B2" * 9
    git(world.project, "remote", "set-url", "origin", f"https://x:{token}@127.0.0.1:9/x.git")

    with pytest.raises(HarnessError) as refused:
        world.run()

    assert refused.value.error == "git_refresh_failed"
    assert token not in str(refused.value) + "".join(world.said)


def test_an_unreachable_remote_stops_with_what_git_said(world: World) -> None:
    """And started again when it is back, the chain goes on."""
    away = world.remote.with_name("away.git")
    world.remote.rename(away)
    with pytest.raises(HarnessError) as refused:
        world.run()
    away.rename(world.remote)

    ended, _ = world.run()

    assert refused.value.error == "git_refresh_failed"
    assert "--no-git-refresh" in refused.value.hint
    assert ended.status == "done"


def test_fresh_sets_the_progress_aside_and_keeps_it(world: World) -> None:
    """Old progress is under another name; the branches of the earlier run are gone on with."""
    world.run(one=True)

    ended, state = world.run(fresh=True)

    kept = list(chain_file.state_path(world.spec).parent.glob("*.set-aside-*"))
    assert ended.status == "done"
    assert state.done() == ("m1", "m2", "m3")
    assert [json.loads(path.read_text())["completed"][0]["label"] for path in kept] == ["m1"]
    assert world.subjects("epic/m3") == ["m3: Build m3", "m2: Build m2", "m1: Build m1"]


def test_hooks_of_the_repository_do_not_run(world: World) -> None:
    """A hook may wait for a person, or refuse a commit that nobody can repair unattended."""
    for name in ("pre-commit", "commit-msg", "pre-push"):
        hook = world.project / ".git/hooks" / name
        hook.write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        hook.chmod(0o755)

    ended, _ = world.run()

    assert ended.status == "done"


def test_a_commit_needs_no_configured_identity(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty HOME is enough."""
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.delenv("EMAIL", raising=False)

    ended, _ = world.run()

    author = git(world.remote, "log", "-1", "--format=%an <%ae>", "epic/m1")
    assert ended.status == "done"
    assert author == "megaplan <megaplan@localhost>"


def test_the_command_prints_one_document_and_progress_beside_it(world: World) -> None:
    """Stdout is JSON, whatever happens; stderr reads like work."""
    done = megaplan("chain", "status", "--spec", str(world.spec), cwd=world.project)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["state_present"] is False
    assert "Current milestone: none" in done.stderr
