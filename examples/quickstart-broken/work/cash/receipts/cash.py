"""What is paid in cash: totals to the nearest five cents."""


def rounded(cents: int) -> int:
    """Return an amount rounded to the nearest five cents."""
    return cents - cents % 5
