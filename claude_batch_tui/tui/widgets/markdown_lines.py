"""Markdown as lines with styles, for a text view: headings, lists, quotes, code, tables, links with their address.

Parsed piece by piece, so that text of any length can be shown from its first piece on and given up in between.
Addresses are written out and never become links of the terminal.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import zip_longest

from markdown_it import MarkdownIt
from markdown_it.token import Token

from claude_batch_tui.domain.plain_text import clean, clean_line
from claude_batch_tui.tui.widgets.columns import cells
from claude_batch_tui.tui.widgets.text_rows import AnyLine, Span, StyledLine

PIECE = 16_384
"""Characters parsed at once, about."""

LONGEST_BLOCK = 16 * PIECE
"""A paragraph or code of more characters is shown as it is: it is nothing that anybody wrote."""

_DEEPEST = 40
_MARKS = re.compile(r"^(?: {0,3}(```+|~~~+)|[ \t]*$)", re.MULTILINE)
"""Where fenced code begins or ends, and blank lines."""
_STYLES = {"strong_open": "strong", "em_open": "emphasis", "s_open": "dim", "link_open": "accent"}
_RULE = "─" * 24


def markdown_lines(text: str) -> Iterator[list[AnyLine]]:
    """The lines of a text, a list for each piece that was parsed."""
    for number, (piece, is_plain) in enumerate(_pieces(text)):
        lines: list[AnyLine] = [("", None)] if number and not is_plain else []
        tokens = [] if is_plain else _parser().parse(clean(piece))
        if not tokens or any(token.level >= _DEEPEST - 1 for token in tokens):
            lines.append((piece.removesuffix("\n"), None))  # the parser leaves out what is deeper
        else:
            lines += _Writer().write(tokens)
        yield lines


@lru_cache(maxsize=1)
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False, "maxNesting": _DEEPEST}).enable(
        ["table", "strikethrough"]
    )


def _pieces(text: str) -> Iterator[tuple[str, bool]]:
    """A text cut between blocks, at blank lines and not inside fenced code; and whether a piece is no whole block."""
    start = 0
    fence = ""
    goes_on = False
    while start < len(text):
        window = text[start : start + LONGEST_BLOCK]
        is_plain, cut = goes_on, 0
        for mark in _MARKS.finditer(window):
            if mark[1] and (not fence or mark[1].startswith(fence)):
                fence = "" if fence else mark[1][:3]
            at = mark.end() + 1
            if not fence and (goes_on or (at > PIECE and not mark[1])):
                cut = at
                break
        is_last = start + len(window) == len(text)
        goes_on = not (cut or is_last)
        cut = cut or (len(window) if is_last else window.rfind("\n") + 1 or len(window))
        yield window[:cut], is_plain or goes_on
        start += cut


class _Writer:
    """Tokens on their way to lines. What stands before every line of a block is kept as a stack."""

    def __init__(self) -> None:
        self._lines: list[AnyLine] = []
        self._before: list[str] = []
        self._bullet = ""
        self._numbers: list[int | None] = []
        self._table: list[list[str]] = []
        self._gap = False
        self._style: str | None = None

    def write(self, tokens: Sequence[Token]) -> list[AnyLine]:
        """All lines of the blocks."""
        for token in tokens:
            take = getattr(self, f"_on_{token.type}", None)
            if take is not None:
                take(token)
            elif token.content:
                self._on_fence(token)
        return self._lines

    def _on_inline(self, token: Token) -> None:
        if self._table:
            self._table[-1].append(clean_line(" ".join(text for text, _ in _inline(token))))
            return
        for text, spans in _inline(token):
            self._emit(text, spans, self._style)

    def _on_heading_open(self, _: Token) -> None:
        self._style = "strong"

    def _on_heading_close(self, _: Token) -> None:
        self._style, self._gap = None, True

    def _on_paragraph_close(self, token: Token) -> None:
        self._gap = not token.hidden

    def _on_bullet_list_open(self, _: Token) -> None:
        self._numbers.append(None)

    def _on_ordered_list_open(self, token: Token) -> None:
        start = token.attrGet("start")
        self._numbers.append(1 if start is None else int(start))

    def _on_bullet_list_close(self, _: Token) -> None:
        self._numbers.pop()
        self._gap = not self._numbers

    _on_ordered_list_close = _on_bullet_list_close

    def _on_list_item_close(self, _: Token) -> None:
        self._bullet = ""
        self._before.pop()

    def _on_blockquote_open(self, _: Token) -> None:
        self._close_gap()
        self._before.append("│ ")

    def _on_blockquote_close(self, _: Token) -> None:
        self._before.pop()
        self._gap = True

    def _on_fence(self, token: Token) -> None:
        for line in token.content.rstrip("\n").split("\n"):
            self._emit(f"  {line}".replace("\t", "    "), (), "code")
        self._gap = True

    def _on_hr(self, _: Token) -> None:
        self._emit(_RULE, (), "dim")
        self._gap = True

    def _on_tr_open(self, _: Token) -> None:
        self._table.append([])

    def _on_list_item_open(self, _: Token) -> None:
        self._gap = self._gap and not self._bullet
        number = self._numbers[-1] if self._numbers else None
        bullet = "• " if number is None else f"{number}. "
        if number is not None:
            self._numbers[-1] = number + 1
        if self._bullet:  # a list that begins at once inside an item
            self._emit("", (), None)
        self._close_gap()
        self._bullet = bullet
        self._before.append(" " * len(bullet))

    def _close_gap(self) -> None:
        """An empty line between blocks."""
        if self._gap and self._lines:
            self._gap = False
            self._lines.append(StyledLine("".join(self._before).rstrip(), "dim"))

    def _emit(self, text: str, spans: Sequence[Span], style: str | None) -> None:
        self._close_gap()
        hang = "".join(self._before)
        first = hang
        if self._bullet:
            first = "".join(self._before[:-1]) + self._bullet
            self._bullet = ""
        shift = len(first)
        moved = [Span(span.start + shift, span.end + shift, span.style) for span in spans]
        if shift and first.strip():
            moved.insert(0, Span(0, shift, "dim"))
        self._lines.append(StyledLine(first + text, style, tuple(moved), hang))

    def _on_table_close(self, _: Token) -> None:
        columns = list(zip_longest(*self._table, fillvalue=""))
        widths = [max(cells(cell) for cell in column) for column in columns]
        for number, row in enumerate(self._table):
            padded = [cell + " " * (width - cells(cell)) for cell, width in zip(row, widths, strict=False)]
            self._emit("  ".join(padded).rstrip(), (), None if number else "strong")
            if not number:
                self._emit("  ".join("─" * width for width in widths), (), "dim")
        self._table = []
        self._gap = True


def _inline(token: Token) -> Iterator[tuple[str, list[Span]]]:
    """The lines of a paragraph with their styled parts; only hard breaks make lines."""
    text = ""
    spans: list[Span] = []
    open_at: list[tuple[str, int, str]] = []
    for child in token.children or ():
        match child.type:
            case "text" | "html_inline":
                text += child.content
            case "code_inline":
                spans.append(Span(len(text), len(text) + len(child.content), "code"))
                text += child.content
            case "softbreak":
                text += " "
            case "hardbreak":
                spans += [Span(start, len(text), style) for style, start, _ in open_at]
                yield text, sorted(spans)
                text, spans = "", []
                open_at = [(style, 0, address) for style, _, address in open_at]
            case "image":
                text += f"[image: {child.content}] ({child.attrGet('src')})"
            case kind if kind in _STYLES:
                address = str(child.attrGet("href") or "") if kind == "link_open" else ""
                open_at.append((_STYLES[kind], len(text), address))
            case kind if kind.endswith("_close") and open_at:
                style, start, address = open_at.pop()
                spans.append(Span(start, len(text), style))
                if address and address != text[start:]:
                    text += f" ({address})"
    yield text, sorted(spans)
