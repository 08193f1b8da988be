"""The quick look at a template finds the same names as Jinja's own parser."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.names import FILTERS, PLAIN, TESTS, read_by
from megaplan_cloud.engine.source import Text
from megaplan_cloud.engine.template import free_names

WORDS = st.sampled_from(
    [
        *("a", "b.c", "d[0]", "e['x']", "not a", "1", "2.5", "'text'", '"t"', "[1, 'x']", "true"),
        *("==", "!=", "<", ">=", "and", "or", "in", "not in", "~", "|", "is", "defined", "none"),
        *("a | length", "a|join(',')", "| trim", "is failed", "is not changed", "is", "| shout"),
        *("(", ")", "default('x')", "{'k': b}", "-", "+", "if", "else", "..", "'"),
    ]
)
EXPRESSIONS = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)
TEXTS = st.lists(
    st.sampled_from(["x ", "{{ ", " }}", "{{- ", " -}}", "{% if a %}", "{% endif %}", "{# ", "#}"])
    | EXPRESSIONS,
    max_size=6,
).map("".join)


def _names(text: str, *, expression: bool, quick: bool) -> frozenset[str] | str:
    look = read_by if quick else free_names
    try:
        return look(Text(text), expression=expression)
    except TemplateError:
        return "no template"


@given(EXPRESSIONS)
def test_an_expression_reads_what_jinja_says(text: str) -> None:
    """Plain or not, right or wrong: the answer is that of the parser."""
    expected = _names(text, expression=True, quick=False)

    assert expected == _names(text, expression=True, quick=True)


@given(TEXTS)
def test_a_text_reads_what_jinja_says(text: str) -> None:
    """Several expressions, statements, comments and open braces included."""
    expected = _names(text, expression=False, quick=False)

    assert expected == _names(text, expression=False, quick=True)


@pytest.mark.parametrize(
    "text",
    [
        "a.b | trim",
        "a | join(',') == 'x'",
        "a is failed or b is not changed",
        "a",
        "a.b == 1",
        "not a and b",
        "x.rc not in [0, 1]",
        "a['b'] ~ 'c'",
        "a < 2 or b",
    ],
)
def test_everyday_conditions_need_no_parser(text: str) -> None:
    """These are most of a playbook's; parsing them would take most of the time."""
    assert PLAIN.fullmatch(text)


def test_the_filters_and_tests_it_knows_are_there() -> None:
    """An unknown filter is a mistake, so a word may only be skipped when it is known."""
    texts = [f"a | {word}" for word in FILTERS] + [f"a is {word}" for word in TESTS]

    assert [frozenset("a")] * len(texts) == [free_names(text, expression=True) for text in texts]


@pytest.mark.parametrize("text", ["a b", "a..b", "a is shiny", "a |", "f(x)", "a if b"])
def test_what_is_not_plain_is_left_to_the_parser(text: str) -> None:
    """The quick look never says that something wrong is right."""
    assert not PLAIN.fullmatch(text)
