"""The last line between foreign text and the terminal: whatever a widget lets through is made inert here."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import traceback
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Generic, TypeVar

from rich.cells import cell_len, set_cell_size
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.app import App, ReturnType, SystemCommand
from textual.color import Color
from textual.filter import LineFilter
from textual.notifications import SeverityLevel
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from claude_batch_tui.domain.plain_text import clean, clean_line
from claude_batch_tui.redaction import redact

SHOWN_FRAMES = 3
"""Frames of a crash on the terminal; the file has all of them."""


class SafeFilter(LineFilter):
    """Makes control, bidi and invisible characters of every painted segment inert and keeps its width."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  Textual's signature
        """The segments with nothing in them that could act on the terminal."""
        if all(_is_inert(segment) for segment in segments):
            return segments
        return [
            segment
            if _is_inert(segment)
            else Segment(inert(segment.text), None if segment.style is None else _without_link(segment.style))
            for segment in segments
            if not segment.control
        ]


_TO_ASCII = str.maketrans(
    {
        **dict.fromkeys("─━═", "-"),
        **dict.fromkeys("│┃║┆▐▌█▕▏", "|"),
        **dict.fromkeys("┌┐└┘├┤┬┴┼╭╮╰╯╔╗╚╝", "+"),
        "·": "-",
        "•": "*",
        "…": "~",
        "–": "-",
        "—": "-",
        "→": ">",
        "←": "<",
        "↑": "^",
        "↓": "v",
        "▲": "!",
        "▸": ">",
        "▼": "v",
        "×": "x",
        "±": "~",
        "‖": "=",
        "“": '"',
        "”": '"',
        "’": "'",
        "✓": "=",
        "✗": "x",
    }
)


class AsciiFilter(LineFilter):
    """Paints our own drawing characters as ASCII, each as wide as before; other text stays as it is."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:  # noqa: ARG002  Textual's signature
        """The segments without our drawing characters."""
        return [
            segment
            if segment.control or segment.text.isascii()
            else Segment(segment.text.translate(_TO_ASCII), segment.style)
            for segment in segments
        ]


class SafeApp(App[ReturnType], Generic[ReturnType]):
    """An app on which no foreign text acts: not on the screen, not in a notice, not in a crash report."""

    def __init__(self, *, crash_log: Path | None = None, **settings: Any) -> None:
        super().__init__(**settings)
        self._safe_filter = SafeFilter()
        self._crash_log = crash_log

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Textual's filters, and ours last."""
        return [*super().get_line_filters(), self._safe_filter]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:  # noqa: ARG002  Textual's signature
        """None of Textual's own: its screenshots would hold what is on the screen."""
        return ()

    def get_loading_widget(self) -> Widget:
        """A word instead of an animation that repaints sixteen times a second."""
        return Static("loading …", markup=False)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002  markup is never parsed
    ) -> None:
        """Show a notice as plain text."""
        super().notify(
            clean(message), title=clean_line(title), severity=severity, timeout=timeout, markup=False
        )

    def exit(
        self, result: ReturnType | None = None, return_code: int = 0, message: RenderableType | None = None
    ) -> None:
        """Leave, with a message as plain text."""
        super().exit(
            result, return_code, None if message is None else Text(clean(_plain(message)).rstrip("\n"))
        )

    def panic(self, *renderables: RenderableType) -> None:
        """Leave with messages as plain text."""
        super().panic(*[Text(redact(clean(_plain(renderable))).rstrip("\n")) for renderable in renderables])

    def _fatal_error(self) -> None:
        """Leave with a short traceback without variables; all of it goes to a file."""
        error = self._exception or sys.exception()
        if error is None:
            return
        frames = "".join(traceback.format_list(traceback.extract_tb(error.__traceback__)[-SHOWN_FRAMES:]))
        sentence = "".join(traceback.format_exception_only(error))
        where = _write_report(self._crash_log, error)
        text = f"cbtui stopped because of a bug in it.\n{frames}{sentence}{where}"
        self._exit_renderables.append(Text(redact(clean(text)).rstrip("\n")))
        self._close_messages_no_wait()


@lru_cache(4096)
def inert(text: str) -> str:
    """`text` with nothing in it that could act on a terminal, as wide as Textual thinks it is."""
    safe = "".join(
        character if (line := clean_line(character)) == character else line[: cell_len(character)]
        for character in text
    )
    width = cell_len(text)
    return safe if cell_len(safe) == width else set_cell_size(safe, width)


def _is_inert(segment: Segment) -> bool:
    text, style, control = segment
    if control or (style is not None and style.link):
        return False
    return (text.isascii() and text.isprintable()) or clean_line(text) == text


@lru_cache(256)
def _without_link(style: Style) -> Style:
    return style.update_link(None)


_Printed = TypeVar("_Printed", bound=RenderableType)


def _plain(renderable: _Printed) -> str:
    if isinstance(renderable, str):
        return renderable
    file = io.StringIO()
    Console(file=file, width=100, color_system=None, markup=False, highlight=False).print(renderable)
    return file.getvalue()


def _write_report(file: Path | None, error: BaseException) -> str:
    """Append the whole traceback to a file only the user can read; the sentence that says so, or nothing."""
    if file is None:
        return ""
    report = redact(clean("".join(traceback.format_exception(error))))
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with open(descriptor, "a", encoding="utf-8") as stream:  # noqa: PTH123  the descriptor carries the mode
            stream.write(report + "\n")
        return f"The whole report is in {file}\n"
    return ""
