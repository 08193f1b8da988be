"""Settings: cloud.yaml over the defaults, under the flags."""

from pathlib import Path

import pytest

from megaplan_cloud.cloud import settings
from megaplan_cloud.cloud.errors import InvalidArguments, ProviderUnavailable

MINIMAL = "repo: {url: https://example.org/app.git}\n"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give an empty home."""
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def write(folder: Path, text: str) -> Path:
    """Write a cloud.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "cloud.yaml").write_text(text, encoding="utf-8")
    return folder / "cloud.yaml"


def test_what_is_left_out_has_its_default(tmp_path: Path, home: Path) -> None:
    """A cloud.yaml of one line is enough."""
    found = settings.load(write(tmp_path, MINIMAL))

    assert found["provider"] == "process"
    assert found["repo.branch"] == "main"
    assert found["mode"] == "idle"
    assert found["codex.model"] == "gpt-5.4"
    assert found["megaplan.launcher"] == "megaplan"
    assert "auto" not in found.variables


def test_a_provider_brings_its_own_defaults(tmp_path: Path, home: Path) -> None:
    """A role's defaults/main.yml is the only place of its values."""
    found = settings.load(write(tmp_path, MINIMAL + "provider: ssh\nssh: {host: box}\n"))

    assert found["ssh.port"] is None  # what ~/.ssh/config says
    assert found["ssh.container"] == "megaplan-cloud-agent"
    assert found["resources.port"] == 8080


def test_what_is_written_wins_over_every_default(tmp_path: Path, home: Path) -> None:
    """The provider's block is merged key by key."""
    text = MINIMAL + "resources: {port: 9000}\nprocess: {trusted: false}\n"

    found = settings.load(write(tmp_path, text))

    assert found["resources.port"] == 9000
    assert found["process.trusted"] is False
    assert found["process.dir"].startswith(str(home))


def test_flags_win_over_the_file(tmp_path: Path, home: Path) -> None:
    """`--repo-branch` replaces the value in memory."""
    path = write(tmp_path, MINIMAL)

    found = settings.load(path, repo_branch="next")

    assert found["repo.branch"] == "next"
    assert "repo.branch" in found.written
    assert path.read_text(encoding="utf-8") == MINIMAL


def test_a_flag_obeys_the_rules_of_its_key(tmp_path: Path, home: Path) -> None:
    """`--repo-workspace` is an absolute path on the volume."""
    with pytest.raises(InvalidArguments, match="--repo-workspace must be an absolute POSIX path"):
        settings.load(write(tmp_path, MINIMAL), repo_workspace="app")


def test_paths_of_the_volume_are_where_the_volume_is(tmp_path: Path, home: Path) -> None:
    """`/workspace` of cloud.yaml is the box's own root."""
    text = MINIMAL + (
        "extra_repos: [{url: u, workspace: /workspace/other}]\n"
        "mode: chain\nchain: {spec: /workspace/app/chain.yaml}\n"
    )

    found = settings.load(write(tmp_path, text))

    assert found["repo.workspace"] == f"{found.root}/app"
    assert found["extra_repos"][0]["workspace"] == f"{found.root}/other"
    assert found["chain.spec"] == f"{found.root}/app/chain.yaml"


def test_an_operators_text_is_never_a_template(tmp_path: Path, home: Path) -> None:
    """Braces in cloud.yaml are text: only playbooks and roles are templates."""
    text = "repo: {url: 'https://example.org/{{ 7 * 6 }}.git'}\n"

    found = settings.load(write(tmp_path, text))

    assert found["repo.url"] == "https://example.org/{{ 7 * 6 }}.git"


def test_two_folders_have_two_boxes(tmp_path: Path, home: Path) -> None:
    """The directory of a box is derived from the path of its cloud.yaml."""
    one = settings.load(write(tmp_path / "one", MINIMAL))
    two = settings.load(write(tmp_path / "two", MINIMAL))

    assert one["process.dir"] != two["process.dir"]
    assert one["box.marker_dir"] != two["box.marker_dir"]


def test_a_long_path_moves_the_socket(tmp_path: Path, home: Path) -> None:
    """A socket's path may have about 100 characters; a box may lie deeper."""
    text = MINIMAL + f"process: {{dir: {'/deep' * 30}}}\n"

    found = settings.load(write(tmp_path, text))

    assert found["process.run_dir"].startswith("/tmp/megaplan-")
    assert len(found["process.run_dir"]) < 72


def test_a_provider_in_the_operators_roles_needs_no_python(tmp_path: Path, home: Path) -> None:
    """A folder with an arguments schema is a provider, and its block is checked."""
    role = tmp_path / "roles" / "acme"
    (role / "meta").mkdir(parents=True)
    (role / "defaults").mkdir()
    (role / "meta" / "main.yml").write_text(
        "description: Acme\nhosts: {box: {through: controller, enter: [acme, '{{ acme.name }}']}}\n"
    )
    (role / "meta" / "arguments.schema.json").write_text(
        '{"type": "object", "properties": {"name": {"type": "string"}}}'
    )
    (role / "defaults" / "main.yml").write_text("acme: {name: agent}\n")

    found = settings.load(write(tmp_path, MINIMAL + "provider: acme\n"))

    assert found.places["box"]["enter"] == ["acme", "agent"]
    assert found.root == "/workspace"


def test_a_provider_that_cannot_be_played_says_so(tmp_path: Path, home: Path) -> None:
    """A provider of a later release is valid, and refused when it is to be played."""
    text = MINIMAL + "provider: railway\n"
    found = settings.load(write(tmp_path, text))
    if "box" in found.places:
        pytest.skip("railway can be played by now")

    with pytest.raises(ProviderUnavailable, match="railway"):
        settings.playable(found)
