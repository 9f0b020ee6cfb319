"""`cbtui results ID --ledger` and `--list NAME`: what was sent against what came back."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.entries import sent_files
from claude_batch_tui.cli.lookup import resolve
from claude_batch_tui.cli.outcomes import Outcomes, exit_code, outcomes_of_found, together
from claude_batch_tui.cli.results_files import lines_of, merged_of, results_path
from claude_batch_tui.domain.plain_text import clean_line

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.services.results.ledger import Accounts
    from claude_batch_tui.store.results.file import ResultsFile

_LISTS = ("missing", "extra", "duplicate", "unparsable")


class _Held(NamedTuple):
    """A results file beside what was sent for it, where that is known."""

    title: str
    path: Path
    sent: Collection[str] | None
    bodies: tuple[Path, ...] = ()
    outcomes: Outcomes = Outcomes({})
    """What is known of them besides their entries."""


def add_ledger_options(parser: argparse.ArgumentParser) -> None:
    """The options that ask for the ledger instead of for entries."""
    group = parser.add_argument_group("what was sent against what came back")
    group.add_argument(
        "--ledger", action="store_true", help="how many are missing, extra, duplicate, of each class"
    )
    group.add_argument(
        "--list", choices=_LISTS, help="one of the ledger's lists: custom_id and number of the entry"
    )
    group.add_argument(
        "--json", action="store_true", help="the numbers of --stats or the ledger, or the list, as JSON"
    )


def wants_ledger(args: argparse.Namespace) -> bool:
    """Whether the ledger is asked for."""
    return bool(args.ledger or args.list)


def show_ledger(args: argparse.Namespace, context: Context) -> int:
    """Print the ledger or a list of it; the exit code says whether everything came back once, and truly good."""
    from claude_batch_tui.services.results.ledger import accounts
    from claude_batch_tui.services.results.schema_validation import validate_schemas
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.store.results.opening import open_indexed
    from claude_batch_tui.wording.results import not_good_words

    outcomes, cache = list[Outcomes](), Locations(context.config.data_dir).cache
    for held in _held(args, context):
        with open_indexed(held.path, cache) as results:
            validate_schemas(results, sent_files(held.bodies, args), cache)
            found = accounts(results.index, held.sent)
            if args.list:
                _print_list(args, found, results, context)
            elif args.json:
                context.output.json({"results": held.title, **_numbers(found)})
            else:
                rows = [(name, "unknown" if n is None else f"{n:,}") for name, n in _numbers(found).items()]
                context.output.line(held.title)
                context.output.lines(f"  {name:<14}{words:>10}" for name, words in rows)
            gaps = {name: len(found.list_of(name) or ()) for name in _LISTS}
            outcomes.append(msgspec.structs.replace(held.outcomes, counts={**gaps, **found.classes}))
            if not found.is_good:
                context.diagnostics.note(f"{held.title}: {not_good_words({**gaps, **found.classes})}")
    return exit_code(together(outcomes))


def _held(args: argparse.Namespace, context: Context) -> list[_Held]:
    from claude_batch_tui.services.building.requests_files import ids_of_requests
    from claude_batch_tui.services.results.any_rows import rows_of
    from claude_batch_tui.services.results.rows_file import RowsFile
    from claude_batch_tui.store.locations import Locations
    from claude_batch_tui.store.results.opening import open_indexed

    files = {word: results_path(word) for word in args.ids}
    found = [_held_file(path, context) for path in files.values() if path is not None]
    words = [word for word, path in files.items() if path is None]
    found += run_to_end(_of_batches(words, context)) if words else []
    if args.requests is not None:
        sent_files((), args)
        sent = ids_of_requests(args.requests)
    elif args.rows is not None:
        cache = Locations(context.config.data_dir).cache
        ids: dict[str, None] = {}
        for held in found:
            with open_indexed(held.path, cache) as results:
                ids |= dict.fromkeys(results.index.all_ids())
        sent = RowsFile(rows_of(args.rows, ids, cache)).custom_ids()
    else:
        return found
    return [held._replace(sent=sent) for held in found]


def _held_file(path: Path, context: Context) -> _Held:
    """A file, with what was sent where its lines hold their requests."""
    from claude_batch_tui.services.submitting.spool import ids_placed

    lines = lines_of(path, context)
    if lines.body is None:
        return _Held(path.name, lines.path, None)
    return _Held(path.name, lines.path, ids_placed(lines.body), (lines.body,))


async def _of_batches(words: Sequence[str], context: Context) -> list[_Held]:
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.results.local_files import sent_ids_of

    async with open_runtime(context.config, patience=context.patience) as runtime:
        held: list[_Held] = []
        for word in words:
            found = await merged_of(word, context, runtime)
            sent = [sent_ids_of(tracked.id, runtime.store) for tracked in await resolve(word, runtime)]
            known = [ids for ids in sent if ids is not None]
            every = dict.fromkeys(custom_id for ids in known for custom_id in ids)
            held.append(
                _Held(
                    found.title,
                    found.path,
                    every if len(known) == len(sent) else None,
                    found.sent,
                    outcomes_of_found([found], {}),
                )
            )
        return held


def _numbers(found: Accounts) -> dict[str, int | None]:
    lists = {name: None if (one := found.list_of(name)) is None else len(one) for name in _LISTS}
    return {"sent": found.sent, "came back": found.entries, **lists, **found.classes}


def _print_list(args: argparse.Namespace, found: Accounts, results: ResultsFile, context: Context) -> None:

    listed = found.list_of(args.list)
    if listed is None:
        context.diagnostics.note(
            f"What was sent is not known here, so nothing can be called {args.list}: name the requests as they were sent with --sent, or the rows file with --rows."
        )
        return
    for one in listed:
        if args.json:
            context.output.json(one)
        elif one.entry is None:
            context.output.line(one.custom_id)
        else:
            start = results.line(one.entry - 1, 80).decode("utf-8", "replace")
            words = one.custom_id or clean_line(start)
            context.output.line(f"{words}\tentry {one.entry:,}")
