"""Asking an agent: the prompt goes in, an answer that obeys its schema comes out."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from megaplan_cloud.engine.redaction import Redactor
from megaplan_cloud.harness import agent_role, answer, events, failure, process, prompt
from megaplan_cloud.harness.agent_role import AgentRole
from megaplan_cloud.harness.agent_spec import AgentSpec
from megaplan_cloud.harness.errors import AgentError, HarnessError
from megaplan_cloud.harness.process import Ended, Errand
from megaplan_cloud.harness.profiles import routing
from megaplan_cloud.harness.state import State
from megaplan_cloud.house import house

EXECUTE_TIMEOUT = 7200.0
TIMEOUT = 900.0


@dataclass(frozen=True, slots=True)
class Call:
    """A question to an agent: for which phase of which plan, and how long it may take."""

    directory: Path
    state: State
    phase: str
    batch: int
    timeout: float

    @property
    def name(self) -> str:
        """Return the name of the call's files: `plan_v1`, `execute_batch_2`."""
        if self.batch:
            return f"{self.phase}_batch_{self.batch}"
        return f"{self.phase}_v{self.state.iteration}"


def ask(call: Call, spec: AgentSpec) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the agent's answer, and the facts of the call for the plan's history.

    Raises AgentError with the class of the failure; what the agent wrote is kept then in
    `<call>_raw.txt`, which the error's details name.
    """
    role = agent_role.load(spec)
    begun = time.monotonic()
    shown = {"agent": str(spec), "call": call.name}
    events.append(call.directory, "llm_call_start", call.phase, shown)
    try:
        ended = process.run(_errand(call, spec, role), home=call.directory)
        found = _answer(call, role, ended)
    except HarnessError as error:
        _keep_raw(call, error)
        events.append(call.directory, "llm_call_error", call.phase, {**shown, "error": error.error})
        raise
    duration = round((time.monotonic() - begun) * 1000)
    events.append(call.directory, "llm_call_end", call.phase, {**shown, "duration_ms": duration})
    return found, {"agent": str(spec), "duration_ms": duration, "cost_usd": 0.0}


def spec_for(call: Call, root: Path) -> AgentSpec:
    """Return who is to answer: what this run of the phase asks for, else what the plan says."""
    overrides = (call.state.active_step or {}).get("overrides", {})
    return routing(root, {**call.state.config, **overrides})[call.phase]


def _errand(call: Call, spec: AgentSpec, role: AgentRole) -> Errand:
    logs = call.directory / "calls"
    facts = {
        "project_dir": str(call.state.config["project_dir"]),
        "plan_dir": str(call.directory),
        "phase": call.phase,
        "schema_file": str(house() / "schemas" / "phases" / f"{call.phase}.schema.json"),
        "answer_file": str(logs / f"{call.name}.answer"),
    }
    Path(facts["answer_file"]).unlink(missing_ok=True)
    return Errand(
        argv=role.words(spec, facts),
        cwd=Path(facts["project_dir"]),
        environment=process.environment(
            role.environment,
            MEGAPLAN_PHASE=call.phase,
            MEGAPLAN_PLAN=call.state.name,
            MEGAPLAN_PLAN_DIR=str(call.directory),
            MEGAPLAN_PROJECT_DIR=facts["project_dir"],
        ),
        timeout=call.timeout,
        logs=logs,
        name=call.name,
        stdin=prompt.text(call.directory, call.state, call.phase, call.batch),
    )


def _answer(call: Call, role: AgentRole, ended: Ended) -> dict[str, Any]:
    """Return the answer, also of an agent that was stopped after it had given it."""
    path = call.directory / "calls" / f"{call.name}.answer"
    in_file = role.answer == "file" and path.exists()
    text = path.read_text(encoding="utf-8", errors="replace") if in_file else ended.stdout
    try:
        found = answer.read(text, call.phase)
    except AgentError as error:
        if ended.rc == 0 and not ended.stopped:
            raise
        raise _failed(call, role, ended) from error
    if ended.rc and not ended.stopped:
        raise _failed(call, role, ended)
    return found


def _failed(call: Call, role: AgentRole, ended: Ended) -> AgentError:
    # What an agent says when it is refused may hold the very key that was refused.
    written = Redactor().redact(f"{ended.stdout}\n{ended.stderr}".strip())
    if ended.stopped == "timeout":
        told = f"the agent gave no answer within {call.timeout:.0f} s and was stopped"
        return AgentError("worker_timeout", told, raw=written)
    if ended.stopped == "output":
        return AgentError(
            "worker_error", "the agent wrote without end and was stopped", raw=written
        )
    error, hint = failure.classify(written, role.failures)
    lines = [line for line in written.splitlines() if line.strip()]
    said = lines[-1].strip() if lines else "it wrote nothing"
    return AgentError(
        error,
        f"the agent {role.name} failed with exit code {ended.rc}: {said}",
        hint=hint.format(plan=call.state.name, raw=call.directory / f"{call.name}_raw.txt"),
        raw=written,
        details={"rc": ended.rc, "last_lines": lines[-10:]},
    )


def _keep_raw(call: Call, error: HarnessError) -> None:
    if not isinstance(error, AgentError) or not error.raw:
        return
    name = f"{call.name}_raw.txt"
    (call.directory / name).write_text(Redactor().redact(error.raw), encoding="utf-8")
    error.details["raw_file"] = name


def limit(phase: str, asked: float, settings: Mapping[str, Any]) -> float:
    """Return how long a call of a phase may take: its own limit, no longer than is `asked`."""
    own = settings.get("execution.worker_timeout_seconds", EXECUTE_TIMEOUT)
    longest = float(own) if phase == "execute" else min(float(own), TIMEOUT)
    return min(longest, asked) if asked else longest
