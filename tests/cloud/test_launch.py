"""A launch: where a chain runs, what is uploaded, how its runner is called."""

from pathlib import Path
from typing import Any

import pytest

from megaplan_cloud.cloud import chain_spec, settings
from megaplan_cloud.cloud.launch import prepare

CHAIN = "milestones:\n  - {label: m1, idea: ideas/a.md}\n"


@pytest.fixture
def launched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Give a function that prepares a launch from the text of a cloud.yaml and of a spec."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (tmp_path / "ideas").mkdir()
    (tmp_path / "ideas" / "a.md").write_text("# Idea\n")

    def launch(cloud: str = "", spec: str = CHAIN, *, fresh: bool = False) -> dict[str, Any]:
        (tmp_path / "cloud.yaml").write_text(f"repo: {{url: u/app.git}}\n{cloud}")
        (tmp_path / "chain.yaml").write_text(spec)
        return prepare(
            chain_spec.load(tmp_path / "chain.yaml"),
            settings.load(tmp_path / "cloud.yaml"),
            idea_dir=tmp_path,
            here=tmp_path,
            fresh=fresh,
        )

    return launch


def test_a_chain_without_a_place_gets_one_of_its_own(launched: Any) -> None:
    """Session, checkout and log are derived from the chain's identity."""
    seen = launched()["watched"]

    digest = seen["digest"][:8]
    assert seen["session"] == f"megaplan-chain-chain-{digest}"
    assert seen["workspace"].endswith(f"/workspace/chain-{digest}/app")
    assert seen["spec"] == f"{seen['workspace']}/chain.yaml"
    assert seen["log"] == f"{seen['workspace']}/.megaplan/cloud-chain-{seen['session']}.log"


def test_a_place_that_is_written_is_kept(launched: Any) -> None:
    """cloud.yaml decides; the default session keeps the log's plain name."""
    seen = launched("chain_session: megaplan-chain\n")["watched"]

    assert seen["session"] == "megaplan-chain"
    assert seen["log"].endswith("/.megaplan/cloud-chain.log")


def test_the_runner_is_called_in_the_documented_words(launched: Any) -> None:
    """The launcher is cloud.yaml's; agents are trusted as in a container."""
    plain = launched()
    other = launched("megaplan: {launcher: python -m arnold.pipelines.megaplan}\n", fresh=True)

    spec, log = plain["watched"]["spec"], other["watched"]["log"]
    words = f"MEGAPLAN_TRUSTED_CONTAINER=1 megaplan chain start --spec {spec} "
    assert plain["launch"]["command"].startswith(words)
    assert other["launch"]["command"] == (
        "MEGAPLAN_TRUSTED_CONTAINER=1 python -m arnold.pipelines.megaplan"
        f" chain start --spec {spec} --fresh >> {log} 2>&1"
    )


def test_agents_are_only_trusted_where_cloud_yaml_says_so(launched: Any) -> None:
    """`process.trusted: false` leaves an agent its own sandbox."""
    command = launched("process: {trusted: false}\n")["launch"]["command"]

    assert command.startswith("megaplan chain start")


def test_a_spec_that_says_everything_is_uploaded_as_it_is(launched: Any) -> None:
    """Comments stay; only what must be replaced makes another text."""
    text = f"# mine\nbase_branch: next\n{CHAIN}"

    assert launched(spec=text)["launch"]["spec_text"] == text


def test_a_base_branch_that_is_left_out_is_that_of_the_repository(launched: Any) -> None:
    """The local file is not changed; the uploaded one says it."""
    assert "base_branch: main" in launched()["launch"]["spec_text"]


def test_an_idea_of_the_box_is_named_by_its_place_beside_the_spec(launched: Any) -> None:
    """A path under the old workspace follows the chain to its own."""
    launch = launched(spec=CHAIN.replace("ideas/", "/workspace/app/ideas/"))["launch"]

    workspace = launched()["watched"]["workspace"]
    assert "idea: ideas/a.md" in launch["spec_text"]
    assert [file["dest"] for file in launch["files"]] == [f"{workspace}/ideas/a.md"]


def test_the_driver_of_cloud_yaml_replaces_that_of_the_spec(launched: Any) -> None:
    """`driver.max_stall_iterations` is written into the uploaded spec."""
    text = launched("driver: {max_stall_iterations: 9}\n")["launch"]["spec_text"]

    assert "max_stall_iterations: 9" in text


def test_every_checkout_has_a_name_and_a_branch(launched: Any) -> None:
    """The first repository's checkout is the chain's; the others' are cloud.yaml's."""
    seen = launched("extra_repos: [{url: u/other.git, workspace: /workspace/other}]\n")

    assert [each["name"] for each in seen["checkouts"]] == ["app", "other"]
    assert [each["branch"] for each in seen["checkouts"]] == ["main", "main"]
    assert seen["checkouts"][0]["workspace"] == seen["watched"]["workspace"]


def test_the_harness_is_asked_once_for_milestones_that_are_alike(launched: Any) -> None:
    """Profile, level and every dial go to the resolver that the run itself uses."""
    spec = (
        "milestones:\n"
        "  - {label: m1, idea: ideas/a.md, profile: premium, vendor: codex, robustness: bare}\n"
        "  - {label: m2, idea: ideas/a.md, profile: premium, vendor: codex, robustness: bare}\n"
        "  - {label: m3, idea: ideas/a.md, profile: solo, phase_model: plan=codex:high}\n"
        "  - {label: m4, idea: ideas/a.md}\n"
    )

    routes = launched(spec=spec)["launch"]["routes"]

    show = ["config", "profiles", "show"]
    assert routes == [
        {"labels": ["m1", "m2"], "level": "bare", "words": [*show, "premium", "--vendor=codex"]},
        {
            "labels": ["m3"],
            "level": "full",
            "words": [*show, "solo", "--phase-model=plan=codex:high"],
        },
    ]
