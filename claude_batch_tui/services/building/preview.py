"""Preview: some requests of a source as they would be sent, and the columns they can be made of."""

from __future__ import annotations

import contextlib
from collections.abc import Generator
from itertools import islice
from typing import Any, cast

import msgspec

from claude_batch_tui.domain.requests.validation import ProblemList
from claude_batch_tui.services.building.source_items import line_of, opened_items
from claude_batch_tui.sources.custom_ids import PREVIEW_TAG, TAG_LENGTH
from claude_batch_tui.sources.open_rows import open_rows
from claude_batch_tui.sources.patience import USUAL, Patience
from claude_batch_tui.sources.recipe import BuildSpec
from claude_batch_tui.sources.request_maker import MadeRequest
from claude_batch_tui.sources.rows import BadRow, Reading, Row, RowSource, reading_of

_COUNTED_BYTES = 1 << 18
_COUNTED_ROWS = 5_000
"""So much of a source is counted for its preview."""


class PreviewedRequest(msgspec.Struct, frozen=True):
    """A request as it would be sent, or the problem that keeps it from being one.

    `line` is where its row begins in the source, from 1, and `row` what was read there; a `problem` may be a mere warning.
    """

    line: int
    custom_id: str | None
    request: bytes | None
    row: dict[str, Any]
    problem: str | None = None

    @property
    def sendable(self) -> bytes | None:
        """The request under an id that the API takes: the tag of a preview has no legal character."""
        if self.request is None or self.custom_id is None or PREVIEW_TAG not in self.custom_id:
            return self.request
        # The custom_id comes first in a request of ours; the same characters further on are the prompt's own.
        legal = self.custom_id.replace(PREVIEW_TAG, "x" * TAG_LENGTH)
        return self.request.replace(self.custom_id.encode(), legal.encode(), 1)


class Preview(msgspec.Struct, frozen=True):
    """Some requests of a source, and how its file was understood. `first` is the number of the first one's row, from 0."""

    columns: tuple[str, ...]
    prompt_column: str | None
    reading: Reading
    first: int
    rows: int | None
    """How many rows there are; of a large source as its beginning lets one expect, None where that says nothing."""
    rows_exact: bool
    requests: tuple[PreviewedRequest, ...]


def preview(
    spec: BuildSpec, first: int, count: int, *, line: int | None = None, patience: Patience = USUAL
) -> Preview:
    """`count` requests from the row with the 0-based number `first`, or from the one that begins on `line`.

    Ids by position have no tag yet. Problems of a row are in it; raises ConfigError and SourceError as `build` does.
    """
    problems = ProblemList()
    with opened_items(spec, problems, tag=lambda _: PREVIEW_TAG, patience=patience) as opened:
        source, maker = opened.rows, opened.maker
        with contextlib.closing(opened.items):
            if line is None:
                skipped = sum(1 for _ in islice(opened.items, first))
                shown = [_previewed(item) for item in islice(opened.items, count)]
            else:
                skipped, shown = 0, []
                for item in opened.items:
                    if line_of(item) >= line:
                        shown = [_previewed(item), *map(_previewed, islice(opened.items, count - 1))]
                        break
                    skipped += 1
        # A query that took its time is not run twice.
        is_quick = spec.kind not in {"documents", "sqlite"}
        rows, is_exact = _count(source) if source is not None and is_quick else (None, False)
        return Preview(
            rows=rows,
            rows_exact=is_exact,
            columns=source.columns if source else (),
            prompt_column=maker.prompt_column if maker else None,
            reading=opened.reading,
            first=skipped,
            requests=tuple(shown),
        )


class Sample(msgspec.Struct, frozen=True):
    """The columns of a source, its first rows, and how it was understood; nothing where it cannot be read, or has none."""

    columns: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    reading: Reading = Reading()


def sample_rows(spec: BuildSpec, count: int, patience: Patience = USUAL) -> Sample:
    """The first rows of a source, whatever is to become of them. Raises SourceError."""
    with (
        open_rows(spec, patience) as source,
        contextlib.closing(cast("Generator[Row | BadRow]", source.rows())) as rows,
    ):
        found = tuple(row.values for row in islice(rows, count))
        return Sample(source.columns, found, reading_of(source))


def _count(source: RowSource) -> tuple[int | None, bool]:
    """How many rows a source has, and whether that is exact: of a large one only the beginning is counted."""
    origin, count = source.file, 0
    with contextlib.closing(cast("Generator[Row | BadRow]", source.rows())) as rows:
        for count, _ in enumerate(rows, 1):
            if count >= _COUNTED_ROWS or origin.bytes_read > _COUNTED_BYTES:
                done = origin.bytes_read
                return (count * origin.size // done if 0 < done < origin.size else None), False
    return count, True


def _previewed(item: MadeRequest | BadRow) -> PreviewedRequest:
    if isinstance(item, BadRow):
        return PreviewedRequest(item.line, item.custom_id, None, item.values, item.message)
    return PreviewedRequest(item.row.line, item.custom_id, item.request, item.row.values, item.warning)
