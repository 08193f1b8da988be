"""What an item line means."""

import unittest

from receipts.item import Item, euros, parse, parse_all


class ItemTest(unittest.TestCase):
    """Lines of a receipt."""

    def test_a_line_is_an_item(self) -> None:
        """Count, name, price and category are read."""
        self.assertEqual(Item(2, "tea", 180, "food"), parse("2  tea  1.80  food"))

    def test_an_item_costs_its_count_times_its_price(self) -> None:
        """Two teas are 3.60."""
        self.assertEqual(360, parse("2 tea 1.80 food").total)

    def test_what_is_no_item_is_refused(self) -> None:
        """A missing word and a price without cents are mistakes."""
        for line in ("tea 1.80 food", "2 tea 1.8 food", "two tea 1.80 food"):
            with self.subTest(line=line), self.assertRaises(ValueError):
                parse(line)

    def test_empty_lines_are_left_out(self) -> None:
        """A receipt may have air in it."""
        self.assertEqual(2, len(parse_all("1 tea 1.80 food\n\n1 pen 0.90 goods\n")))

    def test_cents_have_two_digits(self) -> None:
        """Five cents are 0.05."""
        self.assertEqual(["0.05", "12.84"], [euros(5), euros(1284)])


if __name__ == "__main__":
    unittest.main()
