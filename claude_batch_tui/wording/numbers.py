"""Numbers as words: counts, bytes, dollars, shares."""

from __future__ import annotations

from math import floor, log10


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def counted_batches(number: int) -> str:
    """`1 batch`, `3 batches`."""
    return f"{number:,} batch{'' if number == 1 else 'es'}"


def count_words(value: float) -> str:
    """`1,204`: a whole number that a drawing or a sum has as a float."""
    return f"{value:,.0f}"


def size(count: int) -> str:
    """Bytes as `812 B`, `38.2 MB`, `1.2 GB` (powers of ten)."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95 or unit == "GB":
            return f"{value:.1f} {unit}"
    raise AssertionError


def money(usd: float) -> str:
    """Dollars to the cent, and to four places below a cent."""
    if 0 < usd < 0.01:
        return f"${usd:.4f}" if usd >= 0.0001 else "under $0.0001"
    return f"${usd:,.2f}"


def fine_money(usd: float) -> str:
    """Dollars of single entries: two digits that are not zero at least, `$0.000064`, `$0.0031`, `$1.20`."""
    if not 0 < usd < 0.1:
        return money(usd)
    return f"${usd:.{1 - floor(log10(usd))}f}"


def share(part: int, total: int) -> str:
    """A part in per cent, never rounded to none or to all where it is neither."""
    if total == 0 or part == 0:
        return "0%"
    if part == total:
        return "100%"
    percent = min(max(100 * part / total, 0.1), 99.9)
    return f"{percent:.1f}%"
