"""Show a message, or the value of an expression.

- name: Say where the box is
  debug:
    msg: The box answers on port {{ resources.port }}

- name: Show all that was learnt of Docker
  debug:
    var: docker
    verbosity: 1
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

expressions = ("var",)


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Show `msg`, or what `var` comes to, unless the run is less talkative than `verbosity`."""
    if arguments.get("verbosity", 0) > context.verbosity:
        return Result(skipped=True, values={"skipped_reason": "Verbosity threshold not met."})
    if "var" in arguments:
        expression = arguments["var"]
        return Result(values={str(expression): context.value(expression)})
    return Result(values={"msg": arguments.get("msg", "Hello world!")})
