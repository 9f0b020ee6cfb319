"""Saving results from a screen: the dialog, the export in a thread, its progress, and stopping it."""

from __future__ import annotations

import threading

import msgspec
from textual import work

from claude_batch_tui.domain.file_names import file_stem
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.runtime import read_prices
from claude_batch_tui.services.exporting.export import Exported, ExportProgress, Part, export
from claude_batch_tui.services.exporting.target import Options
from claude_batch_tui.tui.frame import Frame
from claude_batch_tui.tui.results.save_dialog import SaveChoice, SaveDialog
from claude_batch_tui.wording import export_words

_SHOWN_EVERY = 0.5
"""Seconds between two words of progress: what a thin line carries without effort."""


class ToSave(msgspec.Struct, frozen=True):
    """What would be saved now: entries of one results file, what they are in words, and what the file is called."""

    part: Part
    words: str
    title: str


class SavingFrame(Frame):
    """A screen that saves results; subclasses say which."""

    def __init__(self) -> None:
        super().__init__()
        self._stop_saving: threading.Event | None = None

    def to_save(self) -> ToSave | None:
        """The entries that are meant, or None where nothing is open."""
        raise NotImplementedError

    @property
    def is_saving(self) -> bool:
        """Whether an export runs."""
        return self._stop_saving is not None

    def action_save(self) -> None:
        """Ask where to, and save."""
        wanted = self.to_save()
        if wanted is None or self.is_saving:
            return

        def save(choice: SaveChoice | None) -> None:
            if choice is not None:
                self._stop_saving = threading.Event()
                self.refresh_bindings()
                self._save(wanted, choice, self._stop_saving)

        self.app.push_screen(SaveDialog(f"Save {wanted.words}", file_stem(wanted.title)), save)

    def stop_saving(self) -> None:
        """Stop the export; nothing of it stays."""
        if self._stop_saving is not None:
            self._stop_saving.set()

    @work(thread=True, group="save")
    def _save(self, wanted: ToSave, choice: SaveChoice, stop: threading.Event) -> None:
        """Export in a thread, and say how it goes and went."""
        options = Options(choice.form, spread=choice.spread, title=wanted.title)
        said, words, kind = 0.0, "Saving was stopped: nothing was written.", "note"
        try:
            prices = read_prices(self.dashboard.config)
            for update in export([wanted.part], choice.target, options, prices=prices, stopped=stop.is_set):
                match update:
                    case ExportProgress() if update.seconds - said >= _SHOWN_EVERY:
                        said = update.seconds
                        self.app.call_from_thread(self.say, f"{export_words(update)} · x stops", seconds=10.0)
                    case Exported():
                        words = f"{update.entries:,} results saved in {choice.target}"
                        if update.guarded:
                            words += f", {update.guarded:,} cells guarded against formulas"
        except CbtuiError as error:
            words, kind = str(error), "error"
        self.app.call_from_thread(self._saved, words, kind)

    def _saved(self, words: str, kind: str) -> None:
        self._stop_saving = None
        self.refresh_bindings()
        self.say(words, kind=kind)
