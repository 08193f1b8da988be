"""The health server of a box: `/` says OK, `/health` tells the state of each component.

It needs nothing but Python's standard library. `--probe` asks a running server instead, prints
its answer and exits 0 when the box is ready, 1 when it is not, 3 when no server answers, 4 when
none will because it could not be started.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

READY, BROKEN, DEGRADED = "ready", "broken", "degraded"
NOT_READY, NO_SERVER, NEVER, PORT_TAKEN = 1, 3, 4, 98


def main() -> int:
    """Serve until the end, or probe; return the exit code."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--root", type=Path, required=True, help="where the volume is")
    words.add_argument("--run", type=Path, required=True, help="where the box keeps what boot made")
    words.add_argument("--bind", default="127.0.0.1")
    words.add_argument(
        "--port", type=int, default=0, help="0 takes the last one again, or a free one"
    )
    words.add_argument("--probe", action="store_true")
    options = words.parse_args()
    return probe(options.run) if options.probe else serve(options)


def serve(options: argparse.Namespace) -> int:
    """Answer until the process is ended."""
    note = options.run / "health.json"
    (options.run / "health.error").unlink(missing_ok=True)
    server = listen(options, note)
    if isinstance(server, str):
        (options.run / "health.error").write_text(server + "\n", encoding="utf-8")
        print(server, file=sys.stderr)
        return PORT_TAKEN
    server.health = Health(options.root, options.run)  # type: ignore[attr-defined]
    port = server.server_address[1]
    write(note, {"pid": os.getpid(), "port": port, "bind": options.bind, "started_at": now()})
    print(f"health server on {options.bind}:{port}", flush=True)
    server.serve_forever()
    return 0


def listen(options: argparse.Namespace, note: Path) -> "ThreadingHTTPServer | str":
    """Return a listening server, or the sentence that says why there is none."""
    last = read(note).get("port", 0) if options.port == 0 else 0
    note.unlink(missing_ok=True)
    for port in dict.fromkeys([options.port or last, options.port]):
        try:
            return Server((options.bind, port), Handler)
        except OSError as error:
            problem = error
    owner = owner_of(options.port)
    return f"port {options.port} on {options.bind} is taken{owner} ({problem.strerror})"


class Server(ThreadingHTTPServer):
    """One thread per question; an old connection does not keep the port."""

    daemon_threads = True
    allow_reuse_address = True


