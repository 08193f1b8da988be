"""The VAT in a receipt. Prices include it, so it is worked out backwards."""

from collections.abc import Iterable

from receipts.item import Item

RATES = {"books": 7, "food": 7}
NORMAL = 19


def vat_in(gross: int, category: str) -> int:
    """Return the VAT in a gross amount, in cents, rounded half up."""
    rate = RATES.get(category, NORMAL)
    return (2 * gross * rate + 100 + rate) // (2 * (100 + rate))


def vat(items: Iterable[Item]) -> int:
    """Return the VAT in a receipt, in cents."""
    return sum(vat_in(item.total, item.category) for item in items)
