"""The command: `python3 -m receipts FILE` prints what a receipt comes to."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from receipts.item import euros, parse_all
from receipts.summary import summary
from receipts.table import table


def main(words: Sequence[str] | None = None) -> None:
    """Print the total of the receipt in a file, or its summary by category."""
    parser = argparse.ArgumentParser(prog="receipts", description="Add up a receipt.")
    parser.add_argument("file", type=Path, help="the receipt, one item per line")
    parser.add_argument("--by-category", action="store_true", help="show VAT by category")
    arguments = parser.parse_args(words)
    items = parse_all(arguments.file.read_text(encoding="utf-8"))
    if arguments.by_category:
        print(table(summary(items)))
    else:
        print(f"total  {euros(sum(item.total for item in items))}")


if __name__ == "__main__":
    main()
