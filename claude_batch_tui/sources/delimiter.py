"""Which character parts the columns of a CSV file."""

from __future__ import annotations

import csv
import io

from claude_batch_tui.errors import ConfigError

CANDIDATES = (",", ";", "\t", "|")
_NAMES = {"tab": "\t", "\\t": "\t", "comma": ",", "semicolon": ";", "pipe": "|"}


def named_delimiter(text: str) -> str:
    r"""The character that `--delimiter` means: itself, `tab`, `\t`, `comma`, `semicolon` or `pipe`."""
    delimiter = _NAMES.get(text.lower(), text)
    if len(delimiter) != 1 or delimiter in '"\r\n\x00':
        raise ConfigError(
            f"--delimiter {text!r} cannot part columns. It is one character, or tab, comma, semicolon, pipe."
        )
    return delimiter


def guess_delimiter(head: str, name: str) -> str:
    """The candidate by which most rows of `head` are as wide as its first; a file named `.tsv` has tabs.

    `head` may end in the middle of a row. A file of one column is read as comma separated.
    """
    if name.lower().endswith((".tsv", ".tab")):
        return "\t"
    best, best_score = ",", (0.0, 1)
    for candidate in CANDIDATES:
        rows = [row for row in csv.reader(io.StringIO(head, newline=""), delimiter=candidate) if row]
        if len(rows) > 2:
            rows.pop()  # it may be cut
        if not rows or len(rows[0]) == 1:
            continue
        width = len(rows[0])
        score = (sum(len(row) == width for row in rows) / len(rows), width)
        if score > best_score:
            best, best_score = candidate, score
    return best
