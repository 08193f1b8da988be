"""What is paid in cash."""

import unittest

from receipts.cash import rounded


class CashTest(unittest.TestCase):
    """Rounding to five cents."""

    def test_up_to_two_cents_are_dropped(self) -> None:
        """12.82 is 12.80."""
        self.assertEqual(1280, rounded(1282))

    def test_from_three_cents_on_it_goes_up(self) -> None:
        """12.83 is 12.85."""
        self.assertEqual(1285, rounded(1283))

    def test_what_is_round_stays(self) -> None:
        """12.85 is 12.85."""
        self.assertEqual(1285, rounded(1285))


if __name__ == "__main__":
    unittest.main()
