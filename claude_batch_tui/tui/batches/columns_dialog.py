"""Which columns the list of batches has, in which order, and what it is sorted by: any field, shown or not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import ClassVar, NamedTuple

from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static

from claude_batch_tui.domain.batches.batch_list import SORTABLE, Order
from claude_batch_tui.tui.dialogs.questions import Box
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.wording.batches import COLUMNS

_HOW = "enter again: the other way round. J and K move a column."


class Choice(NamedTuple):
    """The columns in their order, and what rows are sorted by."""

    names: tuple[str, ...]
    order: Order


class ColumnsDialog(Box[Choice]):
    """Gives the choice, however it is left. `without_room` says which columns would not fit the list."""

    DEFAULT_CSS = """
    ColumnsDialog {
        & OptionList { height: auto; max-height: 40vh; border: none; background: $background; padding: 0; }
        & OptionList:focus { border: none; background-tint: transparent; }
        & .said { height: auto; margin-top: 1; color: $text-muted; }
        &:ansi .said { color: ansi_default; text-style: dim; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key(
            "columns.sort",
            "enter",
            "sort",
            "sort by it",
            "sort by it; again: the other way round",
            priority=True,
        ),
        shown_key("columns.show", "space", "show", "show", "show it as a column, or not", priority=True),
        hidden_key("columns.left", "K", "shift(-1)", "further left", "move the column to the left"),
        hidden_key("columns.right", "J", "shift(1)", "further right", "move the column to the right"),
        hidden_key("columns.down", "j", "move(1)", "down", "down"),
        hidden_key("columns.up", "k", "move(-1)", "up", "up"),
        shown_key("columns.done", "escape,q,c", "done", "done", "back to the list"),
    ]

    def __init__(
        self,
        names: Sequence[str],
        order: Order,
        *,
        without_room: Callable[[Sequence[str], Order], Collection[str]] = lambda _, __: (),
        ascii_only: bool = False,
    ) -> None:
        super().__init__("Columns and order")
        self._without_room = without_room
        self._names = list(names)
        self._order = order
        self._ascii_only = ascii_only
        self._fields = [*names, *(name for name in (*COLUMNS, *SORTABLE) if name not in names)]
        self._fields = [name for name in dict.fromkeys(self._fields) if name != "tag"]

    def content(self) -> list[Widget]:
        """A line a field, and how a choice is kept."""
        return [OptionList(*self._lines(), markup=False), Static("", markup=False, classes="said")]

    def on_mount(self) -> None:
        """Begin at what rows are sorted by."""
        options = self.query_one(OptionList)
        options.focus()
        sorted_by = [name for name in self._fields if self._sort_of(name) == self._order.field]
        options.highlighted = self._fields.index(sorted_by[0]) if sorted_by else 0
        self._say()

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.action_sort()

    def action_sort(self) -> None:
        """Sort by the field under the cursor, the other way round where that is done already."""
        field = self._sort_of(self._field)
        is_same = field == self._order.field
        self._order = Order(field, is_same and not self._order.is_reversed)
        self._draw()

    def action_show(self) -> None:
        """Show the field under the cursor as a column, or not; the last one stays."""
        name = self._field
        if name not in COLUMNS:
            self.query_one(".said", Static).update(f"{name} has no column; enter sorts by it.")
            return
        if name not in self._names:
            self._names.append(name)
        elif len(self._names) > 1:
            self._names.remove(name)
        self._draw()

    def action_shift(self, step: int) -> None:
        """Move a column that is shown to the left or the right; the cursor goes along."""
        name = self._field
        if name not in self._names:
            return
        place = self._names.index(name)
        beside = place + step
        if 0 <= beside < len(self._names):
            self._names[place], self._names[beside] = self._names[beside], name
            rest = [each for each in self._fields if each not in self._names]
            self._fields = [*self._names, *rest]
            self._draw()
            self.query_one(OptionList).highlighted = self._fields.index(name)

    def action_move(self, step: int) -> None:
        """Down or up by the letters."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if step > 0 else options.action_cursor_up()

    def action_done(self) -> None:
        """Close with the choice."""
        self.dismiss(Choice(tuple(self._names), self._order))

    @property
    def _field(self) -> str:
        return self._fields[self.query_one(OptionList).highlighted or 0]

    @staticmethod
    def _sort_of(name: str) -> str:
        return COLUMNS[name].sort if name in COLUMNS else name

    def _draw(self) -> None:
        options = self.query_one(OptionList)
        for number, line in enumerate(self._lines()):
            options.replace_option_prompt_at_index(number, line)
        self._say()

    def _say(self) -> None:
        kept = f'batches_columns = "{", ".join(self._names)}"'
        sort = f'batches_sort = "{"-" if self._order.is_reversed else ""}{self._order.field}"'
        self.query_one(".said", Static).update(Content(f"{_HOW} To keep it, in config.toml:\n{kept}\n{sort}"))

    def _lines(self) -> list[Content]:
        down, up = ("v", "^") if self._ascii_only else ("↓", "↑")
        missing = self._without_room(self._names, self._order)
        lines = []
        for name in self._fields:
            shown = "[x]" if name in self._names else "[ ]" if name in COLUMNS else "   "
            title = COLUMNS[name].title if name in COLUMNS else ""
            notes = ["no room"] if name in missing else []
            if self._sort_of(name) == self._order.field:
                notes.append(f"sorted {up if self._order.is_reversed else down}")
            lines.append(Content(f"{shown} {name:<12} {title:<20} {', '.join(notes)}".rstrip()))
        return lines
