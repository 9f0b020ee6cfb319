"""The line over the results list: entries by outcome, and how the download or the index goes, or what it cost."""

from __future__ import annotations

from textual import work

from claude_batch_tui.domain.batches.tracked import Download, DownloadState
from claude_batch_tui.domain.results.result import Outcome
from claude_batch_tui.tui.results.open_results import OpenFile
from claude_batch_tui.tui.widgets.columns import ascii_only
from claude_batch_tui.tui.widgets.lines import TwoSidedLine
from claude_batch_tui.wording import (
    QUEUED,
    duration_words,
    indexing_words,
    reading_words,
    size,
    slow_words,
    spent_words,
)

_NAMES = (
    ("ok", Outcome.SUCCEEDED),
    ("errored", Outcome.ERRORED),
    ("expired", Outcome.EXPIRED),
    ("canceled", Outcome.CANCELED),
    ("unreadable", Outcome.UNPARSED),
)


class CountsLine(TwoSidedLine):
    """`all 10,000   ok 9,702   errored 213          ▼ 148 MB of 241 MB`: of what entries cost, as much as there is room."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(id=id)
        self._file: OpenFile | None = None

    def show_results(self, file: OpenFile | None, download: Download | None, *, growing: bool) -> None:
        """Show the counts of a file and its download; `growing` where the file is that of the download."""
        self._file = file
        right = "" if download is None else _download_words(download, plain=ascii_only(self))
        if file is None:
            self.show("", right)
            return
        results = file.results
        index = results.index
        if not index.complete and not growing and not right:
            right = indexing_words(results.progress, is_unpacked=results.is_unpacked)
        counts = _counts_words(index.outcome_counts(), growing=not index.complete)
        if index.complete and not right:
            right = self._spent_words(file, self.size.width - len(counts) - 4)
        self.show(counts, right)

    def _spent_words(self, file: OpenFile, room: int) -> str:
        """What the entries cost together, as much of it as there is room for; summed in a thread the first time."""
        if file.spent is None:
            self._sum_costs(file)
            return ""
        words = spent_words(file.spent)
        while len(words) > room and " · " in words:
            words = words.rpartition(" · ")[0]
        if len(words) > room:
            return ""
        return words.replace(" · ", ", ") if ascii_only(self) else words

    @work(thread=True, exclusive=True, group="costs")
    def _sum_costs(self, file: OpenFile) -> None:
        file.spent = file.costs.total()
        self.app.call_from_thread(self._show_spent, file)

    def _show_spent(self, file: OpenFile) -> None:
        if file is self._file:
            self.show_results(file, None, growing=False)


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


def _counts_words(counts: dict[Outcome, int], *, growing: bool) -> str:
    """`all 10,000   ok 9,702   errored 213`: every outcome that occurs, `…` while the numbers still grow."""
    more = "…" if growing else ""
    parts = [f"all {sum(counts.values()):,}{more}"]
    parts += [
        f"{name} {counts[outcome]:,}{more}"
        for name, outcome in _NAMES
        if counts[outcome] or outcome is Outcome.SUCCEEDED
    ]
    return "   ".join(parts)
