"""Values as words, so that both faces say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from math import floor, log10
from typing import TYPE_CHECKING

from claude_batch_tui.domain.agreement import Agreement, Agreements, Totals
from claude_batch_tui.domain.batch import Batch, BatchState, RequestCounts
from claude_batch_tui.domain.forecast import Forecast as Turnaround
from claude_batch_tui.domain.history import Day
from claude_batch_tui.domain.notifying import Notice
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.domain.pricing import Cost, Forecast
from claude_batch_tui.domain.problem import Problem
from claude_batch_tui.domain.retrying import RetryCounts
from claude_batch_tui.domain.statistics import Distribution, Statistics
from claude_batch_tui.domain.tracked import Link, LinkState, Submission, SubmissionState, TrackedBatch

if TYPE_CHECKING:
    from claude_batch_tui.services.costing import BatchCost
    from claude_batch_tui.services.export import Progress as ExportProgress

GLYPHS = {
    BatchState.IN_PROGRESS: "●",
    BatchState.CANCELING: "◐",
    BatchState.ENDED_OK: "✓",
    BatchState.ENDED_FLAWED: "!",
    BatchState.ENDED_WITH_ERRORS: "!",
    BatchState.ENDED_EXPIRED: "!",
    BatchState.ENDED_CANCELED: "✗",
    BatchState.ARCHIVED: "–",
    BatchState.GONE: "✗",
    BatchState.UNKNOWN: "?",
}
ASCII_GLYPHS = {
    BatchState.IN_PROGRESS: ">",
    BatchState.CANCELING: "~",
    BatchState.ENDED_OK: "=",
    BatchState.ENDED_FLAWED: "!",
    BatchState.ENDED_WITH_ERRORS: "!",
    BatchState.ENDED_EXPIRED: "!",
    BatchState.ENDED_CANCELED: "x",
    BatchState.ARCHIVED: "-",
    BatchState.GONE: "x",
    BatchState.UNKNOWN: "?",
}
STATE_WORDS = {
    BatchState.IN_PROGRESS: "in progress",
    BatchState.CANCELING: "canceling",
    BatchState.ENDED_OK: "ended, all succeeded",
    BatchState.ENDED_FLAWED: "ended, all succeeded, but not all answers are good",
    BatchState.ENDED_WITH_ERRORS: "ended, some errored",
    BatchState.ENDED_EXPIRED: "ended, some expired",
    BatchState.ENDED_CANCELED: "ended, some canceled",
    BatchState.ARCHIVED: "archived: the API gives the results out no more",
    BatchState.GONE: "gone: deleted, or in another workspace",
    BatchState.UNKNOWN: "unknown",
}
SUBMISSION_WORDS = {
    SubmissionState.PREPARED: "not sent",
    SubmissionState.SENDING: "being sent",
    SubmissionState.CREATED: "created",
    SubmissionState.REFUSED: "refused by the API",
    SubmissionState.UNKNOWN: "outcome unknown: looking for it",
    SubmissionState.ABSENT: "not found in the list",
    SubmissionState.CONFLICT: "several batches may be it",
    SubmissionState.ABANDONED: "given up",
}


QUEUED = "waits for other downloads"
_ASCII_MARKS = {"◌": ".", "●": "*", "○": "o", "‖": "=", "▲": "!"}


def indexing_words(share: float, *, is_unpacked: bool) -> str:
    """How far a results file has been read, for a share from 0 to 1."""
    return f"{'decompressing' if is_unpacked else 'indexing'} {int(share * 100)} %"


_WORTH_SAYING = 0.0001
"""Dollars below which the cache neither saved nor lost anything."""


def duration(span: timedelta) -> str:
    """`0:41` below a day (hours and minutes, changing once a minute), then `2d`; negative spans count as zero."""
    minutes = max(int(span.total_seconds()) // 60, 0)
    if minutes >= 48 * 60:
        return f"{minutes // (24 * 60)}d"
    return f"{minutes // 60}:{minutes % 60:02d}"


def duration_words(seconds: float) -> str:
    """`10 s`, `4 min`, `2 h`: a rough time to come."""
    if seconds < 90:
        return f"{max(round(seconds), 0)} s"
    return f"{round(seconds / 60)} min" if seconds < 5400 else f"{round(seconds / 3600)} h"


def ago(span: timedelta) -> str:
    """How long ago, roughly: `12s`, `4m`, `3h`, `2d`."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h" if seconds < 48 * 3600 else f"{seconds // 86400}d"


