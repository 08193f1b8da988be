"""What a person reads: one line per task, calm, without secrets, and only on stderr."""

import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

from megaplan_cloud.engine.console import console, shown_time
from tests.support.playing import Theatre

TASKS = """
    - name: Same as before
      command: ["true"]
      changed_when: false
    - name: Change each
      command: [echo, "{{ item }}"]
      loop: [a, b]
    - name: Say something
      debug: {msg: hello}
    - name: Leave this out
      command: ["true"]
      when: 1 == 2
    - name: Write a file
      copy: {dest: "{{ here }}/file", content: "new\\n"}
    - name: Fail at last
      shell: "echo one; echo two >&2; exit 3"
    """


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


@pytest.fixture
def theatre(tmp_path: Path) -> Theatre:
    """Give an empty folder to play in."""
    return Theatre(tmp_path)


def shown(theatre: Theatre, stream: io.StringIO, environment: dict[str, str]) -> str:
    """Play the tasks and return what a person saw."""
    with console(stream, lambda text: text.replace("hello", "***"), environment) as listener:
        theatre.tasks(TASKS, listener=listener, diff=True)
    return stream.getvalue()


def test_a_log_has_one_plain_line_per_task(theatre: Theatre) -> None:
    """No colours, no moving line; items and reasons stand under their task."""
    text = shown(theatre, io.StringIO(), {})

    assert re.sub(r" \(\d+\.\d s\)", "", text).splitlines() == [
        "Try it [controller]",
        "  ok          Same as before",
        "  changed     Change each",
        "    changed     a",
        "    changed     b",
        "  ok          Say something",
        "      ***",
        "  skipped     Leave this out",
        "  changed     Write a file",
        *(line for line in text.splitlines() if line.startswith(("      ---", "      +++"))),
        *(line for line in text.splitlines() if line.startswith(("      @@", "      +new"))),
        "  failed      Fail at last",
        f"      {theatre.playbook}:17",
        "      $ echo one; echo two >&2; exit 3",
        "      exit code 3",
        "      two",
        "6 tasks · 2 ok · 2 changed · 1 skipped · 1 failed",
    ]


def test_a_terminal_has_colours_and_a_frame_around_failures(theatre: Theatre) -> None:
    """The glyph tells the status; the secret is gone here as well."""
    text = shown(theatre, Terminal(), {"TERM": "xterm"})

    assert "✓" in text
    assert "●" in text
    assert "╭─" in text
    assert "\x1b[32m" in text
    assert "hello" not in text


def test_no_color_is_respected_on_a_terminal(theatre: Theatre) -> None:
    """The glyphs stay, the colours go."""
    text = shown(theatre, Terminal(), {"TERM": "xterm", "NO_COLOR": "1"})

    assert "✓" in text
    assert "\x1b[32m" not in text


def test_a_dumb_terminal_gets_plain_lines(theatre: Theatre) -> None:
    """Where lines cannot move, none does."""
    assert "\x1b" not in shown(theatre, Terminal(), {"TERM": "dumb"})


def test_rich_is_loaded_for_terminals_only() -> None:
    """A run in a pipe or in CI does not pay for what it does not show."""
    code = (
        "import sys; from megaplan_cloud.engine import console, play; "
        "print([m for m in ('rich', 'fabric', 'paramiko', 'jinja2') if m in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(0.01, ""), (0.34, " (0.3 s)"), (59.0, " (59.0 s)"), (61.0, " (1 min 01 s)")],
)
def test_a_duration_is_shown_where_it_matters(seconds: float, expected: str) -> None:
    """Nothing under a tenth of a second; minutes above a minute."""
    assert shown_time(seconds) == expected
