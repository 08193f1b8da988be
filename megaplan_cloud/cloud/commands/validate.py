"""`invoke validate`: everything that is wrong in the files here; offline, nothing is touched."""

from collections.abc import Iterator
from pathlib import Path

from megaplan_cloud.cloud import chain_spec, cloud_schema
from megaplan_cloud.cloud import settings as loader
from megaplan_cloud.cloud.answer import WRONG_INPUT, Answer
from megaplan_cloud.cloud.chain_spec import find_idea
from megaplan_cloud.cloud.provider import roles_path
from megaplan_cloud.cloud.vocabulary import actions
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.engine.errors import EngineError, SchemaError
from megaplan_cloud.engine.validate import validate
from megaplan_cloud.house import house

DEFAULT = "cloud.yaml"


def run(_: Voice, *, cloud_yaml: str, spec: str) -> Answer:
    """Check cloud.yaml if there is one, every playbook and role, and the chain spec if named."""
    path = Path(cloud_yaml).expanduser()
    checked = [str(path)] if path.exists() or cloud_yaml != DEFAULT else []
    problems = [*_cloud_yaml(path), *_playbooks(path)] if checked else [*_playbooks(path)]
    if spec:
        checked.append(spec)
        problems += _spec(Path(spec).expanduser())
    told = [_told(problem) for problem in problems]
    checked += [str(folder) for folder in _trees(path)]
    document = {"success": not told, "checked": checked, "problems": told}
    if not told:
        return Answer(document, (f"valid: {', '.join(checked)}",))
    document |= {
        "error": "invalid_spec",
        "message": told[0]["message"],
        "hint": told[0]["hint"],
    }
    many = f"{len(told)} mistake{'s' * (len(told) != 1)}"
    return Answer(document, (*(str(problem) for problem in problems), many), WRONG_INPUT)


def _cloud_yaml(path: Path) -> Iterator[EngineError]:
    try:
        loader.load(path)
    except EngineError as error:
        yield from _each(error)


def _playbooks(path: Path) -> list[EngineError]:
    settings = loader.unwritten(path).variables
    known = {*settings, *cloud_schema.base()["properties"]}
    return validate(_trees(path), known, actions=_actions(), roles_path=roles_path(path))


def _actions() -> list[str]:
    """Return the names of all actions, those of the harness's own playbooks among them."""
    schemas = (house() / "schemas" / "actions").glob("*.schema.json")
    return sorted({*actions(), *(schema.name.split(".")[0] for schema in schemas)})


def _trees(path: Path) -> list[Path]:
    """Return the folders whose playbooks and roles are checked: the house's, and the user's."""
    own = path.resolve().parent
    mine = own != house() and any((own / kind).is_dir() for kind in ("playbooks", "roles"))
    return [house(), own] if mine else [house()]


def _spec(path: Path) -> Iterator[EngineError]:
    """Yield what is wrong with a chain spec, and each idea file that is missing."""
    try:
        chain = chain_spec.load(path)
    except EngineError as error:
        yield from _each(error)
        return
    for milestone in chain.milestones:
        try:
            find_idea(milestone, path.parent, Path.cwd(), "/workspace/app")
        except EngineError as error:
            yield error


def _each(error: EngineError) -> Iterator[EngineError]:
    yield from error.problems if isinstance(error, SchemaError) else (error,)


def _told(problem: EngineError) -> dict[str, str]:
    return {
        "message": problem.what,
        "at": str(problem.mark or ""),
        "hint": problem.hint,
        "code": problem.code,
    }
