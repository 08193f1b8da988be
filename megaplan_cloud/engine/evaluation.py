"""Evaluation: a template, compiled once, run for a scope, its faults told at their place."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import jinja2
import yaml
from jinja2 import nodes
from jinja2.parser import Parser

from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.jinja import DocumentOptions, Environment, for_documents, for_text
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.omit import OMIT
from megaplan_cloud.engine.plain import as_text
from megaplan_cloud.engine.secret import reveal
from megaplan_cloud.engine.source import Text
from megaplan_cloud.engine.suggestion import did_you_mean
from megaplan_cloud.engine.template import Names, UndefinedVariable, line_inside


def evaluate(text: Text, scope: Names) -> Any:
    """Return the value of a text with templates in it."""
    with _told(scope, lambda line: line_inside(text.mark, line)):
        value = _run(_template(str(text)), scope)
    return _with_last_newlines(value, text) if isinstance(value, str) else value


def _with_last_newlines(value: str, text: str) -> str:
    """Return a rendered text with the newlines at its end that its template has and Jinja drops."""
    return value + "\n" * (_trailing_newlines(text) - _trailing_newlines(reveal(value)))


def _trailing_newlines(text: str) -> int:
    return len(text) - len(text.rstrip("\n"))


def evaluate_expression(text: str, mark: Mark | None, scope: Names) -> Any:
    """Return the value of a bare expression."""
    with _told(scope, lambda _: mark):
        return _run(_expression(str(text)), scope)


def evaluate_document(text: str, file: str, scope: Names, options: DocumentOptions) -> str:
    """Return the text that a template file makes."""
    with _told(scope, lambda line: Mark(file, line, 1)):
        value = _run(_document(text, options), scope)
        rendered = "" if value is None or value is OMIT else as_text([value])
    return _with_last_newlines(rendered, text)


def _run(template: jinja2.Template, scope: Names) -> Any:
    context = template.new_context(scope, shared=True)  # type: ignore[arg-type]
    return template.environment.concat(template.root_render_func(context))


@lru_cache(maxsize=8192)
def _template(text: str) -> jinja2.Template:
    environment = for_text()
    return environment.from_string(_with_plain_backslashes(text, environment))


def _with_plain_backslashes(text: str, environment: Environment) -> str:
    r"""Return the template with the backslashes in the strings of `{{ }}` standing for themselves.

    As in Ansible, so that a pattern is written once: `{{ name | regex_replace('\.git$') }}`.
    """
    if "\\" not in text:
        return text
    inside = False
    parts: list[str] = []
    for _, kind, source in environment.lex(text):
        inside = kind == "variable_begin" or (inside and kind != "variable_end")
        parts.append(source.replace("\\", "\\\\") if inside and kind == "string" else source)
    return "".join(parts) + text[len(text.rstrip("\n")) :]


@lru_cache(maxsize=8192)
def _expression(text: str) -> jinja2.Template:
    environment = for_text()
    return environment.from_string(parsed_expression(environment, text))


@lru_cache(maxsize=256)
def _document(text: str, options: DocumentOptions) -> jinja2.Template:
    return for_documents(options).from_string(text)


def parsed_expression(environment: Environment, text: str) -> nodes.Template:
    """Return the tree of a template that is nothing but the expression `text`."""
    parser = Parser(environment, text, state="variable")
    expression = parser.parse_expression()
    if not parser.stream.eos:
        raise jinja2.TemplateSyntaxError("the expression should end here", 1)
    tree = nodes.Template([nodes.Output([expression], lineno=1)], lineno=1)
    tree.set_environment(environment)
    return tree


FAULTS = (
    ArithmeticError,
    AttributeError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    jinja2.TemplateError,
    re.error,
    yaml.YAMLError,
)
"""What an expression or a filter may raise because of the values it was given."""


@contextmanager
def _told(scope: Names, place: Callable[[int], Mark | None]) -> Iterator[None]:
    """Turn what Jinja and the filters raise into a TemplateError at its place."""
    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(
            f"The template is wrong: {sentence(error)}", mark=place(error.lineno)
        ) from error
    except jinja2.UndefinedError as error:
        what = sentence(error)
        line = _failed_line(error)
        name = re.match("'(.*)' is undefined", what)
        hint = did_you_mean(name[1], scope.known()).strip() if name else ""
        raise UndefinedVariable(what, mark=place(line), hint=hint) from error
    except FAULTS as error:
        what = f"The template fails: {sentence(error)}"
        raise TemplateError(what, mark=place(_failed_line(error))) from error


def sentence(error: Exception) -> str:
    """Return what an exception says, as a sentence."""
    if isinstance(error, RecursionError):
        return "it calls itself without end."
    # Jinja adds the line to the text of its own errors; ours have a mark.
    said = error.message if isinstance(error, jinja2.TemplateSyntaxError) else str(error)
    return f"{(said or '').rstrip('.') or type(error).__name__}."


def _failed_line(error: BaseException) -> int:
    """Return the line of the template in which an exception arose."""
    line = 1
    trace = error.__traceback__
    while trace is not None:
        template = trace.tb_frame.f_globals.get("__jinja_template__")
        if template is not None:
            line = template.get_corresponding_lineno(trace.tb_lineno)
        trace = trace.tb_next
    return line
