"""The subscription's tokens: one refresher, rotated on the volume, never printed on an error."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from megaplan_cloud.house import house

PROGRAM = house() / "roles" / "image" / "files" / "claude_token.py"


class Issuer(ThreadingHTTPServer):
    """A server that takes a refresh token once, and gives the next."""

    good = "seed-1"
    refreshes = 0
    lasts = 3600

    @property
    def url(self) -> str:
        """Return its address."""
        return f"http://127.0.0.1:{self.server_address[1]}/token"


class Handler(BaseHTTPRequestHandler):
    """Answers a refresh."""

    def do_POST(self) -> None:
        """Give new tokens for the good one, 400 for any other."""
        issuer = self.server
        assert isinstance(issuer, Issuer)
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if asked["refresh_token"] != issuer.good:
            self.send_error(400)
            return
        issuer.refreshes += 1
        issuer.good = f"rotated-{issuer.refreshes}"
        body = {"access_token": f"access-{issuer.refreshes}", "refresh_token": issuer.good}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({**body, "expires_in": issuer.lasts}).encode())

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """Give a running issuer."""
    server = Issuer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def ask(issuer: Issuer, kept: Path, given: str = "seed-1") -> "subprocess.Popen[str]":
    """Ask for an access token."""
    return subprocess.Popen(
        [sys.executable, "-S", PROGRAM, kept],
        env={
            **os.environ,
            "CLAUDE_CODE_REFRESH_TOKEN": given,
            "CLAUDE_CODE_OAUTH_URL": issuer.url,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_many_at_once_refresh_once(issuer: Issuer, tmp_path: Path) -> None:
    """Eight calls at the same time get one token, and the rotated one is kept for its owner."""
    kept = tmp_path / "tokens.json"

    asked = [ask(issuer, kept) for _ in range(8)]
    said = {process.communicate(timeout=30)[0] for process in asked}

    assert (said, issuer.refreshes) == ({"access-1\n"}, 1)
    assert json.loads(kept.read_text())["refresh_token"] == "rotated-1"
    assert kept.stat().st_mode & 0o777 == 0o600


def test_a_token_is_renewed_before_it_ends(issuer: Issuer, tmp_path: Path) -> None:
    """One that is good for less than five minutes is renewed with the rotated refresh token."""
    issuer.lasts = 200

    first, _ = ask(issuer, tmp_path / "tokens.json").communicate(timeout=30)
    second, _ = ask(issuer, tmp_path / "tokens.json").communicate(timeout=30)

    assert (first, second) == ("access-1\n", "access-2\n")


def test_another_value_in_the_environment_begins_anew(issuer: Issuer, tmp_path: Path) -> None:
    """A new sign-in is not ignored because an old token lies on the volume."""
    ask(issuer, tmp_path / "tokens.json").communicate(timeout=30)
    issuer.good = "seed-2"

    said, _ = ask(issuer, tmp_path / "tokens.json", "seed-2").communicate(timeout=30)

    assert said == "access-2\n"


def test_a_refusal_says_no_token(issuer: Issuer, tmp_path: Path) -> None:
    """A token that is not accepted is an error without the token in it, and nothing is kept."""
    process = ask(issuer, tmp_path / "tokens.json", "revoked-secret")
    out, err = process.communicate(timeout=30)

    assert (process.returncode, out) == (1, "")
    assert err == "the refresh token was not accepted: HTTP 400\n"
    assert not (tmp_path / "tokens.json").exists()
