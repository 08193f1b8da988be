"""The promises of `template`."""

from dataclasses import replace
from pathlib import Path

import pytest

from megaplan_cloud.engine.context import Context
from megaplan_cloud.engine.errors import TemplateError
from megaplan_cloud.engine.scope import Scope
from megaplan_cloud.engine.secret import Secret
from tests.engine.actions.conftest import Run


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """Give the folder in which a role keeps its templates."""
    folder = tmp_path / "role/templates"
    folder.mkdir(parents=True)
    return folder


def test_a_template_lands_rendered_and_once(
    run: Run, context: Context, templates: Path, tmp_path: Path
) -> None:
    """Blocks leave no empty lines, the last newline stays, and the second time is a no-op."""
    (templates / "list.j2").write_text("{% for x in xs %}\n{{ x }}\n{% endfor %}\nend\n")
    scope = Scope(task={"xs": [1, 2]})
    task = {"src": "list.j2", "dest": str(tmp_path / "list")}

    first = run("template", task, scope=scope)

    assert first.changed
    assert (tmp_path / "list").read_text() == "1\n2\nend\n"
    assert not run("template", task, scope=scope).changed
    assert replace(context, scope=scope).template_path("list.j2") == templates / "list.j2"


def test_an_undefined_variable_fails_before_anything_is_written(
    run: Run, templates: Path, tmp_path: Path
) -> None:
    """The error says in which template the name stands."""
    (templates / "t.j2").write_text("one\n{{ nope }}\n")

    with pytest.raises(TemplateError) as error:
        run("template", {"src": "t.j2", "dest": str(tmp_path / "t")})

    assert error.value.mark is not None
    assert Path(error.value.mark.file).name == "t.j2"
    assert not (tmp_path / "t").exists()


def test_includes_are_found_beside_the_template(run: Run, templates: Path, tmp_path: Path) -> None:
    """A template may be made of others of its role."""
    (templates / "outer.j2").write_text("a {% include 'inner.j2' %}")
    (templates / "inner.j2").write_text("b")

    run("template", {"src": "outer.j2", "dest": str(tmp_path / "out")})

    assert (tmp_path / "out").read_text() == "a b"


def test_a_secret_in_a_template_is_written_but_not_shown(
    run: Run, templates: Path, tmp_path: Path
) -> None:
    """One secret makes the whole text a secret in every difference."""
    (templates / "env.j2").write_text("TOKEN={{ token }}\n")

    result = run(
        "template",
        {"src": "env.j2", "dest": str(tmp_path / "env")},
        scope=Scope(task={"token": Secret("tok-123")}),
        diff=True,
    )

    assert (tmp_path / "env").read_text() == "TOKEN=tok-123\n"
    assert "tok-123" not in str(result)


def test_the_newline_can_be_another(run: Run, templates: Path, tmp_path: Path) -> None:
    """`newline_sequence` is what ends each line."""
    (templates / "t.j2").write_text("a\nb\n")

    run("template", {"src": "t.j2", "dest": str(tmp_path / "t"), "newline_sequence": "\\r\\n"})

    assert (tmp_path / "t").read_bytes() == b"a\r\nb\r\n"


def test_a_folder_takes_the_template_under_its_own_name(
    run: Run, templates: Path, tmp_path: Path
) -> None:
    """As with `copy`, a destination that is a folder gets the source's name."""
    (templates / "t.j2").write_text("x")

    result = run("template", {"src": "t.j2", "dest": f"{tmp_path}/"})

    assert result.values["dest"] == str(tmp_path / "t.j2")
