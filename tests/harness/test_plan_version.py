"""What the versions of a plan's text, and the edits of its steps, promise."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.harness import flags, plan_version, step_edit
from megaplan_cloud.harness.errors import AgentError, HarnessError
from megaplan_cloud.harness.step_edit import Add, Move, Remove
from tests.support.harness import Project

TEXT = (
    "# T\n\n## Overview\n\nx\n\n## Step 1: one\n\na\n\n## Step 2: two\n\nb\n\n## Validation\n\nc\n"
)
WORDS = st.text("abc \\1#", min_size=1, max_size=9).filter(str.strip)


def titles(text: str) -> list[str]:
    """Return the headings of the steps."""
    return [line[3:] for line in text.splitlines() if line.startswith("## Step")]


def test_versions_written_again_get_a_letter(project: Project) -> None:
    """The number is that of the critique they are for."""
    plan = project.plan("light", "mine")
    for _ in range(3):
        project.ask("plan")

    assert [each["file"] for each in plan.state().plan_versions] == [
        "plan_v1.md",
        "plan_v1a.md",
        "plan_v1b.md",
    ]
    assert plan.state().iteration == 1


def test_a_plan_without_a_step_is_refused() -> None:
    """There would be nothing to carry out."""
    with pytest.raises(AgentError) as caught:
        plan_version.structure("# Title\n\nSome prose.\n")

    assert caught.value.error == "structure_error"


def test_an_odd_structure_is_a_warning() -> None:
    """It goes into the critique's prompt."""
    assert plan_version.structure(TEXT) == []
    assert len(plan_version.structure("## Step 1: one\n")) == 3


@pytest.mark.parametrize(
    ("edit", "after"),
    [
        (Add("three"), ["Step 1: one", "Step 2: two", "Step 3: three"]),
        (Add("three", 1), ["Step 1: one", "Step 2: three", "Step 3: two"]),
        (Remove(1), ["Step 1: two"]),
        (Move(2, 0), ["Step 1: two", "Step 2: one"]),
        (Move(1, 2), ["Step 1: two", "Step 2: one"]),
        (Add(r"a \1 \g<0> b"), ["Step 1: one", "Step 2: two", r"Step 3: a \1 \g<0> b"]),
    ],
)
def test_steps_are_numbered_anew(edit: step_edit.Edit, after: list[str]) -> None:
    """What stands before and after the steps stays."""
    text = step_edit.edited(TEXT, edit)

    assert titles(text) == after
    assert text.startswith("# T\n\n## Overview")
    assert text.endswith("## Validation\n\nc\n")


@pytest.mark.parametrize("edit", [Add("x", 3), Remove(3), Remove(0), Move(3, 1), Move(1, 3)])
def test_a_step_that_is_not_there_is_told(edit: step_edit.Edit) -> None:
    """With those that are."""
    with pytest.raises(HarnessError, match="S1 to S2") as caught:
        step_edit.edited(TEXT, edit)

    assert caught.value.error == "missing_step"


@given(st.lists(WORDS, max_size=6), st.data())
def test_edits_lose_no_step(words: list[str], data: st.DataObject) -> None:
    """After any additions and moves every step is there, numbered from 1."""
    text = TEXT
    for number, each in enumerate(words, start=2):
        text = step_edit.edited(text, Add(each, data.draw(st.integers(0, number))))
    which = data.draw(st.integers(1, len(words) + 2))
    text = step_edit.edited(text, Move(which, data.draw(st.integers(0, len(words) + 2))))

    found = titles(text)
    assert [title.split(":")[0] for title in found] == [
        f"Step {number}" for number in range(1, len(words) + 3)
    ]
    assert sorted(title.partition(": ")[2] for title in found) == sorted(
        ["one", "two", *(each.strip() for each in words)]
    )


def test_flags_are_kept_over_versions() -> None:
    """A flag raised again keeps its first version; one that was answered is verified."""
    raised = {
        "id": "F1",
        "concern": "c",
        "category": "security",
        "severity_hint": "uncertain",
        "evidence": "e",
    }
    finding = {"detail": "d", "flagged": True}
    check = {"id": "scope", "question": "q", "findings": [finding, finding]}
    nothing: dict[str, list[Any]] = {
        "checks": [],
        "flags": [],
        "verified_flag_ids": [],
        "disputed_flag_ids": [],
    }

    first = flags.merged([], nothing | {"flags": [raised], "checks": [check]}, 1)
    second = flags.merged(first, nothing | {"flags": [raised], "verified_flag_ids": ["scope"]}, 2)

    assert [each["id"] for each in first] == ["F1", "scope", "scope-2"]
    assert {each["severity"] for each in first} == {"significant"}
    assert [(each["raised_in"], each["status"]) for each in second] == [
        (1, "open"),
        (1, "verified"),
        (1, "open"),
    ]
