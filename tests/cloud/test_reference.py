"""The pages that are written from the code say what the code does."""

import re
from pathlib import Path

from megaplan_cloud.cloud.answer import Answer
from megaplan_cloud.cloud.commands.doctor import gotchas
from megaplan_cloud.cloud.effective_status import Status
from megaplan_cloud.cloud.reference import cloud_yaml_page
from megaplan_cloud.program import tasks

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_of_cloud_yaml_is_that_of_its_schema() -> None:
    """`make docs` writes it; a stale page fails here."""
    assert (DOCS / "cloud-yaml.md").read_text(encoding="utf-8") == cloud_yaml_page()


def test_every_command_has_a_heading() -> None:
    """docs/commands.md leaves no command out, and invents none."""
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## `invoke ([a-z]+)", page, flags=re.MULTILINE)

    assert sorted(headings) == sorted(tasks().task_names)


def test_every_gotcha_has_a_heading() -> None:
    """docs/gotchas.md tells the story of each fixup."""
    page = (DOCS / "gotchas.md").read_text(encoding="utf-8")

    assert re.findall(r"^## ([a-z-]+)$", page, flags=re.MULTILINE) == gotchas()


def test_every_status_is_explained() -> None:
    """docs/commands.md has a row for each effective status."""
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z_]+)` \|", page, flags=re.MULTILINE)

    assert rows == [str(status) for status in Status]


def test_every_error_code_is_listed() -> None:
    """docs/exit-codes.md has each code that a playbook or a command refuses with."""
    house = DOCS.parent
    sources = [
        *(house / "roles").rglob("tasks/*.yml"),
        *(house / "playbooks").glob("*.yml"),
        *(house / "megaplan_cloud" / "cloud").rglob("*.py"),
    ]
    used = set()
    for source in sources:
        text = source.read_text(encoding="utf-8")
        used |= set(re.findall(r"^ +error: ([a-z_]+)$", text, flags=re.MULTILINE))
        used |= set(re.findall(r"code = \"([a-z_]+)\"", text))
        used |= set(re.findall(r"\"error\": \"([a-z_]+)\"", text))
    page = (DOCS / "exit-codes.md").read_text(encoding="utf-8")

    assert sorted(code for code in used if f"`{code}`" not in page) == []
    assert Answer({}).exit_code == 0
