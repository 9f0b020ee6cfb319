"""The results files that words on the command line mean: paths, or batches, downloaded where they are not here."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.cli.adoptions import adopted_as, settled
from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.lookup import find_known, resolve, retrieve, runs_of_sweep
from claude_batch_tui.errors import ResultsUnavailableError, UnknownOutcomeError, VerificationError
from claude_batch_tui.home import expand_home

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import Download, Submission, TrackedBatch
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.results.lanes import OwnLines

_BLANK = 4_096
_ENDINGS = (".jsonl", ".gz", ".incomplete", ".ndjson")


class Found(msgspec.Struct, frozen=True):
    """A results file on this machine, its rows file where that is known, and what the user calls it."""

    path: Path
    batch_id: str
    title: str
    rows: Path | None = None
    sent: tuple[Path, ...] = ()
    """The create body, where we submitted it."""
    is_batch: bool = False
    """Whether the user named a batch or a run and not this file."""
    is_provisional: bool = False
    """Whether they may be another's: their batch was found for a lost submission, and is not proven its own."""
    is_whole: bool = True
    """False where what was downloaded lacks results."""
    waits_for: tuple[str, ...] = ()
    """Of a run, the batches that have not ended: what is asked of them is not answered yet."""
    classes: dict[str, int] | None = None
    """Of a run, how many ids there are of each ledger class, each by the answer that is kept of it."""


def results_path(word: str) -> Path | None:
    """The file a word means, or the folder of a job's results; None where it means a batch, a run or a name.

    Raises ResultsUnavailableError where there is nothing in it.
    """
    path = expand_home(word)
    if not ("/" in word or word.endswith(_ENDINGS) or path.is_file() or is_results_folder(path)):
        return None
    if path.is_file() and _is_blank(path):
        raise ResultsUnavailableError(f"{path} is empty: there are no results in it.")
    return path


def is_results_folder(path: Path) -> bool:
    """Whether a path is a folder with results of a job of another lane in it."""
    from claude_batch_tui.services.results import lanes

    return path.is_dir() and lanes.is_results_folder(path)


def lines_of(path: Path, context: Context) -> OwnLines:
    """The results in a file or folder as lines of ours, whoever made them; what they are is said where that is not plain.

    Raises SourceError for what is no results file.
    """
    from claude_batch_tui.services.results.lanes import own_lines
    from claude_batch_tui.store.locations import Locations

    def tell(share: float) -> None:
        context.diagnostics.progress(f"{path.name}: {share:.0%} read")

    found = own_lines(path, Locations(context.config.data_dir).cache, tell)
    if found.words:
        context.diagnostics.note(f"{path.name}: {found.words}")
    return found


def _of_file(path: Path, context: Context) -> Found:
    lines = lines_of(path, context)
    return Found(
        lines.path,
        path.name.removesuffix(".gz").removesuffix(".out").removesuffix(".jsonl"),
        path.name,
        lines.rows,
        (lines.body,) if lines.body is not None else (),
        is_whole=path.suffix != ".incomplete",
    )


def _is_blank(path: Path) -> bool:
    """Whether a file, plain or gzipped, begins with nothing but blanks and has no more. What cannot be read is not."""
    import gzip  # late: --help needs none of it

    try:
        with path.open("rb") as file:
            head = file.read(2)
            file.seek(0)
            start = gzip.GzipFile(fileobj=file).read(_BLANK) if head == b"\x1f\x8b" else file.read(_BLANK)
    except (OSError, EOFError, zlib.error):
        return False
    return len(start) < _BLANK and not start.strip()


def find_results(words: Sequence[str], context: Context, *, every: bool = False) -> list[Found]:
    """The results files that paths, batch ids, runs and names mean: files first, no batch twice.

    A run is one of them: of every id the newest good answer, else the newest line, or with `every` all attempts.
    """
    files = {word: results_path(word) for word in words}
    others = [word for word, path in files.items() if path is None]
    of_files = [_of_file(path, context) for path in files.values() if path is not None]
    return [*of_files, *(run_to_end(_of_batches(others, context, every=every)) if others else ())]


