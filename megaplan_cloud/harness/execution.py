"""What carrying out the tasks came to: claims of the executor, and what really changed."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import repository, task_list
from megaplan_cloud.harness.kept import keep_json
from megaplan_cloud.harness.repository import Snapshot
from megaplan_cloud.harness.state import State
from megaplan_cloud.harness.verification import Verification

FILE = "execution.json"
AUDIT = "execution_audit.json"
BASELINE = "execution_baseline.json"


def begin(directory: Path, state: State) -> None:
    """Write down how the project stands before the first task touches it."""
    path = directory / BASELINE
    if path.exists():
        return
    found = repository.snapshot(Path(state.config["project_dir"]))
    document = {"head": found.head, "dirty": dict(found.dirty)} if found else {}
    keep_json(directory, BASELINE, document, phase="execute")


def finish(directory: Path, state: State, verification: Verification | None) -> dict[str, Any]:
    """Keep what all batches came to, with an audit of claims against the repository."""
    document = task_list.read(directory)
    records = batch_records(directory, document)
    report = audit(directory, state, document, records)
    keep_json(directory, AUDIT, report, phase="execute")
    execution = {
        "output": "\n".join(filter(None, (each["answer"].get("output", "") for each in records))),
        "files_changed": report["files_claimed"],
        "commands_run": union(each["answer"].get("commands_run", []) for each in records),
        "deviations": union(each["answer"].get("deviations", []) for each in records),
        "task_updates": [
            {
                key: task[key]
                for key in ("id", "status", "executor_notes", "files_changed", "commands_run")
            }
            for task in document["tasks"]
        ],
        "batches": len(records),
        "verification": verification.document() if verification else {},
        "cost_usd": sum(float(each["call"].get("cost_usd", 0.0)) for each in records),
    }
    keep_json(directory, FILE, execution, phase="execute")
    return execution


def audit(
    directory: Path,
    state: State,
    document: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """Return claims against facts: `findings` are advice, nobody is stopped by them."""
    said = union(
        [
            *(task["files_changed"] for task in document["tasks"]),
            *(each["answer"].get("files_changed", []) for each in records),
        ]
    )
    claimed, strange = repository.inside(Path(state.config["project_dir"]), said)
    in_git = bool(_baseline(directory))
    changed = changed_paths(directory, state)
    findings = [f"{path} is outside of the project and was not counted" for path in strange]
    findings += _disagreements(claimed, changed) if in_git else []
    findings += [
        f"the sense check {check['id']} has no answer"
        for check in document["sense_checks"]
        if not check["executor_note"].strip()
    ]
    return {
        "findings": findings,
        "files_in_diff": changed,
        "files_claimed": claimed,
        "skipped": not in_git,
        "reason": "" if in_git else "the project is in no git checkout",
    }


def changed_paths(directory: Path, state: State) -> list[str]:
    """Return the files that are not as they were before the first task."""
    baseline = _baseline(directory)
    if not baseline:
        return []
    before = Snapshot(head=baseline["head"], dirty=baseline["dirty"])
    return repository.changed_since(Path(state.config["project_dir"]), before)


def batch_records(directory: Path, document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the records of the batches that were carried out, in order."""
    count = len(task_list.layers(document["tasks"]))
    paths = [directory / f"execution_batch_{number}.json" for number in range(1, count + 1)]
    return [json.loads(path.read_text(encoding="utf-8")) for path in paths if path.exists()]


def read(directory: Path) -> dict[str, Any]:
    """Return execution.json; empty before the first execution ended."""
    return _read(directory / FILE)


def read_audit(directory: Path) -> dict[str, Any]:
    """Return execution_audit.json; empty before the first execution ended."""
    return _read(directory / AUDIT)


def forget(directory: Path) -> None:
    """Put aside what an earlier list of tasks came to: a new one is not judged by it.

    The records stay, under another name, because what they claim was changed all the same.
    """
    for path in (directory / FILE, directory / AUDIT):
        path.unlink(missing_ok=True)
    earlier = len(list(directory.glob("execution_batch_1_round_*.json")))
    for path in directory.glob("execution_batch_*.json"):
        if path.stem.removeprefix("execution_batch_").isdecimal():
            path.replace(path.with_name(f"{path.stem}_round_{earlier + 1}.json"))


def _disagreements(claimed: Sequence[str], changed: Sequence[str]) -> list[str]:
    return [
        *(f"{each} was claimed, but is not changed" for each in claimed if each not in changed),
        *(f"{each} is changed, but nobody claimed it" for each in changed if each not in claimed),
    ]


def _baseline(directory: Path) -> dict[str, Any]:
    return _read(directory / BASELINE)


def _read(path: Path) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return found


def union(lists: Any) -> list[str]:
    """Return everything in the lists, each once, in the order it first stands there."""
    return list(dict.fromkeys(each for found in lists for each in found))
