"""`invoke status`: how a plan, or a chain, is doing."""

import json
from typing import Any

from megaplan_cloud.cloud import chain_status
from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import FAILED, Answer
from megaplan_cloud.cloud.errors import InvalidArguments
from megaplan_cloud.cloud.launch import launcher
from megaplan_cloud.cloud.marker import last_chain
from megaplan_cloud.cloud.playing import played, said
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.cloud.whereabouts import whereabouts


def run(voice: Voice, *, cloud_yaml: str, chain: bool, plan: str, remote_spec: str) -> Answer:
    """Look, change nothing, and say what was seen."""
    settings = voice.guard(loader.playable(loader.load(cloud_yaml)))
    if chain or remote_spec:
        if plan:
            raise InvalidArguments("Give --chain or --plan, not both.")
        return of_chain(voice, settings, remote_spec)
    return of_plan(voice, settings, plan)


def of_chain(voice: Voice, settings: Settings, remote_spec: str = "") -> Answer:
    """Return the status of a chain."""
    where = whereabouts(settings, remote_spec)
    variables = {"watched": where.watched(settings)}
    report = played("chain_status", settings, voice, variables=variables, show=False)
    document = chain_status.payload(said(report), where, settings)
    return Answer(document, chain_status.lines(document))


def of_plan(voice: Voice, settings: Settings, plan: str) -> Answer:
    """Return what the harness says of a plan, unchanged."""
    places = [last_chain(settings).get("workspace"), settings["repo.workspace"]]
    for workspace in dict.fromkeys(place for place in places if place):
        variables = {"workspace": workspace, "plan": plan, "launcher": launcher(settings)}
        seen = said(played("status", settings, voice, variables=variables, show=False))
        document = _document(seen)
        if document.get("error") not in ("missing_plan", "checkout_missing"):
            break
    code = 0 if seen.get("rc") in (0, "0") else FAILED
    return Answer(document, _lines(document), code)


def _document(seen: Any) -> dict[str, Any]:
    """Return the harness's document, or one that says why there is none."""
    if "missing" in seen:
        return {
            "success": False,
            "error": "checkout_missing",
            "message": f"There is no checkout at {seen['missing']}.",
            "hint": "`invoke deploy` clones it again; `invoke chain --spec S` does so for a chain.",
        }
    try:
        found = json.loads(seen["stdout"])
    except ValueError:
        found = None
    if isinstance(found, dict):
        # The harness names its own command, which is not typed here.
        begin = {"hint": "Start one with `invoke bootstrap IDEA`."}
        return found | (begin if found.get("error") == "missing_plan" else {})
    wrote = str(seen["stderr"] or seen["stdout"]).strip().splitlines()
    return {
        "success": False,
        "error": "invalid_status",
        "message": wrote[-1] if wrote else "the harness said nothing",
        "hint": "`invoke exec 'megaplan status'` shows all that it says.",
    }


def _lines(document: dict[str, Any]) -> tuple[str, ...]:
    if not document.get("success"):
        return (str(document.get("message")), str(document.get("hint") or ""))
    step = (document.get("active_step") or {}).get("step")
    return tuple(
        line
        for line in (
            str(document.get("summary") or ""),
            f"At work: {step}" if step else "",
            f"Next step: {document['next_step']}" if document.get("next_step") else "",
        )
        if line
    )
