"""No secret leaves in text, whatever it is wrapped in and however the text is cut."""

import base64
import json
import shlex
from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from megaplan_cloud.engine.encodings import encodings
from megaplan_cloud.engine.redaction import MASK, Redactor, sounds_secret
from megaplan_cloud.engine.secret import Secret
from megaplan_cloud.engine.shapes import SHAPES

VALUE = "p4ss wörd'\"$x/+="
KEY = """\
-----BEGIN OPENSSH PRIVATE KEY-----
b3BlbnNzaC1rZXktdjEAAAAABG5vbmUAAAAEbm9uZQAAAAAAAAABAAAAMwAAAAtzc2gtZW
QyNTUxOQAAACDx
-----END OPENSSH PRIVATE KEY-----"""


@pytest.mark.parametrize(
    "written",
    [
        VALUE,
        json.dumps(VALUE)[1:-1],
        json.dumps(VALUE, ensure_ascii=False)[1:-1],
        shlex.quote(VALUE)[1:-1],
        quote(VALUE),
        quote(VALUE, safe=""),
        VALUE.encode().hex(),
        VALUE.encode().hex().upper(),
    ],
)
def test_a_known_value_is_masked_in_every_encoding(written: str) -> None:
    """As it is, in JSON, in a shell, in a URL, in hexadecimal."""
    assert Redactor([VALUE]).redact(f"<{written}>") == f"<{MASK}>"


@pytest.mark.parametrize("before", ["", "a", "ab", "abc", "user:"])
@pytest.mark.parametrize("after", ["", "z", "zz"])
def test_a_known_value_is_masked_inside_base64(before: str, after: str) -> None:
    """At each of the three places in a group of four, in both alphabets."""
    data = f"{before}{VALUE}{after}".encode()

    for text in (base64.b64encode(data).decode(), base64.urlsafe_b64encode(data).decode()):
        clean = Redactor([VALUE]).redact(text)
        assert MASK in clean
        assert len(clean) - len(MASK) <= len(base64.b64encode((before + after).encode())) + 4


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("DB_PASSWORD=abc", f"DB_PASSWORD={MASK}"),
        ("export DB_PASSWORD='a b'", f"export DB_PASSWORD='{MASK}'"),
        ("DB_PASSWORD: abc next", f"DB_PASSWORD: {MASK} next"),
        ('{"DB_PASSWORD": "a b", "x": 1}', f'{{"DB_PASSWORD": "{MASK}", "x": 1}}'),
        (r"{\"DB_PASSWORD\": \"ab\"}", rf"{{\"DB_PASSWORD\": \"{MASK}\"}}"),
        ("MY_DB_PASSWORD_FILE=/x", "MY_DB_PASSWORD_FILE=/x"),
        ("DB_PASSWORD is set", "DB_PASSWORD is set"),
    ],
)
def test_what_is_assigned_to_a_declared_name_is_masked(text: str, clean: str) -> None:
    """`NAME=value`, `NAME: value` and `"NAME": "value"`, quotes kept."""
    assert Redactor(names=["DB_PASSWORD"]).redact(text) == clean


LETTERS = "abcDEF123456789012345678901234567890XY"


