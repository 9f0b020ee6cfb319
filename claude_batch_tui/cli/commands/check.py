"""`cbtui check requests.jsonl`: everything wrong with a requests file, and what it would cost."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.diagnostics import ExitCode

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.requests.draft import Draft
    from claude_batch_tui.services.building.check import CheckReport


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("file", metavar="FILE", type=Path, help="a requests file, made by cbtui or not")
    parser.add_argument(
        "--examples", metavar="N", type=int, default=5, help="problems shown of each kind (5)"
    )
    parser.add_argument(
        "--count", action="store_true", help="have the API count the tokens of 20 requests (free)"
    )
    parser.add_argument("--json", action="store_true", help="the report as one line of JSON")
    parser.epilog = (
        "The cost at most reckons with one token for every 2 bytes of text, images by their pixels and PDFs by their\n"
        "pages, at the dearest rate that applies, and with answers of max_tokens each. Exit codes: 0 no errors (warnings may be there), 2 errors."
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Check."""
    report = _checked(args, context)
    if args.count:
        report = run_to_end(_counted_by_api(report, args, context))
        if report.forecast.not_counted:
            context.diagnostics.error(f"The input could not be counted: {report.forecast.not_counted}")
    if args.json:
        context.output.json(_as_json(report))
    else:
        context.output.lines(_lines(report, args.examples))
    if not report.draft.has_errors:
        return ExitCode.GOOD
    context.diagnostics.error(
        f"{args.file} has errors ({report.draft.errors:,}): it cannot be sent as it is."
    )
    return ExitCode.USAGE


def _checked(args: argparse.Namespace, context: Context) -> CheckReport:
    from claude_batch_tui.cli.reports import show_progress
    from claude_batch_tui.services.building.check import check_file
    from claude_batch_tui.services.building.recipes import recipe_beside
    from claude_batch_tui.store.workspaces import hint_of

    recipe = recipe_beside(args.file)
    betas = recipe.betas if recipe else ()
    hint = hint_of(context.config, os.environ)
    updates = check_file(args.file, context.config, datetime.now(UTC), hint=hint, betas=betas)
    return show_progress(updates, "requests", context)


async def _counted_by_api(report: CheckReport, args: argparse.Namespace, context: Context) -> CheckReport:
    """The same report with the input counted by the API, and answers as long as earlier ones."""
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.services.building.requests_files import iter_request_lines
    from claude_batch_tui.services.submitting.price import count_and_price

    async with open_runtime(context.config, patience=context.patience) as runtime:
        return await count_and_price(
            report,
            lambda: iter_request_lines(args.file),
            connect=runtime.connect,
            store=runtime.store,
            workspace=runtime.workspace,
            prices=read_prices(context.config),
            source=str(args.file),
        )


def _lines(report: CheckReport, examples: int) -> Iterator[str]:
    from claude_batch_tui.domain.requests.limits import MAX_BODY_BYTES, MAX_REQUESTS
    from claude_batch_tui.sources.json_values import FORMS
    from claude_batch_tui.sources.ready import MAKERS
    from claude_batch_tui.wording.costs import forecast_lines
    from claude_batch_tui.wording.submissions import problem_lines
    from claude_batch_tui.wording.values import counted, size

    draft = report.draft
    requests, bytes_ = draft.requests / MAX_REQUESTS, draft.body_bytes / MAX_BODY_BYTES
    yield f"format    {FORMS['lines']}: {MAKERS['messages']}"
    yield f"requests  {draft.requests:,} ({requests:.1%} of the limit of {MAX_REQUESTS:,})"
    yield f"size      {size(draft.body_bytes)} ({bytes_:.1%} of the limit of {size(MAX_BODY_BYTES)})"
    for model, count in _by_model(draft).items():
        yield f"model     {model}: {count:,}"
    yield from forecast_lines(report.forecast)
    yield from problem_lines(draft.problems, draft.counts, examples)
    yield f"{counted(draft.errors, 'error')}, {counted(draft.warnings, 'warning')}"


def _by_model(draft: Draft) -> dict[str, int]:
    counts: dict[str, int] = {}
    for totals in draft.models:
        if totals.requests:
            counts[totals.model] = counts.get(totals.model, 0) + totals.requests
    return counts


def _as_json(report: CheckReport) -> dict[str, object]:
    from claude_batch_tui.cli.reports import problem_json
    from claude_batch_tui.domain.requests.limits import MAX_BODY_BYTES, MAX_REQUESTS
    from claude_batch_tui.sources.json_values import FORMS

    draft, forecast, at_most = report.draft, report.forecast, report.at_most
    likely, caching = forecast.likely, forecast.caching
    counted = forecast.counted_at_most
    return {
        "file": draft.path,
        "format": FORMS["lines"],
        "ok": not draft.has_errors,
        "requests": draft.requests,
        "body_bytes": draft.body_bytes,
        "limits": {"requests": MAX_REQUESTS, "body_bytes": MAX_BODY_BYTES},
        "models": _by_model(draft),
        "cost": {
            "at_most": at_most.total,
            "standard_at_most": None if at_most.unpriced else at_most.standard,
            "likely": likely.batch if likely and not at_most.unpriced else None,
            "input_about": None if at_most.unpriced else forecast.about.batch,
            "priced_part_at_most": at_most.batch,
            "input_tokens_counted": forecast.counted.tokens if forecast.counted else None,
            "input_not_counted": forecast.not_counted or None,
            "input_tokens_margin": forecast.counted.margin if forecast.counted else None,
            "output_tokens_likely": likely.output_tokens if likely else None,
            "earlier_batches": forecast.history.batches if forecast.history else 0,
            "input_tokens_at_most": at_most.input_tokens,
            "output_tokens_at_most": at_most.output_tokens,
            "models_without_price": at_most.unpriced,
            "requests_without_price": at_most.unpriced_requests,
            "open_ended_requests": at_most.open_ended,
            "counted_at_most": counted.batch if counted and not at_most.unpriced else None,
            "counted_standard_at_most": counted.standard if counted and not at_most.unpriced else None,
            "counted_input": forecast.counted_input.batch
            if forecast.counted_input and not at_most.unpriced
            else None,
            "cached_at_most": caching.cost.batch if caching else None,
            "cached_tokens_shared": caching.shared_tokens if caching else None,
            "cache_pays_from_requests": caching.break_even_requests if caching else None,
            "cache_pays_from_hits": caching.break_even_hits if caching else None,
            "prices_as_of": at_most.as_of.isoformat(),
            "models_as_of": forecast.models_as_of.isoformat() if forecast.models_as_of else None,
        },
        "errors": draft.errors,
        "warnings": draft.warnings,
        "counts": draft.counts,
        "problems": [problem_json(problem) for problem in draft.problems],
    }
