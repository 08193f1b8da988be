"""A plan: one idea, in a folder of its own, from `init` to `done`."""

import os
import re
import shutil
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import clock, events, store, workflow
from megaplan_cloud.harness.config import plan_config
from megaplan_cloud.harness.errors import HarnessError, InputError
from megaplan_cloud.harness.root import prepare_root
from megaplan_cloud.harness.state import State
from megaplan_cloud.harness.write import sync_folder, write_json

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
SLUG_LENGTH = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """Where a plan is: `root` is the project whose `.megaplan` holds it."""

    root: Path
    name: str

    @property
    def directory(self) -> Path:
        """Return the folder of the plan's state and artifacts."""
        return self.root / ".megaplan" / "plans" / self.name

    def state(self) -> State:
        """Return what is true of the plan now. Raises HarnessError when it cannot be read."""
        return store.read(self.directory)


def create(
    root: Path,
    idea: str,
    name: str | None = None,
    *,
    config: Mapping[str, Any] | None = None,
    moment: datetime | None = None,
) -> Plan:
    """Return a new plan for `idea`, in state `initialized`, made in one step or not at all.

    Without `name` it is called after its idea and the minute; a name already taken gets a
    suffix. A given name that is taken is refused with `duplicate_plan`. `config` holds keys of
    state.json's `config`; wrong ones raise InputError and nothing is written.
    """
    if not idea.strip():
        raise InputError("invalid_args", "the idea is empty", hint="Say what the plan is to do.")
    if name is not None:
        check_name(name)
    settled = plan_config(root, config or {})
    plans = prepare_root(root)
    moment = moment or clock.now()
    for candidate in [name] if name else _candidates(idea, moment):
        plan = Plan(root, candidate)
        if _place(plans, plan, _first_state(candidate, idea, moment, settled)):
            events.append(plan.directory, "init", None, {"idea": idea, "config": dict(settled)})
            return plan
    raise HarnessError(
        "duplicate_plan",
        f"there is a plan {name!r} already in {plans}",
        hint=f"Choose another --name, or look at it: megaplan status --plan {name}",
    )


def find(root: Path, name: str | None = None) -> Plan:
    """Return the plan called `name`; without one the only plan at work, else the only plan.

    Raises InputError `missing_plan` or `ambiguous_plan`, which lists the names.
    """
    if name is not None:
        check_name(name)
        plan = Plan(root, name)
        if not (plan.directory / store.STATE).is_file():
            raise _missing(root, name)
        return plan
    plans = list_plans(root)
    if not plans:
        raise _missing(root, None)
    active = [each for each in plans if not workflow.is_terminal(each.state().current_state)]
    if len(active) == 1 or len(plans) == 1:
        return (active or plans)[0]
    raise InputError(
        "ambiguous_plan",
        f"{len(active) or len(plans)} plans could be meant",
        hint="Name one with --plan.",
        details={"plans": [each.name for each in active or plans]},
    )


def list_plans(root: Path) -> list[Plan]:
    """Return every plan of `root`, oldest name first."""
    folder = root / ".megaplan" / "plans"
    if not folder.is_dir():
        return []
    names = sorted(
        entry.name
        for entry in folder.iterdir()
        if NAME.fullmatch(entry.name) and (entry / store.STATE).is_file()
    )
    return [Plan(root, name) for name in names]


def check_name(name: str) -> None:
    """Refuse a plan name that is not one plain folder name."""
    if not NAME.fullmatch(name):
        raise InputError(
            "invalid_args",
            f"{name!r} cannot be a plan's name",
            hint="Use letters, digits, '-' and '_', at most 100, and begin with one of the former.",
        )


def slug(idea: str) -> str:
    """Return up to 30 characters of an idea that a folder name can hold, cut at a hyphen."""
    words = re.sub(r"[^a-z0-9]+", "-", idea.lower()).strip("-")
    if len(words) > SLUG_LENGTH:
        cut = words[: SLUG_LENGTH + 1]
        words = (cut.rpartition("-")[0] or cut[:SLUG_LENGTH]).strip("-")
    return words or "plan"


def _candidates(idea: str, moment: datetime) -> list[str]:
    base = f"{slug(idea)}-{moment.strftime('%Y%m%d-%H%M')}"
    return [base, *(f"{base}-{number}" for number in range(2, 1000))]


def _first_state(name: str, idea: str, moment: datetime, config: Mapping[str, Any]) -> State:
    return State(
        name=name,
        idea=idea,
        current_state=workflow.INITIAL,
        created_at=clock.stamp(moment),
        config=config,
        meta={"notes": [], "overrides": [], "total_cost_usd": 0.0},
    )


def _place(plans: Path, plan: Plan, state: State) -> bool:
    """Make the plan's folder appear with its state in it; False when the name is taken."""
    if plan.directory.exists():
        return False
    draft = plans / f".{plan.name}.{uuid.uuid4().hex}.tmp"
    try:
        draft.mkdir()
        write_json(draft / store.STATE, state.document())
        os.rename(draft, plan.directory)  # noqa: PTH104  # refuses a folder that is not empty
    except OSError as error:
        shutil.rmtree(draft, ignore_errors=True)
        if plan.directory.exists():
            return False
        raise HarnessError("init_failed", f"cannot write {draft}: {error.strerror}") from error
    sync_folder(plans)
    return True


def _missing(root: Path, name: str | None) -> InputError:
    told = f"there is no plan {name!r} in {root}" if name else f"there are no plans in {root}"
    known = [each.name for each in list_plans(root)]
    hint = "Known plans: " + ", ".join(known[-10:]) if known else 'Begin one: megaplan init "…"'
    return InputError("missing_plan", told, hint=hint, details={"plans": known})
