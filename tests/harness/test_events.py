"""What the journal of a plan promises."""

import json
import multiprocessing
from pathlib import Path

from megaplan_cloud.harness import events


def append_many(directory: Path) -> None:
    """Append fifty events."""
    for number in range(50):
        events.append(directory, "note_added", None, {"note": str(number), "source": "user"})


def test_writers_side_by_side_number_their_lines_without_gap(tmp_path: Path) -> None:
    """Two processes never share a number, and no line is torn by another."""
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=append_many, args=(tmp_path,)) for _ in range(3)]

    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)

    numbers = [each["seq"] for each in events.tail(tmp_path, 1_000_000)]
    assert numbers == list(range(150))


def test_a_torn_line_costs_itself_and_no_other(tmp_path: Path) -> None:
    """The next writer begins a new line, with the next number."""
    append_many(tmp_path)
    with (tmp_path / events.JOURNAL).open("a", encoding="utf-8") as file:
        file.write('{"seq": 50, "kind": "pla')

    events.append(tmp_path, "init", None, {})

    lines = (tmp_path / events.JOURNAL).read_text(encoding="utf-8").splitlines()
    assert json.loads(lines[-1])["seq"] == 50
    assert len(lines) == 52


def test_the_end_is_read_without_the_beginning(tmp_path: Path) -> None:
    """A journal of any length costs the same."""
    append_many(tmp_path)

    found = events.tail(tmp_path, 1000)

    assert 0 < len(found) < 50
    assert found[-1]["seq"] == 49


def test_a_long_event_does_not_restart_the_numbers(tmp_path: Path) -> None:
    """Also one that is longer than what is read at first."""
    append_many(tmp_path)
    events.append(tmp_path, "note_added", None, {"note": "x" * 300_000})

    events.append(tmp_path, "init", None, {})

    assert events.tail(tmp_path)[-1]["seq"] == 51


def test_time_is_counted_from_the_first_event(tmp_path: Path) -> None:
    """It never runs backwards."""
    append_many(tmp_path)

    times = [each["ts_rel_init_s"] for each in events.tail(tmp_path, 1_000_000)]

    assert times[0] == 0.0
    assert times == sorted(times)
