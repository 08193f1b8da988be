"""`invoke conformance`: the kit that proves a provider, through the operator's own commands."""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from megaplan_cloud.cloud.answer import DONE, FAILED, Answer
from megaplan_cloud.cloud.errors import InvalidArguments, ProviderUnavailable
from megaplan_cloud.cloud.settings import load
from megaplan_cloud.cloud.voice import Voice
from megaplan_cloud.house import house

# The exit code of pytest when a test has failed; every other but 0 is no verdict.
TESTS_FAILED = 1


def run(voice: Voice, *, cloud_yaml: str, provider: list[str]) -> Answer:
    """Try every test of the kit with some providers, or with that of a cloud.yaml."""
    if provider and cloud_yaml:
        raise InvalidArguments(
            "--provider and --cloud-yaml were both given.",
            hint="A cloud.yaml says which provider it is for.",
        )
    words = [word for name in provider for word in ("--provider", name)]
    if cloud_yaml:
        load(cloud_yaml)
        words = ["--cloud-yaml", str(Path(cloud_yaml).expanduser().resolve())]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options(), *words],
        cwd=house(),
        # What pytest tells is for people; stdout is kept for the document.
        stdout=voice.stderr,
        stderr=voice.stderr,
        env={**os.environ, "PYTHONPATH": str(house())},
        check=False,
    )
    return _answer(done.returncode, provider or ([] if cloud_yaml else ["every provider"]))


def options() -> list[str]:
    """Return the words that make pytest try the kit; ProviderUnavailable where it is not."""
    kit = house() / "tests" / "conformance"
    if not kit.is_dir() or find_spec("pytest") is None or find_spec("pytest_timeout") is None:
        raise ProviderUnavailable(
            "The conformance kit is not installed here.",
            hint="Run this in a checkout of the project, after `pip install --editable '.[dev]'`.",
        )
    return [str(kit), "--verbose", "-p", "no:cacheprovider"]


def _answer(code: int, names: list[str]) -> Answer:
    """Return what pytest's exit code says of the providers."""
    document = {"success": code == 0, "event": "cloud_conformance", "providers": names}
    if code == 0:
        return Answer(document, ("conformance: everything that was tried holds",), DONE)
    message = "A test has failed." if code == TESTS_FAILED else "The kit did not come to its end."
    document |= {
        "error": "not_conforming" if code == TESTS_FAILED else "kit_failed",
        "message": message,
        "hint": "The lines above say which test, and what it saw.",
    }
    return Answer(document, (f"conformance: {message}",), FAILED)
