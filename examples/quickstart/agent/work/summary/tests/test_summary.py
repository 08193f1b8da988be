"""What a summary says."""

import unittest
from pathlib import Path

from receipts.item import parse_all
from receipts.summary import Line, summary
from receipts.vat import vat

MARKET = Path(__file__).parent / "data" / "market.txt"


class SummaryTest(unittest.TestCase):
    """Lines of a summary."""

    def test_categories_come_in_alphabetical_order_and_the_total_last(self) -> None:
        """The receipt from the market."""
        lines = summary(parse_all(MARKET.read_text(encoding="utf-8")))
        self.assertEqual(
            [
                Line("books", 375, 25),
                Line("food", 459, 30),
                Line("goods", 450, 72),
                Line("total", 1284, 127),
            ],
            lines,
        )

    def test_net_is_what_is_left(self) -> None:
        """Gross without VAT."""
        self.assertEqual(1157, Line("total", 1284, 127).net)

    def test_a_receipt_and_its_summary_agree_to_the_cent(self) -> None:
        """Also where rounding matters."""
        items = parse_all("1 bread 0.50 food\n" * 3 + "1 pen 0.99 goods\n")
        self.assertEqual(vat(items), summary(items)[-1].vat)

    def test_an_empty_receipt_has_a_total_of_nothing(self) -> None:
        """No categories, no money."""
        self.assertEqual([Line("total", 0, 0)], summary([]))


if __name__ == "__main__":
    unittest.main()
