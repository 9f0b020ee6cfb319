"""The ledger of a results file on the whole screen: numbers, and every list to its end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen

from claude_batch_tui.services.results.ledger import LISTS, Accounts, Listed
from claude_batch_tui.tui.widgets.key_line import KeyLine, shown_key
from claude_batch_tui.tui.widgets.lines import TitleLine
from claude_batch_tui.tui.widgets.roles import ROLE_CLASSES
from claude_batch_tui.tui.widgets.text_rows import Line
from claude_batch_tui.tui.widgets.text_view import TextView

_MEANINGS = {
    "missing": "sent, but no result came back",
    "extra": "results of requests that were not sent",
    "duplicate": "entries whose custom_id an earlier one has",
    "unparsable": "lines that cannot be read as a result",
}
_JUDGED = ("complete", "schema_invalid")
_CLASS_STYLES = {"complete": "good"}


class LedgerDialog(ModalScreen[None]):
    """What was sent against what came back; esc, q and L close."""

    COMPONENT_CLASSES = ROLE_CLASSES
    DEFAULT_CSS = """
    LedgerDialog { background: $background; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("ledger.close", "escape,q,L", "close", "close", "close the ledger"),
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


def ledger_lines(found: Accounts) -> Iterator[Line]:
    """Numbers first, then every list that is not empty."""
    sent = "not known here" if found.sent is None else f"{found.sent:,}"
    yield f"sent       {sent:>12}", None
    yield f"came back  {found.entries:>12,}", None
    for name in LISTS:
        listed = found.list_of(name)
        words = "not known" if listed is None else f"{len(listed):,}"
        yield f"{name:<11}{words:>12}   {_MEANINGS[name]}", "bad" if listed else None
    yield "", None
    for name, number in found.classes.items():
        more = "" if found.is_validated or name not in _JUDGED else "…"
        yield f"{name:<15}{f'{number:,}{more}':>8}", _CLASS_STYLES.get(name, "warn")
    if not found.is_validated:
        yield "answers are still held against the schemas they were asked for …", "dim"
    if found.is_good:
        yield "", None
        what = "Every entry is there" if found.sent is None else "Everything that was sent came back"
        yield f"{what} once, and every answer is whole.", "good"
    for name in LISTS:
        listed = found.list_of(name)
        if listed:
            yield "", None
            yield f"── {name}: {_MEANINGS[name]} ──", "accent"
            yield from ((_words(one), None) for one in listed)


def _words(one: Listed) -> str:
    place = f"entry {one.entry:,}" if one.entry is not None else ""
    return f"{one.custom_id or '(no custom_id)':<40}  {place}".rstrip()