SHAPED = [
    (f"sk-{LETTERS}", MASK),
    (f"key sk-ant-api03-{LETTERS}.", f"key {MASK}."),
    *((f"gh{kind}_{LETTERS}", MASK) for kind in "pousr"),
    (f"github_pat_{LETTERS}", MASK),
    *((f"xox{kind}-123-{LETTERS}", MASK) for kind in "baprs"),
    ("AKIAIOSFODNN7EXAMPLE", MASK),
    (f"hf_{LETTERS}", MASK),
    ("SG.abcdefghijkl.abcdefghijkl", MASK),
    (f"eyJ{LETTERS}.eyJ{LETTERS}.{LETTERS}", MASK),
    ("Authorization: Basic dXNlcjpwYXNz", f"Authorization: Basic {MASK}"),
    ('"Authorization": "token abc123"', f'"Authorization": "token {MASK}"'),
    (f"curl -H 'Bearer {LETTERS}'", f"curl -H 'Bearer {MASK}'"),
    ("https://me:pw@host/x", f"https://me:{MASK}@host/x"),
    (f"https://{LETTERS}@github.com/a", f"https://{MASK}@github.com/a"),
    ("postgres://u:s3cr3t@db:5432/x", f"postgres://u:{MASK}@db:5432/x"),
    ("/cb?access_token=abc123&x=1", f"/cb?access_token={MASK}&x=1"),
    ("GH_TOKEN=abcd1234 make", f"GH_TOKEN={MASK} make"),
    ("tool --api-key=abcd1234 go", f"tool --api-key={MASK} go"),
    ("tool --token abcd1234", f"tool --token {MASK}"),
    ('{"refresh_token": "abcd1234"}', f'{{"refresh_token": "{MASK}"}}'),
    (r"{\"password\": \"abcd1234\"}", rf"{{\"password\": \"{MASK}\"}}"),
    (f"a\n{KEY}\nb", f"a\n{MASK}\nb"),
]


@pytest.mark.parametrize(("text", "clean"), SHAPED)
def test_a_known_shape_is_masked(text: str, clean: str) -> None:
    """Tokens, headers, credentials in URLs, assignments and private keys, told by their form."""
    assert Redactor().redact(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "pip install sk-learn scikit-learn",
        "task-runner disk-usage-report-2024",
        "the bearer of bad news",
        "MAX_TOKENS=4096",
        "TOKEN=$(cat file)",
        'TOKEN="$TOKEN"',
        "--token <token>",
        "https://example.com:8080/a?page=2",
        "git@github.com:org/app.git",
        "http://localhost:3000/@scope",
        '{"tokens": 120, "token_count": "12345678"}',
        "tokens: 12, key: 3, secret santa",
        "12:34:56:AA",
        "",
    ],
)
def test_text_that_holds_no_secret_stays_as_it_is(text: str) -> None:
    """Byte for byte."""
    assert Redactor(["some-secret"], ["DB_PASSWORD"]).redact(text) == text


def test_a_short_value_hides_through_its_type_only() -> None:
    """A value of five characters would hide half of a log."""
    assert Redactor(["abcde"]).redact("abcde") == "abcde"
    assert Redactor().redact_value({"a": Secret("abc")}) == {"a": MASK}


def test_each_line_of_a_long_value_is_masked() -> None:
    """A service account's JSON may be printed line by line."""
    clean = Redactor(["first-line-of-it\nsecond-line-of-it"]).redact("> second-line-of-it <")

    assert clean == f"> {MASK} <"


def test_json_data_is_redacted_with_its_keys() -> None:
    """Values at any depth, keys, and whole values whose key says that they are secret."""
    redactor = Redactor(["hunter2-hunter2"], ["PIN"])

    clean = redactor.redact_value(
        {"a": ["x hunter2-hunter2", 1], "hunter2-hunter2": None, "password": "abc", "PIN": "1"}
    )

    assert clean == {"a": [f"x {MASK}", 1], MASK: None, "password": MASK, "PIN": MASK}


def test_a_redactor_learns_without_changing() -> None:
    """`knowing` gives a new one; the old one is shared by others."""
    old = Redactor(["hunter2-hunter2"])
    new = old.knowing("another-secret", "short")

    assert new.redact("another-secret hunter2-hunter2") == f"{MASK} {MASK}"
    assert old.redact("another-secret") == "another-secret"
    assert old.knowing("hunter2-hunter2") is old


@pytest.mark.parametrize(
    ("name", "secret"),
    [
        ("GH_TOKEN", True),
        ("OPENAI_API_KEY", True),
        ("db_password", True),
        ("accessToken", True),
        ("TOKENIZER", False),
        ("HOME", False),
        ("MAX_TOKENS", False),
        ("KEYBOARD", False),
    ],
)
def test_a_name_says_whether_its_value_is_secret(name: str, secret: bool) -> None:  # noqa: FBT001
    """So that `lookup('env', 'GH_TOKEN')` gives a secret."""
    assert sounds_secret(name) == secret


