"""The dialect is draft-07: it only takes shorter ways to the library's own answers."""

from collections import Counter
from typing import Any

import jsonschema
from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.engine.dialect import absolute, dialect

KEYS = st.sampled_from(["a", "b", "c"])
ASKED: st.SearchStrategy[Any] = st.builds(lambda key: {"required": [key]}, KEYS)
CONDITIONS = (
    ASKED
    | st.builds(lambda forms: {"anyOf": forms}, st.lists(ASKED, min_size=1, max_size=3))
    | st.builds(lambda keys: {"required": keys}, st.lists(KEYS, max_size=2, unique=True))
    | st.builds(lambda key: {"required": [key], "type": "object"}, KEYS)
    | st.booleans()
)
CHOICES: st.SearchStrategy[Any] = st.recursive(
    st.booleans() | st.just({"maxProperties": 1}),
    lambda inner: st.fixed_dictionaries(
        {"if": CONDITIONS}, optional={"then": inner, "else": inner, "maxProperties": st.just(2)}
    ),
)


@given(CHOICES, st.dictionaries(KEYS, st.none()) | st.none())
def test_a_condition_chooses_what_the_library_would_choose(made: Any, value: Any) -> None:
    """A question for a key is answered without a validator, and all other questions by one."""
    quick = dialect(lambda _address: True)

    assert jsonschema.Draft7Validator(made).is_valid(value) == quick(made).is_valid(value)


def test_each_file_of_schemas_is_asked_for_once() -> None:
    """A schema may name itself, parts of itself, and other files relative to its own."""
    files = {
        "file:///deep/tree": {
            "additionalProperties": {"$ref": "#"},
            "propertyNames": {"$ref": "../words#/definitions/short"},
        },
        "file:///words": {"definitions": {"short": {"maxLength": 2}}},
    }
    asked: Counter[str] = Counter()

    def retrieve(address: str) -> Any:
        asked[address] += 1
        return absolute(files[address], address)

    tree = dialect(retrieve)({"$ref": "file:///deep/tree"})
    errors = [*tree.iter_errors({"a": {"b": {"long": {}}}, "c": {"longer": {}}})]

    # The library promises no order.
    found = {error.instance: [*error.absolute_path] for error in errors}
    assert found == {"long": ["a", "b"], "longer": ["c"]}
    assert asked == {"file:///deep/tree": 1, "file:///words": 1}
