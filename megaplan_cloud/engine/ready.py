"""Readiness: a part of a turn rendered, so that it can be done."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from megaplan_cloud.engine.action import Action, Step, named_arguments
from megaplan_cloud.engine.context import Context
from megaplan_cloud.engine.errors import PlaybookError
from megaplan_cloud.engine.event import OutputCame
from megaplan_cloud.engine.judgement import excused
from megaplan_cloud.engine.omit import OMIT
from megaplan_cloud.engine.outcome import Outcome
from megaplan_cloud.engine.result import Result
from megaplan_cloud.engine.rules import Rules
from megaplan_cloud.engine.scope import Scope
from megaplan_cloud.engine.template import render
from megaplan_cloud.engine.turn import Part


@dataclass(frozen=True, slots=True)
class Call:
    """An action with all that it is given. `barrier`: only when all before it is done."""

    action: Action
    context: Context
    arguments: Mapping[str, Any]
    barrier: bool

    def do(self) -> Step | Result:
        """Do the part, or say which command does it; PlaybookError for a file that is unfit."""
        try:
            return self.action(self.context, self.arguments)
        except OSError as error:
            raise PlaybookError(f"{error.filename or 'A file'}: {error.strerror}.") from error


def prepare(part: Part, rules: Rules, place: str, host: str) -> Call | Outcome:
    """Return the call that does a part, or the outcome it has without one."""
    outcome = excused(part.turn.around.keywords.when, part.scope)
    if outcome:
        return outcome
    task = part.turn.task
    context = context_of(part, rules, place, host)
    expressions = rules.actions.expressions(task.action)
    arguments = named_arguments(rendered(task.arguments, part.scope, expressions))
    rules.discretion.learn((arguments, context.environment, part.item))
    barrier = rules.actions.barrier(task.action, arguments)
    return Call(rules.actions.action(task.action), context, arguments, barrier)


def rendered(arguments: Any, scope: Scope, expressions: frozenset[str]) -> Any:
    """Return a task's arguments rendered, but for those that are expressions.

    Rendered first, an expression could be made of what a command printed, and lose its place.
    """
    if not isinstance(arguments, Mapping):
        return render(arguments, scope)
    kept = {name: arguments[name] for name in arguments if name in expressions}
    rest = {name: value for name, value in arguments.items() if name not in kept}
    return {**render(rest, scope), **kept}


def context_of(part: Part, rules: Rules, place: str, host: str) -> Context:
    """Return the context of a part: where it runs, and its keywords rendered."""
    around, scope = part.turn.around, part.scope
    keywords = around.keywords
    delegate = chosen(keywords.delegate_to, scope)
    check = chosen(keywords.check_mode, scope)
    timeout = chosen(keywords.timeout, scope)
    return Context(
        place=delegate or place,
        hostname=host,
        connection=rules.connect(delegate, "") if delegate else rules.connect(place, host),
        scope=scope,
        check=rules.check if check is None else truth("check_mode", check),
        diff=rules.diff,
        redactor=rules.discretion.redactor,
        environment=environment_of(keywords.environment, scope),
        become=truth("become", chosen(keywords.become, scope)),
        timeout=float(timeout) or None if timeout is not None else None,
        search=around.folders,
        emit=teller(part, rules, host),
        record=rules.record,
    )


def teller(part: Part, rules: Rules, host: str) -> Callable[[str, bool], None]:
    """Return what takes a part's live output."""
    return lambda line, is_error: rules.tell(OutputCame(part.turn.name, host, line, is_error))


def environment_of(layers: tuple[Any, ...], scope: Scope) -> dict[str, str]:
    """Return the environment that the layers make, the last one on top."""
    merged: dict[str, str] = {}
    for layer in layers:
        rendered = render(layer, scope)
        if not isinstance(rendered, Mapping):
            raise PlaybookError(
                "The environment is not a mapping of names to values.",
                mark=getattr(layer, "mark", None),
            )
        merged |= {name: text_of(value) for name, value in rendered.items()}
    return merged


def text_of(value: Any) -> str:
    """Return a value as an environment holds it."""
    return value if isinstance(value, str) else str(value)


def chosen(value: Any, scope: Scope) -> Any:
    """Return a keyword's rendered value; None where it is not there or omitted."""
    rendered = render(value, scope)
    return None if rendered is OMIT or rendered == "" else rendered


def truth(keyword: str, value: Any) -> bool:
    """Return a keyword's value that must be true or false; absent is false."""
    if value is None or isinstance(value, bool):
        return bool(value)
    raise PlaybookError(
        f"`{keyword}` is {value!r}, not true or false.", hint="Use the `bool` filter to convert it."
    )
