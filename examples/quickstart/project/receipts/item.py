"""An item of a receipt, and how a line of text says it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Item:
    """So many of one thing, at a price each, in a category."""

    count: int
    name: str
    cents: int
    category: str

    @property
    def total(self) -> int:
        """Return what the item costs altogether, in cents."""
        return self.count * self.cents


def parse(line: str) -> Item:
    """Return the item in a line such as `2  tea  1.80  food`. Raises ValueError if there is none."""
    words = line.split()
    if len(words) != 4:
        raise ValueError(f"an item is `count name price category`, not {line!r}")
    count, name, price, category = words
    euros, _, cents = price.partition(".")
    if not (count + euros + cents).isdecimal() or len(cents) != 2:
        raise ValueError(f"{line!r} needs a whole count and a price such as 1.80")
    return Item(int(count), name, int(euros) * 100 + int(cents), category)


def parse_all(text: str) -> list[Item]:
    """Return the items of a receipt; empty lines are left out."""
    return [parse(line) for line in text.splitlines() if line.strip()]


def euros(cents: int) -> str:
    """Return an amount as people write it: 1284 is `12.84`."""
    return f"{cents // 100}.{cents % 100:02}"
