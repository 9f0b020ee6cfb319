"""The line over the results list: entries by class, and how the download or the index goes, or what it cost."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, work
from textual.message import Message

from claude_batch_tui.domain.batches.tracked import Download, DownloadState
from claude_batch_tui.tui.results.classes import ALL_KEY, CLASS_MARKS, class_totals
from claude_batch_tui.tui.results.open_results import OpenFile
from claude_batch_tui.tui.widgets.columns import Run, ascii_only, cells, cut, cut_mark
from claude_batch_tui.tui.widgets.lines import OneLine
from claude_batch_tui.wording.costs import spent_words
from claude_batch_tui.wording.progress import QUEUED, indexing_words, reading_words, slow_words
from claude_batch_tui.wording.values import duration_words, size

_GAP = 2
_LEAD = "f: "
"""What stands before the chips: the key that their letters follow."""


class _Chip:
    """`t cut 62`: the letter after `f` that shows a class alone, its word, how many there are, and that filter."""

    def __init__(self, key: str, word: str, count: str, style: str | None, filter_: str) -> None:
        self.key = key
        self.word = word
        self.count = count
        self.style = style
        self.filter = filter_

    def runs(self, *, short: bool, chosen: bool) -> list[Run]:
        """The chip; `short` leaves the word out, `chosen` puts it in brackets."""
        word = ":" if short and self.key != ALL_KEY else f" {self.word} "
        runs = [Run(self.key, "strong"), Run(word, None), Run(self.count, self.style)]
        return [Run("[", "strong"), *runs, Run("]", "strong")] if chosen else runs


class CountsLine(OneLine):
    """`f: a all 10,000  g good 9,702  e errored 213      ▼ 148 MB of 241 MB`: entries by class, each with its letter."""

    class Chosen(Message):
        """A class was clicked; `filter` shows it alone."""

        def __init__(self, filter_: str) -> None:
            super().__init__()
            self.filter = filter_

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._file: OpenFile | None = None
        self._chips: list[_Chip] = []
        self._right = ""
        self._spent = ""
        self._filter = ""

    def show_results(self, file: OpenFile | None, download: Download | None, *, growing: bool) -> None:
        """Show the counts of a file and its download; `growing` where the file is that of the download."""
        self._file = file
        self._right = "" if download is None else _download_words(download, plain=ascii_only(self))
        self._spent = ""
        self._chips = [] if file is None else _chips(file)
        if file is not None:
            results = file.results
            if not results.index.complete and not growing and not self._right:
                self._right = indexing_words(results.progress, is_unpacked=results.is_unpacked)
            if results.index.complete and not self._right:
                self._spent = self._spent_words(file)
        self.repaint()

    def show_filter(self, text: str) -> None:
        """Mark the class that the filter shows alone, if it does."""
        self._filter = text.strip()
        self.repaint()

    def runs(self, width: int) -> Sequence[Run]:
        """The classes, without their words where there is no room, and the right part, of costs as much as fits."""
        drawn = self._drawn_chips(width)
        used = 1 + sum(cells(run.text) for run in drawn)
        right = self._right
        if not right:
            right = self._spent
            while cells(right) + _GAP + 1 > width - used and right:
                right = right.rpartition(" · ")[0]
            right = right.replace(" · ", ", ") if ascii_only(self) else right
        right = cut(right, max(width - used - 2, 0), cut_mark(self))
        gap = max(width - 1 - used - cells(right), 0)
        return [Run(" ", None), *drawn, Run(" " * gap + right, None)]

    def on_click(self, event: events.Click) -> None:
        """Say which class was clicked."""
        end = 1 + len(_LEAD)
        for chip, runs in self._fitted(self.size.width):
            end += sum(cells(run.text) for run in runs) + _GAP
            if event.x < end:
                self.post_message(self.Chosen(chip.filter))
                return

    def _drawn_chips(self, width: int) -> list[Run]:
        drawn: list[Run] = []
        for _, runs in self._fitted(width):
            drawn += [Run(" " * _GAP if drawn else _LEAD, None), *runs]
        return drawn

    def _fitted(self, width: int) -> list[tuple[_Chip, list[Run]]]:
        """The chips with their runs; what is done to the file stands at the right, and takes its room first."""
        room = width - 2 - len(_LEAD) - (cells(self._right) + _GAP if self._right else 0)
        for short in (False, True):
            fitted = [
                (chip, chip.runs(short=short, chosen=bool(self._filter) and chip.filter == self._filter))
                for chip in self._chips
            ]
            if sum(cells(run.text) for _, runs in fitted for run in runs) + _GAP * len(fitted) <= room:
                break
        return fitted if self._chips else []

    def _spent_words(self, file: OpenFile) -> str:
        """What the entries cost together; summed in a thread the first time."""
        if file.spent is None:
            self._sum_costs(file)
            return ""
        return spent_words(file.spent)

    @work(thread=True, exclusive=True, group="costs")
    def _sum_costs(self, file: OpenFile) -> None:
        file.spent = file.costs.total()
        self.app.call_from_thread(self._show_spent, file)

    def _show_spent(self, file: OpenFile) -> None:
        if file is self._file:
            self.show_results(file, None, growing=False)


def _chips(file: OpenFile) -> list[_Chip]:
    """All entries, and every class that occurs; `…` while the numbers still grow."""
    index = file.results.index
    outcomes = index.outcome_counts()
    more = "" if index.is_final else "…"
    chips = [_Chip(ALL_KEY, "all", f"{sum(outcomes.values()):,}{'' if index.complete else '…'}", None, "")]
    for name, count in class_totals(outcomes, index.class_counts()).items():
        mark = CLASS_MARKS[name]
        chips.append(_Chip(mark.key, mark.word, f"{count:,}{more}", mark.style, mark.filter))
    return chips


def _download_words(download: Download, *, plain: bool) -> str:
    """How a download goes; nothing of one that has ended."""
    if download.state is DownloadState.READING:
        return reading_words(download)
    if download.state is DownloadState.WAITING:
        return QUEUED
    if not download.is_going:
        return ""
    of = f" of {size(download.total_bytes)}" if download.total_bytes else ""
    speed = slow_words(download) if download.slow_for else f"{size(int(download.bytes_per_second))}/s"
    words = f"{'v' if plain else '▼'} {size(download.bytes_done)}{of} · {speed}"
    if download.lines and download.lines_expected and download.bytes_per_second and not download.slow_for:
        left = download.bytes_done / download.lines * (download.lines_expected - download.lines)
        words += f" · {duration_words(left / download.bytes_per_second)} left"
    return words
