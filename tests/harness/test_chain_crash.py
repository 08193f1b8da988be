"""Whatever Git command dies, before or after its effect: the next run ends in the same chain."""

import os
import random
import shutil
from pathlib import Path

import pytest

from megaplan_cloud.harness.errors import HarnessError
from tests.support.chains import World, build, git, spec_of

SEED = int(os.environ.get("KILL_SEED", "20260105"))
SAMPLES = 24
LABELS = ("m1", "m2")
# Counts the calls in a file; the one whose number is asked for dies before or after its effect.
SHIM = """#!/bin/sh
count=$(($(cat '{folder}/count') + 1))
echo "$count" > '{folder}/count'
read -r fatal when < '{folder}/fatal'
[ "$count" = "$fatal" ] && [ "$when" = before ] && exit 137
'{git}' "$@"
rc=$?
[ "$count" = "$fatal" ] && [ "$when" = after ] && exit 137
exit $rc
"""


def install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Put a `git` on the PATH that counts and dies; it lives until `fatal` says otherwise."""
    real = shutil.which("git")
    (folder / "count").write_text("0\n", encoding="utf-8")
    (folder / "fatal").write_text("0 never\n", encoding="utf-8")
    (folder / "git").write_text(SHIM.format(folder=folder, git=real), encoding="utf-8")
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def history(world: World) -> list[str]:
    """Return subject and tree of each commit of the finished chain."""
    return git(world.remote, "log", "--format=%s %T", f"main..epic/{LABELS[-1]}").splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("sample", range(SAMPLES))
def test_a_git_that_dies_anywhere_costs_a_new_start_and_nothing_else(
    sample: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commits are there once, whether the dead command had its effect or not."""
    folder = tmp_path / "shim"
    folder.mkdir()
    (tmp_path / "whole").mkdir()
    whole = build(tmp_path / "whole", spec_of(*LABELS), LABELS)
    install(folder, monkeypatch)
    whole.run()
    calls = int((folder / "count").read_text(encoding="utf-8"))
    (tmp_path / "broken").mkdir()
    broken = build(tmp_path / "broken", spec_of(*LABELS), LABELS)
    chance = random.Random(SEED + sample)  # noqa: S311
    fatal = 1 + (sample * calls) // SAMPLES + chance.randrange(calls // SAMPLES)
    when = ("before", "after")[sample % 2]
    (folder / "count").write_text("0\n", encoding="utf-8")
    (folder / "fatal").write_text(f"{fatal} {when}\n", encoding="utf-8")

    try:
        broken.run()
    except HarnessError as error:
        broken.said.append(str(error))
    (folder / "fatal").write_text("0 never\n", encoding="utf-8")
    ended, state = broken.run()

    told = f"seed {SEED}: git call {fatal} of {calls} died {when}: {broken.said}"
    assert ended.status == "done", told
    assert state.done() == LABELS, told
    assert history(broken) == history(whole), told
