"""`invoke chain --spec S`: a chain, staged and started in its box, and followed if asked."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from megaplan_cloud.cloud import chain_spec
from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import DONE, FAILED, WAITING, Answer
from megaplan_cloud.cloud.chain_spec import LocalChain
from megaplan_cloud.cloud.commands.status import of_chain
from megaplan_cloud.cloud.effective_status import Status
from megaplan_cloud.cloud.errors import InvalidArguments
from megaplan_cloud.cloud.launch import prepare
from megaplan_cloud.cloud.playing import played, said
from megaplan_cloud.cloud.progress import Progress, following
from megaplan_cloud.cloud.provenance import provenance
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.cloud.voice import Voice

NEEDS_A_PERSON = frozenset(
    {
        Status.AWAITING_PR_MERGE,
        Status.PR_CLOSED,
        Status.AWAITING_HUMAN_VERIFY,
        Status.HUMAN_PREREQUISITE,
    }
)


def run(
    voice: Voice,
    *,
    cloud_yaml: str,
    spec: str,
    idea_dir: str,
    fresh: bool,
    wait: bool,
    repo: Mapping[str, str],
    check: bool,
) -> Answer:
    """Start the chain; nothing is uploaded before everything that can be known is right."""
    if not spec:
        raise InvalidArguments("`invoke chain` needs a chain spec.", hint="Name it with --spec.")
    settings = voice.guard(loader.playable(loader.load(cloud_yaml, **repo)))
    chain = chain_spec.load(spec)
    ideas = Path(idea_dir).expanduser() if idea_dir else chain.path.parent
    variables = prepare(chain, settings, idea_dir=ideas, here=Path.cwd(), fresh=fresh)
    report = played("chain", settings, voice, variables=variables, check=check)
    document = provenance(chain, settings, variables, said(report), check=check)
    for line in _started(document):
        voice.say(line)
    if check or (document["tmux"]["status"] in ("started", "already_running") and not wait):
        return Answer(document)
    return _followed(voice, settings, chain, variables, document)


def _started(document: Mapping[str, Any]) -> tuple[str, ...]:
    tmux = document["tmux"]
    if document["check"]:
        return ("chain: rehearsed; nothing was started",)
    return (
        f"chain: {tmux['status'].replace('_', ' ')} in session {tmux['session']}",
        f"  spec: {document['remote_spec']}",
        f"  log: {document['log']['chain_log']}",
    )


def _followed(
    voice: Voice,
    settings: Settings,
    chain: LocalChain,
    variables: Mapping[str, Any],
    launched: Mapping[str, Any],
) -> Answer:
    """Follow the chain until its runner has ended; its end is the answer."""
    progress = Progress([each.label for each in chain.milestones])
    played(
        "chain_follow",
        settings,
        voice,
        variables={"watched": variables["watched"]},
        listener=following(voice, progress),
    )
    answer = of_chain(voice, settings)
    status = Status(answer.document["effective_status"])
    code = _code(status, dict(progress.last.get("exit") or {}))
    document = {**answer.document, "success": code == DONE, "launch": dict(launched)}
    if code != DONE:
        document |= {
            "error": "chain_waiting" if code == WAITING else "chain_failed",
            "message": _why(answer.document),
            "hint": answer.document["next"],
        }
    return Answer(document, answer.lines, code)


def _code(status: Status, ended: Mapping[str, Any]) -> int:
    """Return the exit code of a chain that was followed: as its runner said, else as it is now."""
    if ended.get("rc") in (DONE, WAITING):
        return int(ended["rc"])
    return DONE if status is Status.COMPLETE else WAITING if status in NEEDS_A_PERSON else FAILED


def _why(document: Mapping[str, Any]) -> str:
    failure = document["failure"]
    if not failure:
        return str(document["reason"])
    phase = f" in {failure['phase']}" if failure.get("phase") else ""
    return f"{failure.get('label')} {failure.get('status')}{phase}: {failure.get('reason')}"
