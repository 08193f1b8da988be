"""Print an access token of the subscription that CLAUDE_CODE_REFRESH_TOKEN stands for.

Words: the file that keeps the tokens, on the volume. Each refresh gives a new refresh token and
ends the old one: so one process at a time refreshes, the others take what it got, and what was
rotated is on the disk before anybody uses it. Another value in the environment begins anew.
"""

import fcntl
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

URL = os.environ.get("CLAUDE_CODE_OAUTH_URL", "https://api.anthropic.com/v1/oauth/token")
CLIENT = os.environ.get("CLAUDE_CODE_OAUTH_CLIENT_ID", "9d1c250a-e61b-44d9-88ed-5944d1962f5e")
EARLY = 300
TIMEOUT = 15


def main(kept: str) -> int:
    """Print a token that is good for some minutes; return the exit code."""
    file = Path(kept)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        known = read(file)
        if time.time() >= float(str(known.get("expires_at", 0))) - EARLY:
            try:
                known = refreshed(known)
            except (OSError, ValueError, KeyError) as error:
                print(f"the refresh token was not accepted: {reason(error)}", file=sys.stderr)
                return 1
            write(file, known)
    print(known["access_token"])
    return 0


def read(file: Path) -> "dict[str, object]":
    """Return what is kept; only the refresh token when the environment has another one since."""
    given = os.environ["CLAUDE_CODE_REFRESH_TOKEN"]
    seed = hashlib.sha256(given.encode()).hexdigest()
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = {}
    return known if known.get("seed") == seed else {"seed": seed, "refresh_token": given}


def refreshed(known: "dict[str, object]") -> "dict[str, object]":
    """Return what is to be kept after a refresh."""
    asked = {
        "grant_type": "refresh_token",
        "refresh_token": known["refresh_token"],
        "client_id": CLIENT,
    }
    request = urllib.request.Request(  # noqa: S310 - an address of ours
        URL, json.dumps(asked).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
        got = json.load(answer)
    return {
        **known,
        "access_token": str(got["access_token"]),
        "refresh_token": str(got.get("refresh_token") or known["refresh_token"]),
        "expires_at": time.time() + float(got.get("expires_in", 3600)),
    }


def reason(error: Exception) -> str:
    """Return why it failed, without anything that was sent."""
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code}"
    return str(error) if isinstance(error, OSError) else "the answer is not understood"


def write(file: Path, known: "dict[str, object]") -> None:
    """Replace the file in one step; at no moment can anybody else read it."""
    part = file.with_name(f".{file.name}.{os.getpid()}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as stream:
        stream.write(json.dumps(known) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    part.replace(file)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
