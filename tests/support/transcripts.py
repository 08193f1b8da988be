"""The cases of a role: cloud.yaml and answers in, the transcript of its commands out.

A case is `roles/<role>/tests/<what_happens>.yml`. Its run and its rehearsal give the same
transcript, but for the lines that a case calls `unrehearsed`: nobody waits for what was not
started. What a run is refused for in its middle does not happen to a rehearsal.
"""

import json
import os
import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import yaml

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.launch import checkouts
from megaplan_cloud.cloud.provider import roles_path
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.cloud.vocabulary import actions, vocabulary
from megaplan_cloud.engine.event import Event, PlayStarted
from megaplan_cloud.engine.play import play
from megaplan_cloud.engine.report import Report
from megaplan_cloud.engine.testing import Stage
from megaplan_cloud.house import house

SPEC = r"spec=([0-9a-f]{40})"
# Files on this machine, and what this project's own programs say of them, are no news.
OURS = ("controller:", "controller$ BIN/python")
# What a healthy box answers: its volume, its checkouts, its secrets, its processes, its health.
WELL = {
    "status": "ours",
    "id": "1",
    "box": "BOX",
    "name": "app",
    "workspace": "/workspace/app",
    "reason": "",
    "secrets": [],
    "ended": [],
    "changed": False,
}
READY = {"status": "ready", "components": {"boot": {"status": "ready"}}}
USUAL = {
    "BIN/python HOUSE/roles/image/files/wheel.py": json.dumps({"wheel": "", "changed": False}),
    "BIN/python -S HOUSE/roles/image/files/digest.py": "0123456789ab",
    "python3 -S -": json.dumps(WELL),
    "python3 -S - app": json.dumps({**WELL, "status": "present"}),
    "python3 /run/megaplan/healthserver.py": json.dumps(READY),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is played, with which settings and answers, and what is seen."""

    path: Path
    playbook: str
    cloud: Mapping[str, Any]
    answers: Mapping[str, Any]
    variables: Mapping[str, Any]
    transcript: list[str]
    refused: str
    unrehearsed: tuple[str, ...]

    @property
    def all_answers(self) -> Mapping[str, Any]:
        """Return what is answered: as a healthy box does, but for what the case says."""
        return {**USUAL, **self.answers}

    @property
    def sentence(self) -> str:
        """Return what happens, as the file is named."""
        return self.path.stem.replace("_", " ").capitalize()

    @property
    def story(self) -> str:
        """Return what the comment at the head of the file says."""
        return self.path.read_text(encoding="utf-8").splitlines()[0].lstrip("# ")


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a case."""

    report: Report
    transcript: list[str]
    stage: Stage


def cases(role: str = "*") -> list[Path]:
    """Return the files of the cases of a role, or of all."""
    return sorted((house() / "roles").glob(f"{role}/tests/*.yml"))


def read(path: Path) -> Case:
    """Return the case in a file."""
    told = yaml.safe_load(path.read_text(encoding="utf-8"))
    return Case(
        path=path,
        playbook=told["playbook"],
        cloud=told["cloud"],
        answers=told.get("answers", {}),
        variables=told.get("variables", {}),
        transcript=list(told["transcript"]),
        refused=told.get("refused", ""),
        unrehearsed=tuple(told.get("unrehearsed", ())),
    )


def played(case: Case, folder: Path, *, check: bool) -> Played:
    """Return what comes of a case, played in an empty home."""
    with at_home(folder) as work:
        file = work / "cloud.yaml"
        file.write_text(yaml.safe_dump(dict(case.cloud)), encoding="utf-8")
        settings = loader.load(file)
        if settings["box.deploy_dir"]:
            Path(settings["box.deploy_dir"], "context").mkdir(parents=True)
        shown = readable(settings, folder)
        real = {"BOX": str(settings["box.name"])}
        if "SPEC" in json.dumps(case.answers):
            first = perform(case, settings, Stage(USUAL, shown), check=True)
            [real["SPEC"]] = re.findall(SPEC, "".join(first.stage.transcript))
        return perform(case, settings, Stage(filled(case.all_answers, real), shown), check=check)


def perform(case: Case, settings: Settings, stage: Stage, *, check: bool) -> Played:
    """Return what comes of a case on a stage."""
    scenes: list[Scene] = []
    report = play(
        house() / "playbooks" / f"{case.playbook}.yml",
        variables=vocabulary(settings, given(case, settings)),
        places={"controller": {}, **settings.places},
        actions=actions(),
        roles_path=roles_path(settings.path),
        connect=stage.connect,
        record=stage.record,
        listener=lambda event: notice(event, scenes, stage),
        batch=False,
        check=check,
    )
    shown = [re.sub(SPEC, "spec=SPEC", line) for line in lines(scenes, stage.transcript)]
    return Played(report, shown, stage)


@dataclass(frozen=True, slots=True)
class Scene:
    """A play, and how much had been written down when it began."""

    place: str
    begins: int


def notice(event: Event, scenes: list[Scene], stage: Stage) -> None:
    """Write down where a play begins."""
    if isinstance(event, PlayStarted):
        scenes.append(Scene(event.place, len(stage.transcript)))


def lines(scenes: list[Scene], transcript: list[str]) -> Iterator[str]:
    """Yield what the role does: what comes in the box after it is the same for every provider."""
    for number, scene in enumerate(scenes):
        end = scenes[number + 1].begins if number + 1 < len(scenes) else len(transcript)
        if scene.place == "box" and "host" in {each.place for each in scenes}:
            continue
        yield from (line for line in transcript[scene.begins : end] if not line.startswith(OURS))


def filled(value: Any, real: Mapping[str, str]) -> Any:
    """Return answers with the real names in the place of those that a case has for them."""
    match value:
        case dict():
            return {key: filled(each, real) for key, each in value.items()}
        case list():
            return [filled(each, real) for each in value]
        case str():
            for name, each in real.items():
                value = re.sub(rf"\b{name}\b", each, value)
            return value
        case _:
            return value


def given(case: Case, settings: Settings) -> dict[str, Any]:
    """Return what the command gives its playbook."""
    usual: dict[str, Any] = {
        "checkouts": checkouts(settings, settings["repo.workspace"]),
        "secret_values": {},
        "logs": {"follow": False},
        "command": "true",
        "live": False,
    }
    return {**usual, **case.variables}


@contextmanager
def at_home(folder: Path) -> Iterator[Path]:
    """Give a folder whose name is always the same, in a home of its own."""
    work = folder / "app"
    work.mkdir()
    with patch.dict(os.environ, {"HOME": str(folder), "PATH": "/usr/bin:/bin"}):
        yield work


def readable(settings: Settings, folder: Path) -> Callable[[str], str]:
    """Return what takes out of a command what differs from one machine to the next."""
    names = {
        shlex.join(settings["box.python"]): "python3",
        str(settings["box.deploy_dir"] or "/dev/null/none"): "DEPLOY_DIR",
        str(settings["box.name"]): "BOX",
        str(settings["box.controller_bin"]): "BIN",
        str(settings["box.marker_dir"]): "MARKERS",
        str(house()): "HOUSE",
        str(folder): "HOME",
    }

    def shown(line: str) -> str:
        for value, name in names.items():
            line = line.replace(value, name)
        return line

    return shown


PART = re.compile(r"(<!-- made of roles/(\w+)/tests -->\n).*?(<!-- end -->)", re.DOTALL)


def page(text: str) -> str:
    """Return a page of the docs with its transcripts made anew."""
    return PART.sub(lambda found: f"{found[1]}\n{told(found[2])}\n{found[3]}", text)


def told(role: str) -> str:
    """Return the cases of a role for people: what happens, and which commands are run."""
    parts = []
    for case in map(read, cases(role)):
        body = "\n".join(case.transcript)
        refused = f"Refused with `{case.refused}`.\n\n" if case.refused else ""
        parts.append(f"### {case.sentence}\n\n{case.story}\n\n{refused}```text\n{body}\n```\n")
    return "\n".join(parts)


def pages() -> list[Path]:
    """Return the pages that show transcripts."""
    docs = (house() / "docs").glob("provider-*.md")
    return sorted(path for path in docs if PART.search(path.read_text(encoding="utf-8")))


if __name__ == "__main__":
    for each in pages():
        each.write_text(page(each.read_text(encoding="utf-8")), encoding="utf-8")
