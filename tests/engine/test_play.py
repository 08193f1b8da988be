"""A playbook is known to the last role before its first task runs."""

from pathlib import Path

import pytest

from megaplan_cloud.engine.errors import EngineError
from megaplan_cloud.engine.play import play

ROLE = "- copy: {content: '{{ greeting }} {{ everyone }}', dest: '{{ folder }}/said'}\n"


def test_an_undefined_variable_is_told_before_the_first_task(tmp_path: Path) -> None:
    """Also in a role that a template chooses: nothing has been changed when it is told."""
    role = tmp_path / "roles" / "greeter" / "tasks"
    role.mkdir(parents=True)
    (role / "main.yml").write_text(ROLE)
    path = tmp_path / "play.yml"
    path.write_text(
        "- hosts: controller\n  pre_tasks: [{file: {path: '{{ folder }}/made', state: touch}}]\n"
        "  roles: ['{{ who }}']\n"
    )
    given = {"who": "greeter", "greeting": "hello", "folder": str(tmp_path)}

    with pytest.raises(EngineError, match="the variable 'everyone' is not defined") as caught:
        play(path, variables=given)

    assert caught.value.mark is not None
    assert Path(caught.value.mark.file) == role / "main.yml"
    assert not (tmp_path / "made").exists()
    assert not play(path, variables=given, extra={"everyone": "all"}).failed
    assert (tmp_path / "said").read_text() == "hello all"
