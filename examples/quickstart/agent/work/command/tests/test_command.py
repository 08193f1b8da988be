"""What the command prints."""

import contextlib
import io
import tempfile
import unittest
from pathlib import Path

from receipts.__main__ import main

MARKET = str(Path(__file__).parent / "data" / "market.txt")


def printed(*words: str) -> str:
    """Return what the command prints."""
    with contextlib.redirect_stdout(io.StringIO()) as output:
        main(words)
    return output.getvalue()


class CommandTest(unittest.TestCase):
    """The command, run."""

    def test_without_a_flag_it_prints_the_total(self) -> None:
        """As it always did."""
        self.assertEqual("total  12.84\n", printed(MARKET))

    def test_by_category_it_prints_the_summary(self) -> None:
        """A row for each category, the total last."""
        rows = [line.split() for line in printed("--by-category", MARKET).splitlines()]
        self.assertEqual(["food", "4.59", "0.30", "4.29"], rows[2])
        self.assertEqual(["total", "12.84", "1.27", "11.57"], rows[-1])

    def test_an_empty_receipt_prints_the_total_alone(self) -> None:
        """A head and one row."""
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as empty:
            rows = printed("--by-category", empty.name).splitlines()
        self.assertEqual(["total", "0.00", "0.00", "0.00"], rows[-1].split())
        self.assertEqual(2, len(rows))


if __name__ == "__main__":
    unittest.main()
