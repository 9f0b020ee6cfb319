"""One entry in full: answer, markdown, raw line, request and row, with its prompt beside or below it; read and laid out
in a thread.

T-90004   [answer] markdown  raw  request  row            412 lines
── user ──                            │ The customer writes that the invoice
Subject: Charged twice …              │ 4711 was charged twice …
cut by max_tokens=1024 · in 1,204 · out 1,024 · $0.0031 · claude-… · msg_01Xy…
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.message import Message
from textual.worker import get_current_worker

from claude_batch_tui.services.results.browse import EntryReader
from claude_batch_tui.tui.dashboard import dashboard_of
from claude_batch_tui.tui.results.entry_views import (
    NOTHING,
    TABS,
    View,
    foot_words,
    max_tokens_of,
    prompt_lines,
    views,
)
from claude_batch_tui.tui.widgets.columns import Run, cells, cut, cut_mark
from claude_batch_tui.tui.widgets.inputs import FilterBar, LineInput
from claude_batch_tui.tui.widgets.json_tree import JsonTree
from claude_batch_tui.tui.widgets.key_line import shown_key
from claude_batch_tui.tui.widgets.lines import OneLine
from claude_batch_tui.tui.widgets.text_rows import TextRows
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from claude_batch_tui.wording.values import counted

_LEAST_ID = 10
_BESIDE_WIDTH = 100
"""From so many cells on the prompt stands beside the answer."""
_BELOW_HEIGHT = 18
"""From so many rows on it stands below the answer, where it cannot stand beside it."""


class InspectorHead(OneLine):
    """`T-90004  [answer] markdown  raw  request  row      412 lines · not wrapped`: the tabs stay longest."""

    class Chosen(Message):
        """A tab was clicked; `number` counts from 0."""

        def __init__(self, number: int) -> None:
            super().__init__()
            self.number = number

    def __init__(self, tabs: Sequence[str], *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._tabs = tabs
        self._active = 0
        self._title = ""
        self._right = ""

    def show(self, title: str, active: int, right: str) -> None:
        """Change all parts."""
        self._title, self._active, self._right = title, active, right
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """Title, tabs, and the right part where there is room."""
        if not self._title:
            return []
        tabs = self._tab_words()
        used = sum(cells(tab) for tab in tabs)
        title = cut(self._title, max(width - used - 2, _LEAST_ID), cut_mark(self)) + "  "
        line = [Run(title, "strong")]
        line += [Run(tab, "strong" if number == self._active else None) for number, tab in enumerate(tabs)]
        room = width - used - cells(title)
        right = self._right if cells(self._right) + 2 <= room else ""
        return [*line, Run(" " * max(room - cells(right) - 1, 0) + right, "dim")]

    def on_click(self, event: events.Click) -> None:
        """Say which tab was clicked."""
        tabs = self._tab_words()
        end = cells(cut(self._title, max(self.size.width - sum(map(cells, tabs)) - 2, _LEAST_ID))) + 2
        for number, tab in enumerate(tabs):
            end += cells(tab)
            if event.x < end:
                self.post_message(self.Chosen(number))
                return

    def _tab_words(self) -> list[str]:
        return [
            f"[{name}]" if number == self._active else f" {name} " for number, name in enumerate(self._tabs)
        ]


class InspectorFoot(OneLine):
    """What to know of a tree before it is read, the path under its cursor, how the entry ended, its tokens and cost."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._text = self._note = ""

    def show(self, text: str, note: str = "") -> None:
        """Change both parts."""
        if (text, note) != (self._text, self._note):
            self._text, self._note = text, note
            self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """Both, cut to the width."""
        note = cut(self._note, width, cut_mark(self))
        start = f"{note} · " if note else ""
        return [Run(start, "warn"), Run(cut(self._text, width - cells(start), cut_mark(self)), "dim")]


