"""The versions of a plan's text: `plan_v<n>.md`, and what goes with each in `.meta.json`."""

import difflib
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import clock
from megaplan_cloud.harness.errors import AgentError, HarnessError
from megaplan_cloud.harness.kept import Kept, keep_json, keep_text
from megaplan_cloud.harness.state import State

STEP = re.compile(r"^#{2,3} Step (\d+):", re.MULTILINE)
H1 = re.compile(r"^# \S", re.MULTILINE)
META = ("questions", "success_criteria", "assumptions")
EXTRA = ("changes_summary", "flags_addressed", "step_edit")


def keep(directory: Path, state: State, answer: Mapping[str, Any], phase: str) -> Kept:
    """Keep the text of an answer as the plan's next version; AgentError without any step in it.

    A plan that is written again before anybody criticised it stays at its number and gets a
    letter: `plan_v1a.md`.
    """
    again = phase == "plan" and state.current_state == "planned"
    version = max(1, state.iteration) if again else state.iteration + 1
    extra = _revision(answer) if phase == "revise" else {}
    kept = store(
        directory, state, answer["plan"], {**answer, **extra}, version=version, phase=phase
    )
    shown = (
        {**extra, "plan_delta_percent": kept.history["delta"]}
        if extra
        else {key: answer[key] for key in META}
    )
    return replace(kept, payload={"iteration": version, **shown})


def store(
    directory: Path,
    state: State,
    plan: str,
    meta: Mapping[str, Any],
    *,
    version: int,
    phase: str,
) -> Kept:
    """Write a version's two files and return the state that has it as the newest."""
    name = next_name(state, version)
    delta = delta_percent(text(directory, state), plan) if state.plan_versions else 0.0
    entry = {
        "version": version,
        "file": name,
        "hash": f"sha256:{hashlib.sha256(plan.encode()).hexdigest()}",
        "timestamp": clock.stamp(),
    }
    document = {
        **{key: entry[key] for key in ("version", "timestamp", "hash")},
        **{key: meta.get(key, []) for key in META},
        "structure_warnings": structure(plan),
        "delta_from_previous_percent": delta,
        **{key: meta[key] for key in EXTRA if key in meta},
    }
    keep_text(directory, name, plan, phase=phase)
    keep_json(directory, meta_name(name), document, phase=phase)
    return Kept(
        files=(name, meta_name(name)),
        state={
            "plan_versions": [*state.plan_versions, entry],
            "iteration": version,
            "last_gate": {},
        },
        history={"delta": delta},
    )


def text(directory: Path, state: State) -> str:
    """Return the newest version's text. Raises HarnessError `missing_plan_version`."""
    return _read(directory / newest(state))


def meta(directory: Path, state: State) -> dict[str, Any]:
    """Return what goes with the newest version: criteria, questions, assumptions, warnings."""
    found: dict[str, Any] = json.loads(_read(directory / meta_name(newest(state))))
    return found


def newest(state: State) -> str:
    """Return the file name of the newest version. Raises HarnessError `missing_plan_version`."""
    if not state.plan_versions:
        raise HarnessError("missing_plan_version", f"{state.name} has no plan yet")
    return str(state.plan_versions[-1]["file"])


def next_name(state: State, version: int) -> str:
    """Return `plan_v<version>.md`, with the next letter when that number is taken."""
    taken = sum(1 for each in state.plan_versions if each["version"] == version)
    letter = "" if taken == 0 else chr(ord("a") + taken - 1) if taken <= 26 else f"_{taken}"  # noqa: PLR2004
    return f"plan_v{version}{letter}.md"


def meta_name(name: str) -> str:
    """Return the file name of what goes with a version."""
    return f"{name.removesuffix('.md')}.meta.json"


def structure(plan: str) -> list[str]:
    """Return what is odd about a plan's headings. Raises AgentError when it has no step at all."""
    if not STEP.search(plan):
        raise AgentError(
            "structure_error",
            "the plan has no `## Step N:` heading, so there is nothing to carry out",
            raw=plan,
        )
    checks = {
        "not exactly one title (`# …`)": len(H1.findall(plan)) == 1,
        "no `## Overview`": "\n## Overview" in f"\n{plan}",
        "no `## Validation` or `## Execution Order`": bool(
            re.search(r"^## (Validation|Execution)", plan, re.MULTILINE)
        ),
    }
    return [told for told, fine in checks.items() if not fine]


def delta_percent(before: str, after: str) -> float:
    """Return how much of the text changed, in percent."""
    matcher = difflib.SequenceMatcher(None, before.splitlines(), after.splitlines())
    return round(100 * (1 - matcher.ratio()), 1)


def _revision(answer: Mapping[str, Any]) -> dict[str, Any]:
    addressed = [
        each if isinstance(each, str) else each["id"] for each in answer["flags_addressed"]
    ]
    return {"changes_summary": answer["changes_summary"], "flags_addressed": addressed}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise HarnessError(
            "missing_plan_version",
            f"{path} is not there",
            hint="Put it back, or plan anew: megaplan override replan",
        ) from None
