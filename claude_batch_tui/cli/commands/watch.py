"""`cbtui watch ID…`: poll until batches have ended."""

from __future__ import annotations

import argparse
import contextlib
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import replace

from claude_batch_tui.cli.adoptions import adopted_as, settled
from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.keeping import fetch_what_goes
from claude_batch_tui.cli.lookup import find_known, retrieve
from claude_batch_tui.cli.outcomes import Outcomes, exit_code, outcome_words, outcomes_of, together
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.engine.budget import Budget
from claude_batch_tui.errors import ConfigError, ExportError, NotFoundError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import Submission, TrackedBatch
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.watching.watch import Watched


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("ids", metavar="ID", nargs="+", help="batches, runs or names")
    parser.add_argument("--interval", type=float, metavar="S", help="seconds between polls, from 1 (adapts)")
    parser.add_argument("--until", choices=("any", "all"), default="all", help="when to stop (all)")
    parser.add_argument(
        "--output", "-o", type=Path, metavar="FILE", help="append every change to this JSONL file"
    )
    parser.add_argument("--json", action="store_true", help="a JSON line for every change")
    parser.epilog = (
        "Exit codes, as of results: 0 every answer is good, 1 some are not, 6 what is not was canceled or expired; a run\n"
        "answers for its ids, each by its newest good answer. Results that decide this are fetched.\n"
        "5 the timeout was reached, 3 the API refused, 130 interrupted (the batches go on), 75 a batch that was found\n"
        "for a lost submission ended, and its results do not prove that it is its own."
    )


async def run(args: argparse.Namespace, context: Context) -> int:
    """Watch."""
    import asyncio

    if args.interval is not None and args.interval < 1:
        raise ConfigError(f"--interval is at least 1 second, not {args.interval:g}.")
    try:
        async with asyncio.timeout(args.timeout):
            return await _watch_to_the_end(args, context)
    except TimeoutError:
        context.diagnostics.error(f"Gave up after {args.timeout:g} s; the batches go on.")
        return ExitCode.TIMEOUT


