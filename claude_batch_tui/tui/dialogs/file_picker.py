"""Choosing a file by walking through folders."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.services.building.folder_entries import FolderEntry, folder_entries
from claude_batch_tui.tui.dialogs.box import Box
from claude_batch_tui.wording import ago, size

_UP = ".."


class FilePicker(Box[str | None]):
    """Gives the path of the file or folder chosen, or None."""

    DEFAULT_CSS = """
    FilePicker OptionList { height: auto; max-height: 16; border: none; background: $background; padding: 0; }
    FilePicker OptionList:focus { border: none; background-tint: transparent; }
    FilePicker .place { height: 1; text-style: bold; }
    FilePicker .said { height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter", "choose", "choose", id="files.choose", tooltip="take this file, or open this folder"
        ),
        Binding("backspace,left,h", "up", "folder above", id="files.up", tooltip="the folder above"),
        Binding(
            "full_stop", "hidden", "hidden files", id="files.hidden", tooltip="show hidden files, or not"
        ),
        Binding(
            "space", "take_folder", "take folder", id="files.folder", tooltip="all documents of this folder"
        ),
        Binding("j", "move(1)", "down", id="files.down", show=False, tooltip="down"),
        Binding("k", "move(-1)", "up", id="files.previous", show=False, tooltip="up"),
        Binding("g", "edge(True)", "first", id="files.first", show=False, tooltip="the first"),
        Binding("G", "edge(False)", "last", id="files.last", show=False, tooltip="the last"),
        Binding("escape,q", "leave", "leave", id="files.leave", tooltip="leave without choosing"),
    ]

    def __init__(self, folder: Path, now: datetime) -> None:
        super().__init__("Where do the requests come from?")
        self._folder = folder.absolute()
        self._now = now
        self._hidden = False
        self._entries: tuple[FolderEntry, ...] = ()

    def content(self) -> list[Widget]:
        """The folder, what is in it, and what the one under the cursor is."""
        options = OptionList(markup=False)
        return [Static("", classes="place", markup=False), options, Static("", classes="said", markup=False)]

    def on_mount(self) -> None:
        """Read the folder."""
        self._open(self._folder)
        self.query_one(OptionList).focus()

    @on(OptionList.OptionHighlighted)
    def _highlighted(self, event: OptionList.OptionHighlighted) -> None:
        entry = self._entry(event.option_index)
        words = "the folder above"
        if entry is not None:
            words = entry.unusable or (
                "a folder; space takes all its documents" if entry.is_folder else f"read as {entry.kind}"
            )
        self.query_one(".said", Static).update(Content(clean_line(words)))

    @on(OptionList.OptionSelected)
    def _selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._choose(event.option_index)

    def action_choose(self) -> None:
        """What enter does."""
        highlighted = self.query_one(OptionList).highlighted
        if highlighted is not None:
            self._choose(highlighted)

    def action_up(self) -> None:
        """The folder above."""
        self._open(self._folder.parent)

    def action_hidden(self) -> None:
        """Show what begins with a dot, or not."""
        self._hidden = not self._hidden
        self._open(self._folder)

    def action_take_folder(self) -> None:
        """The folder under the cursor as documents."""
        entry = self._entry(self.query_one(OptionList).highlighted)
        if entry is not None and entry.is_folder:
            self.dismiss(str(self._folder / entry.name))

    def action_move(self, step: int) -> None:
        """Down or up by the letters."""
        options = self.query_one(OptionList)
        options.action_cursor_down() if step > 0 else options.action_cursor_up()

    def action_edge(self, first: bool) -> None:
        """The first or the last by the letters."""
        options = self.query_one(OptionList)
        options.action_first() if first else options.action_last()

    def action_leave(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    def _entry(self, index: int | None) -> FolderEntry | None:
        return self._entries[index - 1] if index else None

    def _choose(self, index: int) -> None:
        entry = self._entry(index)
        if entry is None:
            self.action_up()
        elif entry.is_folder:
            self._open(self._folder / entry.name)
        elif entry.unusable is None:
            self.dismiss(str(self._folder / entry.name))

    def _open(self, folder: Path) -> None:
        try:
            entries = folder_entries(folder, hidden=self._hidden)
        except OSError as error:
            self.query_one(".said", Static).update(Content(clean_line(f"{folder.name}: {error.strerror}")))
            return
        came_from = self._folder.name if folder == self._folder.parent else None
        self._folder, self._entries = folder, entries
        self.query_one(".place", Static).update(Content(clean_line(f"{folder}/")))
        options = self.query_one(OptionList)
        options.clear_options()
        options.add_option(Option(f"{_UP}/"))
        options.add_options(
            [Option(self._words(entry), disabled=entry.unusable is not None) for entry in entries]
        )
        names = [entry.name for entry in entries]
        options.highlighted = names.index(came_from) + 1 if came_from in names else min(1, len(entries))

    def _words(self, entry: FolderEntry) -> Content:
        name = clean_line(entry.name) + ("/" if entry.is_folder else "")
        facts = "" if entry.is_folder else f"{size(entry.size):>10}"
        return Content(f"{name[:44]:<44} {facts:<11}{ago(self._now - entry.modified_at):>6}  {entry.kind}")
