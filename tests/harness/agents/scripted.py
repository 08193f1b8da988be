"""A scripted agent for the tests: reads the prompt, answers each phase, writes a small module.

`SCRIPT_FAIL=<phase>:<how>` in a file `script.fail` of the project makes one phase go wrong.
"""

import json
import os
import re
import sys
import time
from pathlib import Path

PLAN = """# Add a greeting

## Overview

One function and its test.

## Step 1: Write `greeting.py`

Add `greet(name)`.

## Step 2: Test it in `test_greeting.py`

## Validation

Run `python3 -m unittest`.
"""
CRITERION = {"criterion": "the tests pass", "priority": "must"}
CODE = 'def greet(name):\n    return f"Hello, {name}!"\n'
BROKEN = 'def greet(name):\n    return "Goodbye"\n'
TEST = """import unittest

from greeting import greet


class Greeting(unittest.TestCase):
    def test_greets(self):
        self.assertEqual("Hello, Ann!", greet("Ann"))
"""


def main() -> None:
    """Answer the phase that the environment names."""
    prompt = sys.stdin.read()
    phase = os.environ["MEGAPLAN_PHASE"]
    failing, _, how = _script().partition(":")
    if failing == phase:
        _misbehave(how)
    print("some log line {not json}")
    print(json.dumps(ANSWERS[phase](prompt, how)))


def _script() -> str:
    path = Path("script.fail")
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def _misbehave(how: str) -> None:
    match how:
        case "exit":
            sys.exit(7)
        case "quota":
            sys.stderr.write("Error: you have exceeded your quota\n")
            sys.exit(1)
        case "silent":
            sys.exit(0)
        case "prose":
            print("I would rather not.")
            sys.exit(0)
        case "wrong":
            print(json.dumps({"plan": 3, "questions": [], "success_criteria": [], "assumptions": []}))
            sys.exit(0)
        case "hang":
            time.sleep(600)


def plan(_prompt: str, _how: str) -> dict:
    return {"plan": PLAN, "questions": [], "success_criteria": [CRITERION], "assumptions": []}


def critique(_prompt: str, _how: str) -> dict:
    flag = {
        "id": "F1",
        "concern": "an empty name is not thought of",
        "category": "completeness",
        "severity_hint": "likely-minor",
        "evidence": "Step 1",
    }
    return {"checks": [], "flags": [flag], "verified_flag_ids": [], "disputed_flag_ids": []}


def revise(prompt: str, how: str) -> dict:
    assert "an empty name" in prompt
    return plan(prompt, how) | {"changes_summary": "Thought of it", "flags_addressed": ["F1"]}


def finalize(_prompt: str, how: str) -> dict:
    def task(name: str, what: str, needs: list[str]) -> dict:
        return {
            "id": name,
            "description": what,
            "depends_on": needs,
            "status": "pending",
            "executor_notes": "",
            "files_changed": [],
            "commands_run": [],
            "evidence_files": [],
            "reviewer_verdict": "",
        }

    needs = ["T9"] if how == "graph" else ["T1"]
    return {
        "tasks": [task("T1", "Write greeting.py", []), task("T2", "Test it", needs)],
        "watch_items": ["Keep it small"],
        "sense_checks": [
            {"id": "S1", "task_id": "T1", "question": "Is it pure?", "executor_note": "", "verdict": ""}
        ],
        "meta_commentary": "",
        "validation": {
            "plan_steps_covered": [],
            "orphan_tasks": [],
            "completeness_notes": "",
            "coverage_complete": True,
        },
        "verification": {"command": "python3 -m unittest -q"},
    }


def execute(prompt: str, how: str) -> dict:
    files = {}
    if "`T1`" in prompt.split("# The tasks to carry out now")[1].split("\n# ")[0]:
        files["greeting.py"] = CODE
    if "`T2`" in prompt.split("# The tasks to carry out now")[1].split("\n# ")[0]:
        files["test_greeting.py"] = TEST
        if how == "broken":
            files["greeting.py"] = BROKEN
        if how == "repaired":
            files["greeting.py"] = CODE if "was not good enough" in prompt else BROKEN
    for name, text in files.items():
        Path(name).write_text(text, encoding="utf-8")
    updates = [
        {
            "task_id": name,
            "status": "done",
            "executor_notes": "done",
            "files_changed": sorted(files),
            "commands_run": [],
        }
        for name in re.findall(r"^- `(T\d)`", prompt.split("# What to do")[0].split("# The tasks to carry out now")[1].split("\n# ")[0], re.MULTILINE)
    ]
    return {
        "output": "wrote it",
        "files_changed": sorted(files),
        "commands_run": [],
        "deviations": [],
        "task_updates": updates,
        "sense_check_acknowledgments": [{"sense_check_id": "S1", "executor_note": "yes"}],
    }


ANSWERS = {
    "plan": plan,
    "critique": critique,
    "revise": revise,
    "finalize": finalize,
    "execute": execute,
}

if __name__ == "__main__":
    main()
