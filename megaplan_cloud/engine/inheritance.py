"""Inheritance: what a statement takes over from the play, role and blocks around it."""

from dataclasses import replace
from typing import Any

from megaplan_cloud.engine.playbook import Play, RoleUse
from megaplan_cloud.engine.statement import Keywords

NEAREST = (
    *("become", "no_log", "ignore_errors", "check_mode", "delegate_to", "timeout", "notify"),
)


def of_play(play: Play) -> Keywords:
    """Return what every statement of a play inherits."""
    return Keywords(tags=play.tags, become=play.become, environment=layers(play.environment))


def of_role(outer: Keywords, use: RoleUse) -> Keywords:
    """Return what every statement of an entry of `roles` inherits."""
    return inherit(outer, use.keywords)


def inherit(outer: Keywords, inner: Keywords) -> Keywords:
    """Return the keywords that hold inside `inner`, itself inside `outer`.

    Conditions and tags add up, the outer first; environments are layers, the inner one on top;
    of everything else the nearest counts. `vars` are left out: a scope holds them.
    """
    nearest: dict[str, Any] = {
        key: getattr(outer if getattr(inner, key) is None else inner, key) for key in NEAREST
    }
    return replace(
        inner,
        when=outer.when + inner.when,
        tags=outer.tags + inner.tags,
        environment=layers(outer.environment) + layers(inner.environment),
        vars={},
        **nearest,
    )


def layers(environment: Any) -> tuple[Any, ...]:
    """Return an `environment`, one mapping or a list of them, as layers from low to high."""
    if environment is None:
        return ()
    return tuple(environment) if isinstance(environment, list | tuple) else (environment,)
