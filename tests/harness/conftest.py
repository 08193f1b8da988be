"""What the tests of the harness share."""

from pathlib import Path

import pytest

from tests.support.harness import Project, build


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    """Give a git repository with a scripted agent; the user has no settings."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("MEGAPLAN_PHASE", "MEGAPLAN_PLAN", "MEGAPLAN_PLAN_DIR", "MEGAPLAN_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    return build(tmp_path)
