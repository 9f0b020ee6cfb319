"""`cbtui run RECIPE.toml -o answers.csv`: from a recipe to its answers in one line, which goes on where it stopped. This is paid."""

from __future__ import annotations

import argparse
import contextlib
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from claude_batch_tui.cli.build_specs import agreed_recipe, spec_of
from claude_batch_tui.cli.command import Context, run_to_end
from claude_batch_tui.cli.commands import build, results, retry, watch
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.cli.entries import STDOUT, add_form_options
from claude_batch_tui.cli.output import Output
from claude_batch_tui.cli.sending import (
    add_agreement_options,
    add_decision_options,
    add_prime_options,
    agreed,
    can_ask,
    decision_of,
    say,
    steps_of,
)
from claude_batch_tui.errors import ConfigError, DraftError
from claude_batch_tui.home import expand_home

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.domain.batches.tracked import Overlap, Submission
    from claude_batch_tui.runtime import Runtime
    from claude_batch_tui.services.building.requests_files import RequestsFiles
    from claude_batch_tui.services.submitting.order import Decision, Question, SendOrder
    from claude_batch_tui.services.submitting.retry import RetryPlan

_GO_ON = "The same line goes on with it, and pays for nothing twice."


class _Sent(NamedTuple):
    """How sending ended: the exit code, the run where it was created, whether one of its batches is still to be proven its
    own, and the run that it was sent for.
    """

    code: int
    run_id: str | None = None
    is_open: bool = False
    sent_for: str | None = None


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("recipe", metavar="RECIPE.toml", help="as `cbtui build --save-recipe` writes it")
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="the answers; - is stdout")
    add_form_options(parser)
    parser.add_argument("--force", action="store_true", help="replace what is there under the name of -o")
    parser.add_argument("--source", metavar="FILE", help="this file and not the recipe's")
    parser.add_argument("--name", metavar="N", help="the name of the run; left out, the recipe's")
    parser.add_argument("--skip-bad-rows", action="store_true", help="leave out rows with errors")
    parser.add_argument(
        "--trust-recipe", action="store_true", help="read what it names outside of its folder"
    )
    parser.add_argument("--trust-script", action="store_true", help="run its script: you have read it")
    parser.add_argument(
        "--retry",
        metavar="N",
        type=int,
        default=1,
        help="send what errored or expired again, so often at most (1)",
    )
    parser.add_argument(
        "--max-cost",
        metavar="$",
        type=float,
        help="pay no more than this for the run, its retries included; with --yes it agrees above the limits, too",
    )
    add_agreement_options(parser)
    add_decision_options(parser)
    add_prime_options(parser)
    parser.add_argument("--json", action="store_true", help="at the end the run as one line of JSON")
    parser.add_argument("--interval", type=float, metavar="S", help="seconds between polls, from 1 (adapts)")
    parser.epilog = (
        "Build, check, price, confirm, submit, wait, fetch, retry, export. Given again after an interruption it finds its\n"
        "run by the requests it makes, within 30 days; to pay for them anew use submit --again. Exit codes: those of\n"
        "results for the answers kept; 2 something is wrong with recipe or source, or it was not agreed to, 5 --timeout,\n"
        "75 it is not known whether a batch was created."
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Run."""
    quiet = msgspec.structs.replace(context, output=Output(sys.stderr))
    export = _arguments(
        results.configure,
        [
            "",
            "-o",
            args.output,
            "--force",
            *_options(args, "format", "spread", "columns", "csv_raw", "excel"),
        ],
    )
    form = results.check_output(export, context)
    if args.json and args.output == STDOUT:
        raise ConfigError("--json and -o - both want stdout: name a file for the answers.")
    with _built(args, quiet) as order:
        if order is None:
            return ExitCode.USAGE
        if form.name != "sqlite" and args.output != STDOUT:  # a database keeps what else is in it
            _claim(args, order, context.config.state_dir)
        return _to_the_end(args, order, export, context, quiet)


def _to_the_end(
    args: argparse.Namespace,
    order: SendOrder,
    export: argparse.Namespace,
    context: Context,
    quiet: Context,
) -> int:
    """Send what is not sent, wait, send again what failed, as often as it is wanted, and export."""
    waiting = _arguments(watch.configure, ["", *_options(args, "interval")])
    waiting.timeout = getattr(args, "timeout", None)
    next_order: SendOrder | None = order
    run_id, decision = "", decision_of(args)
    while next_order is not None:
        sent = run_to_end(_send(next_order, args, quiet))
        if decision is not None and run_to_end(_is_decided(sent.run_id or sent.sent_for, decision, context)):
            decision = None
            continue
        if sent.run_id is None:
            if not run_id or sent.code != ExitCode.USAGE:
                return sent.code
            break  # a retry that was not agreed to: what there is, is exported
        run_id = sent.run_id
        waiting.ids = [run_id]
        code = run_to_end(watch.run(waiting, quiet))
        if code in (ExitCode.API, ExitCode.STORE, ExitCode.TIMEOUT, ExitCode.UNKNOWN_OUTCOME):
            if code != ExitCode.UNKNOWN_OUTCOME:  # there only a decision goes on, which is said
                context.diagnostics.note(_GO_ON)
            return code
        # What was open when it was found is settled by its results now; what comes after it can be sent.
        next_order = next_order if sent.is_open else run_to_end(_retry_order(run_id, args, quiet))
    if decision is not None:
        context.diagnostics.note(
            "All batches of the run are known to be its own: there was nothing to decide."
        )
    export.ids = [run_id]
    code = results.write_results(export, context)
    if args.json:
        context.output.json({**run_to_end(_as_json(run_id, context)), "output": args.output})
    return code


async def _is_decided(run_id: str | None, decision: Decision, context: Context) -> bool:
    """Decide about the first batch of a run that was found and is not proven its own; False where there is none."""
    from claude_batch_tui.domain.batches.tracked import SubmissionState
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.submitting.reconcile import decide
    from claude_batch_tui.store import submissions

    async with open_runtime(context.config, patience=context.patience) as runtime:
        for one in submissions.of_run(runtime.store, run_id or ""):
            if one.is_adopted or one.state is SubmissionState.CONFLICT:
                await decide(
                    one,
                    is_its=decision.is_its,
                    batch_id=decision.batch_id,
                    api=await runtime.connect(),
                    store=runtime.store,
                    hint=runtime.hint,
                    now=runtime.now(),
                )
                return True
    return False


async def _as_json(run_id: str, context: Context) -> dict[str, Any]:
    """The run as `status --json` has it."""
    from claude_batch_tui.cli.lookup import batch_json, resolve
    from claude_batch_tui.domain.batches.merging import fold
    from claude_batch_tui.runtime import open_runtime

    async with open_runtime(context.config, patience=context.patience) as runtime:
        found = await resolve(run_id, runtime)
    return batch_json(fold(run_id, found) if len(found) > 1 else found[0])


def _arguments(configure: Callable[[argparse.ArgumentParser], None], words: list[str]) -> argparse.Namespace:
    """What another command would be given with these words."""
    parser = argparse.ArgumentParser()
    configure(parser)
    return parser.parse_args(words)


def _options(args: argparse.Namespace, *names: str) -> list[str]:
    """These options as they were given, as words."""
    given = {f"--{name.replace('_', '-')}": getattr(args, name) for name in names}
    return [
        word
        for option, value in given.items()
        if value
        for word in ([option] if value is True else [option, str(value)])
    ]


@contextlib.contextmanager
def _built(args: argparse.Namespace, context: Context) -> Iterator[SendOrder | None]:
    """The requests of the recipe as files of their own, gone after the block, and the order to send them; None where they
    cannot be sent, which is said.
    """
    from ulid import ULID  # late, as all of these

    from claude_batch_tui.services.building.requests_files import beside
    from claude_batch_tui.store.locations import BUILT, Locations

    cache = Locations(context.config.data_dir).cache
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    files = beside(cache / f"{BUILT}{ULID()}.jsonl")
    try:
        yield _build(args, files, context)
    finally:
        for path in (files.requests, files.rows, files.left_out, files.recipe):
            path.unlink(missing_ok=True)


def _build(args: argparse.Namespace, files: RequestsFiles, context: Context) -> SendOrder | None:
    """Build and check; None, with everything said, where there are errors."""
    from claude_batch_tui.cli.reports import show_progress, show_reading
    from claude_batch_tui.services.building.build import build as building
    from claude_batch_tui.services.submitting.order import SendOrder

    recipe = agreed_recipe(args, context)
    if recipe is None:
        return None
    given = _arguments(build.configure, _options(args, "source"))
    updates = building(
        spec_of(given, context, recipe),
        out=files.requests,
        skip_bad_rows=args.skip_bad_rows,
        name=args.name or recipe.name,
        betas=recipe.betas,
        trust_script=args.trust_script,
        api_version=context.config.api_version,
    )
    report = show_progress(updates, "rows", context)
    show_reading(report, 5, context)
    if report.files is None:
        hint = "no row is good." if args.skip_bad_rows else "mend the rows, or say --skip-bad-rows."
        context.diagnostics.error(f"nothing was sent: {hint}")
        return None
    if report.left_out:
        kept = expand_home("." if args.output == STDOUT else args.output).parent
        kept /= f"{Path(args.recipe).stem}.left-out.jsonl"
        shutil.copyfile(files.left_out, kept)
        context.diagnostics.note(f"{report.left_out:,} rows left out: {kept}")
    return SendOrder(
        requests=files.requests,
        rows=files.rows,
        name=args.name or recipe.name,
        source=str(args.recipe),
        betas=recipe.betas,
        sweep=recipe.sweep,
        resend_if_absent=args.resend_if_absent,
        counts_input=can_ask(args),
        guesses=report.reading.guesses,
        prime=args.prime,
    )


def _claim(args: argparse.Namespace, order: SendOrder, state_dir: Path) -> None:
    """Write down that the file is to get these answers. Raises ConfigError where it holds something else."""
    from claude_batch_tui.services.exporting.own_files import is_own_file, remember_own_file

    target = expand_home(args.output)
    if target.exists() and not args.force and not is_own_file(state_dir, order.requests, target):
        raise ConfigError(
            f"{target} is there already, and this line did not write it: name another file, or replace it with --force. "
            "Nothing was sent."
        )
    remember_own_file(state_dir, order.requests, target)


async def _send(order: SendOrder, args: argparse.Namespace, context: Context) -> _Sent:
    """Send what was not sent before of an order; what was, is taken up."""
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.building.models import refreshed_models

    async with open_runtime(context.config, patience=context.patience) as runtime:
        await refreshed_models(await runtime.connect(), context.config.data_dir, runtime.hint, runtime.now())
        return await _take_steps(order, args, context, runtime)


async def _take_steps(
    order: SendOrder, args: argparse.Namespace, context: Context, runtime: Runtime
) -> _Sent:
    """Say each step of it; how it ended."""
    from claude_batch_tui.services.submitting.steps import Declined, Ended, LeftCold, Overlaps, SentBefore

    given = argparse.Namespace(**{**vars(args), "json": False, "again": False})

    async def confirm(question: Question) -> bool:
        return _agreed(question, order, given, context, runtime)

    sent = _Sent(ExitCode.GOOD)
    async with aclosing(steps_of(order, confirm, given, context, runtime)) as steps:
        async for step in steps:
            match step:
                case SentBefore(one) if one.is_certain:
                    context.diagnostics.note(_taken_up(one))
                    return _Sent(ExitCode.GOOD, one.run_id)
                case Overlaps(found) if (run_id := _only_run(found)) is not None:
                    context.diagnostics.note(f"All of it was sent before, as {run_id}: it is taken up.")
                    return _Sent(ExitCode.GOOD, run_id)
                case Overlaps(found):
                    if (run_id := _primed_run(found, runtime)) is not None:
                        raise DraftError(
                            f"The prime of these requests was sent before, as {run_id}. Nothing was sent now: the same line "
                            "with --prime goes on with the others."
                        )
                    await say(
                        step, order, argparse.Namespace(**{**vars(given), "yes": False}), context, runtime
                    )
                    raise DraftError(
                        "Some of it was sent before, in other runs. Nothing was sent; `cbtui build --recipe` and "
                        "`cbtui submit --new-only` send only the others."
                    )
            code = await say(step, order, given, context, runtime)
            match step:
                case Ended(one):
                    is_open = sent.is_open or one.is_adopted
                    sent = _Sent(code, one.run_id if step.is_created else None, is_open, one.run_id)
                case LeftCold() | Declined():
                    sent = _Sent(code)
                case _:
                    sent = sent._replace(code=code)
    return sent


def _taken_up(one: Submission) -> str:
    from claude_batch_tui.wording.submissions import sent_before_words

    return f"{sent_before_words(one)} It is taken up: {one.run_id}."


def _only_run(overlap: Overlap) -> str | None:
    """The run that was sent all of it already, for certain; None where it was several, or not all."""
    is_all = not overlap.others and not overlap.unknown and len(overlap.runs) == 1
    return overlap.runs[0].run_id if is_all else None


def _primed_run(overlap: Overlap, runtime: Runtime) -> str | None:
    """The one run that was sent some of it already, where that is its prime and nothing else."""
    from claude_batch_tui.store import submissions

    if len(overlap.runs) != 1 or overlap.requests != 1:
        return None
    run = submissions.of_run(runtime.store, overlap.runs[0].run_id)
    return run[0].run_id if run and run[0].kind == "prime" else None


def _agreed(
    question: Question, order: SendOrder, args: argparse.Namespace, context: Context, runtime: Runtime
) -> bool:
    """Ask, unless the cost is within what was said beforehand."""
    if args.max_cost is None:
        return agreed(question, order, args, context, runtime)
    from claude_batch_tui.services.submitting.rounds import cost_until_now
    from claude_batch_tui.services.watching.lookup import known_batches
    from claude_batch_tui.wording.values import money

    cost, run_id = question.report.at_most, question.missing[0].run_id
    before = cost_until_now(known_batches(run_id, store=runtime.store, workspace=runtime.workspace))
    is_known = not (cost.unpriced or cost.open_ended)
    if is_known and before + cost.batch <= args.max_cost:
        if args.yes:
            context.diagnostics.note(
                f"{question.requests:,} requests for at most {money(cost.batch)}, within --max-cost."
            )
            return True
        return agreed(question, order, args, context, runtime)
    earlier = f", and {money(before)} before" if before else ""
    words = f"may cost {money(cost.batch)}{earlier}" if is_known else "has a cost that nobody knows"
    context.diagnostics.error(
        f"This {words}: more than --max-cost {money(args.max_cost)} allows. Nothing was sent now."
    )
    return False


async def _retry_order(run_id: str, args: argparse.Namespace, context: Context) -> SendOrder | None:
    """The order to send again what errored or expired of a run; None where nothing is to be sent any more."""
    from claude_batch_tui.runtime import open_runtime
    from claude_batch_tui.services.submitting.order import SendOrder
    from claude_batch_tui.services.submitting.retry import NothingToRetryError
    from claude_batch_tui.services.submitting.rounds import retry_rounds
    from claude_batch_tui.store import submissions
    from claude_batch_tui.wording.submissions import retry_words

    async with open_runtime(context.config, patience=context.patience) as runtime:
        if retry_rounds(submissions.of_run(runtime.store, run_id)) >= args.retry:
            return None
        try:
            made: RetryPlan = await retry.plan_of(_arguments(retry.configure, [run_id]), context, runtime)
        except NothingToRetryError:
            return None
    for line in retry_words(made.counts, "--include-invalid", "--any-outcome", "--again"):
        context.diagnostics.note(line)
    return SendOrder(part=made, resend_if_absent=args.resend_if_absent, counts_input=can_ask(args))
