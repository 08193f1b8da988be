"""A scripted agent for the tests: it answers each phase, and writes a small module with its test.

A file `script.fail` in the project, such as `plan:quota`, lets one phase go wrong.
"""

import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PLAN = """# Add a greeting

## Overview

One function and its test.

## Step 1: Write `greeting.py`

Add `greet(name)`.

## Step 2: Test it in `test_greeting.py`

## Validation

Run `python3 -m unittest`.
"""
GOOD = 'def greet(name):\n    return f"Hello, {name}!"\n'
BROKEN = 'def greet(name):\n    return "Goodbye"\n'
TEST = """import unittest

from greeting import greet


class Greeting(unittest.TestCase):
    def test_greets(self):
        self.assertEqual("Hello, Ann!", greet("Ann"))
"""
# What it writes in place of an answer: on stdout, on stderr, and its exit code.
FAULTS = {
    "exit": ("", "", 7),
    "quota": ("", "Error: you have exceeded your quota\n", 1),
    "silent": ("", "", 0),
    "prose": ("I would rather not.\n", "", 0),
    "wrong": ('{"plan": 3, "questions": [], "success_criteria": [], "assumptions": []}', "", 0),
}


def main() -> None:
    """Answer the phase that the environment names."""
    prompt, phase = sys.stdin.read(), os.environ["MEGAPLAN_PHASE"]
    failing, _, how = asked_for().partition(":")
    how = how if failing == phase else ""
    if how == "hang":
        time.sleep(600)
    if how in FAULTS:
        out, told, rc = FAULTS[how]
        sys.stdout.write(out)
        sys.stderr.write(told)
        sys.exit(rc)
    sys.stdout.write("some log line {not json}\n")
    json.dump(ANSWERS[phase](prompt, how), sys.stdout)


def asked_for() -> str:
    """Return what is to go wrong; nothing without the file."""
    path = Path("script.fail")
    return path.read_text(encoding="utf-8").strip() if path.exists() else ""


def plan(_prompt: str, _how: str) -> dict[str, Any]:
    """Answer as the planner."""
    criterion = {"criterion": "the tests pass", "priority": "must"}
    return {"plan": PLAN, "questions": [], "success_criteria": [criterion], "assumptions": []}


def critique(_prompt: str, _how: str) -> dict[str, Any]:
    """Answer as the critic."""
    flag = {
        "id": "F1",
        "concern": "an empty name is not thought of",
        "category": "completeness",
        "severity_hint": "likely-minor",
        "evidence": "Step 1",
    }
    return {"checks": [], "flags": [flag], "verified_flag_ids": [], "disputed_flag_ids": []}


def revise(prompt: str, how: str) -> dict[str, Any]:
    """Answer the critique, which has to be in the prompt."""
    if "an empty name" not in prompt:
        sys.exit("the flag is not in the prompt")
    return plan(prompt, how) | {"changes_summary": "Thought of it", "flags_addressed": ["F1"]}


def finalize(_prompt: str, how: str) -> dict[str, Any]:
    """Answer as the finalizer: a module, then its test."""
    check = {"id": "S1", "task_id": "T1", "question": "Is it pure?"}
    return {
        "tasks": [
            task("T1", "Write greeting.py"),
            task("T2", "Test it", "T9" if how == "graph" else "T1"),
        ],
        "watch_items": ["Keep it small"],
        "sense_checks": [check | {"executor_note": "", "verdict": ""}],
        "meta_commentary": "",
        "validation": {
            "plan_steps_covered": [],
            "orphan_tasks": [],
            "completeness_notes": "",
            "coverage_complete": True,
        },
        "verification": {"command": "python3 -m unittest -q"},
    }


def task(name: str, description: str, *needs: str) -> dict[str, Any]:
    """Return a task that is still to be done."""
    return {
        "id": name,
        "description": description,
        "depends_on": list(needs),
        "status": "pending",
        "executor_notes": "",
        "files_changed": [],
        "commands_run": [],
        "evidence_files": [],
        "reviewer_verdict": "",
    }


def execute(prompt: str, how: str) -> dict[str, Any]:
    """Answer as the executor, and write the files of the batch's tasks."""
    batch = prompt.partition("# The tasks to carry out now")[2].partition("\n# ")[0]
    names = re.findall(r"^- `(T\d)`", batch, re.MULTILINE)
    again = "was not good enough" in prompt
    broken = how == "broken" or (how == "repaired" and not again)
    files = {"T1": {"greeting.py": GOOD}, "T2": {"test_greeting.py": TEST}}
    written = {path: text for name in names for path, text in files[name].items()}
    if "T2" in names and how:
        written["greeting.py"] = BROKEN if broken else GOOD
    for path, text in written.items():
        Path(path).write_text(text, encoding="utf-8")
    done = {"status": "done", "executor_notes": "done", "commands_run": []}
    return {
        "output": "wrote it",
        "files_changed": sorted(written),
        "commands_run": [],
        "deviations": [],
        "task_updates": [
            {"task_id": name, "files_changed": sorted(written), **done} for name in names
        ],
        "sense_check_acknowledgments": [{"sense_check_id": "S1", "executor_note": "yes"}],
    }


ANSWERS: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "plan": plan,
    "critique": critique,
    "revise": revise,
    "finalize": finalize,
    "execute": execute,
}

if __name__ == "__main__":
    main()
