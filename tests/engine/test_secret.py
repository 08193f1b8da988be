"""A secret can be used as any string and is never read by accident."""

import copy
import json
import pickle
import shlex

import pytest

from megaplan_cloud.engine.secret import MASK, Secret, conceal, holds_secret, reveal

SECRET = Secret("hunter2-hunter2")


def test_it_prints_as_the_mask_however_it_is_printed() -> None:
    """`str`, `repr`, f-strings, `format` and `%` show the mask."""
    shown = [str(SECRET), f"{SECRET}", f"{SECRET:>20}", "{}".format(SECRET), f"{[SECRET]}"]  # noqa: UP032

    assert all(MASK in text and "hunter2" not in text for text in shown)


@pytest.mark.parametrize(
    "made",
    [
        "a" + SECRET,
        SECRET + "b",
        SECRET[2:],
        SECRET.upper(),
        SECRET.strip(),
        SECRET * 2,
        "password=%s" % SECRET,  # noqa: UP031
        SECRET.split("-")[0],
        SECRET.partition("-")[2],
        Secret(", ").join(["a", "b"]),
        next(iter(SECRET)),
        shlex.quote(SECRET + " "),
    ],
)
def test_what_is_made_of_it_is_secret_again(made: str) -> None:
    """Adding, slicing and the methods of strings keep the type."""
    assert isinstance(made, Secret)


def test_it_is_the_real_text_where_a_program_uses_it() -> None:
    """It compares, hashes and encodes as its text; `reveal` gives the plain string."""
    assert SECRET == "hunter2-hunter2"
    assert {"hunter2-hunter2": 1}[SECRET] == 1
    assert SECRET.encode() == b"hunter2-hunter2"
    assert type(SECRET.reveal()) is str


def test_it_is_not_pickled_but_can_be_copied() -> None:
    """A pickle would carry the text to a file or another process unseen."""
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(SECRET)
    assert copy.deepcopy({"a": [SECRET]})["a"][0] is SECRET


def test_secrets_are_found_and_revealed_at_any_depth() -> None:
    """Containers are searched, and revealed as copies."""
    value = {"a": [1, (SECRET,)], "b": "plain"}

    assert holds_secret(value)
    assert not holds_secret({"a": ["hunter2-hunter2", 1, None]})
    assert json.dumps(reveal(value)) == '{"a": [1, ["hunter2-hunter2"]], "b": "plain"}'
    assert all(isinstance(each, Secret) for each in conceal(["a", "b"]))
