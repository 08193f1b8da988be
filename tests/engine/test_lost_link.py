"""A link that breaks is never a success: what was sent and not answered is unproven."""

from pathlib import Path

import pytest

from megaplan_cloud.engine.errors import ConnectionFailed, EngineError, Unproven
from megaplan_cloud.engine.inventory import Inventory
from tests.support.playing import Theatre, statuses
from tests.support.stubborn import Stubborn

TASKS = """
    - name: One
      command: [echo, one]
    - name: Guard
      block:
        - name: Two
          command: [echo, two]
        - name: Say something
          debug: {msg: x}
        - name: Three
          command: [echo, three]
      rescue:
        - name: Rescue
          debug: {msg: x}
      always:
        - name: Always
          debug: {msg: x}
    """


@pytest.mark.parametrize(
    ("error", "batch", "expected"),
    [
        (Unproven("cut"), True, {"One": "changed", "Two": "unproven", "Three": "unproven"}),
        (Unproven("cut"), False, {"One": "changed", "Two": "unproven"}),
        (ConnectionFailed("down"), True, {"One": "changed", "Two": "unreachable"}),
        (ConnectionFailed("down"), False, {"One": "changed", "Two": "unreachable"}),
    ],
)
def test_what_was_sent_and_not_answered_is_unproven(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    error: EngineError,
    batch: bool,  # noqa: FBT001 - pytest passes it by name
    expected: dict[str, str],
) -> None:
    """Nothing of it may be called done or failed; no rescue and no always is played."""
    stubborn = Stubborn(1, error)
    monkeypatch.setattr(Inventory, "connection", lambda *_: stubborn)

    report = Theatre(tmp_path).tasks(TASKS, batch=batch, journal=tmp_path / "journal")

    assert statuses(report) == expected
    assert report.exit_code == 4


def test_a_run_whose_link_broke_can_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is unproven is done again; what was proven is not."""
    theatre = Theatre(tmp_path)
    stubborn = Stubborn(1, Unproven("cut"))
    with monkeypatch.context() as patch:
        patch.setattr(Inventory, "connection", lambda *_: stubborn)
        theatre.tasks(TASKS, journal=tmp_path / "journal")

    report = theatre.play(journal=tmp_path / "journal", resume=True)

    assert report.exit_code == 0
    assert {task.name: task.restored for task in report.tasks()} == {
        "One": True,
        "Two": False,
        "Say something": False,
        "Three": False,
        "Always": False,
    }
