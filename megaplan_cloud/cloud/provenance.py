"""The provenance of a chain: what was started, from which commit, where, and how that went."""

from collections.abc import Mapping
from typing import Any

from megaplan_cloud.cloud.chain_spec import LocalChain
from megaplan_cloud.cloud.launch import session_named
from megaplan_cloud.cloud.settings import Settings

LAUNCHED = ("advanced", "finished", "stopped")


def provenance(
    chain: LocalChain,
    settings: Settings,
    variables: Mapping[str, Any],
    seen: Mapping[str, Any],
    *,
    check: bool,
) -> dict[str, Any]:
    """Return the JSON document of `invoke chain` (schemas/chain_launch.schema.json)."""
    watched, launch = variables["watched"], variables["launch"]
    running = dict(seen.get("probe") or {}).get("runner") == "alive"
    repos = [dict(repo) for repo in seen.get("repos") or []]
    return {
        "success": True,
        "event": "cloud_chain_launched",
        "check": check,
        "remote_spec": watched["spec"],
        "current_milestone": chain.milestones[0].label if chain.milestones else None,
        "plan_name": None,
        "pr_number": None,
        "repo": _repo(settings, watched, repos),
        "chain": {
            "base_branch": chain.base_branch or settings["repo.branch"],
            "milestone_count": len(chain.milestones),
            "labels": [each.label for each in chain.milestones],
            "resolved_phase_map_summary": list(seen.get("phase_maps") or []),
        },
        **_policies(chain),
        "megaplan": {
            "ref": settings["megaplan.ref"],
            "install_source": settings["megaplan.source"],
            "launcher": settings["megaplan.launcher"],
        },
        "uploaded_idea_count": 0 if running or check else len(chain.milestones),
        "tmux": {
            "session": watched["session"],
            "status": _word(seen.get("verification"), running=running),
        },
        "log": {"chain_log": watched["log"]},
        "launch": {
            "identity_digest": watched["digest"],
            "session_marker": launch["marker_path"],
            "derived_workspace": "repo.workspace" not in settings.written,
            "derived_session": not session_named(settings),
        },
        "verification": _verification(seen.get("verification")),
    }


def _repo(
    settings: Settings, watched: Mapping[str, Any], repos: list[dict[str, Any]]
) -> dict[str, Any]:
    found = repos[0] if repos else {}
    return {
        "url": settings["repo.url"],
        "branch": settings["repo.branch"],
        "workspace": watched["workspace"],
        "head": found.get("head"),
        "checked_out_branch": found.get("checked_out_branch"),
    }


def _policies(chain: LocalChain) -> dict[str, Any]:
    node = chain.node
    review = dict(node.get("review_policy") or {})
    return {
        "prerequisite_policy": node.get("prerequisite_policy", "none"),
        "validation_policy": node.get("validation_policy", "none"),
        "review_policy": {"clean_milestone_pr": review.get("clean_milestone_pr", "auto")},
    }


def _word(verification: Mapping[str, Any] | None, *, running: bool) -> str:
    """Return already_running, started, finished or stopped; unknown when nothing was started."""
    if running:
        return "already_running"
    status = str((verification or {}).get("status", ""))
    return {"advanced": "started", "finished": "finished", "stopped": "stopped"}.get(
        status, "unknown"
    )


def _verification(seen: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if seen is None:
        return None
    return {
        "status": "ok" if seen["status"] in LAUNCHED else "verification_failed",
        "session_alive": seen["runner"] == "alive",
        "advanced_past_init": seen["status"] in LAUNCHED,
        "state_path": seen["state_path"],
        "state_present": seen["state"] is not None,
        "chain_log": seen["log"]["path"],
        "chain_log_size": seen["log"].get("size"),
        "likely_cause": seen["likely_cause"],
    }
