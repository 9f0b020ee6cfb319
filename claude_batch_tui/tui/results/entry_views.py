"""What each tab of the inspector shows of an entry, made in a thread: rows of text, or a value as a tree."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from claude_batch_tui.domain.results.answer import Kind, Piece, pieces
from claude_batch_tui.domain.results.json_tree import pretty
from claude_batch_tui.domain.results.result import Outcome
from claude_batch_tui.services.results.browse import EntryReader, Reading
from claude_batch_tui.tui.results.entry_text import (
    cut_words,
    decoded,
    misfit_lines,
    piece_lines,
    remarks,
    request_lines,
    row_lines,
    text_lines,
)
from claude_batch_tui.tui.widgets.markdown_lines import markdown_lines
from claude_batch_tui.tui.widgets.text_rows import StyledText, TextRows

TABS = ("text", "markdown", "json", "request", "row")
FIRST_LINES = 200
"""Lines of rendered Markdown after which the first part is shown; each further part is four times as long."""


class View(NamedTuple):
    """What a tab shows: rows to read, or `tree`, a tuple of the one value to show. `copied` gives what `y` takes."""

    rows: TextRows
    copied: Callable[[], str]
    tree: tuple[Any] | None = None


NOTHING = View(TextRows(""), str)


def views(reading: Reading, tab: str, reader: EntryReader, max_tokens: int | None) -> Iterator[View]:
    """What a tab shows of an entry; where that takes long, its beginning first."""
    match tab:
        case "markdown" if reading.result.outcome == Outcome.SUCCEEDED:
            yield from _markdown(reading, max_tokens)
        case "json":
            yield _json(reading.line)
        case "request":
            request = reader.request(reading.custom_id)
            rows = TextRows(request_lines(request))
            value = decoded(request) if request is not None else None
            yield View(rows, lambda: rows.text if value is None else pretty(value))
        case "row":
            rows = TextRows(row_lines(reading.row))
            yield View(rows, lambda: rows.text)
        case _:
            rows = TextRows(text_lines(reading, max_tokens))
            yield View(rows, lambda: reading.result.text or rows.text)


def _json(line: bytes) -> View:
    value = decoded(line)
    if value is not None:
        return View(NOTHING.rows, lambda: pretty(value), (value,))
    raw = line.decode("utf-8", "replace")
    said = "This line is no JSON that can be read; it is shown as it is."
    return View(TextRows([(said, "bad"), (raw, None)]), lambda: raw)


def _markdown(reading: Reading, max_tokens: int | None) -> Iterator[View]:
    """The answer rendered, its sources numbered and listed at the end."""
    result = reading.result
    text, others, sources = _told_apart(pieces(result.message.get("content")))
    styled = StyledText([*misfit_lines(reading), *((words, "warn") for words in remarks(result))])
    for piece in others:
        styled.add(piece_lines(piece))
    enough = FIRST_LINES
    for part in markdown_lines(text):
        styled.add(part)
        if styled.count > enough:
            yield View(TextRows(styled), lambda: result.text or text)
            enough = styled.count * 4
    if not text:
        styled.add([("(no text in this answer)", "warn")])
    if sources:
        styled.add([("", None), ("── sources ──", "accent")])
        styled.add((f"[{number}] {each.title}: {each.text}", "dim") for number, each in enumerate(sources, 1))
    end = cut_words(result, max_tokens)
    if end:
        styled.add([("", None), (end, "warn")])
    yield View(TextRows(styled), lambda: result.text or text)


def _told_apart(found: Sequence[Piece]) -> tuple[str, list[Piece], list[Piece]]:
    """The text of an answer with numbers where it cites; all that is no text; its sources."""
    texts: list[str] = []
    others: list[Piece] = []
    sources: list[Piece] = []
    for piece in found:
        if piece.kind is Kind.TEXT:
            texts.append(piece.text)
        elif piece.kind is Kind.CITATION:
            sources.append(piece)
            texts.append(f" [{len(sources)}]")
        else:
            others.append(piece)
    return "".join(texts), others, sources
