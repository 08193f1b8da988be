"""The syntax of YAML: what a parser finds wrong, in the words of a person."""

import re

import yaml

from megaplan_cloud.engine.errors import SchemaError
from megaplan_cloud.engine.mark import Mark


def mark_after(before: str, file: str) -> Mark:
    """Return the place that follows the text `before`."""
    return Mark(file, before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)


def syntax_error(error: yaml.YAMLError, text: str, file: str) -> SchemaError:
    """Return what the parser found, in the words of a person."""
    if isinstance(error, yaml.reader.ReaderError):
        return _unprintable(text, file)
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return SchemaError(f"not YAML: {error}", mark=Mark(file, 1, 1))
    place = error.problem_mark
    mark = Mark(file, place.line + 1, place.column + 1)
    line = ([*text.splitlines(), ""])[min(place.line, text.count("\n"))]
    if (
        "\t" in line[: len(line) - len(line.lstrip())]
        or line[place.column : place.column + 1] == "\t"
    ):
        tab = Mark(file, mark.line, line.index("\t") + 1)
        return SchemaError("a tab; YAML is indented with spaces", mark=tab)
    problem = f"{error.context or ''} {error.problem or ''}".strip()
    for found, what, hint in EXPLANATIONS:
        if found in problem:
            return SchemaError(what, mark=mark, hint=hint)
    return SchemaError(f"not YAML: {problem}", mark=mark)


EXPLANATIONS = (
    (
        "mapping values are not allowed",
        "a ':' that YAML cannot place",
        "Put the text in quotes if the ':' belongs to it; else look at the indentation.",
    ),
    (
        "expected a single document",
        "a second document begins here",
        "Keep one document in a file.",
    ),
    ("found undefined alias", "an alias without its anchor", "Write the anchor, &name, before it."),
    (
        "did not find expected key",
        "neither a key nor the end of the mapping",
        "Look at the indentation and the quotes of this line and the one before.",
    ),
    (
        "did not find expected '-' indicator",
        "neither an item nor the end of the list",
        "Look at the indentation of this line: the items of a list stand in one column.",
    ),
    (
        "found unexpected end of stream",
        "the file ends inside a quoted text",
        "Look for the quote that is never closed.",
    ),
    (
        "cannot start any token",
        "a character that cannot begin a value",
        "Put the text in quotes.",
    ),
)


def _unprintable(text: str, file: str) -> SchemaError:
    """Return the error for the first control character of a text."""
    found = re.search(r"[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    offset = found.start() if found else 0
    return SchemaError(
        f"the character U+{ord(text[offset : offset + 1] or ' '):04X} cannot stand in YAML",
        mark=mark_after(text[:offset], file),
        hint='Write it as an escape in double quotes, as "\\x1b".',
    )
