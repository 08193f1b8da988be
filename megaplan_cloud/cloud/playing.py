"""Playing a command's playbook with the settings of its cloud.yaml."""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from megaplan_cloud.cloud.answer import PlayFailed
from megaplan_cloud.cloud.provider import roles_path
from megaplan_cloud.cloud.settings import Settings
from megaplan_cloud.cloud.turn import turn
from megaplan_cloud.cloud.vocabulary import actions, vocabulary
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.event import Listener
from megaplan_cloud.engine.play import play
from megaplan_cloud.engine.report import Report
from megaplan_cloud.house import house


def played(
    name: str,
    settings: Settings,
    voice: Voice,
    *,
    variables: Mapping[str, Any] | None = None,
    check: bool = False,
    diff: bool = False,
    show: bool = True,
    listener: AbstractContextManager[Listener] | None = None,
) -> Report:
    """Return the report of playing playbooks/<name>.yml; PlayFailed when it did not succeed.

    `variables` stand beside the settings; `show` tells the run task by task on stderr.
    """
    console = listener or (voice.console() if show else voice.silence())
    with turn(name, settings, voice, check=check), console as told:
        report = play(
            house() / "playbooks" / f"{name}.yml",
            variables=vocabulary(settings, variables or {}),
            places={"controller": {}, **settings.places},
            actions=actions(),
            roles_path=roles_path(settings.path),
            check=check,
            diff=diff,
            listener=told,
            redactor=voice.redactor,
        )
    if report.failed:
        raise PlayFailed(report)
    return report


def said(report: Report) -> dict[str, Any]:
    """Return what the run's `emit` tasks said, as one mapping; the later word wins."""
    return {key: value for words in report.emitted for key, value in dict(words).items()}
