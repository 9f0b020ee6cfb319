"""The line a list is filtered with: what is typed acts at once, and says how many rows are left."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.widgets.line_input import LineInput


class FilterBar(Horizontal):
    """An input with `shown of total` beside it. It is hidden while it is empty and not in use."""

    DEFAULT_CSS = """
    FilterBar {
        height: 1;
        background: $background;
        & > #prompt { width: auto; }
        & > LineInput { width: 1fr; }
        & > #note { width: auto; max-width: 60%; }
        & > #note.-error { color: $text-error; text-style: bold; }
        &:ansi > #note.-error { color: ansi_red; }
        &.-idle { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape", "leave", "clear / leave", id="filter.leave", tooltip="clear the filter, then leave it"
        ),
        Binding(
            "enter,down", "keep", "to the list", id="filter.keep", tooltip="keep the filter, back to the list"
        ),
    ]

    class Changed(Message):
        """The filter's text is another one; sent with every key."""

        def __init__(self, sender: FilterBar, value: str) -> None:
            super().__init__()
            self.filter_bar = sender
            self.value = value

        @property
        def control(self) -> FilterBar:
            """The bar, for `@on` selectors."""
            return self.filter_bar

        def can_replace(self, message: Message) -> bool:
            """While typing runs ahead only the last text matters."""
            return isinstance(message, FilterBar.Changed)

    class Left(Message):
        """The focus should go back to the list."""

        def __init__(self, sender: FilterBar) -> None:
            super().__init__()
            self.filter_bar = sender

        @property
        def control(self) -> FilterBar:
            """The bar, for `@on` selectors."""
            return self.filter_bar

    def __init__(
        self,
        prompt: str = " / ",
        placeholder: str = "",
        *,
        id: str | None = None,  # noqa: A002  the name is Textual's
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._prompt = prompt
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """Prompt, input, and the note."""
        yield Static(Content(self._prompt), id="prompt", markup=False)
        yield LineInput(placeholder=self._placeholder, enter="to the list")
        yield Static("", id="note", markup=False)

    def on_mount(self) -> None:
        """Begin hidden."""
        self._show_or_hide()

    @property
    def value(self) -> str:
        """The filter's text."""
        return self.query_one(LineInput).value

    @value.setter
    def value(self, text: str) -> None:
        self.query_one(LineInput).value = text
        self._show_or_hide()

    def open(self) -> None:
        """Show the bar and type into it: what `/` does."""
        self.remove_class("-idle")
        self.query_one(LineInput).focus()

    def show_count(self, shown: int, total: int, more: str = "") -> None:
        """Say how many rows are left, and anything worth knowing about them."""
        self._note(f" ▸ {shown:,} of {total:,}{f' · {more}' if more else ''} ", is_error=False)

    def show_note(self, sentence: str) -> None:
        """Say something else beside the text."""
        self._note(f" {sentence} " if sentence else "", is_error=False)

    def show_error(self, sentence: str) -> None:
        """Say in place what is wrong with the filter."""
        self._note(f" {sentence} ", is_error=True)

    @on(LineInput.Changed)
    def _typed(self, event: LineInput.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(self, event.value))

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        self.action_keep()

    @on(LineInput.Blurred)
    def _blurred(self) -> None:
        self._show_or_hide()

    def action_leave(self) -> None:
        """Clear the text; with nothing to clear, leave."""
        if self.value:
            self.query_one(LineInput).value = ""
        else:
            self.action_keep()

    def action_keep(self) -> None:
        """Leave and keep the filter."""
        self.post_message(self.Left(self))

    def _note(self, text: str, *, is_error: bool) -> None:
        note = self.query_one("#note", Static)
        note.set_class(is_error, "-error")
        note.update(Content(clean_line(text)))

    def _show_or_hide(self) -> None:
        field = self.query_one(LineInput)
        self.set_class(not field.value and not field.has_focus, "-idle")