def find_each(words: Sequence[str], context: Context) -> list[Found]:
    """The results that each of these words means; of a sweep those of all of its runs, which have their variants as titles."""
    found: list[Found] = []
    for word in words:
        runs = run_to_end(_variants(word, context)) if results_path(word) is None else ()
        found += [
            msgspec.structs.replace(find_results([run_id], context)[0], title=variant)
            for run_id, variant in runs
        ] or find_results([word], context)
    return found


async def _variants(word: str, context: Context) -> tuple[tuple[str, str], ...]:
    """The runs of the sweep that a word means, and their variants; none where it means something else."""
    from claude_batch_tui.runtime import open_runtime

    async with open_runtime(context.config, patience=context.patience) as runtime:
        return () if await find_known(word, runtime) else runs_of_sweep(word, runtime)


async def _of_batches(words: Sequence[str], context: Context, *, every: bool) -> list[Found]:
    from claude_batch_tui.runtime import open_runtime

    found: dict[str, Found] = {}
    async with open_runtime(context.config, patience=context.patience) as runtime:
        for word in words:
            one = await merged_of(word, context, runtime, every=every)
            found[one.batch_id] = one
    return list(found.values())


async def merged_of(word: str, context: Context, runtime: Runtime, *, every: bool = False) -> Found:
    """The results that `word` means as one file: those of a batch, or of a run, downloaded where they are not here.

    Raises as `results_of` does.
    """
    from claude_batch_tui.domain.batches.merging import title_of_run
    from claude_batch_tui.services.results.merged import attempts_of, merged_results
    from claude_batch_tui.services.threads import in_thread

    batches = await resolve(word, runtime)
    parts = await _of_each(word, batches, context, runtime, ended_only=len(batches) > 1)
    if len(batches) == 1:
        return parts[0]
    run_id, store = batches[0].run_id or "", runtime.store
    here = [one.batch_id for one in parts]
    attempts = attempts_of(run_id, here, store=store, workspace=runtime.workspace)
    folder, cache = store.locations.results / "runs", store.locations.cache
    merged = await in_thread(lambda: merged_results(run_id, attempts, folder, cache, every=every))
    return Found(
        merged.results,
        run_id,
        title_of_run(batches) or run_id,
        merged.rows,
        is_batch=True,
        is_provisional=any(one.is_provisional for one in parts),
        is_whole=all(one.is_whole for one in parts),
        waits_for=tuple(tracked.title for tracked in batches if tracked.id not in here),
        classes=merged.classes,
    )


async def results_of(
    word: str, context: Context, runtime: Runtime, *, ended_only: bool = False
) -> list[Found]:
    """The results of all batches that `word` means, each on its own, downloaded where they are not here.

    Those of a batch that was found for a lost submission are held against what was sent. Raises UnknownOutcomeError where
    they are another's, ResultsUnavailableError where one has not ended (with `ended_only` where none of several has), and
    StoreError where another process is just downloading or reading one.
    """
    return await _of_each(word, await resolve(word, runtime), context, runtime, ended_only=ended_only)


async def _of_each(
    word: str, batches: Sequence[TrackedBatch], context: Context, runtime: Runtime, *, ended_only: bool
) -> list[Found]:
    from claude_batch_tui.services.downloading.recording import read_leftovers
    from claude_batch_tui.services.results.local_files import bodies_of, read_results, rows_path, unread_path

    found: list[Found] = []
    store = runtime.store
    for tracked in batches:
        adopted = adopted_as(tracked.id, runtime)
        if unread_path(tracked, store) is not None:
            updates = read_leftovers(
                tracked,
                store=store,
                scope_id=runtime.known_workspace().scope_id,
                config=runtime.config,
                now=runtime.now,
            )
            await _follow(tracked, updates, context)
        path = read_results(tracked.id, store=store, workspace=runtime.workspace)
        if path is None or path.suffix == ".incomplete":
            try:
                path = await download(tracked, runtime, context)
            except ResultsUnavailableError as error:
                if not ended_only or len(batches) == 1:
                    raise
                context.diagnostics.note(f"{error} It is left out.")
                continue
        found.append(
            Found(
                path,
                tracked.id,
                tracked.title,
                rows_path(tracked.id, store),
                bodies_of([tracked.id], store).files,
                is_batch=True,
                is_provisional=adopted is not None and not await _is_proven(adopted, context, runtime),
                is_whole=path.suffix != ".incomplete",
            )
        )
    if not found:
        raise ResultsUnavailableError(f"No batch of {word} has results yet.")
    return found


