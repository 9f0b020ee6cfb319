"""What two results files say of the same requests, as a table: a row a pair, whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from claude_batch_tui.domain.results.comparison import Agreement, answer_text
from claude_batch_tui.domain.results.result import Outcome
from claude_batch_tui.errors import ExportError
from claude_batch_tui.exports.table import Column, Kind, Values
from claude_batch_tui.services.exporting.rows import plain
from claude_batch_tui.services.exporting.target import Options, writer_to
from claude_batch_tui.services.results.browse import cost_of, first_words, tokens_of
from claude_batch_tui.services.results.compare import ORDER, Comparison
from claude_batch_tui.store.results.file import ResultsFile

_OF_A_SIDE: tuple[tuple[str, Kind], ...] = (
    ("status", "text"),
    ("answer", "text"),
    ("stop_reason", "text"),
    ("output_tokens", "int"),
    ("cost", "float"),
)
COLUMNS = (
    Column("custom_id", "text"),
    Column("agreement", "text"),
    *(Column(f"{side}_{name}", kind) for name, kind in _OF_A_SIDE for side in "ab"),
)
"""The same of both sides stands side by side; `answer` is the error's words where there is none."""
_AT_ONCE = 200
_LONGEST_WORDS = 10_000


def pairs_of(comparison: Comparison, agreements: Sequence[Agreement]) -> list[int]:
    """The numbers of the pairs that agree in one of these ways."""
    wanted = {ORDER.index(each) for each in agreements}
    return [number for number, each in enumerate(comparison.agreements) if each in wanted]


def export_pairs(
    comparison: Comparison,
    numbers: Sequence[int],
    target: Path | BinaryIO,
    options: Options,
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> Iterator[int]:
    """Write these pairs; yields how many were written so far. For a thread.

    Raises ExportError with what to do where it cannot be written, or where it was stopped: then nothing is left.
    """
    with writer_to(target, options, COLUMNS) as writer:
        for start in range(0, len(numbers), _AT_ONCE):
            if stopped() or comparison.is_closed:
                raise ExportError("Saving was stopped: nothing was written.")
            some = numbers[start : start + _AT_ONCE]
            writer.write([_row(comparison, number) for number in some])
            yield start + len(some)
        writer.finish()


def _row(comparison: Comparison, number: int) -> Values:
    pair = comparison.pair(number)
    sides = zip(
        _side(comparison, comparison.left_file, pair.left),
        _side(comparison, comparison.right_file, pair.right),
        strict=True,
    )
    return [plain(pair.custom_id), str(pair.agreement), *(value for both in sides for value in both)]


def _side(comparison: Comparison, file: ResultsFile, position: int) -> Values:
    """What one side says, in the order of the columns of a side; nothing where it has no entry."""
    result = comparison.read(file, position)
    if result is None:
        return [None] * len(_OF_A_SIDE)
    if result.outcome != Outcome.SUCCEEDED:
        return [plain(result.outcome), plain(first_words(result, _LONGEST_WORDS)), None, None, None]
    reason = result.message.get("stop_reason")
    cost = cost_of(result, comparison.prices)
    return [
        plain(result.outcome),
        plain(answer_text(result)),
        plain(str(reason)) if reason else None,
        tokens_of(result)[1],
        None if cost is None else round(cost, 12),
    ]
