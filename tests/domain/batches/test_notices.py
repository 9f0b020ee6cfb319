from __future__ import annotations

from datetime import UTC, datetime

import pytest

from claude_batch_tui.config import load
from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.notices import Notice, notice_of, terminal_notification
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.services.watching.notify import osc9_way
from claude_batch_tui.wording.batches import notice_words


@pytest.mark.parametrize(
    ("setting", "matters"),
    [("all", True), ("succeeded", True), ("errored", False), ("expired, succeeded", True)],
)
def test_an_end_matters_where_a_wished_outcome_occurs(setting, matters):
    assert Notice("a", "a", ("a",), RequestCounts(succeeded=3)).matters(setting) is matters


def ended(batch_id, counts, **facts):
    at = datetime(2026, 11, 21, 12, tzinfo=UTC)
    batch = Batch(id=batch_id, processing_status="ended", request_counts=counts, created_at=at, ended_at=at)
    return TrackedBatch(batch, run_id="run_1", **facts)


def test_a_run_that_a_retry_has_healed_says_so_and_counts_every_request_once():
    first = ended("b1", RequestCounts(succeeded=353, errored=7), name="labels")
    assert notice_words(notice_of("b1", (first,))) == "labels ended: 353 ok · 7 errored"
    retry = ended("b2", RequestCounts(succeeded=7), name="labels retry", is_retry=True)
    healed = notice_of("run_1", (first, retry))
    assert notice_words(healed) == "labels (2 batches) ended: 360 ok; 7 healed by retries"
    assert (healed.is_good, healed.matters("errored")) == (True, False)
    partly = ended("b2", RequestCounts(succeeded=5, errored=2), is_retry=True)
    words = notice_words(notice_of("run_1", (first, partly)))
    assert words == "labels (2 batches) ended: 358 ok · 2 errored; 5 healed by retries"
    cut = ended("b1", RequestCounts(succeeded=10), name="labels", flawed={"truncated": 4})
    whole = ended("b2", RequestCounts(succeeded=4), is_retry=True)
    assert (
        notice_words(notice_of("run_1", (cut, whole)))
        == "labels (2 batches) ended: 10 ok; 4 healed by retries"
    )


def test_osc_9_is_wrapped_for_tmux_and_screen_and_carries_no_control_characters():
    assert terminal_notification("a\x1b]52;x\x07b", "plain").count("\x1b") == 1
    assert terminal_notification("done", "tmux") == "\x1bPtmux;\x1b\x1b]9;done\x07\x1b\\"
    assert terminal_notification("done", "screen") == "\x1bP\x1b]9;done\x07\x1b\\"


@pytest.mark.parametrize(
    ("setting", "environ", "way"),
    [
        ("auto", {"TERM": "xterm-256color"}, "no"),
        ("on", {"TERM": "xterm-256color"}, "plain"),
        ("auto", {"TERM": "xterm-kitty"}, "plain"),
        ("auto", {"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "plain"),
        ("auto", {"TERM": "screen", "STY": "1.pts", "TERM_PROGRAM": "WezTerm"}, "screen"),
        ("auto", {"TERM": "screen", "STY": "1.pts"}, "no"),
        ("off", {"TERM_PROGRAM": "WezTerm"}, "no"),
    ],
)
def test_osc_9_goes_to_terminals_known_to_take_it(setting, environ, way):
    assert osc9_way(setting, environ) == way


def test_an_unknown_outcome_or_way_is_refused_with_the_known_ones():
    with pytest.raises(ConfigError, match="succeeded, errored"):
        load({"notify_on": "failed"})
    with pytest.raises(ConfigError, match="bell, osc9"):
        load({"notify": "siren"})
