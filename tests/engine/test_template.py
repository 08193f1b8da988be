"""A template keeps types, refuses what is not defined, and says where it is wrong."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.scope import Pending, Scope, UnknownValue
from megaplan_cloud.engine.secret import MASK, Secret, reveal
from megaplan_cloud.engine.source import Text, parse
from megaplan_cloud.engine.template import (
    OMIT,
    UndefinedVariable,
    condition,
    free_names,
    render,
    render_document,
)

SCOPE = Scope(
    play=parse(
        """
number: 5
text: word
nothing: null
yes_: true
list: [1, a]
deep: {here: 1, broken: "{{ missing }}", number: "{{ number }}"}
items_: ["{{ missing }}", 2]
""",
        "vars.yml",
    ),
    settings={"token": Secret("s3cr3t"), "typed": "{{ number }}"},
)


def text(value: str) -> Text:
    """Return a text as a playbook has it."""
    return Text(value, Mark("play.yml", 3, 9))


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ number }}", 5),
        ("{{ list }}", [1, "a"]),
        ("{{ nothing }}", None),
        ("{{ number }}\n", 5),
        ("{# a note #}{{ number }}", 5),
        ("{% if yes_ %}{{ number }}{% endif %}", 5),
        ("{% if not yes_ %}{{ number }}{% endif %}", None),
        ("{{ deep.number }}", 5),
        ("{{ (1, 2) }}", [1, 2]),
        ("{{ deep.keys() }}", ["here", "broken", "number"]),
        ("{{ list | map('string') }}", ["1", "a"]),
        (" {{ number }}", " 5"),
        ("a{{ nothing }}", "a"),
        ("{{ list }}x", "[1, 'a']x"),
        ("{{ text }}\n", "word\n"),
        ("{{ 1 ~ nothing ~ yes_ }}", "1NoneTrue"),
        ("a{% if yes_ %}\n b\n{% endif %}\nc\n", "a b\nc\n"),
        ("x{{ 'a' if not yes_ }}", "x"),
        ("no template", "no template"),
    ],
)
def test_a_template_means_what_it_means_in_ansible(template: str, value: Any) -> None:
    """A lone expression keeps its type; with text around it, it is text; null adds nothing."""
    rendered = render(text(template), SCOPE)

    assert rendered == value
    assert type(rendered) is type(value)


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("{{ missing.a.b | default('d') }}", "d"),
        ("{{ deep.broken | default('d') }}", "d"),
        ("{{ deep['broken'] is defined }}", False),
        ("{{ items_ | length }}", 2),
        ("{{ items_ | last }}", 2),
        ("{{ deep.here }}", 1),
        ("{{ yes_ or missing }}", True),
    ],
)
def test_what_is_not_read_need_not_be_defined(template: str, value: Any) -> None:
    """Variables are rendered when they are read, also inside containers."""
    assert render(text(template), SCOPE) == value


@pytest.mark.parametrize(
    "template",
    [
        "{{ missing }}",
        "{{ missing.a }}",
        "{{ deep }}",
        "{{ deep.nope }}",
        "{{ [missing] }}",
        "{{ missing | length }}",
        "{{ missing is none }}",
        "{{ missing ~ 'a' }}",
        "{{ missing == 1 }}",
        "{% for x in missing %}{% endfor %}",
        "{{ 'a' if not yes_ }}",
    ],
)
def test_what_is_not_defined_is_an_error(template: str) -> None:
    """Undefined is never the empty string."""
    with pytest.raises(UndefinedVariable):
        render(text(template), SCOPE)


@pytest.mark.parametrize("name", ["list", "made", "fact"])
def test_a_template_cannot_change_what_it_reads(name: str) -> None:
    """A list of its own may grow; a variable, a computed one or a fact may not."""
    scope = SCOPE.child(task={"made": text("{{ [1] }}")})
    scope.register("fact", [1])

    grown = render(text("{% set own = [] %}{% set _ = own.append(1) %}{{ own }}"), scope)
    with pytest.raises(TemplateError, match="has no 'append'"):
        render(text(f"{{{{ {name}.append(2) }}}}"), scope)

    assert grown == [1]
    assert render(text(f"{{{{ {name} + [2] }}}}"), scope)[-1] == 2


def test_only_what_a_person_wrote_is_a_template() -> None:
    """A plain string, from a result or a file, is data; so is what a template gave."""
    assert render("{{ number }}", SCOPE) == "{{ number }}"
    assert render(text("{{ typed }}"), SCOPE) == "{{ number }}"
    assert type(render(text("plain"), SCOPE)) is str


def test_containers_are_rendered_and_omitted_values_left_out() -> None:
    """`omit` takes its key or item away; alone it is returned as such."""
    node = parse('{a: "{{ number }}", b: "{{ omit }}", c: [1, "{{ x | default(omit) }}"]}', "f")

    assert render(node, SCOPE) == {"a": 5, "c": [1]}
    assert render(text("{{ omit }}"), SCOPE) is OMIT


def test_a_backslash_in_an_expression_stands_for_itself() -> None:
    r"""A pattern is written once, as in Ansible: `regex_replace('(\w+)', '<\1>')`."""
    template = text(r"{{ 'ab cd' | regex_replace('(\w+)', '<\1>') }}")

    assert render(template, SCOPE) == "<ab> <cd>"


@pytest.mark.parametrize(
    "template",
    [
        "{{ token }}",
        "x {{ token }}",
        "{{ token | upper }}",
        "{{ token | b64encode }}",
        "{{ 'a' ~ token }}",
        "{{ 'a' + token }}",
        "{{ [token, 'b'] | join(',') }}",
        "{{ ['a', token] | map('upper') | join }}",
        "{{ {'a': token} | to_json }}",
        "{{ 'Bearer {}'.format(token) }}",
        "{{ 'a %s' % token }}",
        "{{ 'a %s' | format(token) }}",
        "{{ token[1:] }}",
        "{% for x in [token] %}<{{ x }}>{% endfor %}",
        "{% set x %}{{ token }}!{% endset %}{{ x }}",
        "{{ token | hash('sha256') }}",
        "{{ token | string }}",
        "{{ [token] | first }}",
        "{{ {'t': token}.t | default('x') }}",
    ],
)
def test_what_a_secret_went_into_is_secret(template: str) -> None:
    """Through text, operators, filters, loops and assignments."""
    rendered = render(text(template), SCOPE)

    assert isinstance(rendered, Secret)
    assert MASK not in reveal(rendered)


def test_what_stands_beside_a_secret_stays_readable() -> None:
    """Filters that hand on their values do not hide the others."""
    rendered = render(text("{{ {'name': 'a', 'token': token} | dict2items }}"), SCOPE)

    assert [type(item["value"]) for item in rendered] == [str, Secret]


def test_a_template_cannot_reveal_a_secret() -> None:
    """Only programs can."""
    with pytest.raises(TemplateError):
        render(text("{{ token.reveal() }}"), SCOPE)


def test_an_error_says_where_and_what_was_meant(tmp_path: Path) -> None:
    """The place of the text, and the name that was probably meant."""
    with pytest.raises(TemplateError) as caught:
        render(text("{{ numbr }}"), SCOPE)

    assert caught.value.mark == Mark("play.yml", 3, 9)
    assert caught.value.hint == "Did you mean 'number'?"


def test_an_error_in_a_block_text_says_which_line(tmp_path: Path) -> None:
    """The line inside the text, not only where it begins."""
    file = tmp_path / "play.yml"
    file.write_text("a: |\n  one\n  {{ 1 / 0 }}\n", encoding="utf-8")
    node = parse(file.read_text(encoding="utf-8"), str(file))

    with pytest.raises(TemplateError) as caught:
        render(node, SCOPE)

    assert caught.value.mark == Mark(str(file), 3, 1)


@pytest.mark.parametrize(
    ("template", "what"),
    [
        ("{{ 1 / 0 }}", "division by zero"),
        ("{{ 'a' + 1 }}", "can only concatenate"),
        ("{{ number | nope }}", "No filter named 'nope'"),
        ("{{ number is nope }}", "No test named 'nope'"),
        ("{{ number", "unexpected end of template"),
        ("{{ 'x' | from_json }}", "Expecting value"),
        ("{{ 'maybe' | bool }}", "neither true nor false"),
        ("{{ range(3) }}", "which no variable can be"),
        ("{{ lookup('pipe', 'ls') }}", "no lookup 'pipe'"),
    ],
)
def test_every_fault_of_a_template_is_one_error(template: str, what: str) -> None:
    """Never a traceback for a mistake in YAML."""
    with pytest.raises(TemplateError, match=what) as caught:
        render(text(template), SCOPE)
    assert caught.value.mark == Mark("play.yml", 3, 9)


@pytest.mark.parametrize(
    ("expression", "holds"),
    [
        ("number == 5", True),
        ("missing is defined", False),
        ("missing is defined and missing.rc == 0", False),
        ("yes_ and not nothing", True),
        ("'a b' is search('\\\\s')", True),
    ],
)
def test_a_condition_is_an_expression(expression: str, holds: bool) -> None:  # noqa: FBT001
    """Without braces, and true or false."""
    assert condition(text(expression), SCOPE) is holds
    assert condition([text(expression), True], SCOPE) is holds


@pytest.mark.parametrize(
    "value",
    [
        *map(text, ("number", "text", "list", "nothing", "''", "", "{{ yes_ }}", "number ==")),
        None,
        1,
    ],
)
def test_a_condition_is_never_guessed(value: Any) -> None:
    """What is neither true nor false is an error that says what it was."""
    with pytest.raises(TemplateError):
        condition(value, SCOPE)


def test_a_secret_is_not_shown_by_the_error_of_a_condition() -> None:
    """The value is masked."""
    with pytest.raises(TemplateError) as caught:
        condition(text("token"), SCOPE)
    assert "s3cr3t" not in str(caught.value)


def test_signals_of_the_scope_pass_through_jinja() -> None:
    """The runner needs to see them as they are."""
    scope = SCOPE.child()
    scope.pending("result")
    scope.unknown("other", "A task")

    with pytest.raises(Pending):
        render(text("{{ result.rc | default(0) }}"), scope)
    with pytest.raises(UnknownValue):
        condition(text("other is defined"), scope)


@pytest.mark.parametrize(
    ("template", "names"),
    [
        ("plain", set()),
        ("{{ a.b.c }} and {{ d }}", {"a", "d"}),
        ("{{ a | default(b) }}", {"b"}),
        ("{{ x if x is defined else y }}", {"y"}),
        ("{% for i in list %}{{ i }}{{ j }}{% endfor %}", {"list", "j"}),
        ("{% set s = t %}{{ s }}", {"t"}),
        ("{{ lookup('env', name) }}{{ omit }}{{ range(n) }}{{ true }}", {"name", "n"}),
    ],
)
def test_the_names_a_template_needs_are_known_before_it_runs(
    template: str, names: set[str]
) -> None:
    """Without those that it defines, guards or gives a default."""
    assert free_names(template) == names


def test_the_names_of_a_condition_are_known_too() -> None:
    """A bare expression has no braces."""
    assert free_names("a.rc == 0 and b is defined and b.c", expression=True) == {"a"}


def test_a_document_keeps_its_whitespace_as_ansible_does() -> None:
    """Blocks take their line end with them; the last newline stays."""
    document = "{% for x in list %}\n  - {{ x }}\n{% endfor %}\n\nend {{ nothing }}\n"

    assert render_document(document, "x.j2", SCOPE) == "  - 1\n  - a\n\nend \n"
    assert render_document("", "x.j2", SCOPE) == ""
    assert isinstance(render_document("t={{ token }}\n", "x.j2", SCOPE), Secret)


def test_a_document_includes_others_and_says_where_it_fails(tmp_path: Path) -> None:
    """Includes are looked for in the folders given; errors name file and line."""
    (tmp_path / "part.j2").write_text("part {{ number }}", encoding="utf-8")

    assert render_document("{% include 'part.j2' %}", "x.j2", SCOPE, search=[tmp_path]) == "part 5"
    with pytest.raises(TemplateError) as caught:
        render_document("one\n{{ missing }}\n", "x.j2", SCOPE)
    assert caught.value.mark == Mark("x.j2", 2, 1)


def test_lookups_read_the_environment_and_files(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Files are looked for beside the playbook; variables that sound secret are secret."""
    monkeypatch.setenv("PLAIN_WORD", "a")
    monkeypatch.setenv("SOME_TOKEN", "b")
    (tmp_path / "note").write_text("text\n\n", encoding="utf-8")
    scope = Scope(magic={"playbook_dir": str(tmp_path)})

    found = render(
        [
            text("{{ lookup('env', 'PLAIN_WORD') }}"),
            text("{{ lookup('env', 'NOT_THERE', default='d') }}"),
            text("{{ lookup('file', 'note') }}"),
            text("{{ query('env', 'PLAIN_WORD') }}"),
        ],
        scope,
    )

    assert found == ["a", "d", "text", ["a"]]
    assert isinstance(render(text("{{ lookup('env', 'SOME_TOKEN') }}"), scope), Secret)


def test_jinja_is_loaded_when_the_first_template_is_met() -> None:
    """Listing and validating simple playbooks stays quick."""
    program = (
        "import sys; from megaplan_cloud.engine import template, scope; "
        "from megaplan_cloud.engine.source import Text; "
        "template.render(Text('plain'), scope.Scope()); template.free_names('{{ a.b }}'); "
        "sys.exit('jinja2' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
