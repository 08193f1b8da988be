"""Git, run with words: no prompts, no hooks' surprises, an error that says what Git said."""

import os
import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from megaplan_cloud.engine.redaction import Redactor
from megaplan_cloud.harness.errors import HarnessError

# A hook or an outer `git` that started us must not redirect our commands to its repository.
OUTER = re.compile(
    r"GIT_(DIR|WORK_TREE|INDEX_FILE|PREFIX|OBJECT_DIRECTORY|COMMON_DIR|NAMESPACE|CEILING_DIRECTORIES"
    r"|ALTERNATE_OBJECT_DIRECTORIES|CONFIG(_COUNT|_PARAMETERS|_KEY_\d+|_VALUE_\d+)?)"
)
OURS = {"GIT_TERMINAL_PROMPT": "0", "GIT_LITERAL_PATHSPECS": "1", "LC_ALL": "C"}
# Housekeeping in the background would outlive the command and hold locks of its own.
QUIET = ("-c", "gc.auto=0", "-c", "maintenance.auto=false", "-c", "core.quotePath=false")
OUTSIDE = "not a git repository"
HELD = re.compile(r"Unable to create '([^']+\.lock)': File exists")
LOCK_PATIENCE = 3.0  # seconds: a living git holds a lock for milliseconds


class GitError(HarnessError):
    """Git refused or could not do something; the message has its own words."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Git answered; `rc` is -1 when it was stopped because its time was over."""

    rc: int
    stdout: str
    stderr: str

    @property
    def said(self) -> str:
        """Return Git's last ten lines, errors first, for a person to read."""
        lines = (self.stderr.strip() or self.stdout.strip()).splitlines()
        return "\n".join(lines[-10:]) or "git said nothing"


@dataclass(frozen=True, slots=True)
class Git:
    """Git in one directory. `timeout` is in seconds and holds for each command."""

    directory: Path
    timeout: float = 300.0
    sleep: Callable[[float], None] = time.sleep

    def ask(self, *words: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Answer:
        """Return what Git answers, whatever its exit code; waits for a lock that is held."""
        deadline = time.monotonic() + LOCK_PATIENCE
        while True:
            answer = self._once(words, stdin, env or {})
            held = HELD.search(answer.stderr)
            if answer.rc == 0 or not held:
                return answer
            if time.monotonic() > deadline:
                if not _abandoned(Path(held[1])):
                    return answer
                Path(held[1]).unlink(missing_ok=True)
                return self._once(words, stdin, env or {})
            self.sleep(0.1)

    def text(
        self,
        *words: str,
        stdin: str = "",
        env: Mapping[str, str] | None = None,
        error: str = "git_failed",
        hint: str = "",
    ) -> str:
        """Return Git's output without its last line break; raises `GitError` with this code."""
        answer = self.ask(*words, stdin=stdin, env=env)
        if answer.rc == 0:
            return answer.stdout.removesuffix("\n")
        raise self._failed(error, words, answer, hint)

    def holds(self, *words: str) -> bool:
        """Return a yes or no of Git. An answer that is neither is an error, and never a no."""
        answer = self.ask(*words)
        if answer.rc not in (0, 1):
            raise self._failed("git_failed", words, answer)
        return answer.rc == 0

    def commit(self, name: str) -> str | None:
        """Return the full id of the commit that `name` means, or None."""
        words = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
        return self.text(*words) if self.holds(*words) else None

    def contains(self, ancestor: str, descendant: str) -> bool:
        """Tell whether `ancestor` is `descendant` or lies in its history."""
        return self.holds("merge-base", "--is-ancestor", ancestor, descendant)

    def identity(self) -> tuple[str, ...]:
        """Return the words that say who commits where nobody has told Git; none otherwise."""
        if os.environ.get("GIT_COMMITTER_EMAIL") or self.holds("config", "user.email"):
            return ()
        return ("-c", "user.name=megaplan", "-c", "user.email=megaplan@localhost")

    def _failed(
        self, error: str, words: tuple[str, ...], answer: Answer, hint: str = ""
    ) -> GitError:
        ended = f"took over {self.timeout:g} s" if answer.rc < 0 else f"exit {answer.rc}"
        told = f"git {' '.join(words)} in {self.directory} failed ({ended}): {answer.said}"
        told = Redactor().redact(told)  # a remote's URL may hold a token
        return GitError(error, told, hint=hint)

    def _once(self, words: tuple[str, ...], stdin: str, env: Mapping[str, str]) -> Answer:
        # Files, not pipes: a grandchild (ssh) that keeps a pipe open would outwait the timeout.
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            with subprocess.Popen(
                ["git", *QUIET, *words],
                cwd=self.directory,
                env=_environment() | dict(env),
                stdin=subprocess.PIPE if stdin else subprocess.DEVNULL,
                stdout=out,
                stderr=err,
            ) as process:
                rc = _wait(process, stdin, self.timeout)
            out.seek(0)
            err.seek(0)
            return Answer(rc, _decode(out.read()), _decode(err.read()))


def toplevel(directory: Path) -> Path | None:
    """Return the top of the checkout that holds `directory`, or None outside of any.

    Raises GitError when Git does not say, as it does not for a checkout of another user.
    """
    if not directory.is_dir():
        return None
    git = Git(directory)
    answer = git.ask("rev-parse", "--show-toplevel")
    if answer.rc == 0:
        return Path(answer.stdout.removesuffix("\n"))
    if OUTSIDE in answer.stderr:
        return None
    return Path(git.text("rev-parse", "--show-toplevel"))


def tracked(path: Path) -> bool:
    """Tell whether Git tracks this file, existing or not, in the checkout that holds it."""
    parent = next((folder for folder in path.parents if folder.is_dir()), None)
    if parent is None or toplevel(parent) is None:
        return False
    return Git(parent).holds("ls-files", "--error-unmatch", "--", str(path))


def _wait(process: subprocess.Popen[bytes], stdin: str, timeout: float) -> int:
    try:
        process.communicate(stdin.encode() if stdin else None, timeout=timeout)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return -1
    return process.returncode


def _environment() -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not OUTER.fullmatch(name)}
    return inherited | OURS


def _abandoned(lock: Path) -> bool:
    """Tell whether a lock's owner must be dead: nobody touched it while we were waiting."""
    try:
        return time.time() - lock.stat().st_mtime > LOCK_PATIENCE
    except FileNotFoundError:
        return True


def _decode(raw: bytes) -> str:
    # Paths are bytes to Git; surrogates carry those that are not UTF-8 there and back.
    return raw.decode("utf-8", "surrogateescape")
