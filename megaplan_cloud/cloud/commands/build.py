"""`invoke build`: what the box is made of."""

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import Answer
from megaplan_cloud.cloud.deploy_report import steps
from megaplan_cloud.cloud.launch import checkouts
from megaplan_cloud.cloud.playing import played
from megaplan_cloud.cloud.voice import Voice


def run(voice: Voice, *, cloud_yaml: str, check: bool, diff: bool) -> Answer:
    """Build, or say what would be built."""
    settings = voice.guard(loader.playable(loader.load(cloud_yaml)))
    variables = {"checkouts": checkouts(settings, settings["repo.workspace"])}
    report = played("build", settings, voice, variables=variables, check=check, diff=diff)
    document = {
        "success": True,
        "event": "cloud_build",
        "provider": settings.provider.name,
        "check": check,
        "steps": steps(report),
    }
    return Answer(document, ("build: done",))
