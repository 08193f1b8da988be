"""`invoke exec CMD`: a command in the box, its output and its exit code."""

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import Answer, PlayFailed
from megaplan_cloud.cloud.playing import played
from megaplan_cloud.cloud.streaming import passing
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.report import Report, TaskReport
from megaplan_cloud.engine.result import Status


def run(voice: Voice, *, cloud_yaml: str, command: str) -> Answer:
    """Run the command; its exit code is the answer's."""
    settings = voice.guard(loader.playable(loader.load(cloud_yaml)))
    try:
        report = played(
            "exec", settings, voice, variables={"command": command}, listener=passing(voice)
        )
    except PlayFailed as failed:
        if (task := _ran(failed.report)) is None:
            raise
        return _answer(task)
    return _answer(_ran(report))


def _ran(report: Report) -> TaskReport | None:
    """Return the task that ran the command; None when it did not come to its end."""
    ended = (Status.OK, Status.CHANGED, Status.FAILED)
    tasks = [task for task in report.tasks() if task.action == "stream" and task.status in ended]
    return tasks[-1] if tasks and "rc" in tasks[-1].result else None


def _answer(task: TaskReport | None) -> Answer:
    result = dict(task.result) if task else {}
    rc = int(result.get("rc", 1))
    document = {
        "success": rc == 0,
        "rc": rc,
        "stdout": result.get("stdout", ""),
        "stderr": result.get("stderr", ""),
    }
    return Answer(document, (), rc, passes_output=True)
