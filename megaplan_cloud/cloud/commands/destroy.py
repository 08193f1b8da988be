"""`invoke destroy`: nothing of the box is left, after the question was answered."""

import sys

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import FAILED, Answer
from megaplan_cloud.cloud.errors import InvalidArguments
from megaplan_cloud.cloud.playing import played
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.cloud.voice import Voice


def run(voice: Voice, *, cloud_yaml: str, yes: bool, check: bool) -> Answer:
    """Destroy the box when the question is answered with the name of its volume."""
    settings = voice.guard(loader.playable(loader.load(cloud_yaml)))
    if not (yes or check or _agreed(voice, settings)):
        return _not_confirmed()
    played("destroy", settings, voice, check=check)
    document = {
        "success": True,
        "event": "cloud_destroy",
        "provider": settings.provider.name,
        "volume": volume(settings),
        "check": check,
    }
    return Answer(
        document, ("destroy: nothing of the box is left" if not check else "destroy: rehearsed",)
    )


def _not_confirmed() -> Answer:
    message = "The answer was not the name of the volume; nothing was touched."
    hint = "Answer with the name, or give --yes."
    document = {"success": False, "error": "not_confirmed", "message": message, "hint": hint}
    return Answer(document, (message,), FAILED)


def volume(settings: Settings) -> str:
    """Return the name that the question is answered with."""
    return str(settings.variables.get("resources", {}).get("volume") or settings["box.name"])


def _agreed(voice: Voice, settings: Settings) -> bool:
    """Ask; only a person at a terminal, or a pipe that holds the answer, can answer."""
    name = volume(settings)
    voice.say(f"This deletes the box and its volume '{name}' ({settings.root}), for good.")
    voice.ask(f"Type the name of the volume to go on [{name}]: ")
    answer = sys.stdin.readline()
    if not answer and not sys.stdin.isatty():
        raise InvalidArguments(
            "There is nobody to ask whether the volume may be deleted.",
            hint="Give --yes.",
        )
    return answer.strip() == name
