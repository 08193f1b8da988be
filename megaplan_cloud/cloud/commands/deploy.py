"""`invoke deploy`: the box, started or brought up to date."""

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import DONE, FAILED, Answer
from megaplan_cloud.cloud.deploy_report import document, summary
from megaplan_cloud.cloud.launch import checkouts
from megaplan_cloud.cloud.playing import played
from megaplan_cloud.cloud.voice import Voice


def run(voice: Voice, *, cloud_yaml: str, check: bool, diff: bool) -> Answer:
    """Deploy, or say what a deploy would change."""
    settings = voice.guard(loader.playable(loader.load(cloud_yaml)))
    variables = {
        "checkouts": checkouts(settings, settings["repo.workspace"]),
        "secret_values": voice.secrets(settings),
    }
    report = played("deploy", settings, voice, variables=variables, check=check, diff=diff)
    answer = document(report, settings, check=check)
    return Answer(answer, summary(answer), DONE if answer["success"] else FAILED)
