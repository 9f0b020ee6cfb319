"""Fields of one line: plain, and the one a list is filtered with."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Static

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key

if TYPE_CHECKING:
    from claude_batch_tui.domain.filters.fields import Completion

_FIRST_WORD = re.compile(r"\w*")


_TAKEN_SECONDS = 2.0


async def typed_out(widget: Widget | None) -> None:
    """Wait until a field has taken the keys that were typed into it: an action with priority, whose key came after them,
    counts on that. Other widgets have none to take.
    """
    # By name: the first frame does not wait for the editor of several lines.
    kinds = {kind.__name__ for kind in type(widget).__mro__}
    if widget is None or kinds.isdisjoint({"Input", "TextArea"}) or not widget.is_running:
        return
    taken = asyncio.Event()
    widget.call_later(taken.set)
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(taken.wait(), _TAKEN_SECONDS)


class LineInput(Input):
    """Textual's input in one line; `enter` says in the key line what enter does.

    Where it `replaces`, what is in it at first is gone with the first letter typed, unless the cursor moved in it before.
    """

    DEFAULT_CSS = """
    LineInput {
        height: 1;
        border: none;
        padding: 0;
        color: $foreground;
        background: $background;
        &:focus { border: none; background-tint: transparent; }
    }
    """

    def __init__(
        self, value: str = "", placeholder: str = "", *, enter: str = "take it", replaces: bool = False
    ) -> None:
        super().__init__(clean_line(value), clean_line(placeholder), select_on_focus=replaces)
        self.cursor_blink = False
        bindings = self._bindings.key_to_bindings
        bindings["enter"] = [shown_key("input.enter", "enter", "submit", enter, enter)]
        # Textual's field is a scroll view, and would take these from whatever is around it.
        for key in ("up", "down", "pageup", "pagedown"):
            bindings.pop(key, None)


class Choices:
    """What tab goes through: the text as it was, with one choice after the other in it."""

    def __init__(self, found: Completion, text: str, cursor: int) -> None:
        self.found = found
        self.text = text
        self.cursor = cursor
        self._before, self._after = text[: found.start], text[cursor:]
        self._place: int | None = None

    @property
    def is_one_field(self) -> bool:
        """Whether all choices are of the same field: then the next tab goes on to its values."""
        return len({_FIRST_WORD.match(choice)[0] for choice in self.found.choices}) == 1  # type: ignore[index]

    def turn(self, step: int) -> None:
        """Put the next choice in, or the one before."""
        self._place = 0 if self._place is None and step > 0 else (self._place or 0) + step
        choice = self.found.choices[self._place % len(self.found.choices)]
        self.text = self._before + choice + self._after
        self.cursor = len(self._before) + len(choice)


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
        &:ansi > #note.-error { color: ansi_default; text-style: bold underline; }
        &.-idle { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("filter.leave", "escape", "leave", "clear / leave", "clear the filter, then leave it"),
        shown_key("filter.keep", "enter", "keep", "to the list", "keep the filter, back to the list"),
        hidden_key("filter.older", "up", "older", "older", "the filter typed before"),
        hidden_key("filter.newer", "down", "newer", "newer", "the next filter, or the list"),
    ]

    class _OfBar(Message):
        """Something a bar tells."""

        def __init__(self, sender: FilterBar) -> None:
            super().__init__()
            self.filter_bar = sender

        @property
        def control(self) -> FilterBar:
            """The bar, for `@on` selectors."""
            return self.filter_bar

    class Changed(_OfBar):
        """The filter's text is another one; sent with every key."""

        def __init__(self, sender: FilterBar, value: str) -> None:
            super().__init__(sender)
            self.value = value

        def can_replace(self, message: Message) -> bool:
            """While typing runs ahead only the last text matters."""
            return isinstance(message, FilterBar.Changed)

    class Left(_OfBar):
        """The focus should go back to the list."""

    class Kept(_OfBar):
        """The filter was left with something in it that can be wanted again."""

        def __init__(self, sender: FilterBar, value: str) -> None:
            super().__init__(sender)
            self.value = value

    def __init__(
        self,
        prompt: str = " / ",
        placeholder: str = "",
        *,
        completer: Callable[[str, int], Completion] | None = None,
        history: Sequence[str] = (),
        id: str | None = None,  # noqa: A002  the name is Textual's
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.add_class("-idle")
        self._prompt = prompt
        self._placeholder = placeholder
        self._completer = completer
        self._choices: Choices | None = None
        self._history = [*history]
        self._place = len(self._history)
        self._draft = ""
        self._is_understood = True

    def compose(self) -> ComposeResult:
        """Prompt, input, and the note."""
        yield Static(Content(self._prompt), id="prompt", markup=False)
        yield LineInput(placeholder=self._placeholder, enter="to the list")
        yield Static("", id="note", markup=False)

    @property
    def completes(self) -> bool:
        """Whether there is something that knows what can be typed here."""
        return self._completer is not None

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
        # At once and not with the next message: what is typed ahead belongs here.
        self.screen.set_focus(self.query_one(LineInput))

    def show_count(self, shown: int, total: int, more: str = "", *, exact: bool = True) -> None:
        """Say how many rows are left, `…` where that still grows, and anything worth knowing about them."""
        self._is_understood = True
        count = f"{shown:,}{'' if exact else '…'}"
        self._note(f" ▸ {count} of {total:,}{f' · {more}' if more else ''} ", is_error=False)

    def complete(self, step: int = 1) -> bool:
        """Put what can stand at the cursor there, the next choice each time; False where there is nothing to do."""
        field = self.query_one(LineInput)
        if self._completer is None or not field.has_focus:
            return False
        choices = self._choices
        if choices is None or choices.text != field.value or (step > 0 and choices.is_one_field):
            found = self._completer(field.value, field.cursor_position)
            if not found.choices:
                return False
            choices = self._choices = Choices(found, field.value, field.cursor_position)
        choices.turn(step)
        with self.prevent(LineInput.Changed):
            field.value = choices.text
        field.cursor_position = choices.cursor
        self.post_message(self.Changed(self, field.value))
        return True

    def show_note(self, sentence: str) -> None:
        """Say something else beside the text."""
        self._note(f" {sentence} " if sentence else "", is_error=False)

    def show_error(self, sentence: str) -> None:
        """Say in place what is wrong with the filter."""
        self._is_understood = False
        self._note(f" {sentence.removeprefix('Filter: ')} ", is_error=True)

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
        text = self.value.strip()
        if text and self._is_understood:
            self._history = [*(each for each in self._history if each != text), text]
            self.post_message(self.Kept(self, text))
        self._place = len(self._history)
        self.post_message(self.Left(self))

    def action_older(self) -> None:
        """The filter typed before this one."""
        if self._place == len(self._history):
            self._draft = self.value
        if self._place > 0:
            self._put(self._place - 1)

    def action_newer(self) -> None:
        """The one typed after it, at last what was being typed; from there into the list."""
        if self._place < len(self._history):
            self._put(self._place + 1)
        else:
            self.action_keep()

    def _put(self, place: int) -> None:
        self._place = place
        field = self.query_one(LineInput)
        field.value = self._history[place] if place < len(self._history) else self._draft
        field.cursor_position = len(field.value)

    def _note(self, text: str, *, is_error: bool) -> None:
        note = self.query_one("#note", Static)
        note.set_class(is_error, "-error")
        note.update(Content(clean_line(text)))

    def _show_or_hide(self) -> None:
        field = self.query_one(LineInput)
        self.set_class(not field.value and not field.has_focus, "-idle")
