"""`invoke exec CMD`: a command in the box, its output and its exit code."""

from collections.abc import Mapping
from typing import Any

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import FAILED, Answer, PlayFailed
from megaplan_cloud.cloud.errors import InvalidArguments
from megaplan_cloud.cloud.playing import played
from megaplan_cloud.cloud.streaming import Passing
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.report import Report
from megaplan_cloud.engine.result import Status

RAN = (Status.OK, Status.CHANGED, Status.FAILED)


def run(voice: Voice, *, cloud_yaml: str, command: str) -> Answer:
    """Run the command; its exit code is the answer's."""
    if not command.strip():
        raise InvalidArguments("`invoke exec` needs a command.", hint="As in `invoke exec 'ls'`.")
    settings = voice.guard(loader.playable(loader.load(cloud_yaml)))
    variables = {"command": command, "live": not voice.wants_json}
    passing = Passing(voice, apart=True)
    try:
        report = played("exec", settings, voice, variables=variables, listener=passing.listening())
    except PlayFailed as failed:
        if _ran(failed.report) is None:
            raise
        report = failed.report
    result = _ran(report) or {}
    rc = int(result.get("rc", FAILED))
    document = {
        "success": rc == 0,
        "rc": rc,
        "stdout": result.get("stdout", ""),
        "stderr": result.get("stderr", ""),
    }
    return Answer(document, (), rc, passes_output=True)


def _ran(report: Report) -> Mapping[str, Any] | None:
    """Return the result of the command itself; None when it did not come to its end."""
    results = (
        task.result
        for task in report.tasks()
        if task.action in ("stream", "command") and task.status in RAN and "rc" in task.result
    )
    return next(results, None)
