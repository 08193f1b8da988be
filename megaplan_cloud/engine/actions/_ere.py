r"""A Python regular expression as a POSIX one, so that `awk` can search for it at a place.

The two agree on whether a line matches, for what can be translated; the rest (look-around, `\b`,
references, bytes beyond ASCII in classes) has no translation and is judged here instead.
"""

import re
from dataclasses import dataclass

LONGEST = 4000
CLASSES = {"d": "0-9", "w": "A-Za-z0-9_", "s": " \t\n\r\f\v"}
CONTROLS = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "v": "\v"}
REPEATS = re.compile(r"[*+?]|\{(\d*)(,?)(\d*)\}")
GROUPS = re.compile(r"\((?:\?:|\?P<\w+>|(?!\?))")


class _Untranslatable(Exception):
    """The expression uses what POSIX has no word for."""


def posix_expression(pattern: str) -> str | None:
    """Return what matches the same lines (their newlines included) in `awk`, None if nothing does.

    `pattern` is one that `re.compile` accepts.
    """
    try:
        expression = _Reader(pattern).alternatives()
    except _Untranslatable:
        return None
    return expression if len(expression) <= LONGEST else None


@dataclass(slots=True)
class _Reader:
    """Reads a pattern from left to right; each method gives the POSIX text of what it read."""

    pattern: str
    at: int = 0

    def alternatives(self, *, inside: bool = False) -> str:
        branches = [self.branch()]
        while self.pattern.startswith("|", self.at):
            self.at += 1
            branches.append(self.branch())
        if self.at < len(self.pattern) and not inside:
            raise _Untranslatable
        if len(branches) > 1 and "" in branches:
            raise _Untranslatable
        return "|".join(branches)

    def branch(self) -> str:
        pieces = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            pieces.append(self.repeated(self.atom()))
        return "".join(pieces)

    def atom(self) -> str:
        letter = self.pattern[self.at]
        match letter:
            case "(":
                return self.group()
            case "[":
                return self.bracket()
            case "\\":
                return self.escaped()
            case ".":
                self.at += 1
                return "[^\n]"
            case "$" | "^":
                return self.anchor(letter)
            case _:
                self.at += 1
                return _literal(letter)

    def anchor(self, letter: str) -> str:
        """Return `^` at the start of a branch or `$` at its end; elsewhere tastes differ."""
        before, after = self.pattern[: self.at], self.pattern[self.at + 1 :]
        self.at += 1
        if letter == "^" and (not before or before.endswith(("|", "("))):
            return "^"
        if letter == "$" and (not after or after.startswith("|")):
            return "\n?$"
        raise _Untranslatable

    def group(self) -> str:
        found = GROUPS.match(self.pattern, self.at)
        if not found:
            raise _Untranslatable
        self.at = found.end()
        inner = self.alternatives(inside=True)
        if not inner:
            raise _Untranslatable
        self.at += 1
        return f"({inner})"

    def escaped(self) -> str:
        letter = self.pattern[self.at + 1]
        self.at += 2
        if letter in CLASSES:
            return f"[{CLASSES[letter]}]"
        if letter.lower() in CLASSES:
            return f"[^{CLASSES[letter.lower()]}]"
        if letter in CONTROLS:
            return CONTROLS[letter]
        if letter.isalnum():
            raise _Untranslatable
        return _literal(letter)

    def bracket(self) -> str:
        self.at += 1
        negated = self.pattern.startswith("^", self.at)
        self.at += negated
        letters: set[str] = set()
        first = True
        while first or self.pattern[self.at] != "]":
            letters |= self.members()
            first = False
        self.at += 1
        return _set(letters, negated=negated)

    def members(self) -> set[str]:
        low = self.member()
        if len(low) != 1 or self.pattern[self.at] != "-" or self.pattern[self.at + 1] == "]":
            return low
        self.at += 1
        high = self.member()
        if len(high) != 1:
            raise _Untranslatable
        return {chr(code) for code in range(ord(min(low)), ord(min(high)) + 1)}

    def member(self) -> set[str]:
        letter = self.pattern[self.at]
        self.at += 1
        if letter != "\\":
            return {letter}
        letter = self.pattern[self.at]
        self.at += 1
        if letter in CLASSES:
            return {chr(code) for code in range(128) if re.match(f"[{CLASSES[letter]}]", chr(code))}
        if letter in CONTROLS:
            return {CONTROLS[letter]}
        if letter.isalnum():
            raise _Untranslatable
        return {letter}

    def repeated(self, atom: str) -> str:
        found = REPEATS.match(self.pattern, self.at)
        if not found or found[0] == "{}":
            return atom
        # Beyond ASCII a letter is several bytes, of which Ansible repeats the last.
        if atom.endswith(("^", "$")) or not atom.isascii():
            raise _Untranslatable
        self.at = found.end()
        # Lazy or not is no matter to whether a line matches.
        if self.pattern.startswith("?", self.at):
            self.at += 1
        elif self.pattern.startswith(("+", "*"), self.at):
            raise _Untranslatable
        return atom + found[0] if len(found[0]) == 1 else _times(atom, found)


def _times(atom: str, found: re.Match[str]) -> str:
    """Return `{2,3}` written out: not every `awk` knows it."""
    low = int(found[1] or 0)
    high = int(found[3]) if found[3] else None if found[2] else low
    if max(low, high or 0) * len(atom) > LONGEST:
        raise _Untranslatable
    if high is None:
        return atom * low + f"{atom}*"
    return atom * low + f"{atom}?" * (high - low)


def _literal(letter: str) -> str:
    if letter == "\0":
        raise _Untranslatable
    if letter in "^\\":
        return f"\\{letter}"
    return f"[{letter}]" if letter in ".[]{}()*+?|$/" else letter


def _set(letters: set[str], *, negated: bool) -> str:
    """Return a bracket expression; `]`, `^`, `-` and the backslash have places of their own."""
    if any(ord(letter) > 127 or letter == "\0" for letter in letters):  # noqa: PLR2004 - bytes
        raise _Untranslatable
    if letters == {"^"} and not negated:
        return "\\^"
    plain = "".join(sorted(letters - set("]^-\\")))
    inner = "".join(
        (
            "]" if "]" in letters else "",
            plain,
            "\\\\" if "\\" in letters else "",
            "^" if "^" in letters else "",
            "-" if "-" in letters else "",
        )
    )
    return f"[^{inner}]" if negated else f"[{inner}]"
