"""Answers: read in any pieces they come in, and garbage is never taken for an answer."""

from collections.abc import Iterator
from contextlib import suppress
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.engine.answer import (
    Answers,
    Began,
    Ended,
    Event,
    GarbledAnswer,
    Hello,
    Refused,
)
from megaplan_cloud.engine.errand import Tail

NONCE = "0123456789abcdef"
STREAM = (
    b"0123456789abcdef begin 1\n"
    b"0123456789abcdef sizes 1 5 2\n"
    b"a\n\0b\ner0123456789abcdef end 1 7 0\n"
    b"0123456789abcdef skip 2\n"
    b"0123456789abcdef begin 3\n"
    b"0123456789abcdef sizes 3 0 0\n"
    b"0123456789abcdef end 3 137 1\n"
)
EVENTS = [
    Began(1),
    Ended(1, 7, b"a\n\0b\n", b"er", timed_out=False),
    Refused(2),
    Began(3),
    Ended(3, 137, b"", b"", timed_out=True),
]


def read(answers: Answers, data: bytes) -> Iterator[Event]:
    """Give the events that are complete with `data`."""
    answers.feed(data)
    while (event := answers.next()) is not None:
        yield event


def pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    """Return `data` cut at the given places."""
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


@given(cuts=st.lists(st.integers(min_value=0), max_size=20))
def test_answers_are_the_same_in_any_pieces(cuts: list[int]) -> None:
    """How the link cuts the stream says nothing."""
    answers = Answers(NONCE)

    events: list[Event] = []
    for piece in pieces(STREAM, cuts):
        events += read(answers, piece)

    assert events == EVENTS


@given(end=st.integers(min_value=0, max_value=len(STREAM) - 1))
def test_a_stream_that_stops_early_proves_only_what_was_whole(end: int) -> None:
    """What was read before the cut is a beginning of what would have been read."""
    events = list(read(Answers(NONCE), STREAM[:end]))

    assert events == EVENTS[: len(events)]
    assert len(events) < len(EVENTS)


@given(at=st.integers(0, len(STREAM) - 2), count=st.integers(1, 40))
def test_bytes_that_come_twice_prove_nothing_false(at: int, count: int) -> None:
    """A copied piece is garbage, or an answer a second time: no failure becomes a success."""
    events: list[Event] = []
    with suppress(GarbledAnswer):
        events += read(Answers(NONCE), STREAM[: at + count] + STREAM[at:])

    truth = {event.number: event for event in EVENTS if isinstance(event, Ended)}
    for event in events:
        if isinstance(event, Ended):
            assert event.rc != 0
            assert event.stdout == truth[event.number].stdout


@pytest.mark.parametrize(
    "garbage",
    [
        b"hello there\n",
        b"0123456789abcdef begin x\n",
        b"0123456789abcdef begin\n",
        b"0123456789abcdef sizes 1 -5 2\n",
        b"0123456789abcdef broken header after frame 2\n",
        b"0123456789abcdef sizes 1 0 0\n0123456789abcdef end 2 0 0\n",
        b"\n",
        b"0123456789abcdef " + b"x" * 5000,
    ],
)
def test_garbage_is_told_as_such(garbage: bytes) -> None:
    """Nothing that is not an answer is skipped over."""
    with pytest.raises(GarbledAnswer):
        list(read(Answers(NONCE), garbage))


@given(banner=st.binary(max_size=200), cuts=st.lists(st.integers(min_value=0), max_size=9))
def test_whatever_comes_before_the_hello_is_skipped(banner: bytes, cuts: list[int]) -> None:
    """Banners and login files may print what they like."""
    hello = Hello(NONCE)

    rest = b""
    for piece in pieces(banner + b"\n0123456789abcdef hello 42\nrest", cuts):
        rest += piece if hello.pid is not None else hello.feed(piece)

    assert (hello.pid, rest) == (42, b"rest")


@given(output=st.binary(max_size=300), cuts=st.lists(st.integers(min_value=0), max_size=9))
def test_the_end_mark_of_a_stream_is_found_behind_any_output(
    output: bytes, cuts: list[int]
) -> None:
    """All of the output is handed on, none of the mark."""
    tail = Tail(NONCE)

    shown = b"".join(
        tail.feed(piece) for piece in pieces(output + b"0123456789abcdef end 3 0\n", cuts)
    )

    assert (shown, tail.ending) == (output, b"3 0")


def test_a_line_is_handed_on_with_its_newline_at_once() -> None:
    """Who follows a log sees a line when it was written, not when the next one is."""
    assert Tail(NONCE).feed(b"a line\n") == b"a line\n"


def test_only_what_may_be_the_mark_is_held_back() -> None:
    """The beginning of the nonce may be the end of the output, until more is known."""
    tail = Tail(NONCE)

    assert tail.feed(b"abc0123") == b"abc"
    assert tail.feed(b"zz") == b"0123zz"
