"""The batches that a word on the command line means (an id, a run, or a name): found, labelled, and as JSON."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.errors import ConfigError, NotFoundError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime


async def resolve(word: str, runtime: Runtime) -> tuple[TrackedBatch, ...]:
    """All batches the word means, looked up in the store, then the API. Raises NotFoundError where there is none, and
    ConfigError for a sweep: its runs are never merged.
    """
    found = await find_known(word, runtime)
    if not found and (runs := runs_of_sweep(word, runtime)):
        ids = ", ".join(run_id for run_id, _ in runs)
        raise ConfigError(
            f"{word} is a sweep of {len(runs)} runs: name one of {ids}, or see all with `cbtui compare {word}`."
        )
    return found or (await retrieve(word, runtime),)


def runs_of_sweep(word: str, runtime: Runtime) -> tuple[tuple[str, str], ...]:
    """The runs of the sweep that an id or a name means, each with its variant; none where it means no sweep."""
    from claude_batch_tui.store.batches import variants_of

    workspace = runtime.workspace
    return () if workspace is None else variants_of(runtime.store.database, workspace.scope_id, word)


async def find_known(word: str, runtime: Runtime) -> tuple[TrackedBatch, ...]:
    """All batches of the store that the word means; none where it is unknown.

    With a key that was never used here the API is asked whose it is: names and runs are of a workspace, not of a key.
    """
    from claude_batch_tui.services.watching.lookup import known_batches, unheard_of, workspace_of_key

    if runtime.workspace is None and not word.startswith("msgbatch_"):
        heard = await workspace_of_key(
            api=runtime.connect, store=runtime.store, hint=runtime.hint, now=runtime.now
        )
        if heard is not None:
            runtime.workspace = heard
    found = known_batches(word, store=runtime.store, workspace=runtime.workspace)
    missing = unheard_of(word, found, store=runtime.store, workspace=runtime.workspace)
    for batch_id in missing:
        with contextlib.suppress(NotFoundError):  # deleted elsewhere
            await retrieve(batch_id, runtime)
    return known_batches(word, store=runtime.store, workspace=runtime.workspace) if missing else found


async def resolve_all(words: Sequence[str], runtime: Runtime) -> list[TrackedBatch]:
    """All batches these words mean, none twice. Raises NotFoundError as `resolve` does."""
    found = {tracked.id: tracked for word in words for tracked in await resolve(word, runtime)}
    return list(found.values())


async def resolve_one(word: str, runtime: Runtime) -> TrackedBatch:
    """The one batch the word means. Raises NotFoundError as `resolve` does, and ConfigError where there are several."""
    found = await resolve(word, runtime)
    if len(found) > 1:
        raise ConfigError(f"{word} is a run of {len(found)} batches: use the id of one.")
    return found[0]


async def retrieve(batch_id: str, runtime: Runtime) -> TrackedBatch:
    """The batch as the API has it now, written down. Raises NotFoundError with what to do, and ApiErrors."""
    from claude_batch_tui.services.watching import lookup

    found = await lookup.retrieve(
        batch_id,
        api=await runtime.connect(),
        store=runtime.store,
        hint=runtime.hint,
        now=runtime.now,
        sleep=runtime.sleep,
    )
    runtime.workspace = found.workspace
    return found.tracked


def add_json_option(parser: argparse.ArgumentParser) -> None:
    """The option of commands that label: the batches as they are then."""
    parser.add_argument(
        "--json", action="store_true", help="the batch objects with what is ours beside it, one a line"
    )


async def label_batches(
    words: Sequence[str],
    write: Callable[[Sequence[TrackedBatch], Runtime], Iterable[str]],
    context: Context,
    *,
    as_json: bool,
) -> int:
    """Call `write` with the batches these words mean, none twice, and print the lines it gives, or the batches; the exit
    code.
    """
    from claude_batch_tui.runtime import open_runtime

    async with open_runtime(context.config, patience=context.patience) as runtime:
        found = await resolve_all(words, runtime)
        lines = write(found, runtime)
        if as_json:
            write_batches(found, context, runtime)
        else:
            context.output.lines(lines)
    return ExitCode.GOOD


def write_batches(found: Sequence[TrackedBatch], context: Context, runtime: Runtime) -> None:
    """These batches as the store has them now, as JSON, one a line."""
    from claude_batch_tui.store import batches

    scope_id, ids = runtime.known_workspace().scope_id, [tracked.id for tracked in found]
    for tracked in batches.find_all(runtime.store.database, scope_id, ids):
        context.output.json(batch_json(tracked))


async def label_target(
    word: str, text: str, write: Callable[..., None], context: Context, *, as_json: bool
) -> int:
    """Call `write`, `set_name` or `set_note`, with what `word` means and one line of text, None where it is blank; print both."""

    def set_text(found: Sequence[TrackedBatch], runtime: Runtime) -> list[str]:
        from claude_batch_tui.services.watching.labels import target_of

        line = " ".join(text.split())
        workspace, now = runtime.known_workspace(), runtime.now()
        write(found, line or None, store=runtime.store, workspace=workspace, now=now)
        return [f"{target_of(found)} {line}".rstrip()]

    return await label_batches([word], set_text, context, as_json=as_json)


def batch_json(tracked: TrackedBatch) -> dict[str, Any]:
    """A batch as the API gives it, with what is ours beside it."""
    batch: dict[str, Any] = msgspec.to_builtins(tracked.batch)
    ours = {
        "name": tracked.name,
        "run_name": tracked.run_name,
        "tags": list(tracked.tags),
        "note": tracked.note,
        "run_id": tracked.run_id,
        "model": tracked.model,
        "source": tracked.source,
        "cost_at_most": tracked.cost_at_most,
        "cost_actual": tracked.cost_actual,
        "prices_as_of": tracked.prices_as_of,
        "results": tracked.results.value,
        "hidden": tracked.hidden_at is not None,
        "provisional": tracked.provisional,
        "sweep": tracked.sweep and msgspec.structs.asdict(tracked.sweep),
        "made_of": tracked.made_of,
    }
    return {**batch, **ours}
