"""What a plan says it changed, held against what Git sees: the files its commits are made of."""

from megaplan_cloud.harness import execution, task_list
from megaplan_cloud.harness.plan import Plan


def claimed_paths(plan: Plan) -> list[str]:
    """Return the files, from the project's folder, that the plan claims and really changed.

    A claim counts when Git sees the change; where there is no checkout every claim inside the
    project counts. Before execute there are none.
    """
    found = _audit(plan)
    changed = found["files_in_diff"]
    return [path for path in found["files_claimed"] if found["skipped"] or path in changed]


def unclaimed_paths(plan: Plan) -> list[str]:
    """Return the files that changed since execute began and that nobody claims."""
    found = _audit(plan)
    return [path for path in found["files_in_diff"] if path not in found["files_claimed"]]


def _audit(plan: Plan) -> dict[str, list[str]]:
    """Return the audit as it is now: the one on disk may be older than the work."""
    directory = plan.directory
    if not (directory / task_list.FILE).exists():
        return {"files_claimed": [], "files_in_diff": [], "skipped": []}
    document = task_list.read(directory)
    records = execution.batch_records(directory, document)
    return execution.audit(directory, plan.state(), document, records)
