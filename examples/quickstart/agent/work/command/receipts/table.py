"""A summary as a table that people can read."""

from collections.abc import Iterable

from receipts.item import euros
from receipts.summary import Line


def table(lines: Iterable[Line]) -> str:
    """Return one row per line: category, gross, VAT and net, in columns."""
    rows = [("", "gross", "vat", "net")]
    rows += [(line.category, euros(line.gross), euros(line.vat), euros(line.net)) for line in lines]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])]) for row in rows
    )
