"""Put a value, or a text, on the run's standard output, which is for data.

- name: Give the result to whoever called
  emit:
    json: {session: "{{ session }}", started: true}
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context


def action(_context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Emit the value of `json` as it is, or `text` as a string."""
    return Result(values={"emit": arguments["json"] if "json" in arguments else arguments["text"]})
