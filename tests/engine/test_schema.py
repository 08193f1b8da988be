"""A schema is applied as JSON Schema means it, and each problem is told at its own key."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from referencing import Registry
from referencing.jsonschema import DRAFT7

from megaplan_cloud.engine import schema, source
from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.house import house

KEYS = st.sampled_from(["a", "b", "c"])
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-3, 3)
    | st.sampled_from([0.5, 1.0, "", "a", "ab", "b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=6,
)
TYPES = st.sampled_from(["string", "integer", "number", "boolean", "object", "array", "null"])
SMALL = st.integers(0, 3)


def _schemas(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    lists = st.lists(inner, min_size=1, max_size=3)
    keyed = st.dictionaries(KEYS, inner, max_size=3)
    return st.fixed_dictionaries(
        {},
        optional={
            "type": TYPES | st.lists(TYPES, min_size=1, max_size=3, unique=True),
            "enum": st.lists(VALUES, min_size=1, max_size=3),
            "const": VALUES,
            "minimum": SMALL,
            "exclusiveMaximum": SMALL,
            "multipleOf": st.integers(1, 3),
            "minLength": SMALL,
            "maxLength": SMALL,
            "pattern": st.sampled_from(["^a", "b$"]),
            "minItems": SMALL,
            "maxItems": SMALL,
            "uniqueItems": st.booleans(),
            "items": inner | lists,
            "contains": inner,
            "minProperties": SMALL,
            "maxProperties": SMALL,
            "required": st.lists(KEYS, max_size=2, unique=True),
            "properties": keyed,
            "patternProperties": st.dictionaries(st.sampled_from(["a", "^b"]), inner, max_size=2),
            "additionalProperties": inner,
            "propertyNames": inner,
            "dependencies": st.dictionaries(KEYS, st.lists(KEYS, max_size=2) | inner, max_size=2),
            "if": inner,
            "then": inner,
            "else": inner,
            "allOf": lists,
            "anyOf": lists,
            "oneOf": lists,
            "not": inner,
        },
    )


SCHEMAS: st.SearchStrategy[Any] = st.recursive(st.booleans() | st.just({}), _schemas, max_leaves=8)


@settings(max_examples=400, deadline=None)
@given(SCHEMAS.filter(lambda made: isinstance(made, dict)), VALUES)
def test_a_value_is_refused_exactly_when_json_schema_refuses_it(
    made: dict[str, Any], value: Any
) -> None:
    """Whatever the library finds is told, be it by several sentences, and nothing else is."""
    expected = jsonschema.Draft7Validator(made).is_valid(value)

    assert expected == (schema.check(value, made) == [])


OURS = sorted((house() / "schemas").rglob("*.json"))


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_schemas_are_draft_07(path: Path) -> None:
    """Editors can use each schema file; no keyword is misspelt and no reference leads nowhere."""
    schema.verify(path)


CORPUS = Path(__file__).parents[1] / "corpus" / "playbooks"
FILES = sorted([*CORPUS.rglob("*.yml"), *(house() / "playbooks").rglob("*.yml")])


def test_editors_judge_a_playbook_as_we_do() -> None:
    """Any validator that reads our schema files says the same of every file we have."""
    folder = house() / "schemas"
    resources = [
        (path.as_uri(), DRAFT7.create_resource(json.loads(path.read_text(encoding="utf-8"))))
        for path in OURS
    ]
    validator = jsonschema.Draft7Validator(
        {"$ref": (folder / "playbook.schema.json").as_uri()},
        registry=Registry[Any]().with_resources(resources),
    )
    nodes = [node for node in map(_readable, FILES) if node is not None]

    assert len(nodes) > 100
    assert [validator.is_valid(node) for node in nodes] == [
        schema.check(node, "playbook") == [] for node in nodes
    ]


def _readable(path: Path) -> Any:
    try:
        return source.load(path)
    except EngineError:
        return None


LANGUAGE = ["play", "block", "action_task", "import_tasks", "include_tasks", "include_role"]
ACTIONS = sorted(
    f"actions/{path.name.removesuffix(schema.SUFFIX)}"
    for path in (house() / "schemas" / "actions").iterdir()
)


@pytest.mark.parametrize("name", [*LANGUAGE, *ACTIONS])
def test_every_key_of_the_language_is_described(name: str) -> None:
    """A key's description is its documentation: a sentence with a capital and a full stop."""
    loaded = schema.document(name)
    branches = [loaded, *loaded.get("anyOf", [])]
    properties = {
        key: part for branch in branches for key, part in branch.get("properties", {}).items()
    }
    ours = {key: part for key, part in properties.items() if "$ref" not in part}

    lacking = [
        key for key, part in ours.items() if not part.get("description", "").rstrip().endswith(".")
    ]
    assert lacking == []


