"""What answers are scored against where nobody says it: the column chosen last for such a source, or the likely one.

Choices are kept between runs in the state folder, by the columns of the source. Losing them loses nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from claude_batch_tui.domain.filters.json_path import Path as JsonPath
from claude_batch_tui.domain.results.fields import field_path
from claude_batch_tui.domain.results.result import OUTCOMES, Outcome
from claude_batch_tui.domain.results.scoring import normalised
from claude_batch_tui.errors import ConfigError, SourceError, StoreError
from claude_batch_tui.nesting import UNREADABLE
from claude_batch_tui.services.results.answers import answer_document, answer_text, value_at
from claude_batch_tui.services.results.reviewing import Reviews, expected_of_reviews
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.services.results.scoring import (
    ScoredEntries,
    answer_path,
    answer_reader,
    expected_of_rows,
    score_entries,
)
from claude_batch_tui.sources.rows import as_text
from claude_batch_tui.store.files import written_whole
from claude_batch_tui.store.results.file import ResultsFile

REVIEWS = "(what was reviewed)"
"""Stands for a column: what was said of the answers."""
_LIKELY = ("expected", "label", "gold", "answer", "target", "category", "class")
_LOOKED_AT = 100
"""Answers that are read to see which column they mean."""
_MOST_FIELDS = 20
_KEPT = 100
_NAME = "scored-against.json"
_SUCCEEDED = OUTCOMES.index(Outcome.SUCCEEDED)


class Against(msgspec.Struct, frozen=True):
    """A column of the source, or `REVIEWS`, and what of an answer is held against it: a path, or None for all of it."""

    column: str
    answer: str | None = None

    @property
    def words(self) -> str:
        """As it is typed: `label`, `label json.label`."""
        return " ".join(filter(None, (self.column, self.answer)))


def typed_against(words: str, columns: Sequence[str]) -> Against:
    """What was typed: a column, and the path into the answer where one follows it. Raises ConfigError where it is none."""
    column, _, path = words.strip().rpartition(" ")
    has_path = bool(column) and words.strip() not in columns and path.startswith(("json", "$"))
    found = Against(column.strip(), path) if has_path else Against(words.strip())
    if found.column not in (*columns, REVIEWS):
        raise ConfigError(f"There is no column {found.column!r}; there are {', '.join(columns)}.")
    answer_path(found.answer)
    return found


def remembered(state_dir: Path, columns: Sequence[str]) -> Against | None:
    """What was chosen last for a source of these columns, or None."""
    return _read(state_dir).get(_key(columns))


def remember(state_dir: Path, columns: Sequence[str], against: Against) -> None:
    """Keep what was chosen. Where the folder cannot be written, it is forgotten with this run."""
    known = {key: value for key, value in _read(state_dir).items() if key != _key(columns)}
    known[_key(columns)] = against
    with contextlib.suppress(OSError, StoreError):
        state_dir.mkdir(parents=True, exist_ok=True)
        with written_whole(state_dir / _NAME) as file:
            file.write(msgspec.json.encode(dict([*known.items()][-_KEPT:])))


def likely(results: ResultsFile, rows: RowsFile, columns: Sequence[str] = ()) -> Against | None:
    """The column that answers are most often equal to, and the part of them that is; None where none ever is.

    Looked at are `columns`, or those that are called as such columns are, in the first answers. Reads the file.
    """
    wanted = columns or [name for name in rows.row(0).row if name.lower() in _LIKELY]
    counts: dict[Against, int] = {}
    for row, line in _first(results, rows) if wanted else ():
        said = [*_parts(line)]
        for column in wanted:
            expected = normalised(as_text(row.get(column, "")), ("case",))
            for path, text in said:
                if expected and normalised(text, ("case",)) == expected:
                    against = Against(column, path)
                    counts[against] = counts.get(against, 0) + 1
    return max(counts, key=lambda one: counts[one], default=None)


def score_against(
    results: ResultsFile,
    rows: Path | None,
    against: Against,
    reviews: Reviews | None = None,
    chosen: Sequence[int] | None = None,
) -> Iterator[int | ScoredEntries]:
    """Score entries as `score_entries` does, against this column of their rows, or against what was said of them.

    Raises SourceError where there is no such column, or no entry has an expected value.
    """
    path = answer_path(against.answer)
    if against.column == REVIEWS:
        known = Reviews("", {}) if reviews is None else reviews
        expected = expected_of_reviews(results, known, answer_reader(path))
    elif rows is None:
        raise SourceError("The source of these results is not known here.")
    else:
        expected = expected_of_rows(rows, against.column)
    yield from score_entries(results, expected, path, chosen=chosen)


class SameScorer:
    """Scores runs of one source against the same column: the `wanted` one, that chosen for such a source before, or the likely one."""

    def __init__(self, state_dir: Path, wanted: Against | None = None) -> None:
        self.against = wanted
        """What is scored against, once it is known."""
        self.columns: list[str] = []
        """The columns of the source, once a run with rows was scored."""
        self._state_dir = state_dir
        self._is_wanted = wanted is not None

    def score(self, results: ResultsFile, path: Path | None) -> ScoredEntries | None:
        """The score of a run by its rows; None where they are not here, or nothing is known to score against."""
        if path is None:
            return None
        rows = RowsFile(path)
        self.columns = self.columns or [*rows.row(0).row]
        if self.against is None:
            self.against = remembered(self._state_dir, self.columns) or likely(results, rows)
        elif self.against.answer is None:
            self.against = likely(results, rows, [self.against.column]) or self.against
        if self.against is None or self.against.column == REVIEWS:
            return None
        steps = score_against(results, path, self.against)
        return next((step for step in steps if isinstance(step, ScoredEntries)), None)

    def keep(self) -> None:
        """Remember the column that was wanted."""
        if self._is_wanted and self.against is not None:
            remember(self._state_dir, self.columns, self.against)


def _first(results: ResultsFile, rows: RowsFile) -> Iterator[tuple[Mapping[str, object], bytes]]:
    """The rows and lines of the first entries that have an answer and a row."""
    index, found = results.index, 0
    for at in range(index.count):
        row = rows.find(index.custom_id(at)) if index.outcomes[at] == _SUCCEEDED else None
        if row is not None:
            yield row.row, results.line(at)
            found += 1
            if found == _LOOKED_AT:
                return


def _parts(line: bytes) -> Iterator[tuple[str | None, str]]:
    """What an answer may mean: all of its text, and each plain value of its JSON, with the path there."""
    yield None, answer_text(line)
    document = answer_document(line)
    for name in [*document][:_MOST_FIELDS] if isinstance(document, dict) else ():
        path = field_path(name)
        value = value_at(document, _path(path))
        if value is not None and not isinstance(value, dict | list):
            yield path, as_text(value)


def _path(words: str) -> JsonPath:
    path = answer_path(words)
    if path is None:
        raise AssertionError(f"{words} is a path")
    return path


def _key(columns: Sequence[str]) -> str:
    return "\t".join(sorted(columns))


def _read(state_dir: Path) -> dict[str, Against]:
    try:
        return msgspec.json.decode((state_dir / _NAME).read_bytes(), type=dict[str, Against])
    except (OSError, *UNREADABLE):
        return {}
