"""Make a folder a checkout of a repository at a branch, a tag or a commit.

Local changes are an error unless `force` says to throw them away. No question is ever asked.

    - name: The project is checked out
      git:
        repo: "{{ repo.url }}"
        dest: /workspace/app
        version: "{{ repo.branch }}"
      register: checkout
"""

import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from megaplan_cloud.engine.action import Step
from megaplan_cloud.engine.actions._path import far_path
from megaplan_cloud.engine.actions._program import Word, assignments, failure, fields, program
from megaplan_cloud.engine.command import Command, Completed
from megaplan_cloud.engine.result import Result

if TYPE_CHECKING:
    from megaplan_cloud.engine.context import Context


def action(context: "Context", arguments: Mapping[str, Any]) -> Step:
    """Make `dest` a checkout of `repo` at `version`."""
    known = assignments(
        repo=arguments["repo"],
        dest=Word(far_path(arguments["dest"])),
        version=arguments.get("version", "HEAD"),
        remote=arguments.get("remote", "origin"),
        depth=arguments.get("depth"),
        refspec=arguments.get("refspec"),
        force=arguments.get("force", False),
        update=arguments.get("update", True),
        clone=arguments.get("clone", True),
        recursive=arguments.get("recursive", True),
        single=arguments.get("single_branch", False),
        bare=arguments.get("bare", False),
        git=arguments.get("executable"),
        ssh=_ssh_command(arguments),
        check=context.check,
    )
    command = Command((known,), program=program("git"))
    return Step(command, _read)


def _ssh_command(arguments: Mapping[str, Any]) -> str | None:
    """Return the ssh that git shall use; None leaves it to the place."""
    options = shlex.split(arguments.get("ssh_opts") or "")
    if arguments.get("key_file"):
        options += ["-i", arguments["key_file"], "-o", "IdentitiesOnly=yes"]
    if arguments.get("accept_newhostkey"):
        options += ["-o", "StrictHostKeyChecking=accept-new"]
    elif arguments.get("accept_hostkey"):
        options += ["-o", "StrictHostKeyChecking=no"]
    return shlex.join(["ssh", *options, "-o", "BatchMode=yes"]) if options else None


def _read(completed: Completed) -> Result:
    answer = fields(completed.stdout)
    if completed.rc:
        return failure(completed, answer)
    values = {
        "before": answer.get("before") or None,
        "after": answer.get("after"),
        "remote_url_changed": "remote_url_changed" in answer,
    }
    return Result(changed=bool(answer.get("changed")), duration=completed.duration, values=values)