def _problems(text: str, made: dict[str, Any]) -> list[tuple[int, int, str, str]]:
    found = schema.check(source.parse(text, "x.yml"), made)
    return [
        (error.mark.line, error.mark.column, error.what, error.hint)
        for error in found
        if error.mark
    ]


def test_an_unknown_key_is_told_at_the_key_with_the_nearest_known_one() -> None:
    """JSON Schema blames the mapping; a person wants the key."""
    made = {"title": "a play", "additionalProperties": False, "properties": {"hosts": {}}}

    found = _problems("name: x\nhots: y\n", made)

    assert found == [
        (1, 1, "'name' is not a key of a play", ""),
        (2, 1, "'hots' is not a key of a play; did you mean 'hosts'?", ""),
    ]


def test_a_wrong_value_is_told_at_the_value() -> None:
    """The column is where the value begins, also inside flow collections."""
    made = {"properties": {"a": {"items": {"type": "integer"}}}}

    assert _problems("a: [1, x, 2]\n", made) == [
        (1, 8, "item 2 of 'a' must be a whole number, not 'x'", "")
    ]


@pytest.mark.parametrize(
    ("made", "text", "hint"),
    [
        ({"type": "boolean"}, "yes", "Write true."),
        ({"type": "boolean"}, "'Off'", "Write false."),
        ({"type": "integer"}, "'3'", "Write 3 without quotes."),
        ({"type": "string"}, "3", 'Write "3" in quotes.'),
        ({"type": "string"}, "true", 'Write "true" in quotes.'),
        ({"type": "string", "x-octal": True}, "644", 'Write "0644" in quotes.'),
        ({"type": "string", "x-octal": True}, "0o777", 'Write "0777" in quotes.'),
        ({"type": "string", "x-octal": True}, "493", 'Write "0755" in quotes.'),
        ({"enum": ["absent", "present"]}, "presnt", "Did you mean 'present'?"),
    ],
)
def test_a_value_that_only_looks_wrong_is_told_with_its_spelling(
    made: dict[str, Any], text: str, hint: str
) -> None:
    """What was meant is clear, so the message says how to write it."""
    found = _problems(f"key: {text}\n", {"properties": {"key": made}})

    assert [hint] == [problem[3] for problem in found]


def test_of_several_forms_the_one_that_was_meant_is_told() -> None:
    """A mapping with one wrong key is not called 'neither text nor a list'."""
    made = {
        "anyOf": [
            {"type": "string"},
            {"title": "it", "additionalProperties": False, "properties": {"cmd": {}}},
        ]
    }

    assert _problems("cdm: x\n", made) == [
        (1, 1, "'cdm' is not a key of it; did you mean 'cmd'?", "")
    ]


def test_plain_data_is_told_by_its_path() -> None:
    """A document without marks, as JSON from elsewhere, still gets a place."""
    made = {"properties": {"a": {"items": {"required": ["b"]}}}}

    found = schema.check({"a": [{"b": 1}, {}]}, made)

    assert [str(error) for error in found] == ["$.a[1]: item 2 of 'a' needs the key 'b'"]


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (
            {"properties": {"a": {"requird": ["b"]}}},
            "not keywords of .* draft-07: requird",
        ),
        ({"required": "a"}, "'a' is not of type 'array'"),
        ({"$ref": "nowhere.schema.json"}, "there is no nowhere.schema.json"),
        ({"items": {"$ref": "#/definitions/a"}}, "there is no #/definitions/a"),
    ],
)
def test_a_schema_that_cannot_mean_what_it_says_is_refused(
    tmp_path: Path, made: dict[str, Any], reason: str
) -> None:
    """A misspelt rule would otherwise let everything pass."""
    path = tmp_path / "made.schema.json"
    path.write_text(json.dumps(made))

    with pytest.raises(ValueError, match=reason):
        schema.verify(path)


def test_a_mistake_is_found_as_deep_as_a_file_may_be_nested() -> None:
    """The reader of YAML stops at 100 levels; what it lets through, the library can follow."""
    tasks = "[{comand: ls}]"
    for _ in range(48):
        tasks = f"[{{block: {tasks}}}]"

    found = schema.check(source.parse(f"- hosts: box\n  tasks: {tasks}\n", "x.yml"), "playbook")

    assert [error.what for error in found] == [
        "'comand' is not a key of a task; did you mean 'command'?"
    ]


def test_only_the_actions_that_there_are_may_be_used() -> None:
    """The schema of a task follows the action table: one more action is one more key."""
    node = source.parse("- hosts: box\n  tasks:\n    - shout: hello\n    - command: a\n", "x.yml")

    without = schema.check(node, "playbook", actions=["command"])
    without_command = schema.check(node, "playbook", actions=["shout"])

    assert [error.what for error in without] == ["'shout' is not a key of a task"]
    assert [error.what for error in without_command] == ["'command' is not a key of a task"]