class Inspector(Vertical):
    """The entry under the cursor. `open` gives it a file, `show` an entry of it. They are read in a thread; the
    newest that was asked for is shown.
    """

    DEFAULT_CSS = """
    Inspector {
        background: $background;
        & > FilterBar { height: 1; }
        & > #views { height: 1fr; }
        & JsonTree { display: none; }
        &.-tree JsonTree { display: block; }
        &.-tree #answer { display: none; }
        & #prompt { display: none; border: none; }
        &.-below #prompt { display: block; dock: bottom; height: 40%; border-top: solid $border-blurred; }
        &.-beside #prompt { display: block; dock: left; width: 50%; height: 100%; border-right: solid $border-blurred; }
        &.-below #prompt:focus { border-top: heavy $border; }
        &.-beside #prompt:focus { border-right: heavy $border; }
        &:ansi.-below #prompt { border-top: solid ansi_default; }
        &:ansi.-beside #prompt { border-right: solid ansi_default; }
        &:ansi.-below #prompt:focus { border-top: heavy ansi_default; }
        &:ansi.-beside #prompt:focus { border-right: heavy ansi_default; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        # With priority: letters typed ahead belong to the line.
        shown_key(
            "inspector.find", "slash", "find", "find", "find in this entry; then n and N", priority=True
        ),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._reader: EntryReader | None = None
        self._position: int | None = None
        self._tab = self._shown_tab = 0
        self._has_prompt = False
        self.wants_prompt = True
        """Whether the prompt is to be seen, where there is room for it."""
        self._asked = 0
        """How often something else was to be shown: what was read for an earlier one is not."""
        self._view = NOTHING
        self._foot = ""
        self._custom_id = ""
        self._title = ""
        self._found = ""

    def compose(self) -> ComposeResult:
        """Head, the two ways to show something, the prompt, the find line, foot."""
        yield InspectorHead(TABS)
        yield Container(TextView(id="answer"), JsonTree(id="tree"), TextView(id="prompt"), id="views")
        yield FilterBar(" find ", "words in this entry", classes="-idle")
        yield InspectorFoot()

    @property
    def body(self) -> TextView | JsonTree:
        """What shows the entry now."""
        return self.query_one(JsonTree) if self.has_class("-tree") else self._text_view

    @property
    def _text_view(self) -> TextView:
        return self.query_one("#answer", TextView)

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

    def toggle_prompt(self) -> None:
        """Show the prompt, or leave its room to the answer."""
        self.wants_prompt = not self.wants_prompt
        self.place_prompt()

    def on_resize(self) -> None:
        """There may be room for the prompt now, or none any more."""
        self.place_prompt()

    def place_prompt(self) -> None:
        """Put the prompt beside the answer, below it, or nowhere."""
        if not self.is_mounted:
            return
        shows = self._has_prompt and self.wants_prompt and TABS[self._shown_tab] != "request"
        is_wide, is_high = self.size.width >= _BESIDE_WIDTH, self.size.height >= _BELOW_HEIGHT
        self.set_class(shows and is_wide, "-beside")
        self.set_class(shows and is_high and not is_wide, "-below")

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
        self._text_view.action_wrap()
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
            self._show_prompt(self._asked, None)
        else:
            self._read(self._reader, self._position, self._tab, self._asked)

    @work(thread=True, exclusive=True, group="inspect")
    def _read(self, reader: EntryReader, position: int, tab: int, asked: int) -> None:
        worker = get_current_worker()
        reading = None if worker.is_cancelled else reader.read(position)
        if reading is None:
            return
        limit = None
        if reading.result.message.get("stop_reason") == "max_tokens":
            limit = max_tokens_of(reading.request)
        foot = foot_words(reading, limit)
        for number, view in enumerate(views(reading, TABS[tab], limit)):
            if worker.is_cancelled:
                return
            show = partial(self._show, asked, reading.custom_id, view, foot, tab, goes_on=number > 0)
            self.app.call_from_thread(show)
        lines = prompt_lines(reading.request)
        if not worker.is_cancelled:
            self.app.call_from_thread(self._show_prompt, asked, None if lines is None else TextRows(lines))

    def _show(
        self,
        asked: int,
        custom_id: str | None,
        view: View,
        foot: str,
        tab: int = 0,
        *,
        goes_on: bool = False,
    ) -> None:
        """Show a view, or more of the one that is shown. Another entry in the same tab keeps the place and the folds."""
        if asked != self._asked or not self.is_mounted:
            return
        had_focus = self.body.has_focus
        keeps = goes_on or (bool(self._title) and custom_id is not None and tab == self._shown_tab)
        self._view, self._foot, self._found = view, foot, ""
        self._shown_tab = tab if custom_id is not None else self._shown_tab
        self._custom_id = custom_id or ""
        self._title = "" if custom_id is None else custom_id or "(no custom_id)"
        self.set_class(view.tree is not None, "-tree")
        if view.tree is None:
            self._text_view.show(view.rows, keep_place=keeps)
        else:
            self.query_one(JsonTree).show(
                view.tree[0], root="json" if view.is_answer else "$", keep_place=keeps
            )
        if had_focus:
            self.body.focus()
        words = self.query_one(FilterBar).value
        if words and not goes_on:
            self._find(words)
        self.place_prompt()
        self._show_head()
        self._show_foot()

    def _show_prompt(self, asked: int, rows: TextRows | None) -> None:
        """Show what was asked, where that is known."""
        if asked != self._asked or not self.is_mounted:
            return
        if self._position is not None and self._has_prompt != (rows is not None):
            self._has_prompt = rows is not None
            self.screen.set_class(self._has_prompt, "-prompts")
        self.query_one("#prompt", TextView).show(NOTHING.rows if rows is None else rows, keep_place=True)
        self.place_prompt()
        # The pane may have been given another size that it does not have yet.
        self.call_after_refresh(self.place_prompt)

    def _find(self, words: str) -> None:
        self._text_view.find("" if self.has_class("-tree") else words)
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
            if not self._text_view.wraps:
                parts.append("not wrapped")
        self.query_one(InspectorHead).show(self._title, self._tab, " · ".join(parts))

    def _show_foot(self) -> None:
        text = self._foot
        if self._view.tree is not None:
            tree = self.query_one(JsonTree)
            text = " · ".join(filter(None, [tree.path_words if tree.path else "", text]))
        self.query_one(InspectorFoot).show(text, self._view.note)
