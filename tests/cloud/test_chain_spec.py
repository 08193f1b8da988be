"""A chain spec as the operator's side reads it: its mistakes, its ideas, its identity."""

from pathlib import Path

import pytest

from megaplan_cloud.cloud import chain_spec
from megaplan_cloud.cloud.chain_spec import find_idea, relative_idea
from megaplan_cloud.cloud.errors import MissingIdeaFile
from megaplan_cloud.engine.errors import SchemaError

WORKSPACE = "/workspace/app"


def written(folder: Path, text: str) -> Path:
    """Write a chain.yaml."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "chain.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("milestones: {}\n", "1:13 'milestones' must be a list, not a mapping"),
        ("- m1\n", "1:1 a chain spec must be a YAML mapping"),
        (
            "milestones:\n  - {label: m1, idea: a.md}\n  - {label: m1, idea: b.md}\n",
            "3:13 the label 'm1' stands twice",
        ),
        (
            "milestones:\n  - {label: m1, idea: a.md, depends_on: m2}\n  - {label: m2, idea: b}\n",
            "2:41 'm1' depends on 'm2', which is no earlier milestone",
        ),
    ],
)
def test_a_mistake_is_told_at_its_place(tmp_path: Path, text: str, told: str) -> None:
    """The same schema as the harness's, and what no schema can say."""
    with pytest.raises(SchemaError) as caught:
        chain_spec.load(written(tmp_path, text))

    problem = caught.value.problems[0]
    assert problem.mark
    assert f"{problem.mark.line}:{problem.mark.column} {problem.what}" == told


def test_a_missing_spec_is_told_by_name(tmp_path: Path) -> None:
    """Nothing was touched, and the flag is named."""
    with pytest.raises(SchemaError, match="chain spec not found") as caught:
        chain_spec.load(tmp_path / "nothing.yaml")

    assert "--spec" in caught.value.hint


def milestone(idea: str, tmp_path: Path) -> chain_spec.Milestone:
    """Return the one milestone of a spec."""
    text = f"milestones:\n  - {{label: m1, idea: {idea}}}\n"
    return chain_spec.load(written(tmp_path / "spec", text)).milestones[0]


@pytest.mark.parametrize(
    ("idea", "lies"),
    [
        ("ideas/a.md", "spec/ideas/a.md"),
        ("ideas/a.md", "here/ideas/a.md"),
        ("/workspace/app/ideas/a.md", "spec/ideas/a.md"),
        ("/workspace/app/docs/a.md", "here/docs/a.md"),
        ("/elsewhere/a.md", "spec/a.md"),
        ("/elsewhere/a.md", "here/elsewhere/a.md"),
    ],
)
def test_an_idea_is_found_where_it_may_be(tmp_path: Path, idea: str, lies: str) -> None:
    """Beside the spec, or from the repository's root, by the path on the box or by its name."""
    file = tmp_path / lies
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("# Idea\n")

    found = find_idea(milestone(idea, tmp_path), tmp_path / "spec", tmp_path / "here", WORKSPACE)

    assert found == file


def test_a_missing_idea_names_every_path_that_was_tried(tmp_path: Path) -> None:
    """The message says where it was looked for, and the mark is the spec's line."""
    one = milestone("ideas/a.md", tmp_path)

    with pytest.raises(MissingIdeaFile) as caught:
        find_idea(one, tmp_path / "spec", tmp_path / "here", WORKSPACE)

    assert f"- {tmp_path}/spec/ideas/a.md" in caught.value.what
    assert f"- {tmp_path}/here/ideas/a.md" in caught.value.what
    assert caught.value.mark == one.mark
    assert caught.value.exit_code == 2


def test_an_empty_idea_is_as_good_as_none(tmp_path: Path) -> None:
    """An agent could not begin anything with it."""
    (tmp_path / "spec" / "ideas").mkdir(parents=True)
    (tmp_path / "spec" / "ideas" / "a.md").touch()

    with pytest.raises(MissingIdeaFile, match="missing or empty"):
        find_idea(milestone("ideas/a.md", tmp_path), tmp_path / "spec", tmp_path, WORKSPACE)


def test_an_idea_is_staged_beside_the_spec() -> None:
    """No path of a spec leads out of the chain's folder."""
    staged = {
        "ideas/a.md": "ideas/a.md",
        "/workspace/app/ideas/a.md": "ideas/a.md",
        "/workspace/other/a.md": "ideas/a.md",
        "../secrets/a.md": "ideas/a.md",
    }

    assert {idea: str(relative_idea(idea, WORKSPACE)) for idea in staged} == staged
