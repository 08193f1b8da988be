"""What profiles and their dials promise."""

from pathlib import Path

import pytest

from megaplan_cloud.harness import agent_spec, profiles
from megaplan_cloud.harness.agent_spec import PHASES, AgentSpec
from megaplan_cloud.harness.dials import Dials
from megaplan_cloud.harness.errors import InputError
from megaplan_cloud.harness.profiles import Profile, resolve
from tests.support.harness import Project


@pytest.fixture
def known(project: Project) -> dict[str, Profile]:
    """Give the profiles of a project."""
    return profiles.profiles(project.path)


def specs(found: dict[str, AgentSpec], *phases: str) -> list[str]:
    """Return who answers in some phases, as it is written."""
    return [str(found[phase]) for phase in phases]


def test_every_profile_says_who_answers_in_every_phase(known: dict[str, Profile]) -> None:
    """No phase is ever left to chance."""
    assert {"solo", "directed", "partnered", "premium", "apex", "scripted"} <= known.keys()
    assert all(tuple(profile.phases) == PHASES for profile in known.values())


@pytest.mark.parametrize(("old", "new"), [("basic", "solo"), ("led", "directed")])
def test_older_names_are_understood(known: dict[str, Profile], old: str, new: str) -> None:
    """An alias is the profile itself."""
    assert profiles.choose(known, old) == known[new]


@pytest.mark.parametrize("name", ["thoughtful", "super-premium", "", "SOLO"])
def test_unknown_names_are_refused_with_those_there_are(
    known: dict[str, Profile], name: str
) -> None:
    """Nobody is silently given another profile."""
    with pytest.raises(InputError) as caught:
        profiles.choose(known, name)

    assert caught.value.error == "unknown_profile"
    assert "apex, directed" in caught.value.hint.replace("all-claude, all-codex, all-open, ", "")


def test_a_vendor_takes_the_other_ones_place(known: dict[str, Profile]) -> None:
    """Open models stay, and so does every agent of a locked profile."""
    partnered = resolve(known["partnered"], Dials(vendor="codex"))
    apex = resolve(known["apex"], Dials(vendor="codex", critic="kimi"))

    assert specs(partnered, "plan", "execute") == ["codex:low", "hermes:deepseek-v4-pro"]
    assert specs(apex, "plan", "critique") == ["claude", "codex"]


def test_depth_is_for_authors(known: dict[str, Profile]) -> None:
    """Critics and executors keep theirs."""
    found = resolve(known["premium"], Dials(depth="max"))

    assert specs(found, "plan", "revise", "critique", "execute") == [
        "claude:max",
        "claude:max",
        "claude:low",
        "claude:low",
    ]


def test_a_critic_is_of_the_other_vendor_or_open(known: dict[str, Profile]) -> None:
    """`cross` looks at the vendor that the vendor dial has chosen."""
    cross = resolve(known["premium"], Dials(vendor="codex", critic="cross"))
    kimi = resolve(known["premium"], Dials(critic="kimi"))

    assert specs(cross, "plan", "critique", "review") == ["codex:low", "claude:low", "claude:low"]
    assert specs(kimi, "critique") == ["hermes:kimi-k2"]


def test_one_phases_agent_is_stronger_than_every_dial(known: dict[str, Profile]) -> None:
    """The first word of a phase wins."""
    words = agent_spec.phase_models(["plan=codex:high", "plan=claude"])

    found = resolve(known["premium"], Dials(vendor="claude", depth="max"), words)

    assert specs(found, "plan", "revise") == ["codex:high", "claude:max"]


def test_a_later_layer_wins_as_a_whole(project: Project, tmp_path: Path) -> None:
    """The project's profile replaces the user's of that name; `extends` builds on another one."""
    user = tmp_path / "config" / "megaplan" / "profiles.toml"
    user.parent.mkdir(parents=True)
    user.write_text('[profiles.mine]\ndefault = "codex"\nplan = "claude"\n', encoding="utf-8")
    with (project.path / ".megaplan" / "profiles.toml").open("a", encoding="utf-8") as file:
        file.write('[profiles.mine]\nextends = "solo"\nreview = "codex"\n')

    mine = profiles.profiles(project.path)["mine"]

    assert mine.source == "project"
    assert specs(dict(mine.phases), "plan", "review") == ["hermes:deepseek-v4-pro", "codex"]


def test_an_agent_can_answer_here_when_it_has_its_role() -> None:
    """Adding one adds a folder and edits nothing."""
    assert "script" in agent_spec.agents()
