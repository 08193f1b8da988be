"""`invoke bootstrap IDEA`: one plan, started in the box, detached in tmux."""

import shlex
from collections.abc import Mapping
from pathlib import Path

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import Answer
from megaplan_cloud.cloud.errors import MissingIdeaFile
from megaplan_cloud.cloud.identity import slug
from megaplan_cloud.cloud.launch import Target, checkouts, launcher, now, watched
from megaplan_cloud.cloud.playing import played
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
        "watched": watched(place, settings),
        "checkouts": checkouts(settings, workspace),
        "launch": _launch(path, place, settings, plan_name, robustness),
    }
    played("bootstrap", settings, voice, variables=variables, check=check)
    document = {
        "success": True,
        "event": "cloud_bootstrap",
        "check": check,
        "session": place.session,
        "workspace": workspace,
        "log": place.log,
    }
    words = "rehearsed" if check else f"started in session {place.session}"
    return Answer(document, (f"bootstrap: {words}", f"  log: {place.log}"))


def _launch(
    path: Path, place: Target, settings: Settings, plan_name: str, robustness: str
) -> dict[str, object]:
    idea = f"{place.workspace}/idea.txt"
    words = [*launcher(settings), "init", "--project-dir", place.workspace, "--idea-file", idea]
    words += ["--auto-start", "--robustness", robustness]
    words += ["--name", plan_name] if plan_name else []
    trusted = "MEGAPLAN_TRUSTED_CONTAINER=1 " if settings["box.trusted"] else ""
    sessions = f"{settings.root}/.megaplan/cloud-sessions"
    return {
        "files": [{"src": str(path.resolve()), "dest": idea, "mode": "0644"}],
        "folders": [place.folder, sessions],
        "poison": ["chain_state.json"],
        "script": f"{place.folder}/run.sh",
        "command": f"{trusted}{shlex.join(words)} >> {shlex.quote(place.log)} 2>&1",
        "marker_path": f"{sessions}/{place.session}.json",
        "marker": {
            "session": place.session,
            "workspace": place.workspace,
            "run_kind": "plan",
            "started_at": now(),
        },
    }
