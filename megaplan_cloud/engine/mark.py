"""A mark: the file, line and column that a key, a value or an error has."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Mark:
    """A place in a text file; line and column count from 1, as editors do."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        """Return `file:line:column`, which terminals and editors can open."""
        return f"{self.file}:{self.line}:{self.column}"

    def excerpt(self) -> str:
        """Return the marked line with a caret under the column; nothing if it cannot be read."""
        try:
            line = Path(self.file).read_text(encoding="utf-8").splitlines()[self.line - 1]
        except (OSError, UnicodeDecodeError, IndexError):
            return ""
        number = f"{self.line:>5} | "
        return f"{number}{line}\n{' ' * (len(number) + self.column - 1)}^"
