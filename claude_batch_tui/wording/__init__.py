"""Values as words, so that both faces say the same; a module a subject."""

from __future__ import annotations

from claude_batch_tui.wording.batches import (
    ASCII_GLYPHS,
    GLYPHS,
    STATE_WORDS,
    class_words,
    no_room_words,
    notice_words,
    outcome_counts,
    progress_words,
    standing_words,
)
from claude_batch_tui.wording.costs import (
    COST_HEADS,
    cost_cells,
    cost_notes,
    cost_of_batch,
    cost_words,
    earlier_batches,
    forecast_lines,
    limit_words,
    spend_words,
    spent_words,
)
from claude_batch_tui.wording.progress import (
    QUEUED,
    export_words,
    indexing_words,
    link_words,
    links_words,
    reading_words,
    slow_words,
)
from claude_batch_tui.wording.results import (
    agreement_words,
    cache_lines,
    compared_words,
    comparison_lines,
    not_good_words,
    spend_notes,
    spread_words,
    statistics_lines,
    stop_words,
    totals_words,
    tried_words,
    usage_words,
)
from claude_batch_tui.wording.scores import (
    beside_lines,
    label_words,
    matrix_labels,
    score_lines,
)
from claude_batch_tui.wording.submissions import (
    adopted_words,
    changed_words,
    foreign_cancel_words,
    group_words,
    layout_words,
    overlap_lines,
    partly_sent_words,
    pilot_limit_words,
    problem_lines,
    question_lines,
    retry_words,
    sent_before_words,
    sent_when,
    settled_words,
    submission_words,
    triage_words,
    unprimed_words,
)
from claude_batch_tui.wording.values import (
    ago,
    count_words,
    counted,
    counted_batches,
    counts_axis,
    duration,
    duration_words,
    fine_money,
    local_clock,
    moment,
    money,
    money_axis,
    share,
    size,
    span,
    took,
)
