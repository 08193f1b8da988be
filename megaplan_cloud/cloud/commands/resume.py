"""`invoke resume`: the next step of a plan, as the harness's status names it."""

import shlex

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import FAILED, Answer
from megaplan_cloud.cloud.commands.status import of_plan
from megaplan_cloud.cloud.launch import launcher
from megaplan_cloud.cloud.marker import last_chain
from megaplan_cloud.cloud.playing import played
from megaplan_cloud.cloud.streaming import Passing
from megaplan_cloud.cloud.voice import Voice

WITH_FLAGS = {
    "execute": ["execute", "--confirm-destructive", "--user-approved", "--retry-blocked-tasks"],
    "feedback": ["feedback", "workflow"],
}


def run(voice: Voice, *, cloud_yaml: str, plan: str) -> Answer:
    """Ask for the next step, and take it."""
    settings = voice.guard(loader.playable(loader.load(cloud_yaml)))
    status = of_plan(voice, settings, plan)
    step = status.document.get("next_step")
    if not isinstance(step, str) or not step.strip():
        return _refused(status)
    words = [*WITH_FLAGS.get(step, shlex.split(step)), *(["--plan", plan] if plan else [])]
    variables = {
        "workspace": last_chain(settings).get("workspace") or settings["repo.workspace"],
        "launcher": launcher(settings),
        "words": words,
    }
    passing = Passing(voice)
    played("resume", settings, voice, variables=variables, listener=passing.listening())
    document = {"success": True, "event": "cloud_resume", "step": step, "lines": passing.lines}
    return Answer(document, (), passes_output=True)


def _refused(status: Answer) -> Answer:
    if not status.document.get("success"):
        return Answer(status.document, status.lines, FAILED)
    message = "Remote status did not include a next_step"
    hint = "`invoke status` says how the plan is."
    document = {"success": False, "error": "invalid_status", "message": message, "hint": hint}
    return Answer(document, (message, hint), FAILED)
