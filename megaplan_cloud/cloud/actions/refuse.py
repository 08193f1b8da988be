"""Refuse to go on, with the code by which programs know the refusal.

- name: Leave a session of another chain alone
  refuse:
    error: chain_session_collision
    message: The session is taken by another chain.
    hint: Choose another `chain_session` in cloud.yaml.
  when: found.digest != launch.digest
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context


def action(_context: "Context", arguments: Mapping[str, Any]) -> Result:
    """Fail with `error`, `message`, `hint` and whatever `details` hold."""
    told = {key: arguments[key] for key in ("error", "hint", "details") if arguments.get(key)}
    return Result(failed=True, msg=str(arguments["message"]), values=told)
