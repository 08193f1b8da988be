"""The shapes that secrets have in text, so that even an unknown one is recognised.

Each shape names words of which one must stand in the text, in lower case, before its pattern can
match: looking for a word is many times faster than trying a pattern.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from megaplan_cloud.engine.secret import MASK


@dataclass(frozen=True, slots=True)
class Shape:
    """A pattern, what its match becomes, and the words of which one must stand in its line.

    `stem` is in all of the words; a word in lower case stands for any case. A shape has no words
    when its pattern begins with letters that are rare enough to be found as quickly.
    """

    pattern: re.Pattern[str]
    replacement: str
    stem: str = ""
    words: tuple[str, ...] = ()

    def mask(self, text: str, words: Iterable[str] = ()) -> str:
        """Return the text with each match masked; `words` are those of the shape that it holds.

        The pattern is tried on the lines with one of the words, and on no other.
        """
        lower = text.lower() if self.words else ""
        if len(lower) != len(text):
            return self.pattern.sub(self.replacement, text)
        parts: list[str] = []
        done = 0
        for start, end in _lines_with([word.lower() for word in words], lower):
            parts += (text[done:start], self.pattern.sub(self.replacement, text[start:end]))
            done = end
        return "".join([*parts, text[done:]])


def _lines_with(words: Iterable[str], text: str) -> list[tuple[int, int]]:
    """Return where the lines begin and end in which one of the words stands, in order."""
    found: set[tuple[int, int]] = set()
    for word in words:
        at = text.find(word)
        while at >= 0:
            end = text.find("\n", at)
            end = len(text) if end < 0 else end
            found.add((text.rfind("\n", 0, at) + 1, end))
            at = text.find(word, end)
    return sorted(found)


def _shape(pattern: str, stem: str = "", *words: str, flags: int = 0, keep: str = "") -> Shape:
    """Return a shape; the groups in `keep` stay: `a` and `q` before the mask, `b` behind."""
    before = "".join(rf"\g<{group}>" for group in "aq" if group in keep)
    after = r"\g<b>" if "b" in keep else ""
    compiled = re.compile(pattern, flags)
    known = words or ((stem,) if stem else ())
    return Shape(compiled, f"{before}{MASK}{after}", stem, known)


FIELD = (
    r"access_?token|refresh_?token|id_?token|auth_?token|session_?token|token|api_?key|"
    r"client_?secret|secret_?key|secret|private_?key|password|passwd|passphrase"
)
"""The keys of a JSON document, or of a URL's query, whose values are secret."""

ANY = re.IGNORECASE

ASSIGNED = (
    r"(?P<q>[\"'])?(?(q)(?![$<{])(?:(?!(?P=q))[^\n]){4,}"
    r"|[^\s\"'$<>{}()*,;-][^\s\"',;]{3,})"
)
"""A value that is written out: not a `$NAME`, nor a `<placeholder>`, nor another option."""

VARIABLE = (
    r"(?P<a>(?<![A-Za-z0-9])(?:[A-Z0-9]+_)*(?:API_?KEY|ACCESS_KEY|SECRET_KEY|TOKEN|SECRET|"
    rf"PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)=){ASSIGNED}"
)
QUERY = rf"(?P<a>[?&;](?:{FIELD}|key|sig|signature|x-amz-signature)=)[^\s&\"'#<>]{{6,}}"
OPTION = (
    r"(?P<a>(?<!\S)--(?:api-?key|(?:access|auth|refresh)-token|bearer|passw(?:or)?d|secret|token)"
    rf"(?:=|[ \t]+)){ASSIGNED}"
)
MEMBER = rf"(?P<a>\"(?:{FIELD})\"[ \t]*:[ \t]*\")(?:[^\"\\\n]|\\.){{4,}}"
ESCAPED_MEMBER = rf"(?P<a>\\+\"(?:{FIELD})\\+\"[ \t]*:[ \t]*\\+\")(?:[^\"\\\n]|\\(?![\"\\])){{4,}}"
BEARER = r"(?P<a>bearer[ \t]+)(?:(?=[a-z._~+/=-]*\d)[a-z0-9._~+/=-]{8,}|[a-z0-9._~+/=-]{20,})"
HEADER = (
    r"(?P<a>authorization\\*[\"']?[ \t]*[:=][ \t]*\\*[\"']?(?:bearer|basic|token|digest)[ \t]+)"
    r"[^\s\"'\\]+"
)
PRIVATE_KEY = (
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    r"(?:(?:(?!-----)[\s\S]){0,40000}?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
    r"|(?:\s|\\[nr])*(?:[A-Za-z0-9+/=]{16,}(?:\s|\\[nr])*)*)"
)


