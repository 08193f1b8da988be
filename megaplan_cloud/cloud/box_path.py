"""A path on the box: cloud.yaml says `/workspace/…`, the provider knows where that really is."""

from pathlib import PurePosixPath

from megaplan_cloud.cloud.provider import VOLUME


def on_box(path: str, root: str) -> str:
    """Return where a path of cloud.yaml or of a chain spec is on the box.

    `/workspace` is the box's volume; a provider whose volume is elsewhere says so with `root`.
    """
    inside = PurePosixPath(path)
    if inside.is_relative_to(VOLUME):
        return str(PurePosixPath(root, inside.relative_to(VOLUME)))
    return str(inside)


def contains(outer: str, inner: str) -> bool:
    """Say whether `inner` is `outer` or a path below it."""
    return PurePosixPath(inner).is_relative_to(PurePosixPath(outer))
