"""What finding an agent's answer promises."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.harness import answer
from megaplan_cloud.harness.errors import AgentError

PLAN = {"plan": "# P\n## Step 1: x", "questions": [], "success_criteria": [], "assumptions": []}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(PLAN),
        json.dumps(PLAN, indent=2),
        f"log {{ not json\n{json.dumps(PLAN)}\nINFO {{done}}",
        f"```json\n{json.dumps(PLAN)}\n```",
        json.dumps({"type": "result", "structured_output": PLAN}),
        f"{json.dumps({'plan': 'no'})}\n{json.dumps(PLAN)}\n{json.dumps({'cost': 1})}",
        f"{json.dumps(PLAN | {'plan': 'an earlier try'})}\n{json.dumps(PLAN)}",
        f"{'{' * 500}{json.dumps(PLAN)}",
    ],
    ids=["bare", "indented", "logs", "fenced", "envelope", "others", "last", "braces"],
)
def test_the_last_whole_answer_is_found_among_whatever_else(text: str) -> None:
    """Logs, fences, envelopes and earlier tries do not hide it."""
    assert answer.read(text, "plan") == PLAN


@pytest.mark.parametrize("text", ["", "no", "{", "[]", "{}", '{"plan": "x"}', '"{}"', "null"])
def test_a_text_without_answer_is_a_parse_error_with_its_text(text: str) -> None:
    """The raw text goes along, to be kept."""
    with pytest.raises(AgentError) as caught:
        answer.read(text, "plan")

    assert (caught.value.error, caught.value.raw) == ("parse_error", text)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"plan": 3}, "$.plan"),
        ({"questions": [1]}, "$.questions[0]"),
        ({"success_criteria": [{"criterion": "a", "priority": "may"}]}, "priority"),
        ({"extra": 1}, "$.extra"),
        ({"assumptions": None}, "$.assumptions"),
    ],
)
def test_an_answer_of_the_wrong_shape_is_told_at_its_place(
    change: dict[str, object], said: str
) -> None:
    """The message has the path of what is wrong."""
    with pytest.raises(AgentError) as caught:
        answer.read(json.dumps(PLAN | change), "plan")

    assert caught.value.error == "schema_error"
    assert said in caught.value.what


@given(st.text(), VALUES, st.text())
def test_every_object_is_found_in_any_text(before: str, value: object, after: str) -> None:
    """What surrounds an answer cannot hide it, unless it opens a string or object around it."""
    wanted = {"answer": value}
    text = f"{before.replace('{', '(')}\n{json.dumps(wanted)}\n{after.replace('{', '(')}"

    assert wanted in list(answer.objects(text))


@given(st.text())
def test_any_text_is_answered_without_an_accident(text: str) -> None:
    """An agent may write what it likes."""
    with pytest.raises(AgentError):
        answer.read(text, "plan")


def test_a_flood_of_braces_ends_soon() -> None:
    """A text made to be slow costs a bounded number of tries."""
    assert list(answer.objects('{"a":' * 200_000)) == []
