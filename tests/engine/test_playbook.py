"""A playbook is read with all its parts, and every mistake in one is told at its place."""

from pathlib import Path

import pytest

from megaplan_cloud.engine import playbook
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


def _relative(message: str) -> str:
    return (
        message.replace(f"{CORPUS}/", "")
        .replace(str(CORPUS), "HERE")
        .replace(str(house()), "HOUSE")
    )
