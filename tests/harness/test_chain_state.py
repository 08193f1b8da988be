"""What is believed about a chain's progress, and what never is."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.harness import chain_file
from megaplan_cloud.harness.chain_state import ChainState, from_document
from megaplan_cloud.harness.errors import HarnessError
from tests.support.chains import Script, World, build, failure, git, spec_of

LEGACY: dict[str, Any] = {
    "current_milestone_index": 2,
    "current_plan_name": None,
    "last_state": "done",
    "pr_number": None,
    "pr_state": None,
    "completed": [
        {"label": "m1", "plan": "old-1", "status": "done", "pr_number": 7, "pr_state": "merged"},
        {"label": "m2", "plan": "old-2", "status": "done", "pr_number": 8, "pr_state": "merged"},
    ],
    "completion_contract_mode": "shadow",
}


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a chain of three milestones whose spec stands in the project itself."""
    world = build(tmp_path, spec_of("m1", "m2", "m3"))
    for path in (world.spec, world.spec.parent / "ideas"):
        path.rename(world.project / path.name)
    world.spec = world.project / "chain.yaml"
    return world


def naive_start(spec: Path) -> int:
    """Return where a runner begins that believes whatever file lies beside the spec."""
    path = spec.parent / "chain_state.json"
    return int(json.loads(path.read_text())["current_milestone_index"]) if path.exists() else 0


def commit_legacy(world: World) -> None:
    """Commit a finished run's state, as an operator once did."""
    (world.project / "chain_state.json").write_text(json.dumps(LEGACY), encoding="utf-8")
    git(world.project, "add", "chain_state.json")
    git(world.project, "commit", "--quiet", "--message", "Poison")
    git(world.project, "push", "--quiet", "origin", "main")


def test_committed_state_would_make_a_fresh_clone_skip_milestones(
    world: World, tmp_path: Path
) -> None:
    """The crash as it was: the clone says that two milestones are done which nobody has done."""
    commit_legacy(world)
    git(tmp_path, "clone", "--quiet", str(world.remote), "clone")

    assert naive_start(tmp_path / "clone/chain.yaml") == 2


def test_committed_state_is_refused_naming_the_fix(world: World) -> None:
    """Nothing is begun; the hint says how to get rid of it."""
    commit_legacy(world)

    with pytest.raises(HarnessError) as refused:
        world.run()

    assert (refused.value.error, refused.value.exit_code) == ("poisoned_chain_state", 1)
    assert "invoke doctor --fix stale-chain-state" in refused.value.hint
    assert not chain_file.state_path(world.spec).exists()


def test_state_committed_in_its_own_place_is_refused_too(world: World) -> None:
    """Somebody who committed `.megaplan` has poisoned it as well."""
    world.run(one=True)
    git(world.project, "add", "--force", str(chain_file.state_path(world.spec)))

    with pytest.raises(HarnessError) as refused:
        world.run()

    assert refused.value.error == "poisoned_chain_state"


def test_after_the_fix_the_chain_runs_from_its_first_milestone(world: World) -> None:
    """`git rm --cached`, as the hint says, is enough; the file beside it is set aside by hand."""
    commit_legacy(world)
    git(world.project, "rm", "--quiet", "chain_state.json")
    git(world.project, "commit", "--quiet", "--message", "Remove poison")
    git(world.project, "push", "--quiet", "origin", "main")

    ended, state = world.run()

    assert (ended.status, state.done()) == ("done", ("m1", "m2", "m3"))


def test_untracked_legacy_state_is_gone_on_with(world: World) -> None:
    """Progress that is this machine's own counts, and its unknown keys are kept."""
    (world.project / "chain_state.json").write_text(json.dumps(LEGACY), encoding="utf-8")

    ended, state = world.run()

    assert (ended.status, state.done()) == ("done", ("m1", "m2", "m3"))
    assert world.state().unknown == {"completion_contract_mode": "shadow"}
    assert json.loads((world.project / "chain_state.json").read_text()) == LEGACY


