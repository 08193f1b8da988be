"""Fail unless every condition holds, and say what to do about it.

- name: Docker answers on the host
  assert:
    that:
      - docker.rc == 0
      - docker.stdout is search('Server')
    fail_msg: Docker does not answer. Install it, then run this again.
"""

# ruff: noqa: N999 - a module has the name of its action, a keyword of Python or not.

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

expressions = ("that",)


def action(context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Judge the conditions in `that`, in their order, up to the first that does not hold."""
    that = arguments["that"]
    for condition in that if isinstance(that, list) else [that]:
        if not context.holds(condition):
            reason = arguments.get("fail_msg", arguments.get("msg", "Assertion failed"))
            found = {"assertion": str(condition), "evaluated_to": False}
            return Result(failed=True, msg=_text(reason), values=found)
    return Result(msg=_text(arguments.get("success_msg", "All assertions passed")))


def _text(message: str | list[str]) -> str:
    """Return the message as one text: a list has a line in each item."""
    return message if isinstance(message, str) else "\n".join(message)
