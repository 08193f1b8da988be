"""The flags of a plan: what critiques found wrong with it, over all versions (`faults.json`)."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.kept import Kept, keep_json
from megaplan_cloud.harness.state import State

FILE = "faults.json"
BLOCKING = frozenset({"open", "disputed", "addressed"})


def keep(directory: Path, state: State, answer: Mapping[str, Any]) -> Kept:
    """Keep a critique of the newest version, and what it changes among the flags."""
    version = state.iteration
    flags = merged(read(directory), answer, version)
    name = f"critique_v{version}.json"
    keep_json(directory, name, answer, phase="critique")
    keep_json(directory, FILE, {"flags": flags}, phase="critique")
    files = [name, FILE]
    if state.level == "light":
        keep_json(directory, "gate.json", _no_gate(), phase="critique")
        files.append("gate.json")
    still_open = [flag for flag in flags if flag["status"] in BLOCKING]
    return Kept(
        files=tuple(files),
        state={"last_gate": {}},
        history={"flags_count": len(flags)},
        payload={
            "iteration": version,
            "checks": answer["checks"],
            "verified_flags": list(answer["verified_flag_ids"]),
            "open_flags": [
                {key: flag[key] for key in ("id", "concern", "category", "severity")}
                for flag in still_open
            ],
            "scope_creep_flags": [
                flag["id"] for flag in still_open if "scope" in flag["concern"].lower()
            ],
        },
    )


def address(directory: Path, answered: list[str], version: int) -> list[str]:
    """Mark flags as addressed by a new version and return the ids that are still open."""
    flags = [
        {**flag, "status": "addressed", "addressed_in": version}
        if flag["id"] in answered and flag["status"] in BLOCKING
        else flag
        for flag in read(directory)
    ]
    keep_json(directory, FILE, {"flags": flags}, phase="revise")
    return [flag["id"] for flag in flags if flag["status"] in {"open", "disputed"}]


def read(directory: Path) -> list[dict[str, Any]]:
    """Return every flag there is. Raises HarnessError when the file cannot be read."""
    path = directory / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["flags"]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise HarnessError("unreadable_state", f"{path} cannot be read: {error}") from error
    return list(found)


def merged(
    known: list[dict[str, Any]], answer: Mapping[str, Any], version: int
) -> list[dict[str, Any]]:
    """Return the flags after a critique: new ones added, known ones by their id kept once."""
    flags = {flag["id"]: flag for flag in known}
    for raised in [*answer["flags"], *_from_checks(answer)]:
        earlier = flags.get(raised["id"], {"raised_in": version})
        severity = "minor" if raised["severity_hint"] == "likely-minor" else "significant"
        flags[raised["id"]] = {
            **earlier,
            **raised,
            "status": "open",
            "severity": severity,
            "verified": False,
        }
    for name in answer["verified_flag_ids"]:
        if name in flags:
            change = {"status": "verified", "verified": True, "verified_in": version}
            flags[name] = {**flags[name], **change}
    for name in answer["disputed_flag_ids"]:
        if name in flags:
            flags[name] = {**flags[name], "status": "disputed"}
    return list(flags.values())


def _from_checks(answer: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return a flag for each finding that a check flagged: the check's id, then `-2` and so on."""
    raised = []
    for check in answer["checks"]:
        flagged = [each for each in check["findings"] if each["flagged"]]
        for number, finding in enumerate(flagged, start=1):
            raised.append(
                {
                    "id": check["id"] if number == 1 else f"{check['id']}-{number}",
                    "concern": finding["detail"],
                    "category": "other",
                    "severity_hint": "uncertain",
                    "evidence": check["question"],
                }
            )
    return raised


def _no_gate() -> dict[str, Any]:
    return {
        "passed": False,
        "recommendation": "ITERATE",
        "rationale": "A light plan has no gate: its critique is answered by one revision.",
        "warnings": [],
        "settled_decisions": [],
        "override_forced": False,
    }
