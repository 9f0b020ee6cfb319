"""Answers as the rows of a next build: JSON Lines with id, answer, its JSON, outcome, and the columns of the source.

The need: a second step over answers (a judge, a repair, a translation) is a build like any other, and ids stay the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from claude_batch_tui.domain.results.json_tree import encode_json
from claude_batch_tui.domain.results.result import OUTCOMES
from claude_batch_tui.errors import ExportError
from claude_batch_tui.exports.formats import file_stem
from claude_batch_tui.services.building.requests_files import ANSWERS_ENDING
from claude_batch_tui.services.results.answers import NO_DOCUMENT, answer_document, answer_text
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.store.files import written_whole
from claude_batch_tui.store.results.file import ResultsFile

FIELDS = ("id", "answer", "json", "outcome", "run")
"""Ours, before the source's columns; one of those that has the name of ours is `source_NAME` here."""
_TELL_EVERY = 2_000


def answers_path(title: str, folder: Path) -> Path:
    """The file in a folder for the rows that the answers of this run are."""
    return folder / f"{file_stem(title)}{ANSWERS_ENDING}"


def write_answer_rows(
    results: ResultsFile, run: str, positions: Sequence[int], target: Path, rows: Path | None = None
) -> Iterator[int]:
    """Write these entries of the results of `run`, in the order of their source where `rows` tells it.

    Yields now and then how many were written. The file has its name when it is whole, and replaces one of an earlier time.
    """
    known = None if rows is None else RowsFile(rows)
    order: Sequence[int] = positions
    numbers: Sequence[int] = [-1] * len(positions)
    if known is not None:
        order, numbers = known.in_order(positions, map(results.index.custom_id, positions))
    with written_whole(target, ExportError) as file:
        for count, (at, number) in enumerate(zip(order, numbers, strict=True), 1):
            line, source = results.line(at), {}
            own = results.index.custom_id(at)
            if known is not None and number >= 0:
                row = known.row(number)
                own, source = row.id, row.row
            document = answer_document(line)
            values: dict[str, Any] = {
                "id": own,
                "answer": answer_text(line),
                "json": None if document is NO_DOCUMENT else document,
                "outcome": str(OUTCOMES[results.index.outcomes[at]]),
                "run": run,
            }
            for name, value in source.items():
                values.setdefault(f"source_{name}" if name in FIELDS[1:] else name, value)
            file.write(encode_json(values) + b"\n")
            if count % _TELL_EVERY == 0:
                yield count
    yield len(order)
