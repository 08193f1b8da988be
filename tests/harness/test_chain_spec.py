"""What a chain spec may say, and what is told about one that is wrong."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.harness import branch_name
from megaplan_cloud.harness.chain_spec import ChainSpec, Policy, load
from megaplan_cloud.house import house
from tests.support.chains import spec_of

CORPUS = Path(__file__).parents[1] / "corpus/chains"
BROKEN = sorted(path.stem for path in CORPUS.glob("*.yaml"))


def loaded(folder: Path, text: str) -> ChainSpec:
    """Return the spec that a text holds."""
    path = folder / "chain.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_spec_is_told_with_its_place_and_what_now(name: str) -> None:
    """One broken file per rule; beside it, the whole message."""
    path = CORPUS / f"{name}.yaml"
    expected = path.with_suffix(".txt").read_text(encoding="utf-8")

    with pytest.raises(SchemaError) as refused:
        load(path)

    assert expected == str(refused.value).replace(str(path), path.name) + "\n"
    assert (refused.value.code, refused.value.exit_code) == ("invalid_spec", 2)


def test_the_defaults_are_those_of_the_reference(tmp_path: Path) -> None:
    """A spec that says nothing is a chain that is done at once."""
    spec = loaded(tmp_path, "milestones: []\n")

    assert spec.base_branch == "main"
    assert spec.milestones == ()
    assert spec.on_failure == Policy(abort="stop_chain")
    assert spec.merge_policy == "auto"
    assert (spec.driver.stall_threshold, spec.driver.max_iterations) == (5, 200)
    assert spec.driver.auto_approve is True
    assert spec.policies == {
        "prerequisite_policy": "none",
        "validation_policy": "none",
        "clean_milestone_pr": "auto",
    }


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("retry_milestone", Policy(abort="retry_milestone")),
        ("{abort: skip_milestone}", Policy(abort="skip_milestone")),
        (
            "{retry: resume_milestone, escalate: bump_profile, abort: stop_chain}",
            Policy(retry="resume_milestone", escalate="bump_profile"),
        ),
    ],
)
def test_policies_have_three_spellings(tmp_path: Path, text: str, policy: Policy) -> None:
    """A word, the older mapping, and a ladder."""
    spec = loaded(tmp_path, f"on_failure: {text}\non_escalate: {text}\n")

    assert (spec.on_failure, spec.on_escalate) == (policy, policy)


def test_everything_of_the_reference_is_accepted(tmp_path: Path) -> None:
    """Dials are kept, other versions' keys are accepted and named, x keys are the operator's."""
    text = """
x_defaults: &defaults {profile: apex, robustness: thorough}
x-note: mine
base_branch: develop
seed: {plan: first}
merge_policy: manual
anchors: {}
milestones:
  - <<: *defaults
    label: m 1
    idea: /abs/m1.md
    branch: epic/m1
    vendor: codex
    depth: xhigh
    critic: cross
    deepseek_provider: direct
    with_prep: true
    with_feedback: true
    prep_clarify: false
    prep_direction: " look at the parser "
    phase_model: execute=codex:high
    bakeoff: {}
    notes: for people
    merge_policy: auto
  - {label: m2, idea: m2.md, depends_on: ["m 1"]}
driver: {max_stall_iterations: 9, stall_threshold: 3, poll_sleep: 0.5, on_escalate: abort}
"""
    spec = loaded(tmp_path, text)

    first, second = spec.milestones
    assert (first.profile, first.robustness, first.merge_policy) == ("apex", "thorough", "auto")
    assert first.dials == {
        "vendor": "codex",
        "depth": "xhigh",
        "critic": "cross",
        "deepseek_provider": "direct",
        "prep_direction": "look at the parser",
    }
    assert first.phase_model == ("execute=codex:high",)
    assert second.depends_on == ("m 1",)
    assert (spec.merge_policy, spec.seed_plan, spec.driver.stall_threshold) == (
        "review",
        "first",
        9,
    )
    assert spec.ignored == ("anchors", "milestones[0].bakeoff")


def test_a_milestones_digest_is_its_own(tmp_path: Path) -> None:
    """Moving lines or editing others does not change it; its own settings do."""
    before = loaded(tmp_path, spec_of("m1", "m2"))
    moved = loaded(tmp_path, "# a comment\n" + spec_of("m1", "m2", "m3"))
    edited = loaded(tmp_path, spec_of("m1", "m2").replace("bare", "light"))

    assert before.milestones[1].digest == moved.milestones[1].digest
    assert before.milestones[1].digest != edited.milestones[1].digest


@pytest.mark.parametrize("example", ["quickstart", "quickstart-broken"])
def test_the_examples_load(example: str) -> None:
    """Every example's spec is right and its ideas are there."""
    spec = load(house() / "examples" / example / "chain.yaml")

    assert all((spec.path.parent / each.idea).is_file() for each in spec.milestones)


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.sampled_from("ab/.-@{}~^:?*[\\ \t\x7flock"), max_size=9))
def test_a_branch_name_is_judged_as_git_judges_it(name: str) -> None:
    """What passes here passes `git check-ref-format --branch`."""
    asked = subprocess.run(
        ["git", "check-ref-format", "--branch", name], check=False, capture_output=True
    )
    # Git also accepts `-`, `@` and `@{-1}` here: they mean other branches, and no milestone's.
    if not name.startswith("-") and name != "@" and "@{" not in name:
        assert (asked.returncode == 0) == (branch_name.problem(name) == ""), name
