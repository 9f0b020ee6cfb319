"""Saving results: where to and in which format, the export in a thread, its progress, and stopping it."""

from __future__ import annotations

import threading
from functools import partial

from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.exports.formats import file_stem
from claude_batch_tui.services.exporting.export import Exported, ExportProgress, export
from claude_batch_tui.services.exporting.target import Options
from claude_batch_tui.services.prices import read_prices
from claude_batch_tui.tui.results.open_results import ToSave
from claude_batch_tui.tui.results.save_dialog import SaveChoice, SaveDialog
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.status_line import Kind
from claude_batch_tui.wording import export_words

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

    def ask(self, wanted: ToSave) -> None:
        """Ask where to, and save."""

        def save(choice: SaveChoice | None) -> None:
            if choice is not None:
                self._stop = threading.Event()
                self._screen.refresh_bindings()
                work = partial(self._export, wanted, choice, self._stop)
                self._screen.run_worker(work, thread=True, group="save")

        self._screen.app.push_screen(SaveDialog(f"Save {wanted.words}", file_stem(wanted.title)), save)

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
            for update in export([wanted.part], choice.target, options, prices=prices, stopped=stop.is_set):
                match update:
                    case ExportProgress() if update.seconds - said >= _SHOWN_EVERY:
                        said = update.seconds
                        show(screen.say, f"{export_words(update)} · x stops", seconds=10.0)
                    case Exported():
                        words = f"{update.entries:,} results saved in {choice.target}"
                        if update.guarded:
                            words += f", {update.guarded:,} cells guarded against formulas"
        except CbtuiError as error:
            words, kind = str(error), "error"
        show(self._end, words, kind)

    def _end(self, words: str, kind: Kind) -> None:
        self._stop = None
        self._screen.refresh_bindings()
        self._screen.say(words, kind=kind)
