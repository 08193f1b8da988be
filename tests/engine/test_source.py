"""YAML is read as its strictest reader would, and every key and value knows its place."""

import pickle
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.engine import source
from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.engine.source import Mapping, Octal, Sequence, Text


def place(mark: Any) -> tuple[int, int]:
    """Return line and column."""
    return (mark.line, mark.column)


def test_keys_values_and_items_know_their_places() -> None:
    """Line and column count from 1 and point at the first character."""
    node = source.parse("# first\na: 1\nb:\n  - x\n  -   {c: d}\n", "f.yml")

    assert node == {"a": 1, "b": ["x", {"c": "d"}]}
    assert place(node.mark) == (2, 1)
    assert {key: place(at) for key, at in node.keys_at.items()} == {"a": (2, 1), "b": (3, 1)}
    assert place(node.values_at["a"]) == (2, 4)
    assert [place(at) for at in node["b"].items_at] == [(4, 5), (5, 7)]
    assert place(node["b"][1]["c"].mark) == (5, 11)
    assert node.mark.file == "f.yml"


def test_columns_count_characters_not_bytes() -> None:
    """An editor opens the right column behind letters that take several bytes."""
    node = source.parse("{ü: ß, é: 'x'}\n", "f.yml")

    assert place(node.values_at["é"]) == (1, 11)


def test_every_string_is_a_text_with_its_place() -> None:
    """Only what stands in a source is ever templated, so every string of one is marked."""
    node = source.parse("a: plain\nb: 'single'\nc: \"double\"\nd: |\n  block\ne: [f]\n", "f.yml")

    texts = [node["a"], node["b"], node["c"], node["d"], node["e"][0]]
    assert [Text] * 5 == [type(text) for text in texts]
    assert [place(text.mark) for text in texts] == [(1, 4), (2, 4), (3, 4), (4, 4), (6, 5)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        *((word, word) for word in ("yes", "no", "on", "off", "Yes", "NO", "y", "n")),
        ("true", True),
        ("True", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("12", 12),
        ("-3", -3),
        ("0", 0),
        ("0o17", 15),
        ("0x1F", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".inf", float("inf")),
        ("-.inf", float("-inf")),
        ("1_000", "1_000"),
        ("12:30:45", "12:30:45"),
        ("2024-01-01", "2024-01-01"),
        ("'12'", "12"),
        ("1.2.3", "1.2.3"),
        ("+", "+"),
        ("=", "="),
    ],
)
def test_values_are_those_of_yaml_1_2(text: str, expected: object) -> None:
    """Only true and false are booleans; dates, times and words stay text."""
    value = source.parse(f"key: {text}\n", "f.yml")["key"]

    assert expected == value
    assert isinstance(value, str) == isinstance(expected, str)


def test_an_octal_number_remembers_that_it_was_one() -> None:
    """So that a message about a file mode can show its digits."""
    value = source.parse("mode: 0o755\n", "f.yml")["mode"]

    assert isinstance(value, Octal)
    assert value == 0o755


def test_not_a_number_is_one() -> None:
    """`.nan` is the one number that is not itself."""
    value = source.parse(".nan\n", "f.yml")

    assert value != value  # noqa: PLR0124 - that is what it means


def test_anchors_and_merge_keys_are_filled_in_with_the_places_of_their_origin() -> None:
    """A key's own value wins; a merged key points to where it is written."""
    text = (
        "base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\none:\n  <<: [*base, *more]\n  a: 9\n"
    )

    node = source.parse(text, "f.yml")

    assert node["one"] == {"a": 9, "b": 2, "c": 4}
    assert place(node["one"].keys_at["b"]) == (1, 20)
    assert place(node["one"].keys_at["a"]) == (5, 3)


def test_a_byte_order_mark_is_no_content() -> None:
    """Editors of some systems write one; the first column stays the first."""
    node = source.parse("﻿a: 1\n".removeprefix("﻿"), "f.yml")

    assert place(node.keys_at["a"]) == (1, 1)


def test_a_file_with_a_byte_order_mark_is_read(tmp_path: Path) -> None:
    """The mark is not part of the first key."""
    path = tmp_path / "f.yml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\n")

    assert source.load(path) == {"a": 1}


def test_a_missing_file_is_told_with_the_reason(tmp_path: Path) -> None:
    """Never a traceback for a file that is not there."""
    with pytest.raises(SchemaError, match="No such file"):
        source.load(tmp_path / "nothing.yml")


def test_a_byte_that_is_not_utf_8_is_told_at_its_place(tmp_path: Path) -> None:
    """The column is that of the byte."""
    path = tmp_path / "f.yml"
    path.write_bytes("a: 1\nbé: \xfc\n".encode("latin-1"))

    with pytest.raises(SchemaError, match="0xe9 is not UTF-8") as caught:
        source.load(path)

    assert place(caught.value.mark) == (2, 2)


def test_a_file_that_is_too_large_is_not_read_into_memory(tmp_path: Path) -> None:
    """A playbook of that size is a mistake, or worse."""
    path = tmp_path / "f.yml"
    path.write_text("a" * 101)

    with pytest.raises(SchemaError, match="larger than"):
        source.load(path, limit=100)


@given(st.text(st.characters(codec="utf-8"), max_size=60))
def test_no_text_ends_in_anything_but_data_or_an_error_with_a_place(text: str) -> None:
    """Whatever is written, the answer is data or one SchemaError that says where."""
    error = _problem(text)

    assert error is None or error.mark is not None


def _problem(text: str) -> SchemaError | None:
    try:
        source.parse(text, "f.yml")
    except SchemaError as error:
        return error
    return None


DATA = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abcdefgh-_ ", min_size=1, max_size=5), inner, max_size=3)
    ),
    max_leaves=10,
)


@given(DATA.filter(lambda data: data is not None))
def test_data_comes_back_as_it_was_written(data: Any) -> None:
    """What PyYAML writes with every text in quotes, we read back the same."""
    text = yaml.safe_dump(data, default_style='"', allow_unicode=True)
    expected = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - it makes strings only

    read = source.parse(yaml.dump(expected, default_style='"', allow_unicode=True), "f.yml")

    assert expected == read


def test_marked_data_can_be_copied() -> None:
    """A text keeps its place when it is pickled or copied."""
    text = source.parse("a: b\n", "f.yml")["a"]

    again = pickle.loads(pickle.dumps(text))  # noqa: S301 - our own

    assert again == "b"
    assert again.mark == text.mark


def test_without_libyaml_the_same_is_read() -> None:
    """The composer in Python gives the same data and the same places."""
    text = "a: [1, 'x', &b {c: yes}]\nd: *b\n"
    expected = source.parse(text, "f.yml")

    read = source.parse(text, "f.yml", composer=source.python_composer())

    assert expected == read
    assert isinstance(read, Mapping)
    assert isinstance(read["a"], Sequence)
    assert expected["a"].items_at == read["a"].items_at
    assert expected.values_at == read.values_at
