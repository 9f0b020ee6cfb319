"""What is sent as words: the problems of a draft, the state of a submission, what a retry takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.domain.batches.tracked import SubmissionState
from claude_batch_tui.wording.costs import forecast_lines
from claude_batch_tui.wording.values import counted, money, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from claude_batch_tui.domain.batches.tracked import Overlap, Submission
    from claude_batch_tui.domain.requests.draft import Problem
    from claude_batch_tui.domain.results.failures import RetryCounts
    from claude_batch_tui.services.results.pilot_limit import PilotLimit
    from claude_batch_tui.services.results.triage import Group, Triage
    from claude_batch_tui.services.submitting.order import Question, SendOrder
    from claude_batch_tui.services.submitting.steps import Primed
    from claude_batch_tui.sources.rows import Reading

_RUNS_NAMED = 5
_SUBMISSION_WORDS = {
    SubmissionState.PREPARED: "not sent",
    SubmissionState.SENDING: "being sent",
    SubmissionState.CREATED: "created",
    SubmissionState.REFUSED: "refused by the API",
    SubmissionState.UNKNOWN: "outcome unknown: looking for it",
    SubmissionState.ABSENT: "not found in the list",
    SubmissionState.CONFLICT: "several batches may be it",
    SubmissionState.ABANDONED: "given up",
}


def submission_words(submission: Submission) -> str:
    """A submission's state as a sentence without an end."""
    words = _SUBMISSION_WORDS[submission.state]
    if submission.is_adopted:
        words = "found in the list, not proven to be its own"
    return words


def adopted_words(adopted: Submission) -> str:
    """That a batch was found for a lost submission, and what settles whether it is its own."""
    return (
        f"{adopted.batch_id} was found in the list for {_called(adopted)} by its time and size: that it is its batch is not "
        f"proven. `cbtui watch {adopted.batch_id}` looks at its results once it has ended; the same command again with "
        "--accept takes it, with --reject looks on. Neither pays."
    )


def settled_words(adopted: Submission, settled: Submission) -> str:
    """What became of an adopted submission once the results of its batch were held against what was sent."""
    batch_id, called = adopted.batch_id, _called(adopted)
    if settled.batch_id == batch_id and settled.is_certain:
        return f"{batch_id} is the batch of {called}: its results are of what was sent."
    if settled.batch_id == batch_id:
        return (
            f"{batch_id} was found for {called}, and its results do not show whether it is its batch: the command "
            "that sent it, once more with --accept, takes it, with --reject looks on. Neither pays."
        )
    head = f"{batch_id} is not the batch of {called}: its results are of other requests."
    match settled.state:
        case SubmissionState.CREATED:
            return f"{head} {settled.batch_id} was found instead."
        case SubmissionState.ABSENT:
            return (
                f"{head} No other batch of its size shows in the list, so it was not created: the same command "
                "again with --resend-if-absent sends it."
            )
        case _:
            return f"{head} {submission_words(settled).capitalize()}: the command that sent it goes on."


def _called(submission: Submission) -> str:
    """What a person calls a submission."""
    return submission.name or submission.source or submission.submission_id


def sent_when(submission: Submission) -> str:
    """The day and minute it was sent, by the local clock."""
    return f"{(submission.sent_at or submission.created_at).astimezone():%Y-%m-%d %H:%M}"


def sent_before_words(earlier: Submission) -> str:
    """That the same requests were sent before."""
    return f"The same requests were sent on {sent_when(earlier)} as {earlier.batch_id or 'a batch that is still looked for'}."


def overlap_lines(overlap: Overlap) -> Iterator[str]:
    """How many requests were sent before, under which ids; then in which runs, and what they cost there."""
    what = f"{overlap.requests:,} of these {overlap.of:,} requests" if overlap.others else _all(overlap.of)
    ids = (
        f"{overlap.same_id:,} under the same custom_id, {overlap.other_id:,} under another"
        if overlap.same_id and overlap.other_id
        else f"under {'the same custom_id' if overlap.same_id else 'another custom_id'}"
    )
    yield f"{what} {'was' if overlap.requests == 1 else 'were'} sent before, within 30 days: {ids}."
    for one in overlap.runs[:_RUNS_NAMED]:
        title = one.run_id if one.title == one.run_id else f"{one.title} ({one.run_id})"
        cost = "" if one.cost is None else f", for {'' if one.is_actual else 'at most '}{money(one.cost)}"
        lost = f"; of {one.unknown:,} it is not known yet whether they were" if one.unknown else ""
        yield f"  {one.requests:,} on {one.sent_at.astimezone():%Y-%m-%d %H:%M} as {title}{cost}{lost}"
    if more := overlap.runs[_RUNS_NAMED:]:
        yield f"  {sum(one.requests for one in more):,} in {counted(len(more), 'other run')}"


def _all(requests: int) -> str:
    return "This request" if requests == 1 else f"All {requests:,} requests"


def partly_sent_words(known: int, of: int, run_id: str) -> str:
    """That some batches of a draft were sent before."""
    return f"{known} of {of} batches were sent before, as {run_id}: only what is missing will be sent."


def changed_words(changed: int, file: str | Path) -> str:
    """That requests are left out of a rest although the file says something else than what was sent."""
    return f"{changed:,} of the requests sent before are different in {file} now; they are left out all the same."