class Handler(BaseHTTPRequestHandler):
    """Answers GET: `/` for those who only want OK, `/health` for those who want to know."""

    timeout = 10

    def do_GET(self) -> None:
        """Answer one question."""
        if self.path.split("?")[0] == "/health":
            state = self.server.health.state()  # type: ignore[attr-defined]
            code = 200 if state["status"] != BROKEN else 503
            self.answer(code, "application/json", json.dumps(state, indent=2) + "\n")
        elif self.path == "/":
            self.answer(200, "text/plain; charset=utf-8", "OK - megaplan cloud box alive\n")
        else:
            self.answer(404, "text/plain; charset=utf-8", "not here: ask for / or /health\n")

    def answer(self, code: int, kind: str, text: str) -> None:
        """Send one answer."""
        body = text.encode()
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Write no line per question: the box is asked every few seconds."""


class Health:
    """The state of the box; looked up at most once a second, however many ask."""

    def __init__(self, root: Path, run: Path) -> None:
        self.root, self.run = root, run
        self.lock = threading.Lock()
        self.looked, self.found = 0.0, {}  # type: float, dict[str, object]

    def state(self) -> dict[str, object]:
        """Return the status of the box and of each of its components."""
        with self.lock:
            if time.monotonic() - self.looked > 1 or not self.found:
                self.found, self.looked = self.look(), time.monotonic()
            return self.found

    def look(self) -> dict[str, object]:
        """Look at every component now."""
        components = {
            **self.steps(),
            "volume": self.volume(),
            "boot": self.boot(),
            "tmux": self.tmux(),
            "git": self.command("git"),
            "megaplan": self.command("megaplan"),
            **self.repos(),
        }
        broken = [name for name, one in components.items() if one["status"] == BROKEN]
        weak = [name for name, one in components.items() if one["status"] == DEGRADED]
        status = BROKEN if broken else DEGRADED if weak else READY
        return {"status": status, "components": components, "at": now()}

    def steps(self) -> dict[str, dict[str, object]]:
        """Say how each step of the boot went, where the boot has left a word about it."""
        found = {}
        for file in sorted(self.run.glob("components/*")):
            status, _, reason = file.read_text(encoding="utf-8").strip().partition("\n")
            found[file.name] = {"status": status, **({"reason": reason} if reason else {})}
        return found

    def volume(self) -> dict[str, object]:
        """Say whether the volume is there, is ours and can be written."""
        if (said := self.steps().get("volume", {})).get("status") == BROKEN:
            return said
        identity = read(self.root / ".megaplan" / "volume.json")
        if not identity.get("id"):
            return {"status": BROKEN, "reason": "the volume has no identity"}
        if not os.access(self.root, os.W_OK):
            return {"status": BROKEN, "reason": "the volume cannot be written"}
        disk = os.statvfs(self.root)
        return {
            "status": READY,
            "id": identity["id"],
            "free_bytes": disk.f_bavail * disk.f_frsize,
            "free_inodes": disk.f_favail,
        }

    def boot(self) -> dict[str, object]:
        """Say whether boot came to its end."""
        ready = read(self.run / "ready.json")
        if not ready:
            return {"status": DEGRADED, "reason": "boot has not come to its end yet"}
        return {"status": READY, "mode": ready.get("mode")}

    def tmux(self) -> dict[str, object]:
        """Say which sessions there are."""
        try:
            done = subprocess.run(
                ["tmux", "list-sessions", "-F", "#{session_name}"],
                capture_output=True,
                text=True,
                timeout=5,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return {"status": BROKEN, "reason": f"tmux does not answer: {error}"}
        if done.returncode:
            return {"status": BROKEN, "reason": done.stderr.strip() or "tmux has no server"}
        return {"status": READY, "sessions": done.stdout.split()}

    def command(self, name: str) -> dict[str, object]:
        """Say where a command is."""
        path = shutil.which(name)
        return (
            {"status": READY, "path": path}
            if path
            else {"status": BROKEN, "reason": f"there is no command '{name}'"}
        )

    def repos(self) -> dict[str, dict[str, object]]:
        """Say how each checkout is."""
        found = {}
        for repo in read(self.run / "repos.json").get("repos", []):
            fine = bool(repo["fine"])
            there = Path(repo["workspace"], ".git").exists()
            state = READY if fine and there else DEGRADED
            reason = repo["reason"] if not fine else "" if there else "the checkout is gone"
            found[f"repo:{repo['name']}"] = {
                "status": state,
                "workspace": repo["workspace"],
                **({"reason": reason} if reason else {}),
            }
        return found


def probe(run: Path) -> int:
    """Print what the running server says of the box."""
    note = read(run / "health.json")
    error = run / "health.error"
    reason = error.read_text(encoding="utf-8").strip() if error.exists() else ""
    if not note:
        print(json.dumps({"status": "absent", "reason": reason or "no health server was started"}))
        return NEVER if reason else NO_SERVER
    host = "127.0.0.1" if note["bind"] == "0.0.0.0" else note["bind"]  # noqa: S104 - a comparison
    url = f"http://{host}:{note['port']}/health"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            state = json.load(answer)
    except urllib.error.HTTPError as refused:
        state = json.load(refused)
    except (OSError, ValueError) as problem:
        print(json.dumps({"status": "absent", "url": url, "reason": reason or str(problem)}))
        return NEVER if reason else NO_SERVER
    print(json.dumps({**state, "url": url, "port": note["port"], "pid": note["pid"]}))
    return NOT_READY if state["status"] == BROKEN else 0


def owner_of(port: int) -> str:
    """Return ` by <program> (pid N)` when this machine lets us know; else nothing."""
    if lsof := shutil.which("lsof"):
        asked = [lsof, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-Fpc"]
        fields = output_of(asked).split()
        pid = next((field[1:] for field in fields if field.startswith("p")), "")
        name = next((field[1:] for field in fields if field.startswith("c")), "")
        return f" by {name} (pid {pid})" if pid else ""
    if ss := shutil.which("ss"):
        text = output_of([ss, "-ltnpH", f"sport = :{port}"])
        if 'users:(("' in text:
            name, _, rest = text.partition('users:(("')[2].partition('",pid=')
            return f" by {name} (pid {rest.split(',')[0]})"
    return ""


def output_of(words: "list[str]") -> str:
    """Return what a command prints; nothing when it cannot be run."""
    try:
        return subprocess.run(words, capture_output=True, text=True, timeout=5, check=False).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def read(path: Path) -> "dict[str, object]":
    """Return the JSON object in a file; an empty one when there is none."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def write(path: Path, value: object) -> None:
    """Replace a JSON file in one step."""
    part = path.with_name(f".{path.name}.{os.getpid()}")
    part.write_text(json.dumps(value) + "\n", encoding="utf-8")
    part.replace(path)


def now() -> str:
    """Return the time, in UTC."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


if __name__ == "__main__":
    sys.exit(main())
