"""Saving results: where to and in which format, the export in a thread, its progress, and stopping it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar

import msgspec
from textual import on
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Input, Static

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.exports.formats import FORMATS, Format, file_stem, format_of, with_ending_of
from claude_batch_tui.home import expand_home
from claude_batch_tui.services.building.models import read_prices
from claude_batch_tui.services.exporting.export import Exported, ExportProgress, export, mark_exported
from claude_batch_tui.services.exporting.target import Options, check_target
from claude_batch_tui.services.results.local_files import read_results
from claude_batch_tui.services.results.reviewing import reviews_on_disk
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.tui.dialogs.file_picker import short_path
from claude_batch_tui.tui.dialogs.questions import Box
from claude_batch_tui.tui.results.open_results import ToSave
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.columns import ascii_only
from claude_batch_tui.tui.widgets.inputs import LineInput
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import Kind
from claude_batch_tui.wording.progress import export_words


def place_words(target: Path) -> str:
    """`answers.csv in ~/work`: a file that was written, by name and folder."""
    return f"{target.name} in {short_path(str(target.absolute().parent))}"


class SaveChoice(msgspec.Struct, frozen=True):
    """What was chosen."""

    target: Path
    form: Format
    spread: bool


class SaveDialog(Box[SaveChoice | None]):
    """Gives a choice that can be written, or None. Nothing is ever overwritten; a database of ours takes more."""

    DEFAULT_CSS = """
    SaveDialog LineInput { margin: 0 0 1 0; text-style: underline; }
    SaveDialog .folder { color: $text-muted; }
    SaveDialog:ansi .folder { color: ansi_default; text-style: dim; }
    SaveDialog .problem { height: auto; color: $text-error; text-style: bold; }
    SaveDialog:ansi .problem { color: ansi_default; text-style: bold underline; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("save.next", "down", "turn(1)", "format", "the next format"),
        hidden_key("save.previous", "up", "turn(-1)", "format before", "the format before"),
        shown_key("save.spread", "ctrl+t", "spread", "spread", "a column for each key of structured answers"),
        shown_key("save.leave", "escape", "leave", "leave", "leave without saving"),
    ]

    def __init__(
        self,
        title: str,
        stem: str,
        *,
        spread: bool | None = False,
        joins: bool = False,
        formats: Sequence[Format] = FORMATS,
    ) -> None:
        """`spread` is how structured answers are saved unless it is changed, None where that is no question; `joins`
        says that the rows of the source go with them.
        """
        super().__init__(title)
        self._joins = joins
        self._stem = stem
        self._spread = spread
        self._formats = formats
        self._last = format_of("x.csv")
        """What a name that is typed without an ending gets."""

    def content(self) -> list[Widget]:
        """The name, the formats, what becomes of structured answers, and what is wrong."""
        return [
            Static("", markup=False, classes="folder"),
            LineInput(f"{self._stem}.csv", enter="save", replaces=True),
            Static("", markup=False, classes="formats"),
            Static("", markup=False, classes="spread"),
            Static("", markup=False, classes="problem"),
        ]

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(LineInput).focus()
        self._show()

    @on(Input.Changed)
    def _changed(self) -> None:
        self.query_one(".problem", Static).update("")
        self._show()

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        try:
            if not event.value.strip():
                raise ConfigError("Type a name for the file.")
            value = self._typed_name()
            form, target = format_of(value), expand_home(value)
            if form not in self._formats:
                raise ConfigError(f"{value}: choose one of the formats below.")
            check_target(target, Options(form))
        except CbtuiError as error:
            self.query_one(".problem", Static).update(Content(clean_line(str(error))))
            return
        self.dismiss(SaveChoice(target, form, bool(self._spread)))

    def action_turn(self, step: int) -> None:
        """Give the name the ending of another format."""
        field = self.query_one(LineInput)
        current = self._form()
        index = self._formats.index(current) + step if current in self._formats else 0
        field.value = with_ending_of(field.value, self._formats[index % len(self._formats)])
        field.cursor_position = len(field.value)

    def action_spread(self) -> None:
        """Columns from structured answers, or not."""
        if self._spread is not None:
            self._spread = not self._spread
            self._show()

    def action_leave(self) -> None:
        """Close without saving."""
        self.dismiss(None)

    def _typed_name(self) -> str:
        """The name as it is typed; without an ending it gets that of the last format."""
        value = self.query_one(LineInput).value.strip()
        is_bare = (
            bool(value)
            and not Path(value).suffix
            and not (value.endswith("/") or expand_home(value).is_dir())
        )
        return f"{value}{self._last.endings[0]}" if is_bare else value

    def _form(self) -> Format | None:
        try:
            return format_of(self._typed_name())
        except ConfigError:
            return None

    def _show(self) -> None:
        chosen, mark = self._form(), ">" if ascii_only(self) else "▸"
        if chosen is not None and chosen in self._formats:
            self._last = chosen
        lines = [
            f"{mark if one is chosen else ' '} {one.endings[0]:<12} {one.words}" for one in self._formats
        ]
        self.query_one(".formats", Static).update(Content("\n".join(lines)))
        folder = expand_home(self.query_one(LineInput).value.strip() or "x").absolute().parent
        self.query_one(".folder", Static).update(Content(f"in {clean_line(short_path(str(folder)))}"))
        if self._spread is None:
            return
        box = "[x]" if self._spread else "[ ]"
        words = f"\n{box} a column for each key of structured answers (^t)"
        if self._joins:
            words += "\n    each answer with the columns of its source row; not in .jsonl"
        self.query_one(".spread", Static).update(Content(words))


