"""The Jinja environment of the language: Ansible's types, words and strictness."""

import re
from collections.abc import (
    Callable,
    ItemsView,
    Iterable,
    Iterator,
    KeysView,
    Mapping,
    ValuesView,
)
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any

import jinja2
import yaml
from jinja2 import meta, nodes
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.parser import Parser
from jinja2.runtime import Context, StrictUndefined, Undefined
from jinja2.utils import missing

from megaplan_cloud.engine import filters, jinja_tests, lookups
from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.lazy import LazyMapping, LazySequence
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.omit import OMIT
from megaplan_cloud.engine.secret import Secret, conceal, holds_secret, reveal
from megaplan_cloud.engine.source import Text
from megaplan_cloud.engine.suggestion import did_you_mean
from megaplan_cloud.engine.template import Names, UndefinedVariable, line_inside

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


class Missing(StrictUndefined):
    """A name or key that is not there; using it in any way is an error that says so.

    What would be inside it is missing too, so that `a.b.c is defined` and `| default` can ask.
    """

    __slots__ = ()

    def __getattr__(self, name: str) -> "Missing":
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __getitem__(self, _key: Any) -> "Missing":  # type: ignore[override]
        return self

    @property
    def _undefined_message(self) -> str:
        if self._undefined_hint:
            return str(self._undefined_hint)
        owner = self._undefined_obj
        if owner is missing:
            return f"'{self._undefined_name}' is undefined"
        if not isinstance(owner, Mapping):
            return f"a value of type {type(owner).__name__} has no '{self._undefined_name}'"
        return f"there is no '{self._undefined_name}' among the keys {_listed(owner)}"


def _listed(keys: Iterable[Any]) -> str:
    shown = [str(key) for key in keys]
    more = ", …" if len(shown) > 10 else ""  # noqa: PLR2004 - as many as fit a line
    return (", ".join(shown[:10]) + more) or "(it has none)"


