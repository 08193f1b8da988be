"""`invoke logs`: what the box, or the chain, has said; every secret redacted."""

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import Answer
from megaplan_cloud.cloud.playing import played
from megaplan_cloud.cloud.streaming import Passing
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.cloud.whereabouts import whereabouts


def run(voice: Voice, *, cloud_yaml: str, chain: bool, follow: bool) -> Answer:
    """Show the log line by line, as it comes."""
    settings = voice.guard(loader.playable(loader.load(cloud_yaml)))
    variables = {"logs": {"follow": follow}}
    if chain:
        variables |= {"watched": whereabouts(settings).watched(settings)}
    name = "chain_logs" if chain else "logs"
    passing = Passing(voice)
    played(name, settings, voice, variables=variables, listener=passing.listening())
    return Answer({"success": True, "lines": passing.lines}, (), passes_output=True)
