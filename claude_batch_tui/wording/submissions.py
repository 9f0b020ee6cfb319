"""What is sent as words: the problems of a draft, the state of a submission, what a retry takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from claude_batch_tui.domain.batches.tracked import SubmissionState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from claude_batch_tui.domain.batches.tracked import Submission
    from claude_batch_tui.domain.requests.problem import Problem
    from claude_batch_tui.domain.results.retrying import RetryCounts

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
    if submission.state is SubmissionState.CREATED and submission.provisional:
        words = "found in the list, to be proven by its results"
    return words


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