class Generator(NativeCodeGenerator):
    """Writes code that hands every value to `concat` as it is, with its type."""

    def _output_child_to_const(self, node: nodes.Expr, frame: Any, finalize: Any) -> Any:
        if not isinstance(node, nodes.TemplateData):
            raise nodes.Impossible
        return super()._output_child_to_const(node, frame, finalize)

    def visit_Concat(self, node: nodes.Concat, frame: Any) -> None:  # noqa: N802 - Jinja's name
        """Write `a ~ b` as a join that keeps secrets secret."""
        self.write("environment.joined((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class Reading(Context):
    """What a running template reads: its own names, then the scope's, then the globals."""

    def resolve_or_missing(self, key: str) -> Any:
        """Return the value of a name, or Jinja's `missing`."""
        if key in self.vars:
            return self.vars[key]
        scope: Names = self.parent  # type: ignore[assignment]
        try:
            return scope.look_up(key)
        except KeyError:
            return self.environment.globals.get(key, missing)
        except UndefinedVariable as error:
            return Missing(name=key, exc=_raising(error))

    def call(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template calls; a text formatted with secrets is a secret."""
        if isinstance(getattr(function, "__self__", None), str) and holds_secret([args, kwargs]):
            return conceal(super().call(function, *reveal(args), **reveal(kwargs)))
        return super().call(function, *args, **kwargs)


def _raising(error: Exception) -> Any:
    """Return what Jinja calls to make an exception, so that it raises `error` itself."""
    return lambda _message: error


class Environment(jinja2.Environment):
    """Jinja as the language has it. Its filters see plain values and never an undefined one."""

    code_generator_class = Generator
    context_class = Reading

    def __init__(self, **options: Any) -> None:
        super().__init__(undefined=Missing, finalize=_output, **options)
        self.filters = _all_guarded({**self.filters, **filters.FILTERS})
        self.tests = _all_guarded({**self.tests, **jinja_tests.TESTS})
        self.globals |= {**lookups.GLOBALS, "omit": OMIT}

    def getattr(self, obj: Any, attribute: str) -> Any:
        """Return `obj.attribute`; what begins with `_` and what reveals is not for templates."""
        if attribute.startswith("_") or (isinstance(obj, Secret) and attribute == "reveal"):
            return (
                self.getitem(obj, attribute)
                if isinstance(obj, Mapping)
                else self.undefined(obj=obj, name=attribute)
            )
        try:
            return super().getattr(obj, attribute)
        except UndefinedVariable as error:
            return Missing(name=attribute, exc=_raising(error))

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return `obj[argument]`."""
        try:
            return super().getitem(obj, argument)
        except UndefinedVariable as error:
            return Missing(name=str(argument), exc=_raising(error))

    @staticmethod
    def joined(values: Iterable[Any]) -> str:
        """Return the values as one text."""
        return _as_text([settled(value) for value in values])

    @staticmethod
    def concat(values: Iterable[Any]) -> Any:
        """Return what a template gives: its only value with its type, else all as one text."""
        parts = [part for part in values if part is not None]
        if len(parts) > 1:
            return _as_text([part for part in parts if not _is_nothing(part)])
        return settled(parts[0]) if parts else None


def _output(value: Any) -> Any:
    """Return what one `{{ }}` gives; called inside the template, so that errors have a line."""
    return value if _is_nothing(value) else settled(value)


def _is_nothing(part: Any) -> bool:
    """Say whether a part adds no text: `omit`, or what an `if` without `else` gives."""
    return part is OMIT or type(part) is Undefined


def _as_text(values: list[Any]) -> str:
    if not holds_secret(values):
        return "".join(map(str, values))
    return Secret("".join(str(reveal(value)) for value in values))


def settled(value: Any) -> Any:
    """Return `value` as plain data: nothing lazy, nothing undefined, secrets kept."""
    match value:
        case None | bool() | int() | float() | Secret():
            return value
        case str():
            return str(value)
        case Undefined():
            return value._fail_with_undefined_error()  # noqa: SLF001 - Jinja's own way to say it
        case Mapping():
            pairs = ((settled(key), settled(each)) for key, each in value.items())
            return {key: each for key, each in pairs if each is not OMIT}
        case _ if value is OMIT:
            return OMIT
        case _ if isinstance(value, LISTS):
            return [each for each in map(settled, value) if each is not OMIT]
        case _:
            raise TypeError(f"a template gave a {type(value).__name__}, which no variable can be")


LISTS = (list, tuple, set, frozenset, LazySequence, Iterator, KeysView, ValuesView, ItemsView)
"""What becomes a list when it leaves a template."""


TOLERANT = frozenset({"default", "d", "mandatory", "defined", "undefined"})
"""Filters and tests that may be given something undefined."""

LAZY = {
    *("attr", "count", "first", "last", "length", "list", "map"),
    *("reject", "rejectattr", "select", "selectattr"),
}
"""Filters that look at a container without reading all that is in it."""

KEEPING = LAZY | {
    *("batch", "bool", "combine", "d", "default", "dict2items", "dictsort", "difference"),
    *("extract", "flatten", "float", "groupby", "int", "intersect", "items", "items2dict"),
    *("mandatory", "max", "min", "random", "reverse", "slice", "sort", "sum"),
    *("symmetric_difference", "ternary", "type_debug", "union", "unique", "zip"),
}
"""Filters that hand on the values they are given, so that a secret among them stays as it is.

Every other filter makes new text: all of it is secret when any of its input was.
"""


def _all_guarded(functions: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _guarded(name, function) for name, function in functions.items()}


def _guarded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter or test that is given plain, defined values and keeps secrets secret."""
    first = 1 if getattr(function, "jinja_pass_arg", None) is not None else 0

    @wraps(function)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if name in TOLERANT or (
            name in LAZY and isinstance(args[first], LazySequence | LazyMapping)
        ):
            return function(*args, **kwargs)
        given = [_ready(arg) for arg in args[first:]]
        named = {key: _ready(arg) for key, arg in kwargs.items()}
        if name in KEEPING or not (holds_secret(given) or holds_secret(named)):
            return function(*args[:first], *given, **named)
        return conceal(settled(function(*args[:first], *reveal(given), **reveal(named))))

    return guarded


def _ready(value: Any) -> Any:
    """Return what a filter is given for `value`."""
    if isinstance(value, str | int | float) or value is None or value is OMIT:
        return value
    return settled(value) if isinstance(value, (Undefined, Mapping, *LISTS)) else value


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """How a template file is read: where its includes are and what becomes of the blanks."""

    search: tuple[Path, ...]
    trim_blocks: bool
    lstrip_blocks: bool


@lru_cache(maxsize=1)
def _for_text() -> Environment:
    """Return the environment of texts in playbooks."""
    return Environment(trim_blocks=True)


@lru_cache(maxsize=32)
def _for_documents(options: DocumentOptions) -> Environment:
    """Return the environment of template files."""
    return Environment(
        loader=jinja2.FileSystemLoader([str(folder) for folder in options.search]),
        trim_blocks=options.trim_blocks,
        lstrip_blocks=options.lstrip_blocks,
    )


@lru_cache(maxsize=8192)
def _template(text: str) -> jinja2.Template:
    environment = _for_text()
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
    environment = _for_text()
    return environment.from_string(_parsed_expression(environment, text))


@lru_cache(maxsize=256)
def _document(text: str, options: DocumentOptions) -> jinja2.Template:
    return _for_documents(options).from_string(text)


def _parsed_expression(environment: Environment, text: str) -> nodes.Template:
    """Return the tree of a template that is nothing but the expression `text`."""
    parser = Parser(environment, text, state="variable")
    expression = parser.parse_expression()
    if not parser.stream.eos:
        raise jinja2.TemplateSyntaxError("the expression should end here", 1)
    tree = nodes.Template([nodes.Output([expression], lineno=1)], lineno=1)
    tree.set_environment(environment)
    return tree


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
        rendered = "" if value is None or value is OMIT else _as_text([value])
    return _with_last_newlines(rendered, text)


def _run(template: jinja2.Template, scope: Names) -> Any:
    context = template.new_context(scope, shared=True)  # type: ignore[arg-type]
    return template.environment.concat(template.root_render_func(context))


@contextmanager
def _told(scope: Names, place: Callable[[int], Mark | None]) -> Iterator[None]:
    """Turn what Jinja and the filters raise into a TemplateError at its place."""
    try:
        yield
    except jinja2.TemplateSyntaxError as error:
        raise TemplateError(
            f"The template is wrong: {_sentence(error)}", mark=place(error.lineno)
        ) from error
    except jinja2.UndefinedError as error:
        what = _sentence(error)
        line = _failed_line(error)
        name = re.match("'(.*)' is undefined", what)
        hint = did_you_mean(name[1], scope.known()).strip() if name else ""
        raise UndefinedVariable(what, mark=place(line), hint=hint) from error
    except FAULTS as error:
        what = f"The template fails: {_sentence(error)}"
        raise TemplateError(what, mark=place(_failed_line(error))) from error


def _sentence(error: Exception) -> str:
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


def free_names(text: str, mark: Mark | None, *, expression: bool) -> frozenset[str]:
    """Return the variables that a text reads and neither defines nor guards."""
    environment = _for_text()
    try:
        tree = (
            _parsed_expression(environment, str(text))
            if expression
            else environment.parse(str(text))
        )
        _refuse_unknown(tree, environment)
        # Expressions define no names; what statements define is for Jinja's own analysis to say.
        plain = all(isinstance(node, nodes.Output) for node in tree.body)
        names = (name.name for name in _names(tree))
        read = set(names) if plain else meta.find_undeclared_variables(tree)
    except jinja2.TemplateSyntaxError as error:
        place = mark if expression else line_inside(mark, error.lineno)
        raise TemplateError(f"The template is wrong: {_sentence(error)}", mark=place) from error
    except FAULTS as error:
        # Jinja computes what is constant while it looks.
        raise TemplateError(f"The template fails: {_sentence(error)}", mark=mark) from error
    return frozenset(read - _guarded_names(tree) - environment.globals.keys())


def _refuse_unknown(tree: nodes.Template, environment: jinja2.Environment) -> None:
    """Raise what Jinja would raise, once it compiles, for a filter or a test that is not there."""
    for node in tree.find_all((nodes.Filter, nodes.Test)):
        kind, known = (
            ("filter", environment.filters)
            if isinstance(node, nodes.Filter)
            else ("test", environment.tests)
        )
        if node.name not in known:
            what = f"No {kind} named '{node.name}'"
            raise jinja2.TemplateAssertionError(what, node.lineno)


def _guarded_names(tree: nodes.Template) -> set[str]:
    """Return the names that a template tests with `is defined` or gives a default."""
    guards = (
        node.node
        for node in tree.find_all((nodes.Test, nodes.Filter))
        if getattr(node, "name", "") in TOLERANT and node.node is not None
    )
    return {name.name for guard in guards for name in _names(guard)}


def _names(node: nodes.Node) -> Iterator[nodes.Name]:
    if isinstance(node, nodes.Name):
        yield node
    yield from node.find_all(nodes.Name)
