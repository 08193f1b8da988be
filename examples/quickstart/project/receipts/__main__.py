"""The command: `python3 -m receipts FILE` prints what a receipt comes to."""

import argparse
from pathlib import Path

from receipts.item import euros, parse_all


def main() -> None:
    """Print the total of the receipt in a file."""
    parser = argparse.ArgumentParser(prog="receipts", description="Add up a receipt.")
    parser.add_argument("file", type=Path, help="the receipt, one item per line")
    arguments = parser.parse_args()
    items = parse_all(arguments.file.read_text(encoding="utf-8"))
    print(f"total  {euros(sum(item.total for item in items))}")


if __name__ == "__main__":
    main()
