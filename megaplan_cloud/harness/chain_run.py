"""One run of a chain: what every milestone of it needs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from megaplan_cloud.harness.auto import Options, Outcome
from megaplan_cloud.harness.chain_file import ChainFile
from megaplan_cloud.harness.chain_spec import ChainSpec
from megaplan_cloud.harness.idea import Idea
from megaplan_cloud.harness.plan import Plan

Driver = Callable[[Plan, Options, Callable[[Plan, str], None]], Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run of the chain `spec` in the project `root`, writing what happens to `file`.

    `pushes` is false when commits stay here, `refreshes` when the base is not fetched. `log`
    takes a line for people; `driver` drives one plan.
    """

    spec: ChainSpec
    root: Path
    file: ChainFile
    ideas: Mapping[str, Idea]
    pushes: bool
    refreshes: bool
    log: Callable[[str], None]
    driver: Driver
