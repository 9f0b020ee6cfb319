"""Scoring the answers of a results file: where expected values come from, what an answer is taken to say, and the score.

For a thread: about 20 µs an entry. Memory grows with the expected values and with the answers that are compared.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from claude_batch_tui.domain.filters.json_path import Path as JsonPath
from claude_batch_tui.domain.filters.json_path import parse_path
from claude_batch_tui.domain.results.fields import PREFIX
from claude_batch_tui.domain.results.result import OUTCOMES, Outcome
from claude_batch_tui.domain.results.scoring import (
    Majority,
    Marked,
    PairedTest,
    Score,
    Standing,
    by_value,
    majority,
    marked,
    mcnemar,
    score,
)
from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.services.results.answers import answer_document, answer_text, value_at
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.sources.custom_ids import clean_id
from claude_batch_tui.sources.open_rows import guess_kind, open_rows
from claude_batch_tui.sources.recipe import BuildSpec
from claude_batch_tui.sources.rows import Row, as_text, find_column, text_of
from claude_batch_tui.store.results.file import ResultsFile

NOWHERE = -1
"""The position of what has an expected value and no line in the file."""
_ID_NAMES = ("custom_id", "id")
_SUCCEEDED = OUTCOMES.index(Outcome.SUCCEEDED)
_LOOK_UP_EVERY = 2_000
_TIMES = re.compile(r"-\d+$")
"""What `--times` puts behind an id."""

Expected = Mapping[str, str | None]
"""Expected values by custom_id; None where there is one and it says nothing."""


class ScoredEntries(msgspec.Struct, frozen=True):
    """Every entry that was looked at with its position and custom_id, and the score of all."""

    custom_ids: Sequence[str]
    positions: Sequence[int]
    entries: Sequence[Marked]
    score: Score

    def ids(self, test: Callable[[Marked], bool]) -> list[str]:
        """The custom_ids of the entries that pass a test."""
        return [
            custom_id for custom_id, entry in zip(self.custom_ids, self.entries, strict=True) if test(entry)
        ]

    def positions_of(self, expected: str, answer: str) -> list[int]:
        """The positions of the entries in a cell of the confusion matrix."""
        return [
            position
            for position, entry in zip(self.positions, self.entries, strict=True)
            if entry.standing is Standing.SCORED and (entry.expected, entry.answer) == (expected, answer)
        ]


def answer_path(words: str | None) -> JsonPath | None:
    """What of an answer is compared: a path such as `json.label`, `json:$.label` or `$.label`; None is its whole text.

    Raises ConfigError for a wrong one.
    """
    if words is None or words == "text":
        return None
    path = words.removeprefix(PREFIX).removeprefix(":")
    try:
        return parse_path(path if path.startswith("$") else f"${path}" if path[:1] in (".", "[") else path)
    except ValueError as error:
        raise ConfigError(
            f"{words}: {error}. An answer is compared by a path such as json.label, or as its whole text."
        ) from error


def answer_reader(path: JsonPath | None) -> Callable[[bytes], str | None]:
    """What takes the answer out of the line of one that succeeded; None where it cannot be read there."""
    if path is None:
        return answer_text

    def read(line: bytes) -> str | None:
        value = value_at(answer_document(line), path)
        return None if value is None or isinstance(value, dict | list) else as_text(value)

    return read


def expected_of_rows(rows: Path, column: str) -> dict[str, str | None]:
    """A column of the rows that requests were made from. Raises SourceError where there is no such column."""
    file = RowsFile(rows)
    name = find_column(column, [*file.row(0).row], "--expected", f"the source of {rows.name}")
    found: dict[str, str | None] = {}
    for number in range(len(file)):
        row = file.row(number)
        value = row.row.get(name)
        found[row.custom_id] = None if value is None else as_text(value)
    return found


def expected_of_file(
    path: Path, column: str, id_column: str | None = None, rows: Path | None = None
) -> dict[str, str | None]:
    """A column of any file of rows, joined by id: the `custom_id`, or the user's own one where `rows` tells it.

    Raises SourceError where the file cannot be read, and has no such column or an id twice.
    """
    kind = guess_kind(str(path))
    by_id: dict[str, str | None] = {}
    with open_rows(BuildSpec(kind="json" if kind == "jsonl" else kind, path=str(path))) as source:
        columns = source.columns
        name = find_column(column, columns, "--expected", str(path))
        wanted = id_column or next((known for known in _ID_NAMES if known in columns), _ID_NAMES[1])
        key = find_column(wanted, columns, "--id-column", str(path))
        for row in source.rows():
            if not isinstance(row, Row):
                raise SourceError(f"{path}, line {row.line}: {row.message}.")
            place = f"{path}, line {row.line}"
            own = text_of(row.values, key, place)
            if own in by_id:
                raise SourceError(f"{place}: the id {own!r} is there twice. Ids are to be unique.")
            by_id[own] = None if row.values.get(name) is None else text_of(row.values, name, place)
    found = {clean_id(own): value for own, value in by_id.items() if own}
    if rows is not None:
        file = RowsFile(rows)
        for number in range(len(file)):
            one = file.row(number)
            if one.id in by_id:
                found[one.custom_id] = by_id[one.id]
    return found


def expected_of_results(results: ResultsFile, path: JsonPath | None) -> dict[str, str | None]:
    """The answers of another run, a judge's, as expected values; None where it has none that can be read."""
    read, index = answer_reader(path), results.index
    return {
        index.custom_id(at): read(results.line(at)) if index.outcomes[at] == _SUCCEEDED else None
        for at in reversed(range(index.count))  # of an id that came twice the first counts
    }


