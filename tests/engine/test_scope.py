"""A scope gives each name its value from the right layer, rendered when it is read."""

from itertools import pairwise

import pytest

from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.scope import Layer, Pending, Scope, UnknownValue
from megaplan_cloud.engine.source import Text, parse

LAYERS = [layer.name.lower() for layer in Layer if layer != Layer.FACTS]


@pytest.mark.parametrize(("low", "high"), list(pairwise(LAYERS)))
def test_the_higher_layer_wins(low: str, high: str) -> None:
    """In Ansible's order; what the engine gives is never overridden."""
    assert Scope().child(**{high: {"a": 2}}).child(**{low: {"a": 1}})["a"] == 2


def test_facts_win_over_task_vars_and_lose_against_set() -> None:
    """As in Ansible; `--set` wins over what a playbook makes."""
    scope = Scope(task={"a": 1, "b": 1}, extra={"b": 3})
    scope.register("a", 2)
    scope.register("b", 2)

    assert (scope["a"], scope["b"]) == (2, 3)


def test_the_inner_of_two_equal_layers_wins() -> None:
    """A task's own vars win over those of its block."""
    assert Scope(task={"a": 1}).child(task={"a": 2})["a"] == 2


def test_variables_may_use_each_other_in_any_order() -> None:
    """Each is rendered when it is read, with what is known then."""
    scope = Scope(play=parse('{a: "{{ b }}-{{ item }}", b: "{{ c.d }}", c: {d: 1}}', "f"))

    assert scope.child(item={"item": "x"})["a"] == "1-x"
    assert scope.child(item={"item": "y"})["a"] == "1-y"


def test_a_value_is_rendered_anew_when_a_fact_changes() -> None:
    """A variable that reads a register follows it."""
    scope = Scope(play=parse('{a: "{{ r }}"}', "f"))
    scope.register("r", 1)
    before = scope["a"]
    scope.register("r", 2)

    assert (before, scope["a"]) == (1, 2)


@pytest.mark.parametrize(
    "variables", ['{a: "{{ b }}", b: "{{ a }}"}', '{a: {x: "{{ a.x }}"}}', '{a: {x: "{{ a }}"}}']
)
def test_a_variable_that_needs_itself_is_an_error(variables: str) -> None:
    """The message names the way round."""
    with pytest.raises(TemplateError, match="needs itself: a → "):
        Scope(play=parse(variables, "f"))["a"]


def test_values_of_one_mapping_may_use_each_other() -> None:
    """That is no cycle."""
    assert Scope(play=parse('{a: {x: "{{ a.y }}", y: "{{ a.z }}", z: 1}}', "f"))["a"]["x"] == 1


def test_what_is_not_read_back_or_unknown_says_so() -> None:
    """The names are there, but reading them raises the signal that the runner waits for."""
    scope = Scope(settings={"p": 1})
    scope.pending("p")
    scope.unknown("u", "Build the image")

    with pytest.raises(Pending, match="p"):
        scope["p"]
    with pytest.raises(UnknownValue, match="depends on 'Build the image'"):
        scope.child()["u"]
    assert "u" in scope
    scope.register("p", 2)
    assert scope.child()["p"] == 2


def test_a_name_from_a_higher_layer_is_not_pending() -> None:
    """`--set` decides, whatever the task will register."""
    scope = Scope(extra={"p": 1})
    scope.pending("p")

    assert scope["p"] == 1


def test_facts_are_shared_and_can_be_kept_for_a_resumed_run() -> None:
    """The journal keeps what was registered."""
    scope = Scope()
    scope.child(task={"x": 1}).register("r", {"rc": 0})
    later = Scope()
    later.restore(scope.snapshot())

    assert later["r"] == {"rc": 0}
    assert scope.snapshot() == {"r": {"rc": 0}}


def test_it_is_a_mapping_of_plain_data() -> None:
    """Programs read it as any mapping."""
    scope = Scope(play=parse('{a: {b: "{{ 1 + 1 }}"}}', "f"), settings={"c": Text("x")})

    assert dict(scope) == {"a": {"b": 2}, "c": "x"}
    assert len(scope) == 2
    with pytest.raises(KeyError):
        scope["d"]