def test_no_shape_can_match_without_one_of_its_words() -> None:
    """The search for words comes first, so each must be in every text that its shape matches."""
    words: dict[str, set[str]] = {}
    for shape in SHAPES:
        words.setdefault(shape.pattern.pattern, set()).update(shape.words)
    matched = set()

    for text, _ in SHAPED:
        for shape in SHAPES:
            for found in shape.pattern.finditer(text):
                matched.add(shape.pattern.pattern)
                needed = words[shape.pattern.pattern]
                assert not needed or any(word.lower() in found.group().lower() for word in needed)
    assert len(matched) > len(words) * 0.7


# A secret of a property test: nothing of the mask, so that masking cannot make one.
secrets = st.text("abcxyz189 '\"/\\$é\n", min_size=6, max_size=24).filter(
    lambda text: len(text.strip()) >= 6
)
noise = st.text("abz 1=:\n'\"%\\", max_size=30)


@st.composite
def leaking_texts(draw: st.DrawFn) -> tuple[str, str]:
    """Return a secret, and a text that gives it away in some encoding."""
    secret = draw(secrets)
    written = draw(st.sampled_from(sorted(encodings(secret))))
    return secret, draw(noise) + written + draw(noise) + draw(st.sampled_from(["", written]))


@given(leaking_texts(), st.lists(st.integers(0, 200), max_size=6))
@example(leak=("811\\\n8", "811\\\r\n8811\\\r\n8"), cuts=[])
def test_a_stream_never_gives_out_a_secret_however_it_is_cut(
    leak: tuple[str, str], cuts: Sequence[int]
) -> None:
    """The blocks of a log end anywhere: also in the middle of a secret."""
    secret, text = leak
    stream = Redactor([secret]).stream()
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]

    out = "".join(stream.feed(text[a:b]) for a, b in pairwise(edges))
    out += stream.close()

    assert not [form for form in encodings(secret) if form in out and form not in MASK]


@given(leaking_texts())
def test_redacting_twice_is_redacting_once(leak: tuple[str, str]) -> None:
    """What was redacted on its way into the journal may be redacted again on its way out."""
    redactor = Redactor([leak[0]])
    once = redactor.redact(leak[1])

    assert redactor.redact(once) == once


@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_bytes_without_secrets_pass_a_stream_unchanged(data: bytes, cuts: Sequence[int]) -> None:
    """Also those that are not UTF-8, and characters cut in two."""
    stream = Redactor(["some-other-secret"]).stream()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]

    out = b"".join(stream.feed(data[a:b]) for a, b in pairwise(edges))

    assert out + stream.close_bytes() == data


def test_a_private_key_is_masked_though_its_lines_come_one_by_one() -> None:
    """Nothing of a key that has begun is given out before its end."""
    stream = Redactor().stream()

    out = "".join(stream.feed(line + "\n") for line in ["before", *KEY.split("\n"), "after"])

    assert out == f"before\n{MASK}\nafter\n"


def test_a_line_without_end_is_held_within_bounds() -> None:
    """Memory stays flat, and a secret at a cut is masked all the same."""
    secret = "the-secret-of-this-test"
    stream = Redactor([secret]).stream()
    block = "x" * 1000 + secret

    given_out = [stream.feed(block) for _ in range(1000)]
    rest = stream.close()

    assert len(rest) < 300_000
    assert "".join(given_out) + rest == ("x" * 1000 + MASK) * 1000


def test_a_token_without_end_never_shows_its_tail() -> None:
    """A token longer than what is held is masked once and swallowed to its end."""
    stream = Redactor().stream()

    out = stream.feed("sk-") + "".join(stream.feed("a" * 50_000) for _ in range(20))
    out += stream.feed(" end\n")

    assert out == f"{MASK} end\n"
