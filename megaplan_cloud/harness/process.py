"""Running a program for a plan: an allow-listed environment, a deadline, and no survivors."""

import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from megaplan_cloud.harness.errors import HarnessError
from megaplan_cloud.harness.process_tree import end_tree

# What any program may need to start; secrets and the caller's own sessions are not among it.
PASSED = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LANGUAGE",
    "TZ",
    "TERM",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "XDG_CONFIG_HOME",
    "XDG_CACHE_HOME",
    "XDG_DATA_HOME",
    "XDG_RUNTIME_DIR",
    "VIRTUAL_ENV",
)
LARGEST_OUTPUT = 64 * 1024 * 1024
PATIENCE = 3.0
INSTANT = 0.5
LOCK = ".worker.lock"
RECORD = ".worker.pid"
# The program says who it is before it begins: whoever finds it at work knows what to end.
ANNOUNCED = 'echo "$$" >"$1" && shift && exec "$@"'


@dataclass(frozen=True, slots=True)
class Ended:
    """A program that has ended. `stopped` says why we ended it: `timeout`, `output`, or nothing.

    `rc` is 128 + N when signal N killed it; `duration` is in seconds.
    """

    rc: int
    stdout: str
    stderr: str
    duration: float
    stopped: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Errand:
    """A program to run: its words, what it reads, where, and what it may know.

    `logs` is the folder that gets `<name>.out` and `<name>.err` while it runs.
    """

    argv: Sequence[str]
    cwd: Path
    environment: Mapping[str, str]
    timeout: float
    logs: Path
    name: str
    stdin: str = ""


def environment(names: Iterable[str] = (), **extra: str) -> dict[str, str]:
    """Return what of our environment a program may see: the usual names, `names`, and `extra`."""
    allowed = {*PASSED, *names}
    ours = os.environ.items()
    passed = {name: value for name, value in ours if name in allowed or name.startswith("LC_")}
    return passed | extra


def run(errand: Errand, *, home: Path) -> Ended:
    """Run a program to its end, or to its deadline, and return what came of it.

    Whatever it started is gone when this returns. If we are killed meanwhile, the next call with
    the same `home` ends what is left of it before it begins. Raises HarnessError
    `agent_not_found` when there is no such program.
    """
    _require(errand)
    errand.logs.mkdir(parents=True, exist_ok=True)
    process = None
    with _alone(home) as lock:
        begun = time.monotonic()
        try:
            process = _start(errand, lock, home / RECORD)
            stopped = _watch(process, errand)
        finally:
            _end(process, home)
    return Ended(
        rc=process.returncode if process.returncode >= 0 else 128 - process.returncode,
        stdout=_text(_log(errand, "out")),
        stderr=_text(_log(errand, "err")),
        duration=time.monotonic() - begun,
        stopped=stopped,
    )


def _end(process: subprocess.Popen[bytes] | None, home: Path) -> None:
    """End what is left of a program, also when we were interrupted while it was starting."""
    if process is not None:
        end_tree(process.pid, reap=process.poll)
        process.wait()
    elif pid := _recorded(home, patience=INSTANT):
        end_tree(pid)


def _start(errand: Errand, lock: int, record: Path) -> subprocess.Popen[bytes]:
    request = errand.logs / f"{errand.name}.in"
    request.write_text(errand.stdin, encoding="utf-8")
    with (
        request.open("rb") as stdin,
        _log(errand, "out").open("wb") as stdout,
        _log(errand, "err").open("wb") as stderr,
    ):
        return subprocess.Popen(
            ["sh", "-c", ANNOUNCED, "sh", str(record), *errand.argv],
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            cwd=errand.cwd,
            env=dict(errand.environment),
            start_new_session=True,
            pass_fds=(lock,),
        )


def _require(errand: Errand) -> None:
    """Refuse a program that is not there, before anything is started."""
    name, search = errand.argv[0], errand.environment.get("PATH")
    place = str(errand.cwd / name) if "/" in name else name
    if errand.cwd.is_dir() and shutil.which(place, path=search):
        return
    missing = f"the program {name!r}" if errand.cwd.is_dir() else f"the folder {errand.cwd}"
    raise HarnessError(
        "agent_not_found",
        f"{missing} is not there, or cannot be run",
        hint="Install it, or name another one in the profile.",
    )


def _watch(process: subprocess.Popen[bytes], errand: Errand) -> str:
    """Wait for the end; return why the process has to be ended instead, or nothing."""
    deadline = time.monotonic() + errand.timeout
    while True:
        try:
            process.wait(timeout=max(0.0, min(0.5, deadline - time.monotonic())))
        except subprocess.TimeoutExpired:
            if time.monotonic() >= deadline:
                return "timeout"
            if _log(errand, "out").stat().st_size > LARGEST_OUTPUT:
                return "output"
        else:
            return ""


@contextmanager
def _alone(home: Path) -> Iterator[int]:
    """Give a lock that the program inherits, so that one which outlives us can be told by it."""
    _end_orphan(home)
    (home / RECORD).unlink(missing_ok=True)
    descriptor = os.open(home / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield descriptor
    finally:
        fcntl.flock(descriptor, fcntl.LOCK_UN)
        os.close(descriptor)
        (home / RECORD).unlink(missing_ok=True)


def _end_orphan(home: Path) -> None:
    """End what a killed harness left at work in `home`."""
    path = home / LOCK
    if not path.exists():
        return
    with path.open("r+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if pid := _recorded(home):
                end_tree(pid)
            else:
                raise _unknown(path) from None
        else:
            return
    # A daemon in a session of its own may keep the old lock; it is not the program we look for.
    path.unlink(missing_ok=True)


def _recorded(home: Path, patience: float = PATIENCE) -> int:
    """Return the process that holds the lock, waiting until it has said its number; 0 for none."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        try:
            return int((home / RECORD).read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            time.sleep(0.02)
    return 0


def _unknown(path: Path) -> HarnessError:
    return HarnessError(
        "plan_locked",
        f"a program that an earlier run started still holds {path}, and its number is unknown",
        hint=f"End it: fuser --kill {path}",
    )


def _log(errand: Errand, kind: str) -> Path:
    return errand.logs / f"{errand.name}.{kind}"


def _text(path: Path) -> str:
    with path.open("rb") as file:
        return file.read(LARGEST_OUTPUT).decode("utf-8", errors="replace")
