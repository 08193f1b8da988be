"""The `megaplan chain` command: start a chain, show it, override its policies."""

import argparse
import os
import sys
from pathlib import Path
from typing import Any

from megaplan_cloud.harness import chain, chain_file, chain_status, log
from megaplan_cloud.harness.chain_end import Ended
from megaplan_cloud.harness.chain_spec import ChainSpec, load
from megaplan_cloud.harness.chain_state import ChainState
from megaplan_cloud.harness.errors import HarnessError, InputError
from megaplan_cloud.harness.git import toplevel
from megaplan_cloud.harness.payload import Payload
from megaplan_cloud.harness.root import find_root
from megaplan_cloud.harness.write import write_json

NO_PUSH = "MEGAPLAN_CHAIN_NO_PUSH"
OVERRIDES = {
    "prerequisite_policy": ("none", "required"),
    "validation_policy": ("none", "required"),
    "clean_milestone_pr": ("auto", "manual"),
}


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `chain` with its actions; `chain --spec S` alone means `chain start --spec S`."""
    top = subparsers.add_parser("chain", help="Drive a chain of plans, or show how far it is.")
    top.add_argument(
        "action",
        nargs="?",
        choices=("start", "status", "override"),
        default="start",
        help="start (the default) drives the chain on from where it stands",
    )
    top.add_argument("--spec", required=True, metavar="FILE", help="the chain spec")
    top.add_argument("--project-dir", metavar="DIR", help="the project's checkout")
    top.add_argument("--one", action="store_true", help="end after one milestone")
    top.add_argument("--no-push", action="store_true", help="commit, and push nothing")
    top.add_argument(
        "--no-git-refresh", action="store_true", help="start from the base as it was fetched last"
    )
    top.add_argument(
        "--fresh", action="store_true", help="set the progress so far aside and begin anew"
    )
    top.add_argument("--json", action="store_true", help="the document alone, no lines on stderr")
    for name, choices in OVERRIDES.items():
        flag = "review-clean-milestone-pr" if name == "clean_milestone_pr" else name
        top.add_argument(f"--set-{flag.replace('_', '-')}", dest=name, choices=choices)
    top.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> Payload:
    """Return what the action answers; progress goes to stderr while it is made."""
    spec = load(Path(arguments.spec))
    if arguments.action == "status":
        return _status(spec, json_only=arguments.json)
    if arguments.action == "override":
        return _override(spec, arguments)
    return _start(spec, arguments)


def _start(spec: ChainSpec, arguments: argparse.Namespace) -> Payload:
    root = _root(spec, arguments.project_dir, fresh=arguments.fresh)
    events: list[dict[str, str]] = []

    def say(line: str) -> None:
        events.append({"msg": line})
        log.say(root, f"[chain] {line}")

    options = chain.Options(
        one=arguments.one,
        push=not (arguments.no_push or os.environ.get(NO_PUSH) == "1"),
        refresh=not arguments.no_git_refresh,
        fresh=arguments.fresh,
    )
    try:
        ended, state = chain.drive(spec, root, options, say)
    except KeyboardInterrupt:
        say("interrupted; start the chain again and it goes on from here")
        raise
    except InputError:
        raise
    except HarnessError as error:
        say(f"{error.error}: {error}")
        raise
    return Payload(_ended(spec, root, ended, state) | {"events": events}, ended.exit_code)


def _ended(spec: ChainSpec, root: Path, ended: Ended, state: ChainState) -> dict[str, Any]:
    document: dict[str, Any] = {"success": ended.exit_code != 1, "status": ended.status}
    if ended.exit_code == 1:
        document |= {"error": "chain_stopped", "message": ended.reason}
    if ended.failure is not None:
        document |= {"failure": ended.failure, "hint": ended.failure["what_now"]}
    return document | {
        "reason": ended.reason,
        "spec": str(spec.path),
        "project_dir": str(root),
        "base_branch": spec.base_branch,
        "chain_state": state.document(),
    }


def _status(spec: ChainSpec, *, json_only: bool) -> Payload:
    document = chain_status.status(spec)
    if not json_only:
        sys.stderr.write("".join(f"{line}\n" for line in chain_status.block(document)))
    return Payload(document)


def _override(spec: ChainSpec, arguments: argparse.Namespace) -> Payload:
    chosen = {name: getattr(arguments, name) for name in OVERRIDES if getattr(arguments, name)}
    if not chosen:
        raise InputError(
            "invalid_args",
            "chain override needs a policy to set",
            hint="Use --set-prerequisite-policy, --set-validation-policy or "
            "--set-review-clean-milestone-pr.",
        )
    overridden = {**chain_file.overrides(spec.path), **chosen}
    write_json(chain_file.policy_path(spec.path), overridden)
    return Payload(
        {
            "success": True,
            "spec": str(spec.path),
            "effective_policy": chain_status.policy(spec, overridden),
            "runtime_overrides": overridden,
        }
    )


def _root(spec: ChainSpec, given: str | None, *, fresh: bool) -> Path:
    """Return the project: the one given, the one the chain was begun in, or the checkout here."""
    if given is not None:
        return find_root(Path(given))
    begun = None if fresh else chain_file.find(spec.path)
    if begun is not None and begun.project_dir is not None and Path(begun.project_dir).is_dir():
        return Path(begun.project_dir)
    here = toplevel(Path.cwd())
    return find_root(here or spec.path.parent)
