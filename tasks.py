"""The operator's commands, one task each: `invoke --list` shows them, `megaplan-cloud` too.

Nothing but Invoke is loaded here: what a command needs is imported when it runs.
"""

import gc
import sys
from typing import Any

from invoke.context import Context
from invoke.exceptions import Exit
from invoke.tasks import task

COMMON = {
    "cloud_yaml": "The cloud.yaml that describes the box.",
    "json": "Print the JSON document even on a terminal.",
}
REHEARSAL = {
    "check": "Change nothing; say what would change.",
    "diff": "Show the differences of files.",
}
CHECKOUT = {
    "repo_url": "Clone this repository, instead of cloud.yaml's.",
    "repo_branch": "Clone this branch, instead of cloud.yaml's.",
    "repo_workspace": "Clone to this path on the box, instead of cloud.yaml's.",
}


@task(
    help=COMMON
    | {"provider": "Who gives the box.", "force": "Replace a cloud.yaml that is already there."},
    auto_shortflags=False,
)
def init(
    _: Context,
    *,
    provider: str = "process",
    force: bool = False,
    cloud_yaml: str = "cloud.yaml",
    json: bool = False,
) -> None:
    """Write a commented cloud.yaml to start from."""
    _run("init", cloud_yaml=cloud_yaml, json=json, provider=provider, force=force)


@task(
    help=COMMON | {"spec": "A chain spec to check as well."},
    auto_shortflags=False,
)
def validate(
    _: Context, *, spec: str = "", cloud_yaml: str = "cloud.yaml", json: bool = False
) -> None:
    """Check cloud.yaml, every playbook and role, and a chain spec; touches nothing."""
    _run("validate", cloud_yaml=cloud_yaml, json=json, spec=spec)


@task(
    positional=["playbook"],
    iterable=["set_"],
    help={
        "playbook": "The playbook's file.",
        "set": "A variable, as NAME=VALUE; the value is read as YAML. May be repeated.",
        "tags": "Play only what carries one of these tags.",
        "skip_tags": "Leave out what carries one of these tags.",
        "start_at_task": "Begin at the task of this name.",
        "list_tasks": "List the tasks, and play none.",
        "resume": "Continue the last run of this playbook at the task that failed.",
        "forks": "How many hosts are played at the same time.",
        "no_batch": "Send each command by itself.",
        "inventory": "A YAML file that says how `host` and `box` are reached.",
        **COMMON,
        **REHEARSAL,
    },
    auto_shortflags=False,
)
def play(
    _: Context,
    *,
    playbook: str,
    set_: list[str],
    tags: str = "",
    skip_tags: str = "",
    start_at_task: str = "",
    list_tasks: bool = False,
    resume: bool = False,
    check: bool = False,
    diff: bool = False,
    forks: int = 20,
    no_batch: bool = False,
    inventory: str = "",
    cloud_yaml: str = "cloud.yaml",
    json: bool = False,
) -> None:
    """Play any playbook; without a cloud.yaml every place is this machine."""
    _run(
        "play",
        cloud_yaml=cloud_yaml,
        json=json,
        playbook=playbook,
        settings_given=set_,
        tags=tags,
        skip_tags=skip_tags,
        start_at=start_at_task,
        list_tasks=list_tasks,
        resume=resume,
        check=check,
        diff=diff,
        forks=forks,
        batch=not no_batch,
        inventory=inventory,
    )


@task(help=COMMON | REHEARSAL, auto_shortflags=False)
def build(
    _: Context,
    *,
    check: bool = False,
    diff: bool = False,
    cloud_yaml: str = "cloud.yaml",
    json: bool = False,
) -> None:
    """Build what the box is made of."""
    _run("build", cloud_yaml=cloud_yaml, json=json, check=check, diff=diff)


@task(help=COMMON | REHEARSAL, auto_shortflags=False)
def deploy(
    _: Context,
    *,
    check: bool = False,
    diff: bool = False,
    cloud_yaml: str = "cloud.yaml",
    json: bool = False,
) -> None:
    """Start the box, or bring it up to date; doing it twice changes nothing."""
    _run("deploy", cloud_yaml=cloud_yaml, json=json, check=check, diff=diff)


@task(
    positional=["idea"],
    help=COMMON
    | CHECKOUT
    | {
        "idea": "The file that holds the idea.",
        "plan_name": "The plan's name; left out, the harness makes one from the idea.",
        "robustness": "How much care the plan takes; left out, as the harness has it.",
        "check": REHEARSAL["check"],
    },
    auto_shortflags=False,
)
def bootstrap(
    _: Context,
    *,
    idea: str,
    plan_name: str = "",
    robustness: str = "",
    repo_url: str = "",
    repo_branch: str = "",
    repo_workspace: str = "",
    check: bool = False,
    cloud_yaml: str = "cloud.yaml",
    json: bool = False,
) -> None:
    """Start one plan on the box, detached in tmux."""
    _run(
        "bootstrap",
        cloud_yaml=cloud_yaml,
        json=json,
        idea=idea,
        plan_name=plan_name,
        robustness=robustness,
        repo={"repo_url": repo_url, "repo_branch": repo_branch, "repo_workspace": repo_workspace},
        check=check,
    )


