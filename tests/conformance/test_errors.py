"""What an operator can have wrong: each is one clear error, and nothing is touched."""

from pathlib import Path

import pytest

from tests.conformance.subject import Subject, path_without


def test_a_command_that_is_missing_here_is_named(subject: Subject, tmp_path: Path) -> None:
    """With where to get it: each of those that the provider says it needs."""
    needs = subject.settings.provider.meta.get("needs", [])
    if not needs:
        pytest.skip("this provider needs no command of this machine")

    for number, need in enumerate(needs):
        path = path_without(need["command"], tmp_path / str(number))
        said = subject.operator.run("deploy", code=1, PATH=path)

        assert said.json["error"] == "provider_unavailable"
        assert f"'{need['command']}'" in said.json["message"]
        assert need["install"] in said.json["hint"]
        assert "Traceback" not in said.stderr


def test_bad_credentials_are_a_clear_error(subject: Subject) -> None:
    """Whoever is not let in is told so, with what to try."""
    if subject.spoilt is None:
        pytest.skip("this provider has no credentials, or the kit knows none that are bad")

    with subject.settled(subject.spoilt.cloud_yaml):
        said = subject.operator.run("deploy", code=None, **subject.spoilt.environment)

    assert said.code in (1, 4)
    assert said.json["success"] is False
    assert said.json["message"]
    assert said.json["hint"]
    assert "Traceback" not in said.stderr
