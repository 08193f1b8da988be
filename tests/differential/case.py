"""A case of the differential tests: a playbook, and how it is played."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True, slots=True)
class Case:
    """A playbook (`cases/<name>.yml`, or `cases/<name>/play.yml` with its roles and files).

    Its comment `# runs: plain, check, tags=a` says how often and how it is played; one time, if
    there is none.
    """

    name: str

    @property
    def source(self) -> Path:
        """Return the playbook as it stands in the tree."""
        single = CASES / f"{self.name}.yml"
        return single if single.exists() else CASES / self.name / "play.yml"

    @property
    def runs(self) -> list[dict[str, Any]]:
        """Return the options of each run: `check`, `tags`, `skip_tags`, `extra`."""
        for line in self.source.read_text(encoding="utf-8").splitlines():
            if line.startswith("# runs: "):
                return [_options(run) for run in line.removeprefix("# runs: ").split(", ")]
        return [{}]

    @property
    def differences(self) -> list[tuple[str, str]]:
        """Return the differences that are meant: a row of docs/differences.md, and what differs."""
        lines = self.source.read_text(encoding="utf-8").splitlines()
        told = (
            line.removeprefix("# differs: ") for line in lines if line.startswith("# differs: ")
        )
        return [(name, what) for name, _, what in (line.partition(" ") for line in told)]

    def lay_out(self, folder: Path) -> None:
        """Copy the case to a folder of its own."""
        if self.source.parent == CASES:
            folder.mkdir(parents=True)
            shutil.copy(self.source, folder / "play.yml")
        else:
            shutil.copytree(self.source.parent, folder)


def _options(run: str) -> dict[str, Any]:
    """Return the options of one run: `plain`, or words like `check tags=a set=name=value`."""
    options: dict[str, Any] = {}
    for word in run.split():
        match word.partition("="):
            case ("plain", _, _):
                continue
            case ("check", _, _):
                options["check"] = True
            case ("tags" | "skip_tags" as key, _, value):
                options[key] = value.split(",")
            case ("set", _, value):
                name, _, text = value.partition("=")
                options.setdefault("extra", {})[name] = text
            case _:
                raise ValueError(f"no such run: {run}")
    return options


def all_cases() -> list[Case]:
    """Return every case, by name."""
    single = {path.stem for path in CASES.glob("*.yml")}
    return [
        Case(name)
        for name in sorted(single | {path.parent.name for path in CASES.glob("*/play.yml")})
    ]