def question_lines(question: Question, order: SendOrder, to: str) -> Iterator[str]:
    """All that is known of what would be sent `to` a workspace, and of its cost."""
    from claude_batch_tui.services.submitting.retry import RetryPlan  # late: a first frame has no question

    prepared, draft = question.prepared, question.report.draft
    yield f"name      {prepared.name or '(none)'}  (kept here; the API has no names)"
    yield f"to        {to or 'the API, as soon as it is connected'}"
    yield f"model     {draft.model or 'several'}"
    yield f"size      {question.requests:,} requests, {size(question.body_bytes)}"
    yield from forecast_lines(question.report.forecast, question.in_flight)
    if len(prepared.submissions) > 1:
        yield f"batches   {question.batches} of one run"
    if known := len(prepared.submissions) - question.batches:
        yield partly_sent_words(known, len(prepared.submissions), question.missing[0].run_id)
        yield "          the cost is that of all of the file"
    match prepared.kind:
        case "pilot":
            yield f"pilot     {prepared.requests:,} of {prepared.of:,} requests"
        case "rest":
            yield f"run       joins {question.missing[0].run_id}; what that has sent is left out, and not paid twice"
        case _:
            pass
    if isinstance(order.part, RetryPlan):
        first = order.part.first
        yield f"retry of  {first.name or first.batch_id}, in the same run, under the same custom_ids"
    if question.left_out is not None:
        yield f"left out  {question.left_out.requests:,} requests that were sent before"
    if prepared.changed:
        yield changed_words(prepared.changed, order.source or order.requests)
    yield from (f"guessed   {guess}" for guess in order.guesses)


def unprimed_words(primed: Primed) -> str:
    """Why the cache is not warm, as a sentence."""
    batch_id = primed.submission.batch_id
    if primed.has_ended:
        return f"The prime {batch_id} has ended without an answer, so the cache is not written."
    return f"The prime {batch_id} has not ended in 20 minutes, so the cache may not be written yet."


def retry_words(counts: RetryCounts, invalid: str, others: str, again: str) -> Iterator[str]:
    """What a retry sends again, and what it leaves out; `invalid`, `others` and `again` name what lets those in."""
    words = counts.sent_words
    yield f"{counts.chosen:,} to retry: {words}" if words else "Nothing is chosen yet."
    if counts.has_answers:
        yield "What succeeded was paid for already, and is paid once more."
    if counts.cut_again:
        yield (
            f"{counts.cut_again:,} were cut at max_tokens and go out under the same limit: they are cut again, and paid again."
        )
    left_out = [
        (counts.invalid, f"to be changed first ({invalid})"),
        (counts.retried, f"retried already ({again})"),
        (counts.unknown, "not among the requests that were sent"),
    ]
    reasons = [f"{count:,} {words}" for count, words in left_out if count]
    if counts.left and not words:
        reasons.append(f"{counts.left_words} ({others})")
    if reasons:
        yield "Left out: " + ", ".join(reasons)


def layout_words(reading: Reading) -> str:
    """How a source was understood: its encoding, what parts its columns, where its header or its rows are."""
    words: list[str] = []
    if reading.form:
        words.append(reading.form)
    if reading.encoding:
        words.append(f"{reading.encoding}{' (guessed)' if reading.encoding_guessed else ''}")
    if reading.delimiter:
        words.append(f"delimiter {reading.delimiter}")
    if reading.quote:
        words.append(f"quote {reading.quote}")
    if reading.delimiter:
        words.append(f"header on line {reading.header_line:,}" if reading.header_line else "no header")
    if reading.path:
        words.append(f"rows at {reading.path}")
    if reading.columns:
        words.append(counted(reading.columns, "column"))
    return " · ".join(words)


def foreign_cancel_words(batches: int) -> str:
    """That the tool which made batches may send what is canceled again."""
    which = "One of them was" if batches == 1 else f"{batches:,} of them were"
    return (
        f"{which} not submitted by cbtui here: the tool that made it may send its requests again as soon as they are "
        "canceled (inspect_ai does). Stop that tool first."
    )


def triage_words(found: Triage) -> str:
    """How much is not truly good, and what is waited for."""
    waiting = f"; {found.waiting:,} were sent again and are waited for" if found.waiting else ""
    if not found.not_good:
        return f"All {found.entries:,} entries are truly good{waiting}."
    return f"{found.not_good:,} of {found.entries:,} entries are not truly good{waiting}."


def group_words(group: Group, cost: float | None, edits: str = "") -> str:
    """A group in a line: count, cause, what is known of sending it, and what that costs at most; its edits, or an example."""
    price = "" if cost is None else f"at most {money(cost)}"
    return f"{group.count:>9,}  {group.cause:<22} {group.remedy.value:<10} {price:<16} {edits or group.said or group.example}"


def problem_lines(problems: Iterable[Problem], counts: Mapping[str, int], examples: int) -> Iterator[str]:
    """A headline for each kind with its exact count, then at most `examples` places."""
    groups: dict[str, list[Problem]] = {}
    for problem in problems:
        groups.setdefault(problem.code, []).append(problem)
    for code, found in sorted(groups.items(), key=lambda group: not group[1][0].is_error):
        count = counts[code]
        yield f"{found[0].severity.value} {code}: {count:,} {'time' if count == 1 else 'times'}"
        for problem in found[:examples]:
            yield f"  {_place(problem)}{problem.message}"
        if count > min(examples, len(found)):
            yield f"  … and {count - min(examples, len(found)):,} more"


def _place(problem: Problem) -> str:
    """`file:line: `, as far as it is known."""
    if problem.file is None:
        return ""
    return f"{problem.file}:{problem.line}: " if problem.line else f"{problem.file}: "


def pilot_limit_words(found: PilotLimit) -> str:
    """What the answers of a pilot say of max_tokens, as a sentence."""
    return f"Of {found.answers:,} answers of the pilot 99 % have at most {found.tokens:,} tokens: longer ones are cut with that as max_tokens."