async def _is_proven(adopted: Submission, context: Context, runtime: Runtime) -> bool:
    """Whether the results of an adopted batch prove it the submission's own. Raises UnknownOutcomeError for another's."""
    from claude_batch_tui.wording.submissions import settled_words

    known = await settled(adopted, context, runtime)
    words = settled_words(adopted, known)
    if known.batch_id != adopted.batch_id:
        raise UnknownOutcomeError(
            f"{words} `cbtui results {adopted.batch_id}` again reads them as what they are."
        )
    context.diagnostics.note(words)
    return known.is_certain


async def download(tracked: TrackedBatch, runtime: Runtime, context: Context) -> Path:
    """Download the results of a batch, and say how far that is; where they are. Raises as `results_of` does."""
    from claude_batch_tui.services.downloading.recording import download_batch
    from claude_batch_tui.services.results.local_files import read_results
    from claude_batch_tui.wording.batches import progress_words

    fresh = await retrieve(tracked.id, runtime)
    if not fresh.batch.has_ended:
        raise ResultsUnavailableError(
            f"{fresh.title} has not ended: {progress_words(fresh.batch, runtime.now())}. "
            f"Results can be read when it has; `cbtui watch {fresh.id}` waits for that."
        )
    updates = download_batch(
        fresh,
        connect=runtime.connect,
        store=runtime.store,
        scope_id=runtime.known_workspace().scope_id,
        config=runtime.config,
        now=runtime.now,
        random=runtime.random,
        sleep=context.clock.pause,
        monotonic=context.clock.monotonic,
    )
    await _follow(fresh, updates, context)
    path = read_results(fresh.id, store=runtime.store, workspace=runtime.workspace)
    if path is None:
        raise VerificationError(f"The results of {fresh.id} could not be kept.")
    return path


def require_whole(found: Iterable[Found], output: str) -> None:
    """Raise VerificationError where what was downloaded is not whole, and was to be written to a file of its own."""
    for one in found:
        if one.is_batch and not one.is_whole:
            raise VerificationError(
                f"The results of {one.title} are not whole, so {output} was not written. What there is of them can be "
                f"read as a file: {one.path}."
            )


async def _follow(tracked: TrackedBatch, updates: AsyncIterator[Download], context: Context) -> None:
    """Say how far a download is, and what is wrong with what it left."""
    from claude_batch_tui.domain.batches.tracked import DownloadState
    from claude_batch_tui.wording.progress import reading_words, slow_words
    from claude_batch_tui.wording.values import size

    was_slow = False
    async for update in updates:
        if update.slow_for and not was_slow:
            context.diagnostics.note(f"{tracked.title}: {slow_words(update)}. What is here is kept.")
        was_slow = bool(update.slow_for)
        if update.error and update.state is DownloadState.RUNNING:
            context.diagnostics.note(f"{tracked.title}: {update.error}")
        here = size(update.bytes_done)
        if update.state is DownloadState.READING:
            context.diagnostics.progress(f"{here}, {reading_words(update)}")
            continue
        context.diagnostics.progress(
            f"{here}, {update.lines:,} of {update.lines_expected or 0:,} results, "
            f"{size(int(update.bytes_per_second))}/s"
        )
        if update.state is DownloadState.PROBLEMS:
            context.diagnostics.error(f"{tracked.title}: {update.error}")
