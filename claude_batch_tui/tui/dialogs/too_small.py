"""The notice on a terminal too small to work on."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen
from textual.widgets import Static

from claude_batch_tui.terminal import LEAST_SIZE

LEAST = Size(*LEAST_SIZE)


def fits(size: Size) -> bool:
    """Whether there is room to work."""
    return size.width >= LEAST.width and size.height >= LEAST.height


class TooSmallNotice(ModalScreen[None]):
    """Says what is needed and what there is; goes by itself when there is room again."""

    DEFAULT_CSS = """
    TooSmallNotice { align: center middle; background: $background; }
    TooSmallNotice > Static { width: auto; height: auto; text-align: center; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q", "app.quit", "quit", id="notice.quit", tooltip="leave"),
    ]

    def compose(self) -> ComposeResult:
        """The notice."""
        yield Static(self._sentence(self.app.size), markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Show the new size."""
        self.query_one(Static).update(self._sentence(event.size))

    @staticmethod
    def _sentence(size: Size) -> Content:
        return Content(
            f"Terminal too small\n\n{size.width} × {size.height}, needed {LEAST.width} × {LEAST.height}\n\n"
            "make it larger, or q to leave\nwork goes on meanwhile"
        )
