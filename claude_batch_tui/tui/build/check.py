"""Writing the requests of a draft, and checking them: built, validated, and their input counted by the API. No screen in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import CancelledError, Future
from datetime import datetime
from pathlib import Path

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.engine.engine import Forecasted
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.services.building.build import build
from claude_batch_tui.services.building.check import CheckReport, check_file
from claude_batch_tui.services.building.progress import SourceProgress
from claude_batch_tui.store.workspaces import hint_of
from claude_batch_tui.tui.build.draft import BuildDraft, Checked

_COUNTED_WITHIN = 30.0
"""Seconds the API has to count the input; without its count the cost is known more roughly."""

Count = Callable[[Path, CheckReport, str | None], Future[Forecasted]]
"""Has the API count the input of a requests file, made from a source."""


def write_draft(draft: BuildDraft, target: Path) -> Generator[str | Checked]:
    """Write the requests file of a draft; a script in it is trusted.

    An iterator for a thread: words of progress, then what the build reports. Leaving it early stops the work. Raises
    CbtuiErrors of the source and the form.
    """
    spec = draft.spec(complete=True)
    updates = build(
        spec,
        out=target,
        skip_bad_rows=draft.skips_bad_rows,
        leave_out=draft.left_out,
        name=draft.name,
        betas=draft.betas,
        trust_script=True,
    )
    for update in updates:
        if isinstance(update, SourceProgress):
            yield _progress_words("Built", update)
        else:
            yield Checked(spec, update, None)


def check_draft(
    draft: BuildDraft, *, config: Config, now: datetime, count: Count
) -> Generator[str | Checked]:
    """Write a draft into a folder of ours, and check that where there were no errors.

    As `write_draft`, then what was found, and the same once more where the API could count the input. The files are
    gone in the end, unless the draft took what was found.
    """
    with draft.folders.new() as out:
        for built in write_draft(draft, out):
            if isinstance(built, str) or built.files is None:
                yield built
                continue
            for update in check_file(out, config, now, hint=hint_of(config, os.environ), betas=draft.betas):
                if isinstance(update, SourceProgress):
                    yield _progress_words("Checked", update)
                else:
                    checked = msgspec.structs.replace(built, found=update)
                    yield checked
                    yield from _counted(checked, out, count)


def _counted(checked: Checked, requests: Path, count: Count) -> Iterator[Checked]:
    """The same with its cost as the API counts it, where it can be submitted and the API answers in time."""
    if checked.found is None or not checked.is_ready:
        return
    try:
        cost = count(requests, checked.found, checked.spec.path).result(timeout=_COUNTED_WITHIN)
    except (CbtuiError, TimeoutError, CancelledError):
        return
    yield msgspec.structs.replace(checked, cost=cost, found=cost.report)


def _progress_words(verb: str, progress: SourceProgress) -> str:
    share = f", {100 * progress.bytes_done // progress.total_bytes}%" if progress.total_bytes else ""
    return f"{verb} {progress.rows:,} rows{share}; ctrl+c stops"