def test_the_state_lies_where_every_version_looks_for_it(world: World) -> None:
    """`<spec dir>/.megaplan/plans/.chains/<stem>-<sha1 of the path, 12 digits>.json`."""
    digest = hashlib.sha1(str(world.spec).encode(), usedforsecurity=False).hexdigest()[:12]

    expected = world.project / f".megaplan/plans/.chains/chain-{digest}.json"

    assert chain_file.state_path(world.spec) == expected


@pytest.mark.parametrize("text", ["[]", "3", "{", "", '{"current_milestone_index": "two"}'])
def test_what_is_no_state_is_refused_and_kept(world: World, text: str) -> None:
    """Progress is never guessed, and the file stays for whoever repairs it."""
    path = chain_file.state_path(world.spec)
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")

    with pytest.raises(HarnessError) as refused:
        world.run()

    assert refused.value.error == "invalid_chain_state"
    assert path.read_text(encoding="utf-8") == text


@given(
    st.dictionaries(
        st.sampled_from([*ChainState.__dataclass_fields__, "later_key"]),
        st.none() | st.booleans() | st.integers() | st.text() | st.lists(st.integers()),
    )
)
def test_malformed_optional_keys_fall_back(document: dict[str, Any]) -> None:
    """Whatever stands in them, reading never fails, and what is kept can be read again."""
    document.pop("current_milestone_index", None)
    state = from_document(document, "state.json")

    again = from_document(json.loads(json.dumps(state.document())), "state.json")

    assert again == state
    assert state.current_milestone_index == -1


def test_an_edit_of_pending_milestones_is_taken_over(world: World) -> None:
    """A milestone may be added behind what is done."""
    world.run(one=True)
    text = spec_of("m1", "m4", "m2")
    (world.spec.parent / "ideas/m4.md").write_text("# Build m4\n", encoding="utf-8")
    world.spec.write_text(text, encoding="utf-8")

    ended, state = world.run()

    assert ended.status == "done"
    assert state.done() == ("m1", "m4", "m2")
    assert any("was edited" in line for line in world.said)


@pytest.mark.parametrize(
    "text",
    [
        spec_of("m2", "m1", "m3"),
        spec_of("m1", "m2").replace("branch: epic/m1", "branch: epic/other"),
        "base_branch: develop\n" + spec_of("m1", "m2", "m3"),
    ],
    ids=["order", "settings", "base"],
)
def test_an_edit_of_what_is_done_is_refused(world: World, text: str) -> None:
    """The state would belong to another chain; the way back is in the hint."""
    world.run(one=True)
    world.spec.write_text(text, encoding="utf-8")

    with pytest.raises(HarnessError) as refused:
        world.run()

    assert refused.value.error == "chain_spec_changed"
    assert "--fresh" in refused.value.hint


def test_a_failed_milestone_with_a_new_idea_begins_again(world: World) -> None:
    """Correct the idea, start again: a new plan, and a clean worktree."""
    world.run(Script({"m1": [failure()]}))
    (world.worktree("epic/m1") / "half.txt").write_text("half", encoding="utf-8")
    (world.spec.parent / "ideas/m1.md").write_text("# Build it better\n", encoding="utf-8")
    script = Script({})

    ended, _ = world.run(script)

    assert ended.status == "done"
    assert script.driven[0][0] == "m1-build-it-better"
    assert world.subjects("epic/m1") == ["m1: Build it better"]


def test_state_of_another_repository_is_refused(world: World) -> None:
    """A base commit that the checkout does not have is somebody else's."""
    world.run(one=True)
    path = chain_file.state_path(world.spec)
    document = json.loads(path.read_text()) | {"base_commit": "d" * 40}
    path.write_text(json.dumps(document), encoding="utf-8")

    with pytest.raises(HarnessError) as refused:
        world.run()

    assert refused.value.error == "chain_state_mismatch"


def test_a_second_writer_is_noticed(world: World) -> None:
    """Nobody but the runner writes the state; who does is told, and loses nothing."""
    with chain_file.opened(world.spec) as file:
        file.update(last_state="one")
        document = json.loads(file.path.read_text()) | {"revision": 7}
        file.path.write_text(json.dumps(document), encoding="utf-8")

        with pytest.raises(HarnessError) as refused:
            file.update(last_state="two")

    assert refused.value.error == "revision_conflict"
    assert json.loads(file.path.read_text())["revision"] == 7
