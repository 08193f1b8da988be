"""A playbook is read with all its parts, and every mistake in one is told at its place."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from megaplan_cloud.engine import playbook, schema
from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.house import house

CORPUS = Path(__file__).parents[1] / "corpus" / "playbooks"
ACTIONS = (
    *("assert", "command", "copy", "debug", "fail", "file", "lineinfile", "query"),
    *("set_fact", "shell", "stat", "template", "wait_for"),
)


@pytest.mark.parametrize("path", sorted(CORPUS.glob("*.yml")), ids=lambda path: path.stem)
def test_each_mistake_is_told_at_its_place_with_what_to_do(path: Path) -> None:
    """The message for each broken playbook is word for word the one beside it."""
    with pytest.raises(EngineError) as caught:
        playbook.load(path, actions=ACTIONS, known=())

    expected = path.with_suffix(".expected").read_text(encoding="utf-8")
    assert expected == f"{_relative(str(caught.value))}\n"


KEYWORDS = sorted(schema.document("action_task")["properties"])
WORDS = st.sampled_from(
    [
        *("hosts", "tasks", "roles", "handlers", "block", "rescue", "always", "pre_tasks"),
        *("include_tasks", "import_tasks", "include_role", "role", "file", "tasks_from", "label"),
        *("path", "argv", "cmd", "msg", "that", "src", "dest", "mode", "x"),
        *KEYWORDS,
    ]
)
SCALARS = st.sampled_from(
    [
        None,
        True,
        0,
        -1,
        1.5,
        "",
        "box",
        "a",
        "{{ x }}",
        "{{",
        "{% if %}",
        "x is defined",
        "x ==",
        "é",
    ]
)
NODES = st.recursive(
    SCALARS | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)
TASKS = st.lists(st.dictionaries(WORDS, NODES, min_size=1, max_size=4), max_size=3)
PLAYS = st.fixed_dictionaries(
    {"hosts": st.just("box")},
    optional={
        "tasks": TASKS | NODES,
        "handlers": TASKS | NODES,
        "pre_tasks": st.lists(st.fixed_dictionaries({"block": TASKS}, optional={"rescue": TASKS})),
        "roles": NODES,
        "vars": NODES,
        "environment": NODES,
    },
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(PLAYS, max_size=2) | NODES)
def test_whatever_a_playbook_holds_the_answer_is_a_playbook_or_an_error_with_a_place(
    tmp_path: Path, content: Any
) -> None:
    """Never a traceback for a mistake in YAML."""
    path = tmp_path / "play.yml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")

    problems = _problems(path)

    assert [problem for problem in problems if problem.mark is None or not problem.what] == []


def _problems(path: Path) -> list[EngineError]:
    try:
        playbook.load(path, actions=ACTIONS, known=())
    except EngineError as error:
        return list(getattr(error, "problems", (error,)))
    return []


def _relative(message: str) -> str:
    return (
        message.replace(f"{CORPUS}/", "")
        .replace(str(CORPUS), "HERE")
        .replace(str(house()), "HOUSE")
    )