async def _watch_to_the_end(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.cli.watch_display import Notifier
    from claude_batch_tui.runtime import open_runtime  # late: --help needs none of it
    from claude_batch_tui.services.watching.watch import merged

    async with contextlib.AsyncExitStack() as stack:
        contexts = [
            msgspec.structs.replace(context, config=config) for config in (context.config, *context.beside)
        ]
        runtimes = [
            await stack.enter_async_context(open_runtime(each.config, patience=each.patience))
            for each in contexts
        ]
        words = await _found(args.ids, runtimes)
        watched = [[*{one.id: one for found in each.values() for one in found}.values()] for each in words]
        names = {tracked.id: tracked.title for found in watched for tracked in found}
        # Workspaces in which nothing is watched are not polled.
        parts = [part for part in zip(runtimes, contexts, watched, strict=True) if part[2]]
        notifiers = [
            Notifier(runtime, own, frozenset(tracked.id for tracked in found))
            for runtime, own, found in parts
        ]
        budget = Budget()
        steps = [_steps(runtime, found, args, context, budget) for runtime, _, found in parts]
        final: tuple[Batch, ...] = tuple(tracked.batch for found in watched for tracked in found)
        said: set[str] = set()
        async for number, step in merged(steps, until=args.until):
            now = parts[number][0].now()
            fresh = [batch for batch in step.batches if batch.id not in said]
            for batch in (*fresh, *(each for each in step.changed if each not in fresh)):
                _say(batch, names[batch.id], now, args, context)
            said |= {batch.id for batch in step.batches}
            final = step.batches
            if step.trouble:
                context.diagnostics.note(step.trouble)
            if len(said) == len(names):
                _draw(step, names, now, args, context)
            notifiers[number].notify()
        context.diagnostics.keep_block()
        for notifier in notifiers:
            await notifier.finish()
        for runtime, own, _ in parts:
            await fetch_what_goes(_known(runtime), own, runtime)
        ended = {batch.id for batch in final if batch.has_ended}
        for runtime, own, found in parts:
            adopted = [adopted_as(tracked.id, runtime) for tracked in found if tracked.id in ended]
            are_certain = [await _is_certain(one, own, runtime) for one in adopted if one is not None]
            if not all(are_certain):
                return ExitCode.UNKNOWN_OUTCOME
        return await _verdict(zip(runtimes, contexts, words, strict=True), final, context)


def _known(runtime: Runtime) -> tuple[TrackedBatch, ...]:
    from claude_batch_tui.store import batches

    workspace = runtime.workspace
    return () if workspace is None else batches.tracked(runtime.store.database, workspace.scope_id)


async def _verdict(
    watched: Iterable[tuple[Runtime, Context, dict[str, tuple[TrackedBatch, ...]]]],
    final: Sequence[Batch],
    context: Context,
) -> ExitCode:
    """The exit code that says how what was watched has ended; what of it is not good is said."""
    latest = {batch.id: batch for batch in final}
    each: list[Outcomes] = []
    for runtime, own, words in watched:
        for word, found in words.items():
            members = [replace(one, batch=latest.get(one.id, one.batch)) for one in found]
            each.append(await outcomes_of(word, members, own, runtime, fetches=True))
    outcomes = together(each)
    code = exit_code(outcomes)
    if code is not ExitCode.GOOD:
        context.diagnostics.note(outcome_words(outcomes))
    return code


async def _is_certain(adopted: Submission, context: Context, runtime: Runtime) -> bool:
    """Whether the results of a batch prove that it is the one of a lost submission; what they show is said."""
    from claude_batch_tui.wording.submissions import settled_words

    known = await settled(adopted, context, runtime)
    context.diagnostics.note(settled_words(adopted, known))
    return known.is_certain


async def _found(
    words: Sequence[str], runtimes: Sequence[Runtime]
) -> list[dict[str, tuple[TrackedBatch, ...]]]:
    """What each word means, as the API has it now, for each workspace: a word belongs to the first that knows it."""
    found: list[dict[str, tuple[TrackedBatch, ...]]] = [{} for _ in runtimes]
    for word in words:
        for number, runtime in enumerate(runtimes):
            known = await find_known(word, runtime)
            if known:
                fresh = [await retrieve(tracked.id, runtime) for tracked in known]
                found[number][word] = tuple(fresh)
                break
        else:
            for number, runtime in enumerate(runtimes):
                try:
                    found[number][word] = (await retrieve(word, runtime),)
                except NotFoundError:
                    if number == len(runtimes) - 1:
                        raise
                else:
                    break
    return found


async def _steps(
    runtime: Runtime,
    found: Sequence[TrackedBatch],
    args: argparse.Namespace,
    context: Context,
    budget: Budget,
) -> AsyncIterator[Watched]:
    """The watch of one workspace, its polls in turn with the others'."""
    from claude_batch_tui.services.watching.watch import watch

    budget.join()

    async def sleep(seconds: float) -> None:
        await runtime.sleep(seconds)
        await runtime.sleep(budget.wait(time.monotonic()))

    async for step in watch(
        [tracked.batch for tracked in found],
        api=await runtime.connect_once(),
        store=runtime.store,
        hint=runtime.hint,
        until=args.until,
        fixed_interval=args.interval or context.config.poll_interval,
        now=runtime.now,
        sleep=sleep,
        random=runtime.random,
    ):
        yield step


def _draw(
    step: Watched, names: dict[str, str], now: datetime, args: argparse.Namespace, context: Context
) -> None:
    """The bars and what comes next, where a person looks on."""
    from claude_batch_tui.cli.watch_display import bars
    from claude_batch_tui.wording.values import duration_words

    diagnostics = context.diagnostics
    if not diagnostics.redraws or (args.json and context.output.is_terminal):
        return
    size = diagnostics.size()
    lines = bars(
        step.batches,
        names,
        now,
        columns=size.columns,
        rows=max(size.lines - 3, 1),
        ascii_only=context.config.ascii or not diagnostics.takes("█▒░…·"),
    )
    running = sum(not batch.has_ended for batch in step.batches)
    if running and step.next_in is not None and not step.ended(args.until):
        again = f"{running:,} running; next look in {duration_words(step.next_in)}; ctrl+c leaves, they go on"
        lines.append(again[: size.columns - 1])
    diagnostics.block(lines)


def _say(batch: Batch, name: str, now: datetime, args: argparse.Namespace, context: Context) -> None:
    from claude_batch_tui.wording.batches import progress_words

    record: dict[str, Any] = {"timestamp": now, "batch_id": batch.id, **msgspec.to_builtins(batch)}
    if args.output is not None:
        _append(args.output, record)
    if args.json:
        context.output.json(record)
    elif not (context.output.is_terminal and context.diagnostics.redraws):
        label = batch.id if name == batch.id else f"{batch.id} ({name})"
        context.output.line(f"{now:%H:%M:%S} {label} {batch.processing_status}: {progress_words(batch, now)}")
    context.output.flush()


def _append(file: Path, record: dict[str, Any]) -> None:

    try:
        with file.open("ab") as log:
            log.write(msgspec.json.encode(record) + b"\n")
    except OSError as error:
        raise ExportError(f"Cannot write {file}: {error.strerror}.") from error
