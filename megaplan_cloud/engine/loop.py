"""A loop: the items of a task, each of them a part of its turn."""

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from megaplan_cloud.engine.discretion import Discretion
from megaplan_cloud.engine.errors import EngineError, PlaybookError
from megaplan_cloud.engine.judgement import excused
from megaplan_cloud.engine.outcome import Outcome, no_items, of_error, unknown
from megaplan_cloud.engine.scope import Unknowns, UnknownValue
from megaplan_cloud.engine.template import render
from megaplan_cloud.engine.turn import Part, Turn

LONGEST = 80


def pause(turn: Turn) -> float:
    """Return the seconds between two items; PlaybookError when it is no number."""
    loop = turn.task.loop
    if loop is None or loop.pause is None:
        return 0.0
    seconds = render(loop.pause, turn.around.scope)
    try:
        return float(seconds)
    except (TypeError, ValueError):
        mark = turn.task.at.get("loop_control")
        raise PlaybookError(
            f"`pause` is {seconds!r}, not a number of seconds.", mark=mark
        ) from None


def items(turn: Turn) -> list[Any] | Outcome | None:
    """Return the items of a turn's loop, None without a loop, or how the turn ends at once.

    A loop that cannot be rendered is no mistake when the conditions do not hold anyway.
    """
    loop, scope = turn.task.loop, turn.around.scope
    if loop is None:
        return None
    try:
        found = render(loop.items, scope)
    except EngineError as error:
        return excused_from(error, turn)
    except UnknownValue as error:
        inside = scope.child(item=Unknowns(dict.fromkeys(loop.names, error.task)))
        return excused(turn.around.keywords.when, inside) or unknown(f"'{error.task}'")
    if not isinstance(found, list):
        mistake = f"The loop is {type(found).__name__} {found!r}, not a list."
        return of_error(PlaybookError(mistake, mark=turn.task.at.get("loop")))
    return found or no_items()


def excused_from(mistake: EngineError, turn: Turn) -> Outcome:
    """Return the outcome of a turn whose conditions do not hold; raise the mistake in its loop."""
    try:
        excuse = excused(turn.around.keywords.when, turn.around.scope)
    except EngineError:  # there is no item to ask about
        raise mistake from None
    if excuse is None:
        raise mistake
    return excuse


def parts(turn: Turn, found: list[Any] | None) -> Iterator[Part]:
    """Yield the parts of a turn: one without a loop, else one per item."""
    scope = turn.around.scope
    if found is None:
        yield Part(turn=turn, scope=scope)
        return
    turn.looped, turn.size = True, len(found)
    for index, item in enumerate(found):
        part = Part(turn=turn, scope=scope, index=index, item=item)
        part.scope = scope.child(item=names_of(part))
        yield part


def named(part: Part, outcome: Outcome) -> Outcome:
    """Return an item's outcome with what the results of a loop say of their item."""
    return replace(outcome, variable={**outcome.variable, **names_of(part)})


def names_of(part: Part) -> dict[str, Any]:
    """Return the variables of an item: itself, its number where that is asked for, their names."""
    loop = part.turn.task.loop
    if loop is None:
        return {}
    own = {loop.loop_var: part.item, "ansible_loop_var": loop.loop_var}
    if loop.index_var:
        own |= {loop.index_var: part.index, "ansible_index_var": loop.index_var}
    return own


def label(part: Part, discretion: Discretion) -> str:
    """Return what a report calls an item: its label, else the item itself, shortened."""
    loop = part.turn.task.loop
    if part.turn.no_log or loop is None or loop.label is None:
        return plain_label(part, discretion)
    return shortened(render(loop.label, part.scope), discretion)


def plain_label(part: Part, discretion: Discretion) -> str:
    """Return what a report calls an item without a label of its own."""
    return f"item {part.index + 1}" if part.turn.no_log else shortened(part.item, discretion)


def shortened(value: Any, discretion: Discretion) -> str:
    """Return a value in one short line."""
    shown = discretion.redact_value(value)
    text = shown if isinstance(shown, str) else json.dumps(shown, default=str)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
