"""What `megaplan chain status` and `override` promise."""

import json
from pathlib import Path

import jsonschema
import pytest

from megaplan_cloud.harness import chain_file, chain_status, lock
from megaplan_cloud.harness.chain_spec import load
from megaplan_cloud.house import house
from tests.support.chains import Script, World, build, failure, git, megaplan, spec_of


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Return a chain of three milestones."""
    return build(tmp_path, spec_of("m1", "m2", "m3"))


def conform(document: object, name: str) -> None:
    """Hold that a document obeys one of our schemas."""
    schema = json.loads((house() / "schemas" / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft7Validator(schema).validate(document)


def test_a_chain_that_was_not_begun_has_a_status_and_nothing_is_made(world: World) -> None:
    """Absent is a state, not an error; looking leaves no trace."""
    before = sorted(world.spec.parent.rglob("*"))

    document = chain_status.status(load(world.spec))

    conform(document, "chain_status")
    assert document["state_present"] is False
    assert document["summary"]["remaining"] == ["m1", "m2", "m3"]
    assert [each["status"] for each in document["summary"]["per_milestone"]] == ["pending"] * 3
    assert sorted(world.spec.parent.rglob("*")) == before


def test_a_failed_chain_says_which_why_and_what_now(world: World) -> None:
    """In the document and in the block for people."""
    world.run(Script({"m2": [failure(reason="2 of 9 tests fail")]}))

    document = chain_status.status(load(world.spec))
    block = chain_status.block(document)

    conform(document, "chain_status")
    conform(document["chain_state"], "chain_state")
    assert block[:3] == ("Current milestone: m2 (index 1)", "Completed: m1", "Remaining: m2, m3")
    assert "  - [failed] m2 (index 1)" in block
    assert "Failed: m2 in execute: 2 of 9 tests fail" in block
    assert block[-1].startswith("What now: Look at `megaplan status --plan m2-build-m2`")


def test_a_finished_chain_is_complete(world: World) -> None:
    """Derived from spec and state together."""
    world.run()

    document = chain_status.status(load(world.spec))

    conform(document, "chain_status")
    assert document["complete"]
    assert document["summary"]["current_milestone"] is None
    assert document["summary"]["sync"]["sync_state"] == "clean"
    assert [each["pushed"] for each in document["summary"]["per_milestone"]] == [
        git(world.remote, "rev-parse", f"epic/{label}") for label in ("m1", "m2", "m3")
    ]


def test_committed_state_is_no_progress_and_is_told(world: World) -> None:
    """Status stays readable; the problem names the fix."""
    world.spec.rename(world.project / "chain.yaml")
    world.spec = world.project / "chain.yaml"
    (world.project / "chain_state.json").write_text('{"current_milestone_index": 3}')
    git(world.project, "add", "chain_state.json")

    document = chain_status.status(load(world.spec))

    conform(document, "chain_status")
    assert (document["state_present"], document["complete"]) == (False, False)
    assert [each["error"] for each in document["problems"]] == ["poisoned_chain_state"]


def test_a_living_runner_is_seen_by_its_lock(world: World) -> None:
    """Alive while it holds the lock, dead when nobody does, whatever files say."""
    path = chain_file.state_path(world.spec).with_suffix(".lock")

    with lock.held(path, purpose="test"):
        alive = chain_status.status(load(world.spec))["runner"]
    dead = chain_status.status(load(world.spec))["runner"]

    assert (alive["status"], dead["status"]) == ("alive", "dead")


def test_a_run_prints_what_its_schema_says(world: World) -> None:
    """One document, also of a chain that stops: `true` answers no phase."""
    done = megaplan("chain", "--spec", str(world.spec), cwd=world.project)

    document = json.loads(done.stdout)
    conform(document, "chain_result")
    conform(document["chain_state"], "chain_state")
    assert (done.returncode, document["status"], document["error"]) == (
        1,
        "stopped",
        "chain_stopped",
    )
    assert document["failure"]["phase"] == "plan"


def test_the_json_flag_leaves_stderr_empty(world: World) -> None:
    """One document on stdout, nothing beside it."""
    done = megaplan("chain", "status", "--json", "--spec", str(world.spec), cwd=world.project)

    assert (done.returncode, done.stderr) == (0, "")
    conform(json.loads(done.stdout), "chain_status")


def test_an_override_is_a_side_file_and_the_spec_stays(world: World) -> None:
    """The policy in force says where it comes from."""
    before = world.spec.read_text(encoding="utf-8")
    words = ("chain", "override", "--spec", str(world.spec))

    refused = megaplan(*words, cwd=world.project)
    done = megaplan(*words, "--set-validation-policy", "required", cwd=world.project)
    again = megaplan(*words, "--set-review-clean-milestone-pr", "manual", cwd=world.project)

    assert (refused.returncode, json.loads(refused.stdout)["error"]) == (2, "invalid_args")
    conform(json.loads(done.stdout), "chain_override")
    assert json.loads(done.stdout)["effective_policy"]["source"] == "runtime_override"
    assert json.loads(again.stdout)["runtime_overrides"] == {
        "validation_policy": "required",
        "clean_milestone_pr": "manual",
    }
    assert chain_status.status(load(world.spec))["policy"]["validation_policy"] == "required"
    assert world.spec.read_text(encoding="utf-8") == before


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("chain",), "invalid_args"),
        (("chain", "begin", "--spec", "x"), "invalid_args"),
        (("chain", "--spec", "nowhere.yaml"), "invalid_spec"),
        (("chain", "status", "--spec", "nowhere.yaml"), "invalid_spec"),
        (("chain", "--spec", "{spec}", "--project-dir", "nowhere"), "invalid_project_dir"),
    ],
)
def test_wrong_words_are_one_document_and_exit_2(
    world: World, words: tuple[str, ...], error: str
) -> None:
    """Wrong input touches nothing."""
    done = megaplan(*(word.format(spec=world.spec) for word in words), cwd=world.project)

    assert (done.returncode, json.loads(done.stdout)["error"]) == (2, error)
    assert not (world.spec.parent / ".megaplan").exists()
