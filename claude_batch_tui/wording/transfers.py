"""Work on results as words: downloads, indexes, exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.wording.numbers import size

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import Download
    from claude_batch_tui.services.exporting.export import ExportProgress

QUEUED = "waits for other downloads"


def indexing_words(share: float, *, is_unpacked: bool) -> str:
    """How far a results file has been read, for a share from 0 to 1."""
    return f"{'decompressing' if is_unpacked else 'indexing'} {int(share * 100)} %"


def reading_words(download: Download) -> str:
    """How much of downloaded results has been read to the end of each line."""
    share = download.lines_read / download.lines if download.lines else 0.0
    return f"reading {int(share * 100)} %"


def export_words(progress: ExportProgress) -> str:
    """Where an export is: entries, and how fast the results are read."""
    seconds = max(progress.seconds, 1e-3)
    of = f" of {progress.of:,}" if progress.of else ""
    return (
        f"{progress.entries:,}{of} results {progress.doing} · "
        f"{progress.entries / seconds:,.0f}/s · {size(int(progress.bytes / seconds))}/s"
    )
