"""How much of a price is VAT."""

import unittest

from receipts.item import parse_all
from receipts.vat import vat, vat_in


class VatTest(unittest.TestCase):
    """VAT in amounts and in receipts."""

    def test_food_and_books_have_the_low_rate(self) -> None:
        """7 of 107 cents are VAT."""
        self.assertEqual([7, 7], [vat_in(107, "food"), vat_in(107, "books")])

    def test_everything_else_has_the_normal_rate(self) -> None:
        """19 of 119 cents are VAT."""
        self.assertEqual(19, vat_in(119, "goods"))

    def test_cents_are_rounded(self) -> None:
        """The VAT in 4.50 is 71.85 cents, so 72."""
        self.assertEqual(72, vat_in(450, "goods"))

    def test_a_receipt_holds_the_vat_of_its_items(self) -> None:
        """Food and goods together."""
        self.assertEqual(26, vat(parse_all("1 bread 1.07 food\n1 pen 1.19 goods\n")))


if __name__ == "__main__":
    unittest.main()
