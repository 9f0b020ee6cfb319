"""Rows of cells as the lines of a table."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence


def table(rows: Sequence[Sequence[str]], right: Collection[int]) -> Iterator[str]:
    """The rows, the head among them, in columns as wide as they need; those of the numbers `right` end there."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            cell.rjust(width) if column in right else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def variants_table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """The rows of `variant_rows`, figures at the right."""
    from claude_batch_tui.wording.scores import VARIANT_WORDS  # late, as all that --help does not need

    return table(rows, [number for number, head in enumerate(rows[0]) if head not in VARIANT_WORDS])
