"""The filters and tests do what their page in the docs says."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.filters import FILTERS
from megaplan_cloud.engine.jinja_tests import TESTS
from megaplan_cloud.engine.scope import Scope
from megaplan_cloud.engine.source import Text
from megaplan_cloud.engine.template import render

PAGE = Path(__file__).parents[2] / "docs" / "templates.md"
ROW = re.compile(r"^\| `(\w+)` \| `(.*)` \| `(.*)` \| (.*) \|$", re.MULTILINE)


def rows() -> Iterator[tuple[str, str, str, str]]:
    """Yield the name, the example, what it gives and the meaning of each row of the page."""
    for found in ROW.finditer(PAGE.read_text(encoding="utf-8")):
        name, example, gives, meaning = (text.replace("\\|", "|") for text in found.groups())
        yield name, example, gives, meaning


def rendered(text: str) -> Any:
    """Return what a template gives."""
    return render(Text(text), Scope())


@pytest.mark.parametrize(("example", "gives"), [(row[1], row[2]) for row in rows()])
def test_each_example_of_the_page_gives_what_it_says(example: str, gives: str) -> None:
    """The docs are run."""
    assert rendered(example) == json.loads(gives)


def test_the_page_names_every_filter_and_test() -> None:
    """One that is added is documented, by its own row or as another name in one."""
    named = {row[0] for row in rows()} | {
        word for row in rows() for word in re.findall(r"`(\w+)`", row[3])
    }

    assert set(FILTERS) | set(TESTS) <= named


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("{{ {} | combine(1) }}", "combine takes mappings"),
        ("{{ {} | combine({}, list_merge='x') }}", "merges no lists"),
        ("{{ [] | dict2items }}", "takes a mapping"),
        ("{{ {} | items2dict }}", "takes a list"),
        ("{{ [{'key': 1}] | items2dict }}", "has no key 'value'"),
        ("{{ 'x' | hash('nope') }}", "no hash 'nope'"),
        ("{{ 'x' | regex_search('x', '1') }}", "names no group"),
        ("{{ nope | mandatory('Set nope.') }}", "Set nope"),
        ("{{ 'x' is version('1', '>>') }}", "compares no versions"),
        ("{{ '1.0' is version('', '>') }}", "cannot be empty"),
        ("{{ '1' is version('1', '>', version_type='pep440') }}", "no version type"),
        ("{{ 'x' is failed }}", "expects a registered result"),
        ("{{ 'a: [' | from_yaml }}", "while parsing"),
        ("{{ '(' | regex_findall('(') }}", "missing \\)"),
    ],
)
def test_a_filter_refuses_what_it_cannot_use(template: str, what: str) -> None:
    """With a sentence that says why."""
    with pytest.raises(TemplateError, match=what):
        rendered(template)


@pytest.mark.parametrize(
    ("smaller", "larger", "kind"),
    [
        ("1.9", "1.10", "loose"),
        ("1.0", "1.0.1", "loose"),
        ("1.0a1", "1.0", "strict"),
        ("1.0.0-rc.1", "1.0.0", "semver"),
        ("1.0.0-alpha.2", "1.0.0-alpha.10", "semver"),
        ("1.0.0-1", "1.0.0-a", "semver"),
    ],
)
def test_versions_compare_as_people_mean_them(smaller: str, larger: str, kind: str) -> None:
    """Numbers as numbers, releases after what comes before them."""
    assert rendered(f"{{{{ '{smaller}' is version('{larger}', '<', version_type='{kind}') }}}}")
