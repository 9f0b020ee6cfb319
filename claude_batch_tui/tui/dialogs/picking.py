"""Choosing from a list by typing a part of what is meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.dialogs.questions import Box
from claude_batch_tui.tui.widgets.inputs import LineInput, typed_out
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key


class Choice(NamedTuple):
    """One thing to choose: what is given, how it is called, and what is known of it."""

    value: str
    name: str
    words: str = ""
    is_usable: bool = True


class PickDialog(Box[str | None]):
    """Gives the value of the choice taken, or None. Letters filter, up and down move, enter takes what is marked.

    A subclass overrides `choices` and `taken` where they change on the way. With `any_text` what is typed can be given, too.
    """

    DEFAULT_CSS = """
    PickDialog {
        & > #box { width: 100; padding: 0 2; }
        & LineInput { margin: 1 0; background: $surface; }
        & LineInput:focus { background: $surface; }
        & LineInput:ansi, & LineInput:ansi:focus { background: ansi_default; text-style: underline; }
        & OptionList {
            height: auto; max-height: 60vh; border: none; background: $background; padding: 0;
            text-wrap: nowrap; text-overflow: ellipsis;
        }
        & OptionList > .option-list--option-highlighted {
            background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
        }
        &:ansi OptionList > .option-list--option-highlighted {
            background: ansi_default; color: ansi_default; text-style: reverse;
        }
        & .place { height: 1; text-style: bold; }
        & .said { height: 1; color: $text-muted; }
        &:ansi .said { color: ansi_default; text-style: dim; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("pick.take", "enter", "take", "take", "take what is marked", priority=True),
        shown_key("pick.down", "down", "move(1)", "next", "mark the next", priority=True),
        shown_key("pick.leave", "escape", "leave", "leave", "leave without choosing"),
        hidden_key("pick.up", "up", "move(-1)", "up", "mark the one before", priority=True),
        hidden_key("pick.page-down", "pagedown", "move(10)", "page down", "ten further", priority=True),
        hidden_key("pick.page-up", "pageup", "move(-10)", "page up", "ten back", priority=True),
    ]

    shows_place: ClassVar[bool] = False
    """Whether a line above the field says where one is."""

    def __init__(
        self, title: str, choices: Sequence[Choice] = (), *, marked: str = "", any_text: bool = False
    ) -> None:
        super().__init__(title)
        self._all = choices
        self._marked = marked
        self._any_text = any_text
        self._shown: Sequence[Choice] = ()
        self._shown_for = ""

    def content(self) -> list[Widget]:
        """Where one is, what is typed, the list, and what is known of the one that is marked."""
        return [
            Static("", classes="place", markup=False),
            LineInput(placeholder="type to filter", enter="take"),
            OptionList(markup=False),
            Static("", classes="said", markup=False),
        ]

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(OptionList).can_focus = False
        self.query_one(".place").display = self.shows_place
        self.query_one(LineInput).focus()
        self.show()

    def choices(self, typed: str) -> Sequence[Choice]:
        """What can be chosen while this is typed: what has all of its words in it, first what begins with it."""
        words, begins = typed.lower().split(), typed.lower()
        found = (
            choice
            for choice in self._all
            if all(word in f"{choice.name} {choice.words}".lower() for word in words)
        )
        return sorted(found, key=lambda choice: not choice.name.lower().startswith(begins))

    def taken(self, choice: Choice) -> None:
        """A choice was taken."""
        self.dismiss(choice.value)

    def show(self) -> None:
        """Show the list for what is typed."""
        self._shown_for = self.query_one(LineInput).value
        typed = self._shown_for.strip()
        self._shown = [*self.choices(typed)]
        if self._any_text and typed and typed not in {choice.value for choice in self._shown}:
            self._shown = [*self._shown, Choice(typed, typed, "as it is typed")]
        options = self.query_one(OptionList)
        options.clear_options()
        width = max((len(choice.name) for choice in self._shown if choice.words), default=0)
        options.add_options(
            [
                Option(self._words(choice, min(width, 48)), disabled=not choice.is_usable)
                for choice in self._shown
            ]
        )
        usable = [at for at, choice in enumerate(self._shown) if choice.is_usable]
        marked = next((at for at in usable if self._shown[at].value == self._marked), None)
        options.highlighted = marked if marked is not None else self.first(usable)
        self.say("" if self._shown else self.nothing)

    @property
    def nothing(self) -> str:
        """What is said where nothing fits what is typed."""
        return "Nothing has this in it."

    def first(self, usable: Sequence[int]) -> int | None:
        """Which choice is marked at first."""
        return usable[0] if usable else None

    def say(self, sentence: str) -> None:
        """Say something below the list."""
        self.query_one(".said", Static).update(Content(clean_line(sentence)))

    @on(LineInput.Changed)
    def _typed(self, event: LineInput.Changed) -> None:
        event.stop()
        self._follow()

    def _follow(self) -> None:
        """Show the list for what is typed, where it is another by now."""
        if self.query_one(LineInput).value != self._shown_for:
            self.show()

    @on(OptionList.OptionSelected)
    def _clicked(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.taken(self._shown[event.option_index])

    async def action_take(self) -> None:
        """Take what is marked, by what is typed before."""
        await typed_out(self.query_one(LineInput))
        self._follow()
        at = self.query_one(OptionList).highlighted
        if at is not None:
            self.taken(self._shown[at])

    async def action_move(self, step: int = 1) -> None:
        """Mark another one, of those that what is typed before leaves; beyond an end the last one there is."""
        await typed_out(self.query_one(LineInput))
        self._follow()
        options = self.query_one(OptionList)
        usable = [at for at, choice in enumerate(self._shown) if choice.is_usable]
        if usable and options.highlighted is not None:
            place = usable.index(options.highlighted) if options.highlighted in usable else 0
            options.highlighted = usable[min(max(place + step, 0), len(usable) - 1)]

    def action_leave(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    @staticmethod
    def _words(choice: Choice, width: int) -> Content:
        name = clean_line(choice.name)
        return Content(f" {name:<{width}}  {clean_line(choice.words)}".rstrip())
