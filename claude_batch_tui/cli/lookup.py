"""The batches that a word on the command line means: an id, a run, or a name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.errors import ConfigError

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import TrackedBatch
    from claude_batch_tui.runtime import Runtime


async def resolve(word: str, runtime: Runtime) -> tuple[TrackedBatch, ...]:
    """All batches the word means, looked up in the store, then the API. Raises NotFoundError where there is none."""
    from claude_batch_tui.services.watching.lookup import known_batches  # late: --help needs none of it

    return known_batches(word, store=runtime.store, workspace=runtime.workspace) or (
        await retrieve(word, runtime),
    )


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
