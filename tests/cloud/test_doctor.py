"""`invoke doctor`: each gotcha is made first, then found with its evidence, then fixed or told."""

from pathlib import Path
from typing import Any

import pytest

from tests.support.operator import Operator

pytestmark = pytest.mark.slow

SPEC = "milestones:\n  - {{label: m1, idea: idea.md}}\n  - label: m2\n    profile: {}\n"


@pytest.fixture
def box(operator: Operator, repository: Path) -> Operator:
    """Give an operator with a box that has nothing wrong."""
    operator.settle(f"repo: {{url: {repository}}}\n")
    operator.run("deploy", OPENAI_API_KEY="")
    return operator


def found(operator: Operator, **env: str) -> dict[str, Any]:
    """Return each gotcha that doctor finds, by its id."""
    document = operator.run("doctor", code=None, **{"OPENAI_API_KEY": "", **env}).json
    return {each["id"]: each for each in document["gotchas"] if each["found"]}


def test_a_box_with_nothing_wrong_is_said_to_be_so(box: Operator) -> None:
    """Every gotcha is looked for, none is found, and the exit code is 0."""
    document = box.run("doctor", OPENAI_API_KEY="").json

    assert document["success"] is True
    assert len(document["gotchas"]) >= 7


def test_profiles_of_the_old_documents_are_found_and_renamed(box: Operator) -> None:
    """Each line is evidence; the fix keeps the file as it was beside it."""
    spec = box.folder / "epic" / "chain.yaml"
    spec.parent.mkdir()
    spec.write_text(SPEC.format("thoughtful") + "  - {label: m3}\n    profile: premium\n")

    seen = found(box)["profile-alias-gap"]
    box.run("doctor", "--fix", "profile-alias-gap")

    assert seen["evidence"] == [f"{spec}:4:    profile: thoughtful"]
    assert seen["fix"] == "invoke doctor --fix profile-alias-gap"
    assert "profile: partnered\n" in spec.read_text()
    assert "profile: premium\n" in spec.read_text()
    assert "profile-alias-gap" not in found(box)


def test_a_key_that_bills_by_use_is_found(box: Operator) -> None:
    """With the subscription it is not wanted; its value is nowhere in what is said."""
    said = box.run("doctor", code=1, OPENAI_API_KEY="sk-" + "a1" * 20)
    refused = box.run("doctor", "--fix", "stray-openai-key", code=1, OPENAI_API_KEY="sk-x").json
    box.settle((box.folder / "cloud.yaml").read_text() + "megaplan: {codex_auth: apikey}\n")

    assert "the environment of the box has it" in said.stdout
    assert "a1a1" not in said.stdout + said.stderr
    assert refused["error"] == "fix_by_hand"
    assert "codex_auth: apikey" in refused["hint"]
    assert "stray-openai-key" not in found(box, OPENAI_API_KEY="sk-x")


def test_little_room_is_found_with_what_takes_it(box: Operator) -> None:
    """The limits are those below which no chain is started."""
    text = (box.folder / "cloud.yaml").read_text()
    box.settle(text + f"resources: {{prelaunch_min_free_bytes: {10**15}}}\n")

    seen = found(box)["disk-pressure"]

    assert "MB and" in seen["evidence"][0]
    assert any(str(box.box) in line for line in seen["evidence"][1:])
    assert "Make room" in seen["fix"]


def test_few_inodes_are_found(box: Operator) -> None:
    """A volume full of small files has room and no inodes."""
    text = (box.folder / "cloud.yaml").read_text()
    box.settle(text + f"resources: {{prelaunch_min_free_inodes: {10**12}}}\n")

    assert "disk-pressure" in found(box)


def test_a_marker_of_a_checkout_that_is_gone_is_found_and_forgotten(box: Operator) -> None:
    """`status --chain` has nothing to look at; the fix names the command that begins it again."""
    folder = next((box.home / ".megaplan" / "cloud" / "markers").iterdir())
    marker = folder / "last_chain.json"
    marker.write_text('{"workspace": "/nowhere/app", "local_spec": "/home/me/chain.yaml"}')

    seen = found(box)["lost-workspace"]
    fixed = box.run("doctor", "--fix", "lost-workspace").json

    assert seen["evidence"] == ["/nowhere/app is not there"]
    assert "invoke chain --spec /home/me/chain.yaml" in fixed["next"]
    assert not marker.exists()


def test_a_secret_without_a_value_is_found(box: Operator) -> None:
    """Empty here and missing in the box is no value."""
    box.settle((box.folder / "cloud.yaml").read_text() + "secrets: [MY_TOKEN]\n")

    missing, given = found(box, MY_TOKEN=""), found(box, MY_TOKEN="good")

    assert missing["empty-secrets"]["evidence"] == ["MY_TOKEN"]
    assert "Export MY_TOKEN" in missing["empty-secrets"]["fix"]
    assert "empty-secrets" not in given


def test_another_harness_of_a_login_shell_is_found(box: Operator, tmp_path: Path) -> None:
    """What is typed after `invoke attach` would be other code; `invoke exec` runs the right one."""
    other = tmp_path / "other" / "megaplan"
    other.parent.mkdir()
    other.write_text("#!/old/venv/bin/python\n")
    other.chmod(0o755)
    (box.home / ".profile").write_text(f"PATH={other.parent}:$PATH\n")

    seen = found(box)["other-megaplan"]
    ran = box.run("exec", "command -v megaplan").stdout

    assert seen["places"] == [str(other)]
    assert "#!/old/venv/bin/python" in seen["evidence"][1]
    assert ran != f"{other}\n"


def test_what_cannot_be_looked_for_is_not_said_to_be_fine(operator: Operator) -> None:
    """Without a box most questions have no answer; doctor says so and ends with 1."""
    operator.settle("repo: {url: u}\n")

    document = operator.run("doctor", code=1, OPENAI_API_KEY="").json

    assert document["error"] == "gotcha_unknown"
    assert "invoke deploy" in document["hint"]
