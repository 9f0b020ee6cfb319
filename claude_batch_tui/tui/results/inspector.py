"""One entry in full: text, markdown, JSON, request and row, read and laid out in a thread.

T-90004   [text] markdown  json  request  row             412 lines
The customer writes that the invoice 4711 was charged twice …
cut by max_tokens=1024 · in 1,204 · out 1,024 · $0.0031 · claude-… · msg_01Xy…
"""

from __future__ import annotations

from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.worker import get_current_worker

from claude_batch_tui.domain.results.json_tree import path_words
from claude_batch_tui.services.results.browse import EntryReader
from claude_batch_tui.tui.dashboard import dashboard_of
from claude_batch_tui.tui.results.entry_text import foot_words, max_tokens_of
from claude_batch_tui.tui.results.entry_views import NOTHING, TABS, View, views
from claude_batch_tui.tui.widgets.filter_bar import FilterBar
from claude_batch_tui.tui.widgets.inspector_lines import InspectorFoot, InspectorHead
from claude_batch_tui.tui.widgets.json_tree import JsonTree
from claude_batch_tui.tui.widgets.line_input import LineInput
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording import counted


class Inspector(Vertical):
    """The entry under the cursor. `open` gives it a file, `show` an entry of it. They are read in a thread; the
    newest that was asked for is shown.
    """

    DEFAULT_CSS = """
    Inspector {
        background: $background;
        & > FilterBar { height: 1; }
        & > JsonTree { display: none; }
        &.-tree > JsonTree { display: block; }
        &.-tree > TextView { display: none; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "slash",
            "find",
            "find",
            id="inspector.find",
            priority=True,  # letters typed ahead belong to the line
            tooltip="find in this entry; then n and N",
        ),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._reader: EntryReader | None = None
        self._position: int | None = None
        self._tab = 0
        self._asked = 0
        """How often something else was to be shown: what was read for an earlier one is not."""
        self._view = NOTHING
        self._foot = ""
        self._custom_id = ""
        self._title = ""
        self._found = ""

    def compose(self) -> ComposeResult:
        """Head, the two ways to show something, the find line, foot."""
        yield InspectorHead(TABS)
        yield TextView()
        yield JsonTree()
        yield FilterBar(" find ", "words in this entry", classes="-idle")
        yield InspectorFoot()

    @property
    def body(self) -> TextView | JsonTree:
        """What shows the entry now."""
        return self.query_one(JsonTree) if self.has_class("-tree") else self.query_one(TextView)

    @property
    def custom_id(self) -> str:
        """The custom_id of the entry shown; empty while there is none."""
        return self._custom_id

    @property
    def position(self) -> int | None:
        """The position of the entry shown; None while there is none."""
        return self._position

    def open(self, reader: EntryReader) -> None:
        """Read from another file from now on."""
        self.close()
        self._reader = reader

    def close(self) -> None:
        """Show nothing and let the file go."""
        if self._reader is not None:
            self._reader.close()
        self._reader = None
        self.show(None)

    def show(self, position: int | None) -> None:
        """Show the entry at a position of the file, or nothing; what is shown already stays as it is."""
        if position is not None and position == self._position:
            return
        self._position = position
        self.show_again()

    def step_tab(self, step: int) -> None:
        """Another view of the entry."""
        self._choose_tab((self._tab + step) % len(TABS))

    def copied(self) -> str | None:
        """The text to copy: the answer, the JSON, the request."""
        return None if self._position is None else self._view.copied()

    def text(self) -> str:
        """What is shown, as text for a pager."""
        return self._view.copied() if self._view.tree is not None else self._view.rows.text

    def clear_find(self) -> bool:
        """Search no more; False where nothing was searched."""
        bar = self.query_one(FilterBar)
        if not bar.value:
            return False
        bar.value = ""
        self._find("")
        return True

    def toggle_wrap(self) -> None:
        """Wrap long lines, or stop doing so."""
        self.query_one(TextView).action_wrap()
        self._show_head()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A slash typed into the line is a slash."""
        if action == "find" and isinstance(self.screen.focused, LineInput):
            return False
        return super().check_action(action, parameters)

    def action_find(self) -> None:
        """Type what to find."""
        self.query_one(FilterBar).open()

    @on(FilterBar.Changed)
    def _typed(self, event: FilterBar.Changed) -> None:
        event.stop()
        self._find(event.value)

    @on(FilterBar.Left)
    def _left(self, event: FilterBar.Left) -> None:
        event.stop()
        self.body.focus()

    @on(TextView.Found)
    def _found_text(self, event: TextView.Found) -> None:
        event.stop()
        self._show_found(event.current, event.total)

    @on(JsonTree.Found)
    def _found_value(self, event: JsonTree.Found) -> None:
        event.stop()
        self._show_found(event.current, event.total)

    @on(JsonTree.Copied)
    def _copied(self, event: JsonTree.Copied) -> None:
        event.stop()
        dashboard_of(self).copy(event.text)

    @on(VirtualList.Highlighted)
    def _tree_moved(self, event: VirtualList.Highlighted) -> None:
        event.stop()
        self._show_foot()

    @on(InspectorHead.Chosen)
    def _tab_clicked(self, event: InspectorHead.Chosen) -> None:
        event.stop()
        self._choose_tab(event.number)

    def _choose_tab(self, number: int) -> None:
        self._tab = number
        self.show_again()

    def show_again(self) -> None:
        """Read the entry in a thread; while nothing is open, show nothing at once."""
        self._asked += 1
        if self._reader is None or self._position is None:
            self._show(self._asked, None, NOTHING, "")
        else:
            self._read(self._reader, self._position, TABS[self._tab], self._asked)

    @work(thread=True, exclusive=True, group="inspect")
    def _read(self, reader: EntryReader, position: int, tab: str, asked: int) -> None:
        worker = get_current_worker()
        reading = None if worker.is_cancelled else reader.read(position)
        if reading is None:
            return
        limit = None
        if reading.result.message.get("stop_reason") == "max_tokens":
            limit = max_tokens_of(reader.request(reading.custom_id))
        foot = foot_words(reading, limit)
        for number, view in enumerate(views(reading, tab, reader, limit)):
            if worker.is_cancelled:
                return
            self.app.call_from_thread(self._show, asked, reading.custom_id, view, foot, goes_on=number > 0)

    def _show(
        self, asked: int, custom_id: str | None, view: View, foot: str, *, goes_on: bool = False
    ) -> None:
        """Show a view, or more of the one that is shown."""
        if asked != self._asked or not self.is_mounted:
            return
        had_focus = self.body.has_focus
        self._view, self._foot, self._found = view, foot, ""
        self._custom_id = custom_id or ""
        self._title = "" if custom_id is None else custom_id or "(no custom_id)"
        self.set_class(view.tree is not None, "-tree")
        if view.tree is None:
            self.query_one(TextView).show(view.rows, keep_place=goes_on)
        else:
            self.query_one(JsonTree).show(view.tree[0])
        if had_focus:
            self.body.focus()
        words = self.query_one(FilterBar).value
        if words and not goes_on:
            self._find(words)
        self._show_head()
        self._show_foot()

    def _find(self, words: str) -> None:
        self.query_one(TextView).find("" if self.has_class("-tree") else words)
        if self.has_class("-tree"):
            self.query_one(JsonTree).find(words)
        if not words:
            self._found = ""
            self.query_one(FilterBar).show_note("")
            self._show_head()

    def _show_found(self, current: int, total: int) -> None:
        if self.query_one(FilterBar).value:
            self._found = f"match {current:,} of {total:,}" if total else "no match"
            self.query_one(FilterBar).show_note(f"▸ {self._found}")
            self._show_head()

    def _show_head(self) -> None:
        parts = [self._found] if self._found else []
        if self._view.tree is None and self._title:
            parts.append(counted(self._view.rows.line_count, "line"))
            if not self.query_one(TextView).wraps:
                parts.append("not wrapped")
        self.query_one(InspectorHead).show(self._title, self._tab, " · ".join(parts))

    def _show_foot(self) -> None:
        is_tree = self._view.tree is not None
        self.query_one(InspectorFoot).show(
            path_words(self.query_one(JsonTree).path) if is_tree else self._foot
        )
