"""A report tells what came of a run: as JSON that obeys its schema, in words, as an exit code."""

import json
from pathlib import Path

import jsonschema
import pytest

from megaplan_cloud.engine.report import PlayReport, Report, TaskReport, explain
from megaplan_cloud.engine.result import Status
from megaplan_cloud.house import house
from tests.support.playing import Theatre


def task(status: Status, **more: object) -> TaskReport:
    """Return a task's report."""
    told: dict[str, object] = {
        "name": "Do it",
        "action": "command",
        "status": status,
        "host": "box",
        "file": "a.yml",
        "line": 3,
    }
    return TaskReport(**(told | more))  # type: ignore[arg-type]


def run(*tasks: TaskReport, interrupted: bool = False) -> Report:
    """Return the report of a run with these tasks."""
    play = PlayReport(name="P", place="box", hosts=("box",), file="a.yml", line=1, tasks=tasks)
    return Report(playbook="a.yml", plays=(play,), interrupted=interrupted)


@pytest.mark.parametrize(
    ("statuses", "interrupted", "expected"),
    [
        ([Status.OK, Status.CHANGED, Status.SKIPPED, Status.UNKNOWN], False, 0),
        ([Status.RESCUED, Status.IGNORED], False, 0),
        ([Status.OK, Status.FAILED], False, 1),
        ([Status.UNREACHABLE], False, 4),
        ([Status.FAILED, Status.UNPROVEN], False, 4),
        ([Status.UNPROVEN], True, 130),
    ],
)
def test_the_exit_code_says_how_a_run_ended(
    statuses: list[Status],
    interrupted: bool,  # noqa: FBT001 - pytest passes it by name
    expected: int,
) -> None:
    """0 done, 1 failed, 4 unreachable or unproven, 130 interrupted."""
    report = run(*(task(status) for status in statuses), interrupted=interrupted)

    assert report.exit_code == expected
    assert report.failed == (expected != 0)


def test_a_real_report_obeys_its_schema(tmp_path: Path) -> None:
    """Plays, tasks and items with every status that a run can have."""
    report = Theatre(tmp_path).tasks(
        """
        - name: Loop
          command: [sh, -c, "exit {{ item }}"]
          loop: [0, 1]
          ignore_errors: true
        - name: Skip
          debug: {msg: x}
          when: 1 == 2
        - name: Guard
          block:
            - name: Rescued
              command: ["false"]
          rescue:
            - name: Emit
              emit: {json: {a: 1}}
        - name: Fail
          fail: {msg: no}
        """,
        journal=tmp_path / "journal",
    )
    schema = json.loads((house() / "schemas" / "report.schema.json").read_text())

    jsonschema.Draft7Validator.check_schema(schema)
    jsonschema.validate(report.as_json(), schema)
    assert report.counts["failed"] == 1
    assert json.loads(json.dumps(report.as_json())) == report.as_json()


def test_a_failure_is_told_with_its_place_command_code_and_last_lines() -> None:
    """No more than ten lines of what it wrote; the hint comes last."""
    result = {"rc": 3, "cmd": ["make", "all it"], "stderr": "\n".join(map(str, range(30)))}

    lines = explain(task(Status.FAILED, result=result, hint="Try again."))

    assert lines[:3] == ["a.yml:3", "$ make 'all it'", "exit code 3"]
    assert lines[3:] == [*map(str, range(20, 30)), "Try again."]


def test_a_failing_item_is_told_by_its_label() -> None:
    """Of a loop the item that failed is shown, not the loop."""
    bad = task(Status.FAILED, item="b", result={"rc": 1, "cmd": ["x"]})
    whole = task(Status.FAILED, items=(task(Status.OK, item="a"), bad), reason="x")

    assert explain(whole) == ["a.yml:3", "item: b", "$ x", "exit code 1"]
