"""`invoke bootstrap IDEA`: one plan, started in the box, detached in tmux."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import FAILED, Answer
from megaplan_cloud.cloud.errors import MissingIdeaFile
from megaplan_cloud.cloud.identity import slug
from megaplan_cloud.cloud.launch import Target, checkouts, kept, launcher, now, watched
from megaplan_cloud.cloud.playing import played, said
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.cloud.voice import Voice


def run(
    voice: Voice,
    *,
    cloud_yaml: str,
    idea: str,
    plan_name: str,
    robustness: str,
    repo: Mapping[str, str],
    check: bool,
) -> Answer:
    """Upload the idea, start the plan, and say where it runs."""
    settings = voice.guard(loader.playable(loader.load(cloud_yaml, **repo)))
    path = Path(idea).expanduser()
    if not path.is_file():
        raise MissingIdeaFile(f"there is no idea file {path}", hint="Give the file of an idea.")
    workspace = settings["repo.workspace"]
    place = Target(
        session=f"megaplan-plan-{slug(plan_name or path.stem, 40)}",
        workspace=workspace,
        spec=f"{workspace}/idea.txt",
        digest="",
        derived_session=True,
        derived_workspace=False,
    )
    variables = {
        "watched": watched(place, settings, "plan"),
        "checkouts": checkouts(settings, workspace),
        "launch": _launch(path, place, settings, plan_name, robustness),
    }
    report = played("bootstrap", settings, voice, variables=variables, check=check)
    verification = dict(said(report).get("verification") or {})
    document = {
        "success": True,
        "event": "cloud_bootstrap",
        "check": check,
        "session": place.session,
        "workspace": workspace,
        "log": place.log,
    }
    if verification.get("status") == "stopped":
        return _stopped(document, dict(verification["result"]))
    words = "rehearsed" if check else f"started in session {place.session}"
    return Answer(document, (f"bootstrap: {words}", f"  log: {place.log}"))


def _stopped(document: Mapping[str, object], result: Mapping[str, object]) -> Answer:
    """Return the answer for a plan that has stopped already, while its launch was watched."""
    message = f"The plan started and stopped: {result.get('message') or result.get('reason')}"
    hint = str(result.get("hint") or "`invoke status --plan NAME` says what it needs.")
    failed = {"success": False, "error": "plan_failed", "message": message, "hint": hint}
    return Answer({**failed, "details": dict(document)}, (message, hint), FAILED)


def _launch(
    path: Path, place: Target, settings: Settings, plan_name: str, robustness: str
) -> dict[str, object]:
    idea = f"{place.workspace}/idea.txt"
    words = [*launcher(settings), "init", "--project-dir", place.workspace, "--idea-file", idea]
    words += ["--auto-start", *(["--robustness", robustness] if robustness else [])]
    words += ["--name", plan_name] if plan_name else []
    trusted = "MEGAPLAN_TRUSTED_CONTAINER=1 " if settings["box.trusted"] else ""
    sessions = f"{settings.root}/.megaplan/cloud-sessions"
    return {
        "files": [{"src": str(path.resolve()), "dest": idea, "mode": "0644"}],
        "folders": [place.folder, sessions],
        "poison": ["chain_state.json"],
        "script": f"{place.folder}/run.sh",
        "command": kept(f"{trusted}{shlex.join(words)}", place, settings),
        "hint": f"The log says why: {place.log}",
        "marker_path": f"{sessions}/{place.session}.json",
        "marker": {
            "session": place.session,
            "workspace": place.workspace,
            "run_kind": "plan",
            "started_at": now(),
        },
    }
