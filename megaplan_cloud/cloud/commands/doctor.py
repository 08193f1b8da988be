"""`invoke doctor`: every known gotcha, found by its playbook and fixed by it if asked."""

from pathlib import Path
from typing import Any

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import DONE, FAILED, Answer, PlayFailed, of_failure
from megaplan_cloud.cloud.errors import InvalidArguments
from megaplan_cloud.cloud.marker import last_chain
from megaplan_cloud.cloud.playing import played, said
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.suggestion import did_you_mean
from megaplan_cloud.engine.validate import GIVEN
from megaplan_cloud.house import house


def run(voice: Voice, *, cloud_yaml: str, fix: str, check: bool) -> Answer:
    """Look for every gotcha, or fix the one that is named."""
    known = gotchas()
    if fix and fix not in known:
        raise InvalidArguments(
            f"There is no fixup '{fix}'.",
            hint=f"{did_you_mean(fix, known)}Fixups: {', '.join(known)}.",
        )
    settings = voice.guard(loader.playable(loader.load(cloud_yaml)))
    return _fixed(voice, settings, fix, check=check) if fix else _looked(voice, settings, known)


def gotchas() -> list[str]:
    """Return the names of all fixups; each is a playbook."""
    files = (house() / "playbooks" / "fixups").glob("*.yml")
    return sorted(path.stem for path in files if path.name != GIVEN)


def _looked(voice: Voice, settings: Settings, known: list[str]) -> Answer:
    """Return what was found; a gotcha, or one that could not be looked for, fails the answer."""
    found = [_gotcha(voice, settings, name) for name in known]
    bad = [gotcha for gotcha in found if gotcha["found"]]
    unknown = [gotcha for gotcha in found if "unknown" in gotcha]
    document: dict[str, Any] = {"success": not (bad or unknown), "gotchas": found}
    if bad:
        names = ", ".join(gotcha["id"] for gotcha in bad)
        document |= {
            "error": "gotcha_found",
            "message": f"{len(bad)} of {len(found)} gotchas found: {names}",
            "hint": bad[0]["fix"],
        }
    elif unknown:
        names = ", ".join(gotcha["id"] for gotcha in unknown)
        document |= {
            "error": "gotcha_unknown",
            "message": f"could not look for {names}: {unknown[0]['unknown']}",
            "hint": unknown[0]["fix"],
        }
    code = DONE if document["success"] else FAILED
    return Answer(document, tuple(_line(each) for each in found), code)


def _gotcha(voice: Voice, settings: Settings, name: str) -> dict[str, Any]:
    gotcha = {
        "id": name,
        "story": story(house() / "playbooks" / "fixups" / f"{name}.yml"),
        "found": False,
        "evidence": [],
        "places": [],
        "fix": f"invoke doctor --fix {name}",
    }
    try:
        words = _play(voice, settings, name, fix=False)
    except PlayFailed as failed:
        refusal = of_failure(failed.report, told=False).document
        return gotcha | {"unknown": refusal["message"], "fix": refusal["hint"]}
    if not words.get("found"):
        return gotcha
    return gotcha | {
        "found": True,
        "evidence": list(words.get("evidence") or []),
        "places": list(words.get("places") or []),
        "fix": words.get("by_hand") or gotcha["fix"],
    }


def _play(
    voice: Voice, settings: Settings, name: str, *, fix: bool, check: bool = False
) -> dict[str, Any]:
    """Return what a fixup said."""
    variables = {
        "fix": fix,
        "last_chain": last_chain(settings),
        "secret_values": voice.secrets(settings),
    }
    playbook = f"fixups/{name}"
    return said(played(playbook, settings, voice, variables=variables, check=check, show=fix))


def story(playbook: Path) -> str:
    """Return the first line of a fixup's own comment: what goes wrong."""
    lines = playbook.read_text(encoding="utf-8").splitlines()
    comments = [line.lstrip("# ") for line in lines if line.startswith("#")]
    return comments[1].partition("   ")[0].strip() if len(comments) > 1 else playbook.stem


def _fixed(voice: Voice, settings: Settings, name: str, *, check: bool) -> Answer:
    words = _play(voice, settings, name, fix=True, check=check)
    document = {"success": True, "event": "cloud_doctor", "check": check, **words}
    if not words.get("found"):
        return Answer(document, (f"{name}: there is nothing to fix",))
    if by_hand := words.get("by_hand"):
        return _by_hand(name, words, str(by_hand))
    next_step = str(words.get("next") or "")
    return Answer(document, tuple(line for line in (f"{name}: fixed", next_step) if line))


def _by_hand(name: str, words: dict[str, Any], hint: str) -> Answer:
    """Return the answer for what only a person can decide."""
    message = f"{name} is for a person to fix: {', '.join(map(str, words['evidence']))}"
    document = {"success": False, "error": "fix_by_hand", "message": message, "hint": hint}
    return Answer(document, (message, hint), FAILED)


def _line(gotcha: dict[str, Any]) -> str:
    if "unknown" in gotcha:
        return f"?      {gotcha['id']}: could not look: {gotcha['unknown']} {gotcha['fix']}"
    if not gotcha["found"]:
        return f"ok     {gotcha['id']}: {gotcha['story']}"
    evidence = ", ".join(str(each) for each in gotcha["evidence"])
    return f"FOUND  {gotcha['id']}: {gotcha['story']} {evidence}. Fix it: {gotcha['fix']}"
