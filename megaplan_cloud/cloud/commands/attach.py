"""`invoke attach`: a terminal in the box. It is raw: nothing is redacted."""

import sys

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import Answer
from megaplan_cloud.cloud.errors import InvalidArguments
from megaplan_cloud.cloud.marker import last_chain
from megaplan_cloud.cloud.playing import played
from megaplan_cloud.cloud.voice import Voice

OWN_SESSION = "agent"


def run(voice: Voice, *, cloud_yaml: str, session: str) -> Answer:
    """Attach to a session until it is left."""
    settings = voice.guard(loader.playable(loader.load(cloud_yaml)))
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise InvalidArguments(
            "`invoke attach` needs a terminal.",
            hint="Use `invoke logs --chain` or `invoke exec` where there is none.",
        )
    chosen = session or str(last_chain(settings).get("chain_session", OWN_SESSION))
    voice.say(f"Attaching to '{chosen}'. This is raw: nothing is redacted. Leave with Ctrl-b d.")
    played("attach", settings, voice, variables={"session": chosen}, show=False)
    return Answer({"success": True, "session": chosen}, (), passes_output=True)
