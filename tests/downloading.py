"""Downloads as a runtime of a test has them, and the file they leave."""

from __future__ import annotations

from claude_batch_tui.services.downloading.recording import download_batch, read_leftovers
from claude_batch_tui.store.results.file import results_path


def download_all(runtime, tracked):
    """The updates of a download of a batch's results."""
    return download_batch(
        tracked,
        connect=runtime.connect,
        store=runtime.store,
        scope_id=runtime.known_workspace().scope_id,
        config=runtime.config,
        now=runtime.now,
        random=runtime.random,
    )


def read_what_is_here(runtime, tracked):
    """The updates of reading results that are here."""
    return read_leftovers(
        tracked,
        store=runtime.store,
        scope_id=runtime.known_workspace().scope_id,
        config=runtime.config,
        now=runtime.now,
    )


def results_here(store, batch_id):
    """Where the results of a batch are on this machine, whole or not, or None."""
    path = results_path(store.locations.results, batch_id)
    incomplete = path.with_name(path.name + ".incomplete")
    return next((found for found in (path, incomplete) if found.exists()), None)
