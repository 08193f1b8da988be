"""`invoke init`: a commented cloud.yaml to start from."""

from pathlib import Path

from megaplan_cloud.cloud import provider as providers
from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import Answer
from megaplan_cloud.cloud.errors import InvalidArguments
from megaplan_cloud.cloud.playing import played
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.suggestion import did_you_mean


def run(voice: Voice, *, cloud_yaml: str, provider: str, force: bool) -> Answer:
    """Write the file, unless one is there."""
    path = Path(cloud_yaml).expanduser()
    known = providers.names(providers.roles_path(path))
    if provider not in known:
        raise InvalidArguments(
            f"There is no provider '{provider}'.",
            hint=f"{did_you_mean(provider, known)}Providers: {', '.join(known)}.",
        )
    if path.exists() and not force:
        raise InvalidArguments(
            f"cloud spec already exists: {path}. Use --force to overwrite.",
            hint="Edit the one that is there, or give --force.",
        )
    if not path.absolute().parent.is_dir():
        raise InvalidArguments(
            f"There is no directory {path.absolute().parent} to write {path.name} into.",
            hint="Make it first, or name another with --cloud-yaml.",
        )
    played("init", loader.unwritten(path), voice, variables={"provider": provider}, show=False)
    lines = (f"Wrote {path}.", "Set `repo.url` in it, then run `invoke deploy`.")
    return Answer({"success": True, "cloud_yaml": str(path.resolve())}, lines)