@task(
    help=COMMON
    | CHECKOUT
    | {
        "spec": "The chain spec to stage and start.",
        "idea_dir": "Where the idea files are; left out, beside the spec.",
        "fresh": "Set aside what an earlier run of this chain has done.",
        "wait": "Follow the chain to its end; exit 0 done, 1 failed, 3 waiting for a person.",
        "check": REHEARSAL["check"],
    },
    auto_shortflags=False,
)
def chain(
    _: Context,
    *,
    spec: str = "",
    idea_dir: str = "",
    fresh: bool = False,
    wait: bool = False,
    repo_url: str = "",
    repo_branch: str = "",
    repo_workspace: str = "",
    check: bool = False,
    cloud_yaml: str = "cloud.yaml",
    json: bool = False,
) -> None:
    """Stage a chain spec with its idea files and start it in tmux."""
    _run(
        "chain",
        cloud_yaml=cloud_yaml,
        json=json,
        spec=spec,
        idea_dir=idea_dir,
        fresh=fresh,
        wait=wait,
        repo={"repo_url": repo_url, "repo_branch": repo_branch, "repo_workspace": repo_workspace},
        check=check,
    )


@task(
    help=COMMON
    | {
        "chain": "The chain, not a plan.",
        "plan": "The plan's name; left out, the only one.",
        "remote_spec": "The chain spec on the box; left out, the last one started from here.",
    },
    auto_shortflags=False,
)
def status(
    _: Context,
    *,
    chain: bool = False,
    plan: str = "",
    remote_spec: str = "",
    cloud_yaml: str = "cloud.yaml",
    json: bool = False,
) -> None:
    """Say how a plan, or a chain, is doing."""
    _run(
        "status", cloud_yaml=cloud_yaml, json=json, chain=chain, plan=plan, remote_spec=remote_spec
    )


@task(
    help=COMMON
    | {
        "chain": "The chain's log, not the box's.",
        "follow": "Wait for more; --no-follow shows the last 200 lines and ends.",
    },
    auto_shortflags=False,
)
def logs(
    _: Context,
    *,
    chain: bool = False,
    follow: bool = True,
    cloud_yaml: str = "cloud.yaml",
    json: bool = False,
) -> None:
    """Show the log of the box, or of the chain, with every secret redacted."""
    _run("logs", cloud_yaml=cloud_yaml, json=json, chain=chain, follow=follow)


@task(
    name="exec",
    positional=["command"],
    help=COMMON | {"command": "The command, as one text; a shell of the box reads it."},
    auto_shortflags=False,
)
def exec_(_: Context, *, command: str, cloud_yaml: str = "cloud.yaml", json: bool = False) -> None:
    """Run a command in the box; its exit code is ours."""
    _run("exec", cloud_yaml=cloud_yaml, json=json, command=command)


@task(
    help=COMMON | {"session": "The tmux session; left out, the chain's, else the box's own."},
    auto_shortflags=False,
)
def attach(
    _: Context, *, session: str = "", cloud_yaml: str = "cloud.yaml", json: bool = False
) -> None:
    """Give the terminal to a session of the box. It is raw: nothing is redacted."""
    _run("attach", cloud_yaml=cloud_yaml, json=json, session=session)


@task(
    help=COMMON | {"plan": "The plan's name; left out, the only one."},
    auto_shortflags=False,
)
def resume(
    _: Context, *, plan: str = "", cloud_yaml: str = "cloud.yaml", json: bool = False
) -> None:
    """Take a plan's next step."""
    _run("resume", cloud_yaml=cloud_yaml, json=json, plan=plan)


@task(help=COMMON | {"check": REHEARSAL["check"]}, auto_shortflags=False)
def down(
    _: Context, *, check: bool = False, cloud_yaml: str = "cloud.yaml", json: bool = False
) -> None:
    """Stop the box; its volume stays, and `invoke deploy` continues."""
    _run("down", cloud_yaml=cloud_yaml, json=json, check=check)


@task(
    help=COMMON | {"yes": "Do not ask.", "check": REHEARSAL["check"]},
    auto_shortflags=False,
)
def destroy(
    _: Context,
    *,
    yes: bool = False,
    check: bool = False,
    cloud_yaml: str = "cloud.yaml",
    json: bool = False,
) -> None:
    """Remove the box and its volume, after asking for the volume's name."""
    _run("destroy", cloud_yaml=cloud_yaml, json=json, yes=yes, check=check)


@task(
    help=COMMON | {"fix": "The name of the gotcha to fix.", "check": REHEARSAL["check"]},
    auto_shortflags=False,
)
def doctor(
    _: Context,
    *,
    fix: str = "",
    check: bool = False,
    cloud_yaml: str = "cloud.yaml",
    json: bool = False,
) -> None:
    """Look for every known gotcha, or fix one."""
    _run("doctor", cloud_yaml=cloud_yaml, json=json, fix=fix, check=check)


@task(
    iterable=["provider"],
    help={
        "provider": "Try this provider; may be repeated. Left out: all that this machine can try.",
        "cloud_yaml": "Try the provider of this cloud.yaml, with a box of its own.",
        "json": COMMON["json"],
    },
    auto_shortflags=False,
)
def conformance(
    _: Context, *, provider: list[str], cloud_yaml: str = "", json: bool = False
) -> None:
    """Prove a provider: try everything that its box must do. It makes boxes and destroys them."""
    _run("conformance", cloud_yaml=cloud_yaml, json=json, provider=provider)


def _run(command: str, /, *, json: bool, **arguments: Any) -> None:
    """Run the whole program: words in, an answer out, exit code."""
    # Invoke forbids it, which would compile the program anew for every command.
    sys.dont_write_bytecode = bool(sys.flags.dont_write_bytecode)
    # What a command makes stays to its end: to look for garbage in it takes a tenth of a second.
    gc.set_threshold(50_000)
    from megaplan_cloud.cloud.operator import run

    code = run(command, json=json, **arguments)
    gc.freeze()
    if code:
        raise Exit(code=code)
