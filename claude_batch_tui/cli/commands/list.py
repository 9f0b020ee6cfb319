"""`cbtui list`: the batches of the workspace."""

from __future__ import annotations

import argparse
import textwrap
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode, exit_code
from claude_batch_tui.cli.lookup import batch_json
from claude_batch_tui.config import BATCH_COLUMNS
from claude_batch_tui.domain.batches.fields import FIELDS, STATE_WORDS
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.errors import CbtuiError, ConfigError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.batch_list import BatchList, BatchRow
    from claude_batch_tui.services.watching.listing import Listed

_COLUMNS = "state,id,name,requests,age,tags,progress,note"
_EXAMPLES = """\
A filter is FIELD OP VALUE, joined by and (or a blank), or, not, parentheses; a
bare word is looked for everywhere:
  state=running tag=eval age<2d model:sonnet
  errored>0 or state=expired
  created>=2026-11-01 nightly
"""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("--limit", type=int, default=20, metavar="N", help="at most so many (20)")
    parser.add_argument("--where", metavar="FILTER", default="", help="only those a filter lets through")
    parser.add_argument("--sort", metavar="FIELD", help="by this field, -FIELD the other way round (age)")
    parser.add_argument("--columns", metavar="A,B", default=_COLUMNS, help="what the table shows")
    parser.add_argument("--runs", action="store_true", help="a line a run, its batches added up")
    parser.add_argument("--hidden", action="store_true", help="those hidden with `hide` too")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    words = {"states": STATE_WORDS, "fields": FIELDS, "columns": BATCH_COLUMNS}
    parser.epilog = _EXAMPLES + "\n".join(
        textwrap.fill(f"{head:<10}{' '.join(every)}", 79, subsequent_indent=" " * 10)
        for head, every in words.items()
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """List; several workspaces one after the other, those out of reach with a sentence in their place."""
    code = ExitCode.GOOD
    for config in (context.config, *context.beside):
        if context.beside and not args.json:
            context.output.line(f"{'' if config is context.config else chr(10)}{config.profile or 'default'}")
        try:
            listed = run_to_end(_list(args, msgspec.structs.replace(context, config=config)))
        except CbtuiError as error:
            if not context.beside:
                raise
            context.diagnostics.error(f"{config.profile or 'default'}: {error}")
            listed = exit_code(error)
        code = max(code, ExitCode(listed))
    return code


async def _list(args: argparse.Namespace, context: Context) -> int:
    from claude_batch_tui.domain.batches.batch_list import BatchList, order_of
    from claude_batch_tui.domain.batches.filter import batch_filter
    from claude_batch_tui.domain.requests.limits import LIST_LIMIT
    from claude_batch_tui.wording.batches import columns_of

    if args.limit < 1:
        raise ConfigError(f"--limit is at least 1, not {args.limit}.")
    chosen, columns = BatchList(), columns_of(args.columns)
    chosen.wanted, chosen.order = batch_filter(args.where), order_of(args.sort or "age")
    chosen.shows_hidden, chosen.folds = args.hidden, args.runs
    searches = chosen.wanted is not None or args.sort is not None or args.runs
    count = max(args.limit, LIST_LIMIT) if searches else args.limit
    listed, where, now = await _heard(count, context, and_known=searches)
    place, known = context.config.profile or "default", listed.batches
    known = tuple(msgspec.structs.replace(tracked, profile=place) for tracked in known)
    chosen.update(known, now)
    if chosen.gave_up:
        raise ConfigError(chosen.gave_up)
    rows = chosen.rows[: args.limit]
    if args.json:
        profile = {"profile": context.config.profile} if context.beside else {}
        for row in rows:
            context.output.json({**profile, **_row_as_json(row)})
    elif rows:
        context.output.lines(table(rows, columns, known, now))
    else:
        _say_why_empty(context, chosen, where)
    if searches and rows:
        context.diagnostics.note(f"{_shown(rows):,} of {chosen.total:,} known batches.")
    known = await _kept(known, listed, context)
    for sentence in (*warnings(known, now), *_left_open(listed, now)):
        context.diagnostics.note(sentence)
    for trouble in listed.troubles:
        context.diagnostics.error(trouble)
    return ExitCode.STORE if listed.troubles else ExitCode.GOOD


async def _heard(count: int, context: Context, *, and_known: bool) -> tuple[Listed, str, datetime]:
    """What API and store know, who asked where, and when; the API alone where the store cannot be opened."""
    from claude_batch_tui.errors import DamagedStoreError, StoreError
    from claude_batch_tui.runtime import open_api, open_runtime, patient
    from claude_batch_tui.services.results.local_files import unread_path
    from claude_batch_tui.services.watching.listing import newest
    from claude_batch_tui.store.batches import deleted_without_results

    config, patience = context.config, context.patience()
    try:
        async with open_runtime(config, patience=context.patience) as runtime:
            api, now = await runtime.connect(), runtime.now()
            listed = await newest(
                count, api=api, store=runtime.store, hint=runtime.hint, now=now, and_known=and_known
            )
            workspace = runtime.workspace
            if workspace is None:
                return listed, f"{api.credential} at {api.base_url}", runtime.now()
            deleted = deleted_without_results(runtime.store.database, workspace.scope_id)
            if any(unread_path(each, runtime.store) for each in (*listed.batches, *deleted)):
                from claude_batch_tui.services.downloading.recording import read_small_leftovers

                whole = await read_small_leftovers(
                    (*listed.batches, *deleted),
                    store=runtime.store,
                    scope_id=workspace.scope_id,
                    config=config,
                    now=runtime.now,
                )
                listed = msgspec.structs.replace(listed, batches=whole[: len(listed.batches)])
            return listed, f"{api.credential} at {api.base_url}", runtime.now()
    except DamagedStoreError:
        raise
    except StoreError as error:
        now = datetime.now(UTC)
        api = await open_api(config)
        try:
            listed = await newest(count, api=patient(api, patience), store=None, hint="", now=now)
        finally:
            await api.close()
        listed = msgspec.structs.replace(listed, troubles=(str(error),))
        return listed, f"{api.credential} at {api.base_url}", now


async def _kept(
    known: tuple[TrackedBatch, ...], listed: Listed, context: Context
) -> tuple[TrackedBatch, ...]:
    """These batches, those with their results whose results the API was about to delete."""
    from claude_batch_tui.cli.keeping import fetch_what_goes
    from claude_batch_tui.domain.batches.notices import Warned, warned
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.store import batches

    near = [
        one for one in known if (found := warned(one, datetime.now(UTC))) and found.about is Warned.RESULTS
    ]
    if listed.troubles or not near or not context.config.keep:
        return known
    async with open_runtime(context.config, patience=context.patience) as runtime:
        await fetch_what_goes(near, context, runtime)
        scope_id, ids = runtime.known_workspace().scope_id, [one.id for one in near]
        fresh = {one.id: one for one in batches.find_all(runtime.store.database, scope_id, ids)}
    return tuple(fresh.get(one.id, one) for one in known)


def _left_open(listed: Listed, now: datetime) -> Iterable[str]:
    """What could not be read, and what is still looked for."""
    from claude_batch_tui.wording.values import ago, counted, counted_batches

    if listed.unreadable:
        yield (
            f"{counted_batches(listed.unreadable)} of the API's list cannot be read by this version and "
            f"{'is' if listed.unreadable == 1 else 'are'} not shown: a newer cbtui may know the form."
        )
    for one in listed.looked_for:
        when = one.sent_at or one.created_at
        yield (
            f"Still looked for: {counted(one.requests, 'request')} of {one.source or one.name or one.submission_id}, "
            f"sent {ago(now - when)} ago without an answer. To look now: the same `cbtui submit` again, or U in the dashboard."
        )


def _shown(rows: Sequence[BatchRow]) -> int:
    return sum(len(row.members) or 1 for row in rows)


def _say_why_empty(context: Context, chosen: BatchList, where: str) -> None:
    if chosen.total and chosen.wanted is not None:
        context.diagnostics.note(f"None of {chosen.total:,} known batches matches.")
    elif chosen.total:
        context.diagnostics.note(f"All {chosen.total:,} known batches are hidden: --hidden shows them.")
    else:
        context.diagnostics.note(f"No batches in this workspace: {where}. Make one with `cbtui build`.")


def _row_as_json(row: BatchRow) -> dict[str, Any]:
    if not row.members:
        return batch_json(row.tracked)
    return {**batch_json(row.tracked), "batch_ids": [tracked.id for tracked in row.members]}


def table(
    rows: Sequence[BatchRow], columns: Sequence[str], known: Iterable[TrackedBatch], now: datetime
) -> list[str]:
    """The rows as lines of a table with a head. `known` teaches how long batches take."""
    from claude_batch_tui.domain.batches.turnaround import Turnarounds
    from claude_batch_tui.wording.batches import ASCII_GLYPHS, COLUMNS

    learned = Turnarounds()
    learned.learn(known)
    lines = [[COLUMNS[name].title for name in columns]]
    for row in rows:
        tracked = row.tracked
        similar = learned.forecast(tracked.batch, tracked.model)
        lines.append([COLUMNS[name].words(tracked, now, similar) for name in columns])
        if "state" in columns:
            lines[-1][columns.index("state")] = ASCII_GLYPHS[tracked.state(now)]
        if row.members and "name" in columns:
            lines[-1][columns.index("name")] += f" ({len(row.members)} batches)"
    widths = [max(len(line[number]) for line in lines) for number in range(len(columns))]
    return [
        "  ".join(
            cell.rjust(width) if COLUMNS[name].align == "right" else cell.ljust(width)
            for name, cell, width in zip(columns, line, widths, strict=True)
        ).rstrip()
        for line in lines
    ]


def warnings(known: Iterable[TrackedBatch], now: datetime) -> Iterable[str]:
    """What may be another's, what is about to be lost, and the command that settles or saves it."""
    from claude_batch_tui.domain.batches.notices import Warned, warned
    from claude_batch_tui.wording.values import counted_batches, span

    if unproven := [tracked for tracked in known if tracked.provisional]:
        yield (
            f"{counted_batches(len(unproven))}, found after a lost answer, may be somebody else's: "
            f"cbtui watch {unproven[0].id} holds the results against what was sent."
        )
    for about in Warned:
        near = [
            (warning.at, tracked)
            for tracked in known
            if (warning := warned(tracked, now)) is not None and warning.about is about
        ]
        if not near:
            continue
        at, first = min(near, key=lambda pair: pair[0])
        several = counted_batches(len(near))
        if about is Warned.RESULTS:
            yield (
                f"The API deletes results of {several} that are not on this machine, the first in {span(at - now)}: "
                f"cbtui results {first.id} -o FILE saves them."
            )
        else:
            yield (
                f"{several} will expire, the first in {span(at - now)}: cbtui cancel {first.id} ends it now; "
                "what is finished is kept, what is not is not billed."
            )
