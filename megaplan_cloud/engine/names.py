"""The names that a template reads, found without parsing it where its form is plain.

Nearly every expression in a playbook is a path, or paths and constants between operators; to
parse those with Jinja takes most of the time that checking a playbook takes.
"""

import re
from functools import lru_cache

from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.source import Text
from megaplan_cloud.engine.template import WORDS_OF_JINJA, free_names

STRING = r"(?:'[^'\\]*'|\"[^\"\\]*\")"
CONSTANT = rf"(?:{STRING}|\d+(?:\.\d+)?)"
WORD = r"(?!(?:and|or|not|in|is|if|else)\b)[A-Za-z_]\w*"
PATH = rf"(?:{WORD}(?:\.[A-Za-z_]\w*|\[(?:{STRING}|-?\d+)\])*)"
LIST = rf"\[(?:{CONSTANT}(?: *, *{CONSTANT})*)?\]"
FILTERS = (
    *("basename", "bool", "dirname", "first", "from_json", "from_yaml", "int", "join", "last"),
    *("length", "list", "lower", "quote", "sort", "string", "to_json", "trim", "unique", "upper"),
)
TESTS = ("changed", "failed", "skipped", "succeeded")
FILTERED = rf"(?: *\| *(?:{'|'.join(FILTERS)})\b(?:\({CONSTANT}\))?)*"
TESTED = rf"(?: +is +(?:not +)?(?:{'|'.join(TESTS)})\b)?"
OPERAND = rf"(?:{CONSTANT}|{PATH}{FILTERED}{TESTED}|{LIST})"
COMPARED = rf"(?:not +)?{OPERAND}(?:(?: *(?:==|!=|<=?|>=?|~) *| +(?:not +)?in +){OPERAND})*"
PLAIN = re.compile(rf"\s*{COMPARED}(?: +(?:and|or) +{COMPARED})*\s*", re.ASCII)
NAME = re.compile(rf"{STRING}|\.\w+|\| *\w+|\bis +(?:not +)?\w+|([A-Za-z_]\w*)", re.ASCII)
EXPRESSION = re.compile(r"\{\{[-+]?(.*?)[-+]?\}\}", re.DOTALL)
# A statement, a comment, a guard, an open brace: only the whole text tells what is read.
INVOLVED = re.compile(r"\{[%#{]|defined|default")


def read_by(text: Text, *, expression: bool = False) -> frozenset[str]:
    """Return the variables that a template, or a bare expression, reads without a guard.

    It says what `free_names` says. TemplateError, with the place, for text that is no template.
    """
    try:
        if expression:
            return _read_by_expression(str(text))
        if "{" not in text:
            return frozenset()
        bodies = EXPRESSION.findall(text)
        if not INVOLVED.search(" ".join([*bodies, EXPRESSION.sub("", text)])):
            return frozenset[str]().union(*map(_read_by_expression, bodies))
    except TemplateError:
        # Braces inside the expression, perhaps; and this one knows the place.
        return free_names(text, expression=expression)
    return free_names(text)


@lru_cache(maxsize=8192)
def _read_by_expression(text: str) -> frozenset[str]:
    if PLAIN.fullmatch(text):
        return frozenset(name for name in NAME.findall(text) if name) - WORDS_OF_JINJA
    return free_names(text, expression=True)