def score_entries(
    results: ResultsFile,
    expected: Expected,
    path: JsonPath | None,
    ways: Collection[str] = (),
    chosen: Sequence[int] | None = None,
) -> Iterator[int | ScoredEntries]:
    """Score the entries at `chosen` positions, or all and what is missing: how many were read, now and then, then all.

    Raises SourceError where no entry has an expected value.
    """
    read, index = answer_reader(path), results.index
    positions: list[int] = []
    entries: list[Marked] = []
    ids: dict[str, None] = {}
    for number, at in enumerate(range(index.count) if chosen is None else chosen, 1):
        custom_id = index.custom_id(at)
        if custom_id in ids:
            continue
        ids[custom_id] = None
        wanted, is_missing = expected.get(custom_id), index.outcomes[at] != _SUCCEEDED
        answer = None if wanted is None or is_missing else read(results.line(at))
        entries.append(marked(wanted, answer, is_missing=is_missing, ways=ways))
        positions.append(at)
        if number % _LOOK_UP_EVERY == 0:
            yield number
    for custom_id in expected if chosen is None else ():
        if custom_id not in ids:
            ids[custom_id] = None
            entries.append(marked(expected[custom_id], None, is_missing=True, ways=ways))
            positions.append(NOWHERE)
    if all(entry.standing is Standing.WITHOUT_EXPECTED for entry in entries):
        raise SourceError(
            "No entry has an expected value: their ids are not those of the results, or the column is empty."
        )
    spelled = by_value(entries)
    yield ScoredEntries(list(ids), positions, spelled, score(spelled))


def majority_of(found: ScoredEntries) -> tuple[ScoredEntries, Majority]:
    """One entry for each request that was made several times (`x-1`, `x-2` …), and how far their answers agree."""
    groups: dict[str, list[int]] = {}
    for place, custom_id in enumerate(found.custom_ids):
        groups.setdefault(_TIMES.sub("", custom_id), []).append(place)
    kept, agreed = majority([found.entries[place] for place in places] for places in groups.values())
    positions = [found.positions[places[at]] for (at, _), places in zip(kept, groups.values(), strict=True)]
    entries = [entry for _, entry in kept]
    return ScoredEntries([*groups], positions, entries, score(entries)), agreed


def paired(first: ScoredEntries, second: ScoredEntries) -> PairedTest:
    """The paired test of two runs, over the entries that both were scored on, joined by custom_id."""
    known = {
        custom_id: entry
        for custom_id, entry in zip(second.custom_ids, second.entries, strict=True)
        if entry.standing is Standing.SCORED
    }
    return mcnemar(
        (entry.is_right, known[custom_id].is_right)
        for custom_id, entry in zip(first.custom_ids, first.entries, strict=True)
        if entry.standing is Standing.SCORED and custom_id in known
    )
