"""The conformance kit: what every provider's box must do, tried through the operator's commands.

    invoke conformance --provider ssh
    invoke conformance --cloud-yaml path/to/cloud.yaml

Without a cloud.yaml it tries the providers that this machine can give by itself. Each worker has
one box of each provider; a test that ends it leaves that to the next one to bring back.
"""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.conformance.subject import Subject
from tests.conformance.subjects import SUBJECTS, Maker, described

HERE = Path(__file__).parent
GIVEN = "given"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the words of `invoke conformance`."""
    parser.addoption("--provider", action="append", default=[], help="try this provider only")
    parser.addoption("--cloud-yaml", default="", help="try the provider of this cloud.yaml")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark all of the kit: it starts boxes, and an image may have to be built first."""
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.slow)
            item.add_marker(pytest.mark.timeout(900))


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Try each test with each provider."""
    if "subject" in metafunc.fixturenames:
        given = metafunc.config.getoption("--cloud-yaml", "")
        names = [GIVEN] if given else metafunc.config.getoption("--provider", []) or [*SUBJECTS]
        if unknown := set(names) - {GIVEN, *SUBJECTS}:
            known = ", ".join(SUBJECTS)
            raise pytest.UsageError(f"no such provider: {', '.join(unknown)}; known: {known}")
        metafunc.parametrize("subject", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def subject(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Subject]:
    """Give the provider under test; whatever box is left in the end is destroyed."""
    folder = tmp_path_factory.mktemp(str(request.param))
    with maker(request)(folder) as made:
        yield made


def maker(request: pytest.FixtureRequest) -> Maker:
    """Return what makes the subject that a test is tried with."""
    if request.param == GIVEN:
        return partial(described, Path(request.config.getoption("--cloud-yaml")))
    return SUBJECTS[request.param]


@pytest.fixture
def box(subject: Subject) -> Subject:
    """Give the provider with its box up, whatever the test before did to it."""
    subject.operator.run("deploy")
    subject.keep()
    return subject
