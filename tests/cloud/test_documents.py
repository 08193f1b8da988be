"""`--json` behind every command: one document on stdout, and nothing else."""

import json

import pytest

from megaplan_cloud.engine import schema
from tests.support.operator import Operator, schema_of

COMMANDS = (
    ("init",),
    ("init", "--force"),
    ("validate",),
    ("validate", "--spec", "nothing.yaml"),
    ("play", "nothing.yml"),
    ("build",),
    ("deploy", "--check"),
    ("bootstrap", "nothing.md"),
    ("chain", "--spec", "nothing.yaml"),
    ("chain",),
    ("status",),
    ("status", "--chain"),
    ("status", "--plan", "p", "--chain"),
    ("logs", "--no-follow"),
    ("logs", "--chain", "--no-follow"),
    ("exec", "true"),
    ("attach",),
    ("resume",),
    ("down",),
    ("down", "--check"),
    ("destroy",),
    ("destroy", "--check"),
    ("destroy", "--yes"),
    ("doctor",),
    ("doctor", "--fix", "stale-chain-state"),
    ("doctor", "--fix", "nothing"),
    ("nothing",),
    ("deploy", "--nothing"),
)


@pytest.fixture
def person(operator: Operator) -> Operator:
    """Give an operator who has a cloud.yaml, and no box."""
    operator.settle("repo: {url: /nowhere/app.git}\n")
    return operator


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_gives_one_document(person: Operator, words: tuple[str, ...]) -> None:
    """It obeys its schema, or is small and says `success`; a refusal says error and message."""
    said = person.run(*words, "--json", code=None)
    document = json.loads(said.stdout)

    assert said.code in (0, 1, 2)
    assert document["success"] is (said.code == 0)
    if said.code:
        assert document["error"]
        assert document["message"]
    if name := schema_of(document):
        assert schema.check(document, name) == []
    assert "Traceback" not in said.stderr
