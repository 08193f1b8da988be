"""The report of a deploy: its steps, what changed, and how the box is now."""

from collections.abc import Mapping
from typing import Any

from megaplan_cloud.cloud.playing import said
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.engine.report import Report, TaskReport
from megaplan_cloud.engine.result import Status

TAIL_LINES, TAIL_CHARACTERS = 20, 4000
LOOKING = frozenset(
    {"query", "stat", "assert", "emit", "refuse", "debug", "slurp", "include_role", "include_tasks"}
)
DEGRADED = "deploy: the box is up, but degraded: no chain can be started in it"
# What can be wrong with a checkout, and what to do about it.
REMEDIES = {
    "failed": "Look at the address, the branch and the credentials",
    "wrong_remote": "Correct the url in cloud.yaml, or move that checkout away",
    "nested": "Give each repo a workspace of its own",
    "not_a_checkout": "Move what is there away, or choose another workspace",
}


def steps(report: Report) -> list[dict[str, Any]]:
    """Return each task that does something, with its status and what it wrote last."""
    return [_step(task) for task in report.tasks() if task.action not in LOOKING]


def document(report: Report, settings: Settings, *, check: bool) -> dict[str, Any]:
    """Return the JSON document of a deploy (schemas/deploy.schema.json)."""
    seen = said(report)
    changed = [task.name for task in report.tasks() if task.status is Status.CHANGED]
    unknown = [task.name for task in report.tasks() if task.status is Status.UNKNOWN]
    repos = [dict(repo) for repo in seen.get("repos", [])]
    no_op = not changed and not (check and unknown)
    warnings = _warnings(repos, seen.get("health") or {})
    degraded = _degraded(repos)
    return {
        "success": not degraded,
        "event": "cloud_deploy",
        "provider": settings.provider.name,
        "service": settings["box.identity"],
        "check": check,
        "steps": steps(report),
        "changed": changed,
        "unknown": unknown,
        "image_rebuild": seen.get("image_rebuild", "not_triggered"),
        "image_ref": seen.get("image_ref"),
        "no_op": no_op,
        "secrets": list(seen.get("secrets") or []),
        "volume": seen.get("volume"),
        "repos": repos,
        "health": seen.get("health"),
        "warnings": warnings,
        "verdict": DEGRADED
        if degraded
        else _verdict(no_op=no_op, check=check, changed=len(changed)),
        **degraded,
    }


def summary(answer: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the lines by which a person knows how the deploy went."""
    lines = [f"cloud deploy: provider={answer['provider']} service={answer['service']}"]
    lines += [f"  {repo['workspace']}: {_repo(repo)}" for repo in answer["repos"]]
    lines += [f"  secret {each['status']}: {each['name']}" for each in answer["secrets"]]
    if answer["health"]:
        lines.append(f"  health: {answer['health']['status']} at {answer['health']['url']}")
    lines += [f"warning: {warning}" for warning in answer["warnings"]]
    return (*lines, answer["verdict"], *([answer["hint"]] if "hint" in answer else []))


def _step(task: TaskReport) -> dict[str, Any]:
    shown: dict[str, Any] = {"name": task.name, "status": str(task.status), "detail": task.reason}
    for stream in ("stdout", "stderr"):
        if text := str(task.result.get(stream) or ""):
            shown[f"{stream}_tail"] = text.splitlines()[-TAIL_LINES:]
    return shown


def _repo(repo: Mapping[str, Any]) -> str:
    if repo["reason"]:
        return f"{repo['status']}: {repo['reason']}"
    dirty = ", with uncommitted changes" if repo.get("dirty") else ""
    return f"{repo['status']}, {repo['checked_out_branch']} at {repo['head'][:12]}{dirty}"


def _warnings(repos: list[dict[str, Any]], health: Mapping[str, Any]) -> list[str]:
    """Return what an operator should know although the box came up."""
    fine = ("cloned", "present")
    found = [
        f"{repo['workspace']} is not usable: {repo['reason']}"
        for repo in repos
        if repo["status"] not in fine
    ]
    components = dict(health.get("components") or {})
    return found + [
        f"{name} is {each['status']}: {each.get('reason', '')}"
        for name, each in components.items()
        if each["status"] != "ready" and not name.startswith("repo:")
    ]


def _degraded(repos: list[dict[str, Any]]) -> dict[str, str]:
    """Return what a box that has not every checkout answers, and nothing for any other.

    It is up and can be asked, but no chain can be started in it.
    """
    bad = [repo for repo in repos if repo["status"] in REMEDIES]
    if not bad:
        return {}
    remedies = dict.fromkeys(_remedy(repo) for repo in bad)
    return {
        "error": "box_degraded",
        "message": "The box is up, but degraded: "
        + "; ".join(
            f"{repo['url']} is not in {repo['workspace']}: {repo['reason']}" for repo in bad
        ),
        "hint": f"{'. '.join(remedies)}; then run `invoke deploy` again.",
    }


def _remedy(repo: Mapping[str, Any]) -> str:
    """Return what to do about a checkout."""
    full = "No space left on device" in repo["reason"]
    return "Make room on the volume" if full else REMEDIES[repo["status"]]


def _verdict(*, no_op: bool, check: bool, changed: int) -> str:
    if no_op:
        return "deploy: no-op (nothing changed)"
    return f"deploy: {changed} step{'s' * (changed != 1)} {'would change' if check else 'changed'}"
