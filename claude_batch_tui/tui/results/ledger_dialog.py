"""The ledger of a results file on the whole screen: numbers, and every list to its end."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen

from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.title_line import TitleLine


class LedgerDialog(ModalScreen[None]):
    """What was sent against what came back; esc, q and L close."""

    DEFAULT_CSS = """
    LedgerDialog { background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,L", "close", "close", id="ledger.close", tooltip="close the ledger"),
    ]

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Title, lines, keys."""
        yield TitleLine("LEDGER")
        yield TextView()
        yield KeyLine()

    def on_mount(self) -> None:
        """Show the lines."""
        self.query_one(TitleLine).show(left="what was sent against what came back", right="esc close")
        view = self.query_one(TextView)
        view.show(self._lines)
        view.focus()

    def action_close(self) -> None:
        """Go back."""
        self.dismiss(None)
