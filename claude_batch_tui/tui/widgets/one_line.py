"""A widget of one line drawn as runs of styled text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from claude_batch_tui.tui.widgets.columns import Run
from claude_batch_tui.tui.widgets.strips import changed_span


class OneLine(Widget):
    """Subclasses give the runs of the line for a width; only a line that looks different is painted again."""

    DEFAULT_CSS = """
    OneLine {
        height: 1;
        color: $foreground;
        background: $background;
        & > .line--strong { text-style: bold; }
        & > .line--dim { color: $text-muted; }
        & > .line--good { color: $text-success; }
        & > .line--bad { color: $text-error; text-style: bold; }
        & > .line--warn { color: $text-warning; }
        & > .line--accent { color: $text-accent; text-style: bold; }
        & > .line--chosen { text-style: reverse; }
        &:ansi > .line--dim { color: ansi_bright_black; }
        &:ansi > .line--good { color: ansi_green; }
        &:ansi > .line--bad { color: ansi_red; }
        &:ansi > .line--warn { color: ansi_yellow; }
        &:ansi > .line--accent { color: ansi_cyan; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        f"line--{name}" for name in ("strong", "dim", "good", "bad", "warn", "accent", "chosen")
    }

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id, classes=classes)
        self._painted: Strip | None = None

    def runs(self, width: int) -> Sequence[Run]:
        """The line for a width; it is cut or filled where it is not exactly that wide."""
        raise NotImplementedError

    def repaint(self) -> None:
        """Paint the line if it looks different now."""
        if self._painted is None or changed_span(self._painted, self._drawn()) is not None:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        self._painted = self._drawn()
        return self._painted if y == 0 else Strip.blank(self.size.width, self.rich_style)

    def _drawn(self) -> Strip:
        width = self.size.width
        segments = [Segment(text, self._look(style)) for text, style in self.runs(width) if text]
        return Strip(segments).adjust_cell_length(width, self.rich_style).simplify()

    def _look(self, name: str | None) -> Style:
        if name is None:
            return self.rich_style
        return self.rich_style + self.get_component_rich_style(f"line--{name}", partial=True)
