"""Identity: names that tell boxes and chains apart, and that tmux leaves as they are."""

import re

from hypothesis import given
from hypothesis import strategies as st

from megaplan_cloud.cloud.identity import chain_identity, repo_name, slug


@given(st.text())
def test_a_slug_is_a_name_that_tmux_keeps(text: str) -> None:
    """`.` and `:` in a session name would silently become `_`."""
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?", slug(text))


def test_the_same_chain_has_the_same_identity() -> None:
    """The name of its spec, its seed and its labels make a chain."""
    one = chain_identity("My Epic", None, ["m1", "m2"])

    assert one == chain_identity("My Epic", None, ["m1", "m2"])
    assert one.slug == "my-epic"
    assert len(one.digest) == 10
    assert one.session == f"megaplan-chain-my-epic-{one.digest[:8]}"


def test_another_label_is_another_chain() -> None:
    """A chain that differs in anything has a session and a checkout of its own."""
    one = chain_identity("chain", None, ["m1"])
    others = [
        chain_identity("chain", None, ["m2"]),
        chain_identity("chain", "seed", ["m1"]),
        chain_identity("other", None, ["m1"]),
    ]

    assert one.session not in {other.session for other in others}


def test_a_repository_is_called_as_its_address_ends() -> None:
    """The checkout of a chain bears the repository's name."""
    names = {
        "https://github.com/org/app.git": "app",
        "git@github.com:org/app.git": "app",
        "git@host:app": "app",
        "/srv/git/my app.git/": "my-app",
        "..": "repo",
    }

    assert {url: repo_name(url) for url in names} == names
