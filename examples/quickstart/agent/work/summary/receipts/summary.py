"""A receipt's summary: one line for each category, and the total."""

from collections.abc import Sequence
from dataclasses import dataclass

from receipts.item import Item
from receipts.vat import vat_by_category


@dataclass(frozen=True)
class Line:
    """What was paid for a category, and how much of it is VAT; both in cents."""

    category: str
    gross: int
    vat: int

    @property
    def net(self) -> int:
        """Return what is left without the VAT."""
        return self.gross - self.vat


def summary(items: Sequence[Item]) -> list[Line]:
    """Return the categories in alphabetical order, then the total of their lines."""
    taxes = vat_by_category(items)
    lines = [
        Line(category, sum(each.total for each in items if each.category == category), tax)
        for category, tax in sorted(taxes.items())
    ]
    total = Line("total", sum(line.gross for line in lines), sum(line.vat for line in lines))
    return [*lines, total]
