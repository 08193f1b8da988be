"""The whereabouts of a chain: which one of the box's chains a command means."""

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

from megaplan_cloud.cloud.box_path import on_box
from megaplan_cloud.cloud.errors import MissingRemoteSpec
from megaplan_cloud.cloud.launch import DEFAULT_SESSION, Target, session_named, watched
from megaplan_cloud.cloud.marker import last_chain
from megaplan_cloud.cloud.settings import Settings


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """A chain of the box, and what said so: `flag`, `marker` or `cloud_yaml`."""

    target: Target
    source: str
    marker: dict[str, Any]

    def watched(self, settings: Settings) -> dict[str, Any]:
        """Return what a look at the chain needs, on the box."""
        return watched(self.target, settings)


def whereabouts(settings: Settings, remote_spec: str = "") -> Whereabouts:
    """Return the chain that is meant: the flag's, the last one's, or that of `mode: chain`.

    MissingRemoteSpec when nothing says which.
    """
    found = last_chain(settings)
    if remote_spec:
        return _known(settings, on_box(remote_spec, settings.root), "flag", found)
    if found.get("remote_spec"):
        return _known(settings, str(found["remote_spec"]), "marker", found)
    if settings["mode"] == "chain":
        return _known(settings, settings["chain.spec"], "cloud_yaml", {})
    raise MissingRemoteSpec(
        "Unable to locate remote chain spec.",
        hint="Start one with `invoke chain --spec S`, or name it with --remote-spec.",
    )


def _known(settings: Settings, spec: str, source: str, marker: dict[str, Any]) -> Whereabouts:
    same = marker if marker.get("remote_spec") == spec else {}
    workspace = str(same.get("workspace") or PurePosixPath(spec).parent)
    session = str(same.get("chain_session") or session_named(settings) or DEFAULT_SESSION)
    target = Target(
        session="agent" if source == "cloud_yaml" else session,
        workspace=workspace,
        spec=spec,
        digest=str(same.get("identity_digest", "")),
        derived_session=False,
        derived_workspace=False,
    )
    return Whereabouts(target, source, same)
