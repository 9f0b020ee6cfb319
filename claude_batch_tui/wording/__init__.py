"""Values as words, so that both faces say the same; a module a subject."""

from __future__ import annotations

from claude_batch_tui.wording.answers import (
    stop_words,
    tried_words,
    usage_words,
)
from claude_batch_tui.wording.batches import (
    ASCII_GLYPHS,
    GLYPHS,
    STATE_WORDS,
    class_words,
    notice_words,
    outcome_counts,
    progress_words,
    standing_words,
)
from claude_batch_tui.wording.comparison import (
    agreement_words,
    compared_words,
    comparison_lines,
    totals_words,
)
from claude_batch_tui.wording.connection import (
    link_words,
    links_words,
)
from claude_batch_tui.wording.costs import (
    cost_of_batch,
    cost_words,
    earlier_batches,
    forecast_lines,
    spend_words,
    spent_words,
)
from claude_batch_tui.wording.numbers import (
    count_words,
    counted,
    counted_batches,
    fine_money,
    money,
    share,
    size,
)
from claude_batch_tui.wording.statistics import (
    cache_lines,
    spend_notes,
    spread_words,
    statistics_lines,
)
from claude_batch_tui.wording.submissions import (
    changed_words,
    partly_sent_words,
    problem_lines,
    question_lines,
    retry_words,
    sent_before_words,
    sent_when,
    submission_words,
)
from claude_batch_tui.wording.times import (
    ago,
    duration,
    duration_words,
    local_clock,
    moment,
    span,
    took,
)
from claude_batch_tui.wording.transfers import (
    QUEUED,
    export_words,
    indexing_words,
    reading_words,
)

__all__ = [
    "ASCII_GLYPHS",
    "GLYPHS",
    "QUEUED",
    "STATE_WORDS",
    "ago",
    "agreement_words",
    "cache_lines",
    "changed_words",
    "class_words",
    "compared_words",
    "comparison_lines",
    "cost_of_batch",
    "cost_words",
    "count_words",
    "counted",
    "counted_batches",
    "duration",
    "duration_words",
    "earlier_batches",
    "export_words",
    "fine_money",
    "forecast_lines",
    "indexing_words",
    "link_words",
    "links_words",
    "local_clock",
    "moment",
    "money",
    "notice_words",
    "outcome_counts",
    "partly_sent_words",
    "problem_lines",
    "progress_words",
    "question_lines",
    "reading_words",
    "retry_words",
    "sent_before_words",
    "sent_when",
    "share",
    "size",
    "span",
    "spend_notes",
    "spend_words",
    "spent_words",
    "spread_words",
    "standing_words",
    "statistics_lines",
    "stop_words",
    "submission_words",
    "took",
    "totals_words",
    "tried_words",
    "usage_words",
]
