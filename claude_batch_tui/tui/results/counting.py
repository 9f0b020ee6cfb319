"""The line of counts over a results list: entries by outcome, how the download or the index goes, what it cost."""

from __future__ import annotations

from textual import work

from claude_batch_tui.domain.batches.tracked import Download, DownloadState
from claude_batch_tui.tui.results.filtering import FilteredFrame
from claude_batch_tui.tui.results.rows import (
    EntryRows,
    counts_line,
)
from claude_batch_tui.tui.widgets.two_sided_line import TwoSidedLine
from claude_batch_tui.wording import QUEUED, duration_words, indexing_words, reading_words, size, spent_words


class CountedFrame(FilteredFrame):
    """A screen that says how many entries there are of each outcome."""

    def __init__(self) -> None:
        super().__init__()
        self._growing = False
        """Whether what is shown is a download that is under way."""

    def _show_counts(self, download: Download | None) -> None:
        line = self.query_one("#counts", TwoSidedLine)
        right = ""
        if download is not None and download.state is DownloadState.READING:
            right = reading_words(download)
        elif download is not None and download.is_going:
            mark = "v" if self.dashboard.ascii_only else "▼"
            of = f" of {size(download.total_bytes)}" if download.total_bytes else ""
            right = f"{mark} {size(download.bytes_done)}{of} · {size(int(download.bytes_per_second))}/s"
            if download.lines and download.lines_expected and download.bytes_per_second:
                left = download.bytes_done / download.lines * (download.lines_expected - download.lines)
                right += f" · {duration_words(left / download.bytes_per_second)} left"
        elif download is not None and download.state is DownloadState.WAITING:
            right = QUEUED
        if self._rows is None:
            line.show("", right)
        else:
            results = self._rows.results
            index = results.index
            if not index.complete and not self._growing and not right:
                right = indexing_words(results.progress, is_unpacked=results.is_unpacked)
            counts = counts_line(index.outcome_counts(), growing=not index.complete)
            if index.complete and not right:
                right = self._spent_words(self.size.width - len(counts) - 4)
            line.show(counts, right)

    def _spent_words(self, room: int) -> str:
        """What the entries cost together, as much of it as there is room for; summed in a thread the first time."""
        if self._rows is None:
            return ""
        if self._rows.spent is None:
            self._sum_costs(self._rows)
            return ""
        words = spent_words(self._rows.spent)
        while len(words) > room and " · " in words:
            words = words.rpartition(" · ")[0]
        if len(words) > room:
            return ""
        return words.replace(" · ", ", ") if self.dashboard.ascii_only else words

    @work(thread=True, exclusive=True, group="costs")
    def _sum_costs(self, rows: EntryRows) -> None:
        """Add up what the entries cost."""
        rows.spent = rows.costs.total()
        self.app.call_from_thread(self._show_counts, None)
