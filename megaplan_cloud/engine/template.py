"""A template: text with `{{ expressions }}`, and what becomes of it for one host's variables.

Only a `Text`, which stands in a playbook or role, is ever a template: what a command printed or
a file held is data. Jinja is loaded when the first real template is met.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol

from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.omit import OMIT
from megaplan_cloud.engine.secret import Secret
from megaplan_cloud.engine.source import Text

__all__ = [
    "OMIT",
    "Names",
    "UndefinedVariable",
    "condition",
    "free_names",
    "is_template",
    "render",
    "render_document",
]

OPENING = re.compile(r"\{[{%#]")
DOTTED = re.compile(r"\{\{ *([A-Za-z_][A-Za-z0-9_]*)(?:\.[A-Za-z_][A-Za-z0-9_]*)* *\}\}")
WORDS_OF_JINJA = {
    *("and", "else", "false", "False", "if", "in", "is", "none", "None", "not", "or"),
    *("true", "True", "range", "dict", "lipsum", "cycler", "joiner", "namespace"),
    *("lookup", "query", "q", "omit"),
}


class Names(Protocol):
    """Where a template finds its variables; `Scope` is one."""

    def look_up(self, name: str) -> Any:
        """Return the value of a variable, its containers lazy; KeyError if there is none."""

    def known(self) -> Iterable[str]:
        """Return the names there are, for a suggestion."""


class UndefinedVariable(TemplateError):
    """A template uses a variable that is not defined."""


def is_template(value: Any) -> bool:
    """Say whether rendering would look into this text."""
    return isinstance(value, Text) and OPENING.search(value) is not None


def render(value: Any, scope: Names) -> Any:
    """Return `value` with every `Text` in it rendered, as plain data.

    A lone `{{ expression }}` gives the expression's value with its type; text around it makes a
    string, a `Secret` when a secret went into it. Keys and items that render to `omit` are left
    out, a lone `omit` is returned as `OMIT`. TemplateError, with the place, for what cannot be
    rendered; `Pending` and `UnknownValue` of the scope pass through.
    """
    match value:
        case Text():
            return render_text(value, scope)
        case dict():
            pairs = ((str(key), render(each, scope)) for key, each in value.items())
            return {key: each for key, each in pairs if each is not OMIT}
        case list():
            items = (render(each, scope) for each in value)
            return [each for each in items if each is not OMIT]
        case tuple():
            return tuple(render(each, scope) for each in value)
        case _:
            return value


def render_text(text: Text, scope: Names) -> Any:
    """Return what one text means: itself without templates, else the value of its template."""
    if not OPENING.search(text):
        return str(text)
    from megaplan_cloud.engine.evaluation import evaluate

    return evaluate(text, scope)


def render_document(
    text: str,
    file: str,
    scope: Names,
    *,
    search: Sequence[Path] = (),
    trim_blocks: bool = True,
    lstrip_blocks: bool = False,
) -> str:
    """Return the text that a template file makes, its last newline kept.

    `search` holds the folders of `{% include %}`; the result is a `Secret` when one went into it.
    """
    from megaplan_cloud.engine.evaluation import evaluate_document
    from megaplan_cloud.engine.jinja import DocumentOptions

    options = DocumentOptions(tuple(search), trim_blocks, lstrip_blocks)
    return evaluate_document(text, file, scope, options)


def condition(value: Any, scope: Names) -> bool:
    """Say whether a condition (an expression, a bool, or a list of them) holds.

    TemplateError at the condition's place when its value is neither true nor false.
    """
    match value:
        case bool():
            return value
        case list() | tuple():
            return all(condition(each, scope) for each in value)
        case str() if value.strip():
            return _boolean(value, _expression(value, scope))
        case _:
            shown = "empty" if value is None or isinstance(value, str) else f"'{value}'"
            raise TemplateError(
                f"The condition is {shown}.",
                mark=getattr(value, "mark", None),
                hint="Write an expression such as `result.rc == 0`, or true or false.",
            )


def _expression(text: str, scope: Names) -> Any:
    """Return the value of a bare expression."""
    mark = getattr(text, "mark", None)
    if OPENING.match(text.strip()):
        raise TemplateError(
            "The condition stands in template braces.",
            mark=mark,
            hint="A condition is an expression already: leave the braces out.",
        )
    from megaplan_cloud.engine.evaluation import evaluate_expression

    return evaluate_expression(text, mark, scope)


def _boolean(text: str, value: Any) -> bool:
    if isinstance(value, bool):
        return value
    shown = value if isinstance(value, Secret) else repr(value)
    raise TemplateError(
        f"The condition '{text}' gives {str(shown)[:80]}, {_kind(value)}, not true or false.",
        mark=getattr(text, "mark", None),
        hint="Compare it (`== 0`), test it (`is defined`), or convert it (`| bool`).",
    )


def _kind(value: Any) -> str:
    kinds = {str: "a string", int: "a number", float: "a number", dict: "a mapping"}
    return "nothing" if value is None else kinds.get(type(value), "a list")


@lru_cache(maxsize=8192)
def free_names(text: str, *, expression: bool = False) -> frozenset[str]:
    """Return the variables that a template (or a bare expression) reads without a guard.

    A name that the same text asks about with `is defined` or gives a `default` is left out, and
    so are names that the text itself defines. TemplateError for text that is no template.
    """
    if not expression:
        if not OPENING.search(text):
            return frozenset()
        rest = DOTTED.sub("", text)
        if not OPENING.search(rest):
            return frozenset(DOTTED.findall(text)) - WORDS_OF_JINJA
    from megaplan_cloud.engine.free_names import free_names as find

    return find(text, getattr(text, "mark", None), expression=expression)


def line_inside(mark: Mark | None, line: int) -> Mark | None:
    """Return the place of line `line` (from 1) of a text that stands at `mark`.

    The lines of a block text, `|`, begin below its mark; those of `>` and of quotes are folded.
    """
    if mark is None:
        return None
    try:
        written = Path(mark.file).read_text(encoding="utf-8").splitlines()[mark.line - 1]
    except (OSError, UnicodeDecodeError, IndexError):
        return mark
    if written[mark.column - 1 : mark.column] != "|":
        return mark
    return Mark(mark.file, mark.line + line, 1)
