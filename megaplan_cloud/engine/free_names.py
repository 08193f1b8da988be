"""The free names of a template: the variables it needs before it runs."""

from collections.abc import Iterator

import jinja2
from jinja2 import meta, nodes

from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.evaluation import FAULTS, parsed_expression, sentence
from megaplan_cloud.engine.guard import TOLERANT
from megaplan_cloud.engine.jinja import for_text
from megaplan_cloud.engine.mark import Mark
from megaplan_cloud.engine.template import line_inside


def free_names(text: str, mark: Mark | None, *, expression: bool) -> frozenset[str]:
    """Return the variables that a text reads and neither defines nor guards."""
    environment = for_text()
    try:
        tree = (
            parsed_expression(environment, str(text))
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
        raise TemplateError(f"The template is wrong: {sentence(error)}", mark=place) from error
    except FAULTS as error:
        # Jinja computes what is constant while it looks.
        raise TemplateError(f"The template fails: {sentence(error)}", mark=mark) from error
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