def span(left: timedelta) -> str:
    """One number with its unit, for a time to come: `6d`, `11h`, `40m`."""
    minutes = max(int(left.total_seconds()) // 60, 0)
    if minutes < 60:
        return f"{minutes}m"
    return f"{minutes // 60}h" if minutes < 48 * 60 else f"{minutes // (24 * 60)}d"


def counted(number: int, noun: str) -> str:
    """`1 row`, `2,000 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def counted_batches(number: int) -> str:
    """`1 batch`, `3 batches`."""
    return f"{number:,} batch{'' if number == 1 else 'es'}"


def size(count: int) -> str:
    """Bytes as `812 B`, `38.2 MB`, `1.2 GB` (powers of ten)."""
    if count < 1000:
        return f"{count} B"
    value = float(count)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95 or unit == "GB":
            return f"{value:.1f} {unit}"
    raise AssertionError


def money(usd: float) -> str:
    """Dollars to the cent, and to four places below a cent."""
    if 0 < usd < 0.01:
        return f"${usd:.4f}" if usd >= 0.0001 else "under $0.0001"
    return f"${usd:,.2f}"


def cost_of_batch(tracked: TrackedBatch) -> str | None:
    """`$3.12 by its results, at most $19.90 was estimated`; None where nothing is known."""
    actual, at_most = tracked.cost_actual, tracked.cost_at_most
    if actual is None:
        return None if at_most is None else f"at most {money(at_most)}"
    estimated = "" if at_most is None else f", at most {money(at_most)} was estimated"
    return f"{money(actual)} by its results{estimated}"


STOP_WORDS = {
    "end_turn": "finished by itself",
    "stop_sequence": "stopped at a stop sequence",
    "tool_use": "stopped to have a tool called",
    "pause_turn": "paused: the turn is not over, send it back to go on",
    "refusal": "refused",
    "model_context_window_exceeded": "cut where the model's context ended",
}


def stop_words(reason: str | None, max_tokens: int | None = None) -> str:
    """Why an answer ended: `finished by itself`, `cut by max_tokens=1024`."""
    if reason == "max_tokens":
        return "cut by max_tokens" + (f"={max_tokens}" if max_tokens is not None else "")
    if not reason:
        return "no stop reason"
    return STOP_WORDS.get(reason, f"stopped: {reason}")


def usage_words(usage: Mapping[str, object]) -> str:
    """`in 412 · cache read 1,024 · out 3`: the tokens of an answer; what is none is left out."""
    names = (
        ("in", "input_tokens"),
        ("cache read", "cache_read_input_tokens"),
        ("cache write", "cache_creation_input_tokens"),
        ("out", "output_tokens"),
    )
    parts = [
        f"{label} {number:,}"
        for label, name in names
        if isinstance(number := usage.get(name), int) and (number or label in ("in", "out"))
    ]
    details, tools = usage.get("output_tokens_details"), usage.get("server_tool_use")
    if isinstance(details, dict) and isinstance(thought := details.get("thinking_tokens"), int) and thought:
        parts.append(f"{thought:,} of it thinking")
    if isinstance(tools, dict):
        parts += [
            f"{counted(number, name.removesuffix('s').replace('_', ' '))}"
            for name, number in tools.items()
            if isinstance(number, int) and number
        ]
    return " · ".join(parts)


def spent_words(spent: BatchCost) -> str:
    """`cost $1.23 · $2.46 without batching · cache saved $0.40`, and how many answers have no price."""
    words = [f"cost {money(spent.batch)}", f"{money(spent.standard)} without batching"]
    if abs(spent.cache_saved) >= _WORTH_SAYING:
        saved = "saved" if spent.cache_saved > 0 else "lost"
        words.append(f"cache {saved} {money(abs(spent.cache_saved))}")
    if spent.unpriced:
        words.append(f"{spent.unpriced:,} without a price")
    return " · ".join(words)


def share(part: int, total: int) -> str:
    """A part in per cent, never rounded to none or to all where it is neither."""
    if total == 0 or part == 0:
        return "0%"
    if part == total:
        return "100%"
    percent = min(max(100 * part / total, 0.1), 99.9)
    return f"{percent:.1f}%"


def agreement_words(agreed: Agreements) -> str:
    """`in both 9,960 · same 8,100 (83%) · different 1,602`: what is none is left out."""
    parts = [f"in both {agreed.joined:,}"]
    for agreement, count in agreed.counts.items():
        if count or agreement is Agreement.SAME:
            percent = f" ({share(count, agreed.answered)})" if agreement is Agreement.SAME else ""
            parts.append(f"{agreement} {count:,}{percent}")
    return " · ".join(parts)


def compared_words(compared: int, total: int) -> str:
    """How far a comparison is; `total` is -1 while it is not known how many pairs there are."""
    return "joining by custom_id …" if total < 0 else f"{compared:,} of {total:,} compared …"


def totals_words(totals: Totals) -> str:
    """`in 3,910,000 · out 410,000 · $3.88`: what one side used."""
    unpriced = totals.succeeded - totals.priced
    cost = money(totals.usd) if totals.priced or not unpriced else "no price known"
    without = f" (without {unpriced:,} of unknown price)" if totals.priced and unpriced else ""
    return f"in {totals.input_tokens:,} · out {totals.output_tokens:,} · {cost}{without}"


def spread_words(spread: Distribution, words: Callable[[float], str]) -> str:
    """`3,910,000 in all · half at most 380 · 9 of 10 at most 1,204 · most 9,000`."""
    if not spread.count:
        return "none"
    parts = ("half at most", spread.median), ("9 of 10 at most", spread.ninth_tenth), ("most", spread.most)
    total = money(spread.total) if words is fine_money else words(spread.total)
    return " · ".join([f"{total} in all", *(f"{what} {words(value)}" for what, value in parts)])


def count_words(value: float) -> str:
    """`1,204`: a whole number that a drawing or a sum has as a float."""
    return f"{value:,.0f}"


def cache_lines(statistics: Statistics) -> Iterator[str]:
    """What the cache did: tokens, how many of all input were read from it, and dollars saved or lost."""
    spend = statistics.spend
    if not statistics.cache_used:
        yield "not used"
        return
    yield (
        f"{share(spend.cache_read_tokens, statistics.all_input)} of {statistics.all_input:,} input tokens read from it, "
        f"{spend.cache_written_tokens:,} written to it"
    )
    saved = spend.cache_saved
    if spend.unpriced == spend.succeeded:
        yield "what it saved is not known: no price"
    elif saved >= 0:
        percent = f", {100 * saved / spend.uncached:.1f}% of what this would cost without it" if saved else ""
        yield f"saved {money(saved)}{percent}"
    else:
        yield f"lost {money(-saved)}: writing it cost more than reading it saved"


def spend_notes(statistics: Statistics) -> str:
    """What a cost leaves out, and the day of its prices."""
    spend = statistics.spend
    models = clean_line(", ".join(name or "an unnamed model" for name in spend.unpriced_models), 200)
    without = f"without {spend.unpriced:,} of {models}: no price known; "
    return f"{without if spend.unpriced else ''}prices as of {spend.as_of}"


def statistics_lines(statistics: Statistics) -> Iterator[str]:
    """Results in numbers, a block each."""
    yield f"{'entries':<14}{statistics.entries:,}"
    for title, counts, of in (
        ("outcomes", statistics.outcomes, statistics.entries),
        ("answers", statistics.answers, statistics.succeeded),
        ("stop reasons", statistics.stop_reasons, statistics.succeeded),
        ("errors", statistics.error_types, statistics.outcomes.get("errored", 0)),
    ):
        for number, (name, count) in enumerate(counts.items()):
            yield f"{'' if number else title:<14}{clean_line(name, 30):<30} {count:>11,}  {share(count, of):>6}"
    yield f"{'input tokens':<14}{spread_words(statistics.input_tokens, count_words)}"
    yield f"{'output tokens':<14}{spread_words(statistics.output_tokens, count_words)}"
    yield f"{'cost':<14}{spread_words(statistics.cost, fine_money)}"
    yield f"{'':<14}{spend_notes(statistics)}"
    for number, line in enumerate(cache_lines(statistics)):
        yield f"{'' if number else 'cache':<14}{line}"


def comparison_lines(agreed: Agreements, left: str, right: str) -> Iterator[str]:
    """Two batches side by side: a line for each way to agree, and what each side used."""
    for name, title, totals in (("A", left, agreed.left), ("B", right, agreed.right)):
        entries = "1 entry" if totals.entries == 1 else f"{totals.entries:,} entries"
        yield f"{name}  {title}  {entries}, {totals.succeeded:,} succeeded · {totals_words(totals)}"
    yield ""
    yield f"{'in both':<12}{agreed.joined:>12,}"
    for agreement, count in agreed.counts.items():
        of = (
            f"   {share(count, agreed.answered)} of what both answered" if agreement is Agreement.SAME else ""
        )
        yield f"{agreement:<12}{count:>12,}{of}"


def fine_money(usd: float) -> str:
    """Dollars of single entries: two digits that are not zero at least, `$0.000064`, `$0.0031`, `$1.20`."""
    if not 0 < usd < 0.1:
        return money(usd)
    return f"${usd:.{1 - floor(log10(usd))}f}"


def cost_words(at_most: Cost) -> str:
    """`at most $19.90`, and what that figure leaves out."""
    if at_most.unpriced:
        return f"a cost nobody knows: no price for {', '.join(at_most.unpriced)}"
    words = f"at most {money(at_most.batch)}"
    if at_most.open_ended:
        words += f" (files, URLs and searches of {at_most.open_ended:,} requests not counted)"
    return words


def forecast_lines(forecast: Forecast, in_flight: float = 0.0) -> Iterator[str]:
    """What a submission will cost: likely and at most, without batching, and the tokens behind it."""
    at_most, likely = forecast.at_most, forecast.likely
    if at_most.unpriced:
        requests = counted(at_most.unpriced_requests, "request")
        yield (
            f"cost      no price is known for {', '.join(at_most.unpriced)} ({requests}); no cost is guessed for it"
        )
    if at_most.batch:
        words = f"likely {money(likely.batch)}, " if likely is not None else ""
        yield f"cost      {words}at most {money(at_most.batch)}; prices as of {at_most.as_of}"
        standard = f"likely {money(likely.standard)}, " if likely is not None else ""
        saved = (likely or at_most).standard - (likely or at_most).batch
        yield (
            f"standard  {standard}at most {money(at_most.standard)}; "
            f"batching saves {'' if likely is not None else 'up to '}{money(saved)}"
        )
    if forecast.counted is not None:
        known = forecast.counted
        margin = f", ±{known.margin:.0%}" if known.margin else ""
        yield f"input     {known.tokens:,} tokens, by the API's count of {known.sampled} requests{margin}"
    else:
        about = forecast.about
        price = f", {money(about.batch)}" if about.batch else ""
        yield f"input     about {about.input_tokens:,} tokens{price} (3.6 bytes a token, ±25%)"
    if likely is not None and forecast.history is not None:
        batches = forecast.history.batches
        earlier = "an earlier batch" if batches == 1 else f"{batches} earlier batches"
        yield f"output    likely {likely.output_tokens:,} tokens, as in {earlier}; at most {at_most.output_tokens:,}"
    else:
        yield f"output    at most {at_most.output_tokens:,} tokens (every answer at max_tokens)"
    if at_most.open_ended:
        yield f"          not in it: what {counted(at_most.open_ended, 'request')} will fetch (files, URLs, server tools)"
    if in_flight:
        yield f"in flight {money(in_flight)} at most, in batches that have not ended"


def class_words(name: str, *, short: bool = False) -> str:
    """A ledger class as words; `short` is for a column."""
    return name.partition("_")[0] if short else name.replace("_", "-")


def outcome_counts(counts: RequestCounts, flawed: Mapping[str, int] | None = None) -> str:
    """`9,702 ok (12 truncated) · 213 errored`: every bucket that is not empty, or `0 requests`.

    `flawed` are the ledger classes of what succeeded and is not whole.
    """
    flaws = ", ".join(f"{number:,} {class_words(name)}" for name, number in (flawed or {}).items())
    parts = [
        f"{number:,} {word}" + (f" ({flaws})" if flaws and word == "ok" else "")
        for number, word in (
            (counts.succeeded, "ok"),
            (counts.errored, "errored"),
            (counts.expired, "expired"),
            (counts.canceled, "canceled"),
            (counts.processing, "processing"),
        )
        if number
    ]
    return " · ".join(parts) or "0 requests"


def notice_words(notice: Notice) -> str:
    """`tickets ended: 9,702 ok · 213 errored`."""
    several = f" ({len(notice.batch_ids)} batches)" if len(notice.batch_ids) > 1 else ""
    return f"{notice.title}{several} ended: {outcome_counts(notice.counts)}"


def standing_words(running: int, unseen: Sequence[RequestCounts]) -> str:
    """`3 running · 1 ended · 97% ok`: how many run, how many ended unseen, and what share of those succeeded."""
    parts = [f"{running:,} running"] if running else []
    if unseen:
        total = sum(counts.total for counts in unseen)
        good = sum(counts.succeeded for counts in unseen)
        parts.append(f"{len(unseen):,} ended")
        parts.append(f"{good * 100 // total}% ok" if total else "no requests")
    return " · ".join(parts)


def export_words(progress: ExportProgress) -> str:
    """Where an export is: entries, and how fast the results are read."""
    seconds = max(progress.seconds, 1e-3)
    of = f" of {progress.of:,}" if progress.of else ""
    return (
        f"{progress.entries:,}{of} results {progress.doing} · "
        f"{progress.entries / seconds:,.0f}/s · {size(int(progress.bytes / seconds))}/s"
    )


def retry_words(counts: RetryCounts, invalid: str, others: str, again: str) -> Iterator[str]:
    """What a retry sends again, and what it leaves out; `invalid`, `others` and `again` name what lets those in."""
    chosen = [(counts.errored, "errored"), (counts.expired, "expired"), (counts.others, "did not fail")]
    words = ", ".join(f"{count:,} {word}" for count, word in chosen if count)
    yield f"{counts.chosen:,} to retry: {words}" if words else "There is nothing to retry."
    if counts.others:
        yield "What succeeded was paid for already, and is paid once more."
    left_out = [
        (counts.invalid, f"invalid requests ({invalid})"),
        (counts.retried, f"retried already ({again})"),
        (counts.good if not words else 0, f"did not fail ({others})"),
        (counts.unknown, "not among the requests that were sent"),
    ]
    if any(count for count, _ in left_out):
        yield "Left out: " + ", ".join(f"{count:,} {words}" for count, words in left_out if count)


def progress_words(batch: Batch, now: datetime, turnaround: Turnaround | None = None) -> str:
    """What can honestly be said of a batch's progress in one phrase; `turnaround` is how long similar ones took."""
    counts = batch.request_counts
    if batch.has_ended:
        return outcome_counts(counts)
    if batch.processing_status == "canceling":
        since = batch.cancel_initiated_at or batch.created_at
        return f"canceling for {ago(now - since)}"
    if now > batch.deadline:
        return f"deadline passed {ago(now - batch.deadline)} ago, waiting for the API"
    if counts.done:
        return f"{counts.done:,} of {counts.total:,} done"
    if batch.processing_status == "in_progress" and turnaround is not None:
        elapsed = now - batch.created_at
        if elapsed > turnaround.ninth_tenth:
            return f"running {duration(elapsed)}, longer than 9 of 10 similar"
        half, most = duration(turnaround.median), duration(turnaround.ninth_tenth)
        return f"running {duration(elapsed)}; half end by {half}, 9 of 10 by {most}"
    if batch.processing_status == "in_progress":
        return f"{counts.total:,} requests, running {duration(now - batch.created_at)}"
    return batch.processing_status


def local_clock(at: datetime) -> str:
    """A time of day where the user is. A moment and not an age, so that an idle screen stays still."""
    return f"{at.astimezone():%H:%M:%S}"


def took(span: timedelta) -> str:
    """How long something took, to be compared: `40s`, `12m`, `2h05m`."""
    seconds = max(int(span.total_seconds()), 0)
    if seconds < 60:
        return f"{seconds}s"
    if seconds < 3600:
        return f"{seconds // 60}m"
    return f"{seconds // 3600}h{seconds % 3600 // 60:02d}m"


def spend_words(day: Day) -> str:
    """`$3.12 spent, at most $8.00 not known yet, 3 of unknown cost`."""
    parts = [f"{money(day.usd)} spent"]
    if day.at_most:
        parts.append(f"at most {money(day.at_most)} not known yet")
    if day.unpriced:
        parts.append(f"{day.unpriced:,} of unknown cost")
    return ", ".join(parts)


def moment(at: datetime, now: datetime) -> str:
    """A time where the user is: `17:01:20` on the day of `now`, else with its date, `19 Nov 17:01`."""
    local, today = at.astimezone(), now.astimezone()
    if local.date() == today.date():
        return f"{local:%H:%M:%S}"
    return f"{local:%-d %b %H:%M}" if abs((at - now).days) < 180 else f"{local:%-d %b %Y}"


def link_words(link: Link, *, ascii_only: bool = False) -> str:
    """The state of polling in a few words."""
    polled = f"polled {local_clock(link.polled_at)}" if link.polled_at else "not polled yet"
    following = "" if link.is_leader else " by another cbtui"
    match link.state:
        case LinkState.CONNECTING:
            mark, words = "◌", "connecting"
        case LinkState.LIVE:
            mark, words = "●", f"live · {polled}{following}"
        case LinkState.IDLE:
            mark, words = "○", f"nothing running · {polled}"
        case LinkState.PAUSED:
            mark, words = "‖", f"paused · {polled}"
        case LinkState.OFFLINE:
            since = f" since {local_clock(link.since)}" if link.since else ""
            again = f" · next try {local_clock(link.next_poll_at)}" if link.next_poll_at else ""
            mark, words = "▲", f"offline{since}{again}"
        case LinkState.REFUSED:
            mark, words = "▲", "key refused"
        case LinkState.NO_CREDENTIALS:
            mark, words = "▲", "no API key"
    if ascii_only:
        mark = _ASCII_MARKS[mark]
        words = words.replace("·", "-")
    return f"{mark} {words}"


def submission_words(submission: Submission) -> str:
    """A submission's state as a sentence without an end."""
    words = SUBMISSION_WORDS[submission.state]
    if submission.state is SubmissionState.CREATED and submission.provisional:
        words = "found in the list, to be proven by its results"
    return words


def problem_lines(problems: Iterable[Problem], counts: Mapping[str, int], examples: int) -> Iterator[str]:
    """A headline for each kind with its exact count, then at most `examples` places."""
    groups: dict[str, list[Problem]] = {}
    for problem in problems:
        groups.setdefault(problem.code, []).append(problem)
    for code, found in sorted(groups.items(), key=lambda group: not group[1][0].is_error):
        count = counts[code]
        yield f"{found[0].severity.value} {code}: {count:,} {'time' if count == 1 else 'times'}"
        for problem in found[:examples]:
            yield f"  {place(problem)}{problem.message}"
        if count > min(examples, len(found)):
            yield f"  … and {count - min(examples, len(found)):,} more"


def place(problem: Problem) -> str:
    """`file:line: `, as far as it is known."""
    if problem.file is None:
        return ""
    return f"{problem.file}:{problem.line}: " if problem.line else f"{problem.file}: "
