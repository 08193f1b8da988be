"""An agent without a model: it answers each phase as `work/` says, and does the work for real.

It is asked as any agent is: the prompt on stdin, one JSON object on stdout, started in the
project's folder. Every answer is the same each time, so a run can be repeated and compared.
"""

import json
import re
import shutil
import subprocess
import sys
import time
import tomllib
from pathlib import Path
from typing import Any

WORK = Path(__file__).resolve().parent / "work"
THINKING = 0.3  # seconds: long enough to watch, short enough to wait for


def main() -> None:
    """Answer the prompt on stdin."""
    prompt = sys.stdin.read()
    time.sleep(THINKING)
    phase = re.search(r'phase "(\w+)"', prompt)
    answer = ANSWERS[phase[1] if phase else ""](work_for(prompt), prompt)
    json.dump(answer, sys.stdout, indent=2)


def work_for(prompt: str) -> dict[str, Any]:
    """Return the work whose idea stands in the prompt."""
    lines = {line.strip("# ") for line in prompt.splitlines()}
    for path in sorted(WORK.glob("*/work.toml")):
        work = tomllib.loads(path.read_text(encoding="utf-8"))
        if work["idea"] in lines:
            return work | {"folder": path.parent}
    sys.exit("This agent knows nothing about the idea in the prompt.")


def plan(work: dict[str, Any], _prompt: str) -> dict[str, Any]:
    """Answer the planner's question."""
    return {
        "plan": work["plan"],
        "questions": [],
        "success_criteria": work["criteria"],
        "assumptions": work.get("assumptions", []),
    }


def critique(work: dict[str, Any], _prompt: str) -> dict[str, Any]:
    """Answer the critic's question."""
    return {
        "checks": [],
        "flags": work.get("flags", []),
        "verified_flag_ids": [],
        "disputed_flag_ids": [],
    }


def revise(work: dict[str, Any], prompt: str) -> dict[str, Any]:
    """Answer the critique with the whole new plan."""
    return plan(work, prompt) | {
        "plan": work.get("revised", work["plan"]),
        "changes_summary": work.get("changes", "Nothing was flagged; the plan stays as it is."),
        "flags_addressed": [flag["id"] for flag in work.get("flags", [])],
    }


def finalize(work: dict[str, Any], _prompt: str) -> dict[str, Any]:
    """Answer with the plan's tasks and the command that decides whether they are good."""
    tasks = work["tasks"]
    return {
        "tasks": [
            {
                "id": task["id"],
                "description": task["description"],
                "depends_on": task.get("depends_on", []),
                "status": "pending",
                "executor_notes": "",
                "files_changed": [],
                "commands_run": [],
                "evidence_files": [],
                "reviewer_verdict": "",
                "kind": task["kind"],
            }
            for task in tasks
        ],
        "watch_items": work.get("watch_items", []),
        "sense_checks": [
            {
                "id": f"S{number}",
                "task_id": task["id"],
                "question": task["question"],
                "executor_note": "",
                "verdict": "",
            }
            for number, task in enumerate(tasks, start=1)
        ],
        "meta_commentary": "",
        "validation": {
            "plan_steps_covered": [
                {"plan_step_summary": task["description"], "finalize_task_ids": [task["id"]]}
                for task in tasks
            ],
            "orphan_tasks": [],
            "completeness_notes": "",
            "coverage_complete": True,
        },
        "verification": {
            "command": "python3 -m unittest discover --start-directory tests"
            " --top-level-directory .",
            "timeout_seconds": 60,
        },
    }


def execute(work: dict[str, Any], prompt: str) -> dict[str, Any]:
    """Write the files of the tasks that are asked for, and look whether their tests pass."""
    _, _, asked = prompt.partition("# The tasks to carry out now")
    asked, _, _ = asked.lstrip("# ").partition("\n# ")
    numbered = list(enumerate(work["tasks"], start=1))
    wanted = [(number, task) for number, task in numbered if f"`{task['id']}`" in asked]
    updates = [carry_out(work["folder"], task) for _, task in wanted]
    return {
        "output": work["done"],
        "files_changed": [path for update in updates for path in update["files_changed"]],
        "commands_run": [command for update in updates for command in update["commands_run"]],
        "deviations": [],
        "task_updates": updates,
        "sense_check_acknowledgments": [
            {"sense_check_id": f"S{number}", "executor_note": task["answer"]}
            for number, task in wanted
        ],
    }


def carry_out(folder: Path, task: dict[str, Any]) -> dict[str, Any]:
    """Write the files of one task, run its test, and say what came of it."""
    for name in task["files"]:
        Path(name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(folder / name, name)
    commands, said = [], ""
    if "test" in task:
        commands = [f"python3 -m unittest {task['test']}"]
        words = [sys.executable, "-m", "unittest", task["test"]]
        ran = subprocess.run(words, check=False, capture_output=True, text=True)
        said = " ".join(line for line in ran.stderr.splitlines()[-3:] if line)
    return {
        "task_id": task["id"],
        "status": "done",
        "executor_notes": f"{task['note']} {said}".strip(),
        "files_changed": task["files"],
        "commands_run": commands,
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