_SHOWN_EVERY = 0.5
"""Seconds between two words of progress: what a thin line carries without effort."""


class Saving:
    """The saving of one screen, one file at a time. The screen holds it; it says there how it goes."""

    def __init__(self, screen: DashboardScreen) -> None:
        self._screen = screen
        self._stop: threading.Event | None = None

    @property
    def is_running(self) -> bool:
        """Whether an export runs."""
        return self._stop is not None

    def ask(self, wanted: ToSave, *, spread: bool) -> None:
        """Ask where to, and save. `spread` says that the fields of answers are columns on the screen."""

        def save(choice: SaveChoice | None) -> None:
            if choice is not None:
                self._stop = threading.Event()
                self._screen.refresh_bindings()
                work = partial(self._export, wanted, choice, self._stop)
                self._screen.run_worker(work, thread=True, group="save")

        joins = wanted.part.rows is not None
        dialog = SaveDialog(f"Save {wanted.words}", file_stem(wanted.title), spread=spread, joins=joins)
        self._screen.app.push_screen(dialog, save)

    def stop(self) -> None:
        """Stop the export; nothing of it stays."""
        if self._stop is not None:
            self._stop.set()

    def _export(self, wanted: ToSave, choice: SaveChoice, stop: threading.Event) -> None:
        """Export in a thread, and say how it goes and went."""
        screen, show = self._screen, self._screen.app.call_from_thread
        options = Options(choice.form, spread=choice.spread, title=wanted.title)
        said, words = 0.0, "Saving was stopped: nothing was written."
        kind: Kind = "note"
        try:
            prices = read_prices(screen.dashboard.config)
            locations = screen.dashboard.engines.home.store.locations
            path = self._path_now(wanted)
            with ResultsFile(path, wanted.part.index) as results:
                said_of = reviews_on_disk(results, wanted.batch_id, locations.database)
            part = msgspec.structs.replace(wanted.part, path=path, reviews=said_of)
            for update in export([part], choice.target, options, prices=prices, stopped=stop.is_set):
                match update:
                    case ExportProgress() if update.seconds - said >= _SHOWN_EVERY:
                        said = update.seconds
                        show(screen.say, f"{export_words(update)} · x stops", seconds=10.0)
                    case Exported():
                        words = f"{update.entries:,} results saved: {place_words(choice.target)}"
                        screen.dashboard.saved += 1
                        if wanted.part.index.complete and update.entries == wanted.part.index.count:
                            mark_exported([part.path], locations, screen.dashboard.now())
                        if update.guarded:
                            words += f", {update.guarded:,} cells guarded against formulas"
        except CbtuiError as error:
            words, kind = str(error), "error"
        except FileNotFoundError as error:
            kind, words = "error", f"{error.filename}: this file is no longer there. Nothing was saved."
        show(self._end, words, kind)

    def _path_now(self, wanted: ToSave) -> Path:
        """Where the results are by now: a download that ended while the name was typed has given its file another one."""
        path = wanted.part.path
        if wanted.batch_id is None or path.exists():
            return path
        engine = self._screen.dashboard.engines.of(wanted.batch_id)
        return read_results(wanted.batch_id, store=engine.store, workspace=engine.workspace) or path

    def _end(self, words: str, kind: Kind) -> None:
        self._stop = None
        self._screen.refresh_bindings()
        self._screen.say(words, kind=kind)
