"""Fail with a message of your own.

- name: Only one of the two may be set
  fail:
    msg: Set `spec` or `idea`, not both.
  when: spec is defined and idea is defined
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context


def action(_context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Fail with `msg`."""
    return Result(failed=True, msg=arguments.get("msg", "Failed as requested from task"))
