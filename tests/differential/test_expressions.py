"""Every template and condition gives the same value, of the same type, in ansible-core and here."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.scope import Scope
from megaplan_cloud.engine.source import Text
from megaplan_cloud.engine.template import OMIT, condition, render

from .expression import expressions, variables

pytest.importorskip("ansible", reason="ansible-core is what the tests compare with")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

EVALUATE = Path(__file__).parent / "evaluate.py"


def test_expressions_mean_the_same_in_both() -> None:
    """Values, types, and which are errors; what differs on purpose does differ."""
    known = expressions()
    theirs = by_ansible([[each.text, each.condition] for each in known])
    ours = [here(each.text, condition_only=each.condition) for each in known]

    told = [
        (each.text, mine, other)
        for each, mine, other in zip(known, ours, theirs, strict=True)
        if (mine == other) == bool(each.differs)
    ]

    assert told == []


def by_ansible(texts: list[list[Any]]) -> list[Any]:
    """Return what ansible-core makes of the expressions, None for an error."""
    page = json.dumps({"variables": variables(), "expressions": texts})
    words = [sys.executable, str(EVALUATE)]
    done = subprocess.run(words, input=page, capture_output=True, text=True, check=True)
    return list(json.loads(done.stdout))


def here(text: Any, *, condition_only: bool) -> Any:
    """Return the type and the value of an expression, None for an error."""
    scope = Scope(play=marked(variables()))
    try:
        value = condition(marked(text), scope) if condition_only else render(marked(text), scope)
    except TemplateError:
        return None
    return None if value is OMIT else [type(value).__name__.lower(), json.loads(json.dumps(value))]


def marked(value: Any) -> Any:
    """Return the value as it comes from a playbook."""
    match value:
        case str():
            return Text(value, Mark("expressions.yml", 1, 1))
        case dict():
            return {key: marked(each) for key, each in value.items()}
        case list():
            return [marked(each) for each in value]
        case _:
            return value


@pytest.mark.parametrize("kind", ["templates", "conditions"])
def test_there_are_many_of_each(kind: str) -> None:
    """The comparison is worth its name."""
    count = sum(each.condition == (kind == "conditions") for each in expressions())

    assert count >= (20 if kind == "conditions" else 150)
