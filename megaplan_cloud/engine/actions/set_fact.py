"""Give the host variables that the tasks after this one can read.

- name: Remember where the logs are
  set_fact:
    log_dir: "{{ workspace }}/logs"
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context


def action(_context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Set each argument as a variable of that name."""
    facts = {name: value for name, value in arguments.items() if name != "cacheable"}
    return Result(values={"ansible_facts": facts})
