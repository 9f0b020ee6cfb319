"""Downloading in a thread beside an event loop, and writing down what that left."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from functools import partial

import msgspec

from claude_batch_tui.api.protocol import BatchesApi
from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.tracked import Download, DownloadState, ResultsState, TrackedBatch
from claude_batch_tui.domain.money.spend import Spend
from claude_batch_tui.domain.results.result import Outcome
from claude_batch_tui.errors import ApiError, SourceError, StoreError
from claude_batch_tui.services.downloading.download import IndexMade, download, index_leftovers
from claude_batch_tui.services.downloading.receiving import Downloaded, Flow, Step
from claude_batch_tui.services.results.costs import spend_where_priced
from claude_batch_tui.services.results.ledger import flawed
from claude_batch_tui.services.results.local_files import bodies_of, unread_path
from claude_batch_tui.services.results.schema_validation import validated_classes
from claude_batch_tui.services.submitting.adoption import settle
from claude_batch_tui.services.submitting.spool import sent_ids
from claude_batch_tui.services.threads import in_thread, iterate_in_thread, with_silences
from claude_batch_tui.store import batches, downloads, submissions
from claude_batch_tui.store.store import Store

_FLOW = Flow()
_SMALL_BYTES = 64_000_000


async def download_batch(
    tracked: TrackedBatch,
    *,
    connect: Callable[[], Awaitable[BatchesApi]],
    store: Store,
    scope_id: int,
    config: Config,
    now: Callable[[], datetime],
    random: Callable[[], float],
    stopped: Callable[[], bool] = lambda: False,
    sleep: Callable[[float], None] = time.sleep,
    monotonic: Callable[[], float] = time.monotonic,
    flow: Flow = _FLOW,
    index_made: IndexMade = lambda _index, _path: None,
) -> AsyncIterator[Download]:
    """Download a batch's results and write down what became of them; progress is yielded, silence too.

    Results that are here, and of which nothing is written down, are read first: the API is asked where they are not
    whole. Those of a batch that was found for a lost submission settle whether it is its own. Raises as `download` does,
    and ConfigError where there are no credentials.
    """
    if unread_path(tracked, store) is not None:
        async for update in read_leftovers(
            tracked,
            store=store,
            scope_id=scope_id,
            config=config,
            now=now,
            stopped=stopped,
            index_made=index_made,
        ):
            yield update
        if update.state is not DownloadState.PROBLEMS:
            return
    api = await connect()
    steps = partial(
        download,
        api=api,
        random=random,
        sleep=sleep,
        monotonic=monotonic,
        limit=config.timeout,
        flow=flow,
        index_made=index_made,
    )
    async for update in _recorded(tracked, steps, store, scope_id, config, now, stopped, flow.says_after):
        yield update
    found_for = submissions.of_batch(store, tracked.id)
    if found_for is not None and update.state is DownloadState.COMPLETE:
        with contextlib.suppress(ApiError):  # they are here: whose they are can be settled later
            await settle(found_for, tracked.batch, api=api, store=store, now=now())


async def read_leftovers(
    tracked: TrackedBatch,
    *,
    store: Store,
    scope_id: int,
    config: Config,
    now: Callable[[], datetime],
    stopped: Callable[[], bool] = lambda: False,
    index_made: IndexMade = lambda _index, _path: None,
) -> AsyncIterator[Download]:
    """Read results that are here, and of which nothing is written down; the API is not asked.

    Raises StoreError where another process is just doing that.
    """
    steps = partial(index_leftovers, index_made=index_made)
    async for update in _recorded(tracked, steps, store, scope_id, config, now, stopped):
        yield update


async def read_small_leftovers(
    listed: Sequence[TrackedBatch],
    *,
    store: Store,
    scope_id: int,
    config: Config,
    now: Callable[[], datetime],
) -> tuple[TrackedBatch, ...]:
    """The batches with what those of their results say that are here and of which nothing is written down.

    So a list is whole again after the store was lost. Results of more than `_SMALL_BYTES` together, a second's work, wait
    for whoever opens them, and so does what another process reads.
    """
    read: list[str] = []
    left = _SMALL_BYTES
    for tracked in listed:
        path = unread_path(tracked, store)
        if path is None or (size := path.stat().st_size) > left:
            continue
        left -= size
        with contextlib.suppress(StoreError):
            async for _ in read_leftovers(tracked, store=store, scope_id=scope_id, config=config, now=now):
                pass
            read.append(tracked.id)
    fresh = {tracked.id: tracked for tracked in batches.find_all(store.database, scope_id, read)}
    return tuple(fresh.get(tracked.id, tracked) for tracked in listed)


async def _recorded(
    tracked: TrackedBatch,
    steps: Callable[..., Iterator[Step]],
    store: Store,
    scope_id: int,
    config: Config,
    now: Callable[[], datetime],
    stopped: Callable[[], bool],
    says_after: float | None = None,
) -> AsyncIterator[Download]:
    """Take the steps of `download` or `index_leftovers` in a thread; their end is yielded when it is written down.

    Silence while something should come is yielded each time it has lasted `says_after` seconds.
    """
    ours = submissions.of_batch(store, tracked.id)
    # Whether what was found for a lost submission is its own is not known: its results are whole by their counts.
    sent = await in_thread(lambda: sent_ids(ours)) if ours and not ours.is_adopted else None
    stop = threading.Event()
    taken = steps(
        tracked.batch,
        folder=store.locations.results,
        sent_ids=sent,
        stopped=lambda: stop.is_set() or stopped(),
    )
    last, silences = Download(tracked.id, DownloadState.RUNNING), 0
    coming = iterate_in_thread(taken, on_close=stop.set, name="cbtui-download")
    async for step in with_silences(coming, says_after):
        if step is None:
            silences += 1
            if last.state is DownloadState.RUNNING and last.error is None:  # else it waits or works
                yield msgspec.structs.replace(last, slow_for=silences * (says_after or 0.0))
            continue
        last, silences = step.update, 0
        if step.finished is not None:
            finished = await _validated(tracked, step.finished, store)
            spend = await in_thread(partial(spend_where_priced, finished.path, config, store.locations.cache))
            record_download(tracked, finished, spend, store=store, scope_id=scope_id, now=now())
        yield step.update


async def _validated(tracked: TrackedBatch, finished: Downloaded, store: Store) -> Downloaded:
    """The same with the answers held against the schemas they were asked for."""
    sent, cache = bodies_of([tracked.id], store), store.locations.cache
    try:
        classes = await in_thread(lambda: validated_classes(finished.path, sent, cache))
    except (OSError, ValueError, SourceError):  # what was downloaded is written down all the same
        return finished
    return msgspec.structs.replace(finished, classes=classes)


def record_download(
    tracked: TrackedBatch,
    finished: Downloaded,
    spend: Spend | None,
    *,
    store: Store,
    scope_id: int,
    now: datetime,
) -> None:
    """Write a finished download down.

    That there are results comes last: what a death of the process leaves without it is done again.
    """
    database, ledger = store.database, finished.ledger
    downloads.record_usage(
        database,
        scope_id,
        tracked,
        succeeded=ledger.outcomes.get(Outcome.SUCCEEDED, 0),
        input_tokens=finished.input_tokens,
        output_tokens=finished.output_tokens,
        now=now,
    )
    if spend is not None:
        downloads.record_spend(database, scope_id, tracked.id, spend, now)
    record = downloads.ResultsRecord(
        state=ResultsState.PROBLEMS if finished.problems else ResultsState.COMPLETE,
        path=str(finished.path),
        bytes=finished.bytes,
        lines=finished.lines,
        sha256=finished.sha256,
        problems=finished.problems,
        flawed=flawed(finished.classes),
    )
    downloads.record_results(database, scope_id, tracked.id, record, now)
