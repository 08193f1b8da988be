"""The same playbook means the same in ansible-core 2.19 and here.

Each case is played through both: the status of every task and item, what `debug`, `fail` and
`assert` say (so a case shows what it registered), and the files that are left, must agree.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.engine.play import play
from megaplan_cloud.engine.report import Report, TaskReport

from .case import Case, all_cases
from .expression import expressions
from .played import Played, files_of, plain

pytest.importorskip("ansible", reason="ansible-core is what the tests compare with")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

TELLING = frozenset({"debug", "fail", "assert"})
"""The actions whose message is the point of them."""

INCLUDES = frozenset({"include_tasks", "include_role"})


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_a_playbook_means_the_same_in_both(
    case: Case,
    ansible_runs: Mapping[str, list[Played]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Task by task, item by item, file by file."""
    folder = tmp_path / "work"
    case.lay_out(folder)
    monkeypatch.chdir(folder)

    ours = [played(folder, options) for options in case.runs]
    theirs = ansible_runs[case.name]

    found = list(
        differences([comparable(run) for run in ours], [comparable(run) for run in theirs])
    )
    assert "\n".join(found) == "\n".join(line for _, line in case.differences)


def test_each_difference_is_one_that_the_docs_tell() -> None:
    """The table of the docs has a row for each, and a case or an expression holds each row."""
    used = {name for case in all_cases() for name, _ in case.differences}
    used |= {expression.differs for expression in expressions() if expression.differs}

    assert used == set(documented())


def documented() -> list[str]:
    """Return the names of the rows of docs/differences.md."""
    page = Path(__file__).parents[2] / "docs" / "differences.md"
    return re.findall(r"^\| `([\w.-]+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE)


def differences(ours: Any, theirs: Any, path: str = "") -> Iterator[str]:
    """Yield where two values differ: the place, ours, theirs."""
    match ours, theirs:
        case {"refused": why}, dict() if "refused" not in theirs:
            yield f"{path}: refused: {why}"
        case dict(), dict():
            for key in sorted({*ours, *theirs}):
                yield from differences(ours.get(key, ...), theirs.get(key, ...), f"{path}/{key}")
        case list(), list() if len(ours) == len(theirs):
            for index, pair in enumerate(zip(ours, theirs, strict=True)):
                yield from differences(*pair, f"{path}/{index}")
        case _ if ours != theirs or type(ours) is not type(theirs):
            yield f"{path}: ours {shortly(ours)}, theirs {shortly(theirs)}"


def shortly(value: Any) -> str:
    """Return a value as a line shows it."""
    return "nothing" if value is ... else json.dumps(value, ensure_ascii=False, sort_keys=True)


def played(folder: Path, options: Mapping[str, Any]) -> Played:
    """Return what one run here came to."""
    try:
        report = play(folder / "play.yml", **options)
    except EngineError as error:
        return Played([], error.exit_code, {}, refused=error.what)
    rows = plain([row(task) for task in shown(report)], folder)
    return Played(rows, report.exit_code, plain(files_of(folder), folder))


def shown(report: Report) -> Iterator[TaskReport]:
    """Yield the tasks that Ansible shows as well."""
    return report.tasks()


def row(task: TaskReport) -> dict[str, Any]:
    """Return a task as the witness at Ansible's side has it."""
    return {
        "name": task.name,
        "action": task.action,
        "status": task.status.value,
        "msg": task.result.get("msg"),
        "label": task.item,
        "items": [row(item) for item in task.items],
    }


def comparable(run: Played) -> dict[str, Any]:
    """Return what must be the same of a run."""
    if run.refused:
        return {"refused": run.refused}
    rows = [comparable_row(row) for row in run.rows if not is_quiet_include(row)]
    return {"rows": rows, "failed": run.rc != 0, "files": run.files}


def is_quiet_include(row: Mapping[str, Any]) -> bool:
    """Say whether a row is an include that did its work: Ansible shows what it included only."""
    return row.get("action") in INCLUDES and row["status"] in ("ok", "changed", "skipped")


def comparable_row(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what must be the same of a task."""
    told = is_told(row) and not row["items"]
    return {
        "name": row["name"],
        "action": row["action"],
        # A failure that a rescue takes up is a failure to Ansible's callbacks.
        "status": "failed" if row["status"] == "rescued" else row["status"],
        "msg": row["msg"] if told else None,
        "items": [
            {"status": item["status"], "msg": item["msg"] if is_told(item) else None}
            for item in row["items"]
        ],
    }


def is_told(row: Mapping[str, Any]) -> bool:
    """Say whether a message is the task's own, not one about a mistake in the task."""
    done = row["status"] in ("ok", "changed")
    return done if row["action"] == "debug" else row["action"] in TELLING and not done
