"""The shapes that secrets have in text, so that even an unknown one is recognised.

Each shape names words of which one must stand in the text, in lower case, before its pattern can
match: looking for a word is many times faster than trying a pattern.
"""

import re
from dataclasses import dataclass

from megaplan_cloud.engine.secret import MASK


@dataclass(frozen=True, slots=True)
class Shape:
    """A pattern, what its match becomes, and the words without which it cannot match."""

    pattern: re.Pattern[str]
    replacement: str
    words: tuple[str, ...]


def _shape(pattern: str, *words: str, flags: int = 0, keep: str = "") -> Shape:
    """Return a shape; the groups `a` and `b` that `keep` names stay before and after the mask."""
    before = r"\g<a>" if "a" in keep else ""
    after = r"\g<b>" if "b" in keep else ""
    return Shape(re.compile(pattern, flags), f"{before}{MASK}{after}", words)


FIELD = (
    r"access_?token|refresh_?token|id_?token|auth_?token|session_?token|token|api_?key|"
    r"client_?secret|secret_?key|secret|private_?key|password|passwd|passphrase"
)
"""The keys of a JSON document, or of a URL's query, whose values are secret."""

ANY = re.IGNORECASE

SHAPES = (
    _shape(
        r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r"(?:(?:(?!-----)[\s\S]){0,40000}?-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----"
        r"|(?:\s|\\[nr])*(?:[A-Za-z0-9+/=]{16,}(?:\s|\\[nr])*)*)",
        "private key",
    ),
    _shape(
        r"(?P<a>authorization\\*[\"']?[ \t]*[:=][ \t]*\\*[\"']?(?:bearer|basic|token|digest)[ \t]+)"
        r"[^\s\"'\\]+",
        "authorization",
        flags=ANY,
        keep="a",
    ),
    _shape(
        r"(?P<a>\bbearer[ \t]+)(?:(?=[a-z._~+/=-]*\d)[a-z0-9._~+/=-]{8,}|[a-z0-9._~+/=-]{20,})",
        "bearer ",
        flags=ANY,
        keep="a",
    ),
    _shape(
        r"(?P<a>\bbasic[ \t]+)(?=[a-z+/]*\d)[a-z0-9+/]{12,}={0,2}", "basic ", flags=ANY, keep="a"
    ),
    _shape(r"(?P<a>://[^\s/:@\"'<>]*:)[^\s/@\"'<>$]+(?P<b>@)", "://", keep="ab"),
    _shape(r"(?P<a>://)[A-Za-z0-9_-]{20,}(?P<b>@)", "://", keep="ab"),
    _shape(
        rf"(?P<a>[?&;](?:{FIELD}|key|sig|signature|x-amz-signature)=)[^\s&\"'#<>]{{6,}}",
        *("token=", "key=", "secret=", "password=", "passwd=", "sig=", "signature=", "phrase="),
        flags=ANY,
        keep="a",
    ),
    _shape(
        r"(?P<a>(?<![A-Za-z0-9])(?:[A-Z0-9]+_)*(?:API_?KEY|ACCESS_KEY|SECRET_KEY|TOKEN|SECRET|"
        r"PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)=)"
        r"(?:\"[^\"$\n]{4,}\"|'[^'\n]{4,}'|[^\s\"'$<>{}()*,;][^\s\"',;]{3,})",
        *("key=", "token=", "secret=", "password=", "passwd=", "phrase=", "credential"),
        keep="a",
    ),
    _shape(
        r"(?P<a>(?<!\S)--(?:api-?key|(?:access|auth|refresh)-token|bearer|passw(?:or)?d|secret|token)"
        r"(?:=|[ \t]+))(?:\"[^\"$\n]{4,}\"|'[^'\n]{4,}'|[^\s\"'$<>{}()*-][^\s\"']{3,})",
        *("--api", "--access-t", "--auth-t", "--refresh-t", "--bearer", "--passw", "--secret"),
        "--token",
        flags=ANY,
        keep="a",
    ),
    _shape(
        rf"(?P<a>\"(?:{FIELD})\"[ \t]*:[ \t]*\")(?:[^\"\\\n]|\\.){{4,}}",
        *('token"', 'key"', 'secret"', 'password"', 'passwd"', 'phrase"'),
        flags=ANY,
        keep="a",
    ),
    _shape(
        rf"(?P<a>\\+\"(?:{FIELD})\\+\"[ \t]*:[ \t]*\\+\")(?:[^\"\\\n]|\\(?![\"\\])){{4,}}",
        *("token\\", "key\\", "secret\\", "password\\", "passwd\\", "phrase\\"),
        flags=ANY,
        keep="a",
    ),
    _shape(r"(?<![A-Za-z0-9_])sk-[A-Za-z0-9_-]{10,}", "sk-"),
    _shape(r"(?<![A-Za-z0-9_])(?:sk|rk|pk)_(?:live|test)_[A-Za-z0-9]{10,}", "_live_", "_test_"),
    _shape(r"(?<![A-Za-z0-9_])gh[pousr]_[A-Za-z0-9]{10,}", "ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
    _shape(r"(?<![A-Za-z0-9_])github_pat_[A-Za-z0-9_]{10,}", "github_pat_"),
    _shape(r"(?<![A-Za-z0-9_])glpat-[A-Za-z0-9_-]{10,}", "glpat-"),
    _shape(r"(?<![A-Za-z0-9_])xox[baprse]-[A-Za-z0-9-]{10,}", "xox"),
    _shape(r"(?<![A-Za-z0-9])A[KS]IA[A-Z0-9]{16}(?![A-Za-z0-9])", "akia", "asia"),
    _shape(r"(?<![A-Za-z0-9_])AIza[A-Za-z0-9_-]{30,}", "aiza"),
    _shape(r"(?<![A-Za-z0-9_])SG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}", "sg."),
    _shape(r"(?<![A-Za-z0-9_])(?:hf|npm)_[A-Za-z0-9]{20,}", "hf_", "npm_"),
    _shape(r"(?<![A-Za-z0-9_])pypi-[A-Za-z0-9_-]{40,}", "pypi-"),
    _shape(
        r"(?<![A-Za-z0-9_])eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]*)?", "eyj"
    ),
    _shape(r"(?<![A-Za-z0-9_:])\d{8,10}:[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])", ":aa"),
)
"""Known tokens need ten characters and more, so that `sk-learn` stays what it is."""

FIELD_NAME = re.compile(FIELD, ANY)
SECRET_NAME = re.compile(
    r"(?:.*_)?(?:API_?KEY|ACCESS_KEY|SECRET_KEY|PRIVATE_KEY|TOKEN|SECRET|PASSWORD|PASSWD|"
    r"PASSPHRASE|CREDENTIALS?)",
    ANY,
)


def sounds_secret(name: str) -> bool:
    """Say whether the name of a variable or key says that its value is secret."""
    return SECRET_NAME.fullmatch(name) is not None or FIELD_NAME.fullmatch(name) is not None
