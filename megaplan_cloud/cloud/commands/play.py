"""`invoke play PLAYBOOK`: any playbook, with the places that cloud.yaml or an inventory names."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import Answer
from megaplan_cloud.cloud.errors import InvalidArguments
from megaplan_cloud.cloud.provider import roles_path
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.cloud.vocabulary import actions, vocabulary
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine import source
from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.engine.event import Listener
from megaplan_cloud.engine.play import HERE, play
from megaplan_cloud.engine.report import Report

DEFAULT = "cloud.yaml"


def run(
    voice: Voice,
    *,
    cloud_yaml: str,
    playbook: str,
    settings_given: Sequence[str],
    tags: str,
    skip_tags: str,
    start_at: str,
    list_tasks: bool,
    resume: bool,
    check: bool,
    diff: bool,
    forks: int,
    batch: bool,
    inventory: str,
) -> Answer:
    """Play the playbook; the report is the answer."""
    path = Path(playbook)
    if not path.is_file():
        raise InvalidArguments(f"There is no playbook {playbook}.", hint="Give its file.")
    if forks < 1:
        raise InvalidArguments(f"--forks must be 1 or more; got {forks}")
    settings = _settings(voice, cloud_yaml)
    with _listener(voice, quiet=list_tasks) as listener:
        report = play(
            path,
            variables=vocabulary(settings, {}) if settings else {},
            places=_places(settings, inventory),
            actions=actions(),
            roles_path=roles_path(Path(cloud_yaml)),
            extra=dict(_given(word) for word in settings_given),
            check=check,
            diff=diff,
            tags=_words(tags),
            skip_tags=_words(skip_tags),
            start_at=start_at or None,
            list_tasks=list_tasks,
            resume=resume,
            forks=forks,
            batch=batch,
            journal=None if list_tasks or check else _journal(path),
            listener=listener,
            redactor=voice.redactor,
        )
    return Answer(report.as_json(), _listed(report) if list_tasks else (), report.exit_code)


@contextmanager
def _listener(voice: Voice, *, quiet: bool) -> Iterator[Listener]:
    with voice.silence() if quiet else voice.console() as listener:
        yield listener


def _settings(voice: Voice, cloud_yaml: str) -> Settings | None:
    """Return the settings; None without a cloud.yaml, when none was asked for by name."""
    if cloud_yaml == DEFAULT and not Path(cloud_yaml).exists():
        return None
    return voice.guard(loader.load(cloud_yaml))


def _places(settings: Settings | None, inventory: str) -> Mapping[str, Any]:
    """Return how the places are reached: as the inventory says, else cloud.yaml, else here."""
    if inventory:
        found = source.load(Path(inventory))
        if not isinstance(found, source.Mapping):
            raise SchemaError(
                "an inventory must be a mapping of places",
                hint="Write `host: {address: …}`, or a list of hosts that have a `name`.",
            )
        return {**HERE, **found}
    return {**HERE, **(settings.places if settings else {})}


def _given(word: str) -> tuple[str, Any]:
    """Return the name and the value of a `--set NAME=VALUE`; the value is read as YAML."""
    name, equals, value = word.partition("=")
    if not equals or not name.isidentifier():
        raise InvalidArguments(
            f"--set needs NAME=VALUE; got '{word}'", hint="For example --set version=1.2."
        )
    return name, source.parse(value, f"--set {name}") if value.strip() else ""


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",") if word.strip()]


def _journal(playbook: Path) -> Path:
    """Return where the run of a playbook is journalled: one file for each playbook."""
    digest = hashlib.sha256(str(playbook.resolve()).encode()).hexdigest()[:12]
    folder = Path.home() / ".megaplan" / "cloud" / "journals"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"{playbook.stem}-{digest}.jsonl"


def _listed(report: Report) -> tuple[str, ...]:
    lines: list[str] = []
    for each in report.plays:
        lines.append(f"{each.name} [{each.place}]")
        lines += [f"  {task.name}" for task in each.tasks]
    return tuple(lines)
