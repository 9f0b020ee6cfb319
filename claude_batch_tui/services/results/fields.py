"""The names in JSON answers of a file, found in a sample of them; for completion, and for columns."""

from __future__ import annotations

from claude_batch_tui.domain.results.fields import AnswerFields
from claude_batch_tui.domain.results.result import OUTCOMES, Outcome
from claude_batch_tui.services.results.answers import answer_document
from claude_batch_tui.store.results.file import ResultsFile

_ANSWERS = 200
_LONGEST = 1 << 16
_SUCCEEDED = OUTCOMES.index(Outcome.SUCCEEDED)


def look_at_fields(results: ResultsFile, fields: AnswerFields) -> None:
    """Look at some answers, evenly spaced; those of more than 64 KB are left out. For a thread: about 10 ms."""
    count = results.index.count
    for position in range(0, count, max(count // _ANSWERS, 1)):
        if results.index.outcomes[position] == _SUCCEEDED and results.index.lengths[position] <= _LONGEST:
            fields.add(answer_document(results.line(position)))
