"""`invoke down`: the box stops, its volume stays."""

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import Answer
from megaplan_cloud.cloud.playing import played
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.result import Status


def run(voice: Voice, *, cloud_yaml: str, check: bool) -> Answer:
    """Stop the box, or say what stopping it would end."""
    settings = voice.guard(loader.playable(loader.load(cloud_yaml)))
    report = played("down", settings, voice, check=check)
    changed = any(task.status is Status.CHANGED for task in report.tasks())
    document = {
        "success": True,
        "event": "cloud_down",
        "provider": settings.provider.name,
        "check": check,
        "no_op": not changed,
    }
    words = "the box was down already" if not changed else "the box is down; its volume stays"
    return Answer(document, (f"down: {words}",))
