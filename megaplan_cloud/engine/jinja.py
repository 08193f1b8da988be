"""The Jinja environment of the language: Ansible's types, words and strictness."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.nativetypes import NativeCodeGenerator
from jinja2.runtime import Context
from jinja2.utils import missing

from megaplan_cloud.engine import filters, jinja_tests, lookups
from megaplan_cloud.engine.guard import all_guarded
from megaplan_cloud.engine.missing import Missing, raising
from megaplan_cloud.engine.omit import OMIT
from megaplan_cloud.engine.plain import as_text, is_nothing, settled
from megaplan_cloud.engine.secret import Secret, conceal, holds_secret, reveal
from megaplan_cloud.engine.template import Names, UndefinedVariable


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
            return Missing(name=key, exc=raising(error))

    def call(self, function: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template calls; a text formatted with secrets is a secret."""
        if isinstance(getattr(function, "__self__", None), str) and holds_secret([args, kwargs]):
            return conceal(super().call(function, *reveal(args), **reveal(kwargs)))
        return super().call(function, *args, **kwargs)


class Environment(jinja2.Environment):
    """Jinja as the language has it. Its filters see plain values and never an undefined one."""

    code_generator_class = Generator
    context_class = Reading

    def __init__(self, **options: Any) -> None:
        super().__init__(undefined=Missing, finalize=_output, **options)
        self.filters = all_guarded({**self.filters, **filters.FILTERS})
        self.tests = all_guarded({**self.tests, **jinja_tests.TESTS})
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
            return Missing(name=attribute, exc=raising(error))

    def getitem(self, obj: Any, argument: Any) -> Any:
        """Return `obj[argument]`."""
        try:
            return super().getitem(obj, argument)
        except UndefinedVariable as error:
            return Missing(name=str(argument), exc=raising(error))

    @staticmethod
    def joined(values: Iterable[Any]) -> str:
        """Return the values as one text."""
        return as_text([settled(value) for value in values])

    @staticmethod
    def concat(values: Iterable[Any]) -> Any:
        """Return what a template gives: its only value with its type, else all as one text."""
        parts = [part for part in values if part is not None]
        if len(parts) > 1:
            return as_text([part for part in parts if not is_nothing(part)])
        return settled(parts[0]) if parts else None


def _output(value: Any) -> Any:
    """Return what one `{{ }}` gives; called inside the template, so that errors have a line."""
    return value if is_nothing(value) else settled(value)


@dataclass(frozen=True, slots=True)
class DocumentOptions:
    """How a template file is read: where its includes are and what becomes of the blanks."""

    search: tuple[Path, ...]
    trim_blocks: bool
    lstrip_blocks: bool


@lru_cache(maxsize=1)
def for_text() -> Environment:
    """Return the environment of texts in playbooks."""
    return Environment(trim_blocks=True)


@lru_cache(maxsize=32)
def for_documents(options: DocumentOptions) -> Environment:
    """Return the environment of template files."""
    return Environment(
        loader=jinja2.FileSystemLoader([str(folder) for folder in options.search]),
        trim_blocks=options.trim_blocks,
        lstrip_blocks=options.lstrip_blocks,
    )