def _named(pattern: str, ending: str, *, flags: int = ANY, keep: str = "a") -> list[Shape]:
    """Return a shape for each stem of the names of secrets, such as `token=`."""
    stems = ("token", "key", "secret", "passw", "passphrase", "credential", "sig")
    whole = {"passw": ("password", "passwd"), "sig": ("sig", "signature")}
    more = {"credential": ("credential", "credentials")}
    return [
        _shape(
            pattern,
            stem,
            *(word + ending for word in {**whole, **more}.get(stem, (stem,))),
            flags=flags,
            keep=keep,
        )
        for stem in stems
    ]


def _token(start: str, rest: str, *words: str) -> Shape:
    """Return the shape of a token that begins with `start`, where a word begins."""
    return _shape(rf"{start}(?<![A-Za-z0-9_]{start}){rest}", *words)


SHAPES = (
    _shape(PRIVATE_KEY),
    _shape(HEADER, "authorization", flags=ANY, keep="a"),
    _shape(BEARER, "bearer", "bearer ", flags=ANY, keep="a"),
    _shape(r"(?P<a>://[^\s/:@\"'<>]*:)[^\s/@\"'<>$]+(?P<b>@)", "@", keep="ab"),
    _shape(r"(?P<a>://)[A-Za-z0-9_-]{20,}(?P<b>@)", "@", keep="ab"),
    *_named(VARIABLE, "=", flags=0, keep="aq"),
    *_named(QUERY, "="),
    *_named(MEMBER, '"'),
    *_named(ESCAPED_MEMBER, "\\"),
    _shape(OPTION, "token", "-token", flags=ANY, keep="aq"),
    _shape(OPTION, "key", "--api", flags=ANY, keep="aq"),
    _shape(OPTION, "secret", "--secret", flags=ANY, keep="aq"),
    _shape(OPTION, "passw", "--passw", flags=ANY, keep="aq"),
    _shape(OPTION, "bearer", "--bearer", flags=ANY, keep="aq"),
    _token("sk-", "[A-Za-z0-9_-]{10,}", "sk-"),
    _token("[srp]k_live_", "[A-Za-z0-9]{10,}", "_live_"),
    _token("gh[pousr]_", "[A-Za-z0-9]{10,}"),
    _token("github_pat_", "[A-Za-z0-9_]{10,}", "github_pat_"),
    _token("glpat-", "[A-Za-z0-9_-]{10,}"),
    _token("xox[baprse]-", "[A-Za-z0-9-]{10,}"),
    _token("A", "(?:[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])|Iza[A-Za-z0-9_-]{30,})"),
    _token(r"SG\.", r"[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}"),
    _token("hf_", "[A-Za-z0-9]{20,}"),
    _token("npm_", "[A-Za-z0-9]{20,}", "npm_"),
    _token("pypi-", "[A-Za-z0-9_-]{40,}", "pypi-"),
    _token("eyJ", r"[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?", "eyJ"),
    _shape(r"(?<![A-Za-z0-9_:])\d{8,10}:AA[A-Za-z0-9_-]{33}(?![A-Za-z0-9_-])", ":AA"),
)
"""The known shapes. A token has ten characters or more: `sk-learn` stays what it is."""

FIELD_NAME = re.compile(FIELD, ANY)
SECRET_NAME = re.compile(
    r"(?:.*_)?(?:API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|TOKEN|SECRET|PASSWORD|PASSWD|"
    r"PASSPHRASE|CREDENTIALS?)",
    ANY,
)


def sounds_secret(name: str) -> bool:
    """Say whether the name of a variable or key says that its value is secret."""
    return SECRET_NAME.fullmatch(name) is not None or FIELD_NAME.fullmatch(name) is not None
