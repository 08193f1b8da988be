"""Render a template with the task's variables and put it at a path, unless it is there already.

`src` is looked for in the role's `templates`, then beside the playbook, then in the templates
that several roles share. An undefined variable is an error.

    - name: The entry point of the box is written
      template:
        src: entrypoint.sh.j2
        dest: "{{ build_dir }}/entrypoint.sh"
        mode: "0755"
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions.copy import content_step

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context

NEWLINES = {"\\n": "\n", "\\r": "\r", "\\r\\n": "\r\n"}


def action(context: "Context", arguments: Mapping[str, Any]) -> Step:
    """Make `dest` hold what the template `src` renders to."""
    source = context.template_path(arguments["src"])
    text = context.render_file(
        source,
        trim_blocks=arguments.get("trim_blocks", True),
        lstrip_blocks=arguments.get("lstrip_blocks", False),
    )
    newline = arguments.get("newline_sequence", "\n")
    newline = NEWLINES.get(newline, newline)
    if newline != "\n":
        text = text.replace("\n", newline)
    if arguments.get("mode") == "preserve":
        arguments = {**arguments, "mode": f"{source.stat().st_mode & 0o7777:04o}"}
    return content_step(context, arguments, text, base=source.name, src=str(source))
