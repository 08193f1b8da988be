"""The lines of a file and what `lineinfile` makes of them: the same rules as in `lineinfile.sh`."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

Test = Callable[[bytes], "re.Match[bytes] | bool | None"]


@dataclass(frozen=True, slots=True)
class Edit:
    """What becomes of a file: its new content, and what is to be said of it, empty if the same."""

    content: bytes
    msg: str
    found: int = 0


def without_line(content: bytes, arguments: Mapping[str, Any], line: bytes | None) -> Edit:
    """Return the content without the lines that match, or that equal `line`."""
    matches = _matcher(arguments) or (lambda each: each.rstrip(b"\r\n") == line)
    lines = _split(content)
    kept = [each for each in lines if not matches(each)]
    found = len(lines) - len(kept)
    return Edit(b"".join(kept), f"{found} line(s) removed" if found else "", found)


def with_line(content: bytes, arguments: Mapping[str, Any], line: bytes) -> Edit:
    """Return the content with `line` in the place of the last match, or where it belongs."""
    lines = _split(content)
    at, match = _matched(lines, arguments)
    if match and arguments.get("backrefs"):
        line = match.expand(line) if isinstance(match, re.Match) else line
    if at is None:
        at, place = _placed(lines, arguments, line)
    if at is not None:
        new = line if line.endswith(b"\n") else line + b"\n"
        msg = "" if lines[at] == new else "line replaced"
        return Edit(b"".join([*lines[:at], new, *lines[at + 1 :]]), msg)
    if arguments.get("backrefs"):
        return Edit(content, "")
    return _inserted(lines, place, line, after=bool(arguments.get("insertafter")))


def _split(content: bytes) -> list[bytes]:
    """Return the lines with their ends; only a line feed ends a line."""
    lines = [each + b"\n" for each in content.split(b"\n")]
    last = lines.pop()[:-1]
    return [*lines, last] if last else lines


def _matcher(arguments: Mapping[str, Any]) -> Test | None:
    if arguments.get("regexp") is not None:
        return re.compile(arguments["regexp"].encode()).search
    if arguments.get("search_string") is not None:
        wanted = arguments["search_string"].encode()
        return lambda line: wanted in line
    return None


def _matched(
    lines: list[bytes], arguments: Mapping[str, Any]
) -> tuple[int | None, "re.Match[bytes] | bool | None"]:
    matches = _matcher(arguments)
    found = [(at, match) for at, line in enumerate(lines) if matches and (match := matches(line))]
    if not found:
        return None, None
    return found[0] if arguments.get("firstmatch") else found[-1]


def _placed(
    lines: list[bytes], arguments: Mapping[str, Any], line: bytes
) -> tuple[int | None, int | None]:
    """Return where the line stands already, else the index before which it belongs."""
    after, before = arguments.get("insertafter"), arguments.get("insertbefore")
    anchor = after or before or "EOF"
    if anchor in ("BOF", "EOF"):
        place, anchored = (0 if anchor == "BOF" else None), None
    else:
        place, anchored = None, re.compile(anchor.encode())
    stands = None
    for at, each in enumerate(lines):
        if each.rstrip(b"\r\n") == line:
            stands = at
        elif anchored and anchored.search(each):
            place = at + 1 if after else at
            if arguments.get("firstmatch"):
                break
    return stands, place


def _inserted(lines: list[bytes], place: int | None, line: bytes, *, after: bool) -> Edit:
    new = line + b"\n"
    if place is None or (after and place == len(lines)):
        if lines and not lines[-1].endswith((b"\n", b"\r")):
            lines[-1] += b"\n"
        return Edit(b"".join([*lines, new]), "line added")
    if after and lines[place].rstrip(b"\r\n") == line:
        return Edit(b"".join(lines), "")
    return Edit(b"".join([*lines[:place], new, *lines[place:]]), "line added")
