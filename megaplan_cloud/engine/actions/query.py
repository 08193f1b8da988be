"""Run a command that only looks: it runs in check mode too, and never counts as changed.

- name: Ask the host for its Docker version
  query: [docker, version]
  register: docker
  failed_when: false
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions import command

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context


def action(_context: "Context", arguments: Mapping[str, Any]) -> Step:
    """Run the words of `argv`, or of `cmd` split as a shell would split them."""
    return command.plain_step(arguments, command.words_of(arguments), changed=False)
