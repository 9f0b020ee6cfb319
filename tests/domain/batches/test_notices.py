from __future__ import annotations

import pytest

from claude_batch_tui.config import load
from claude_batch_tui.domain.batches.batch import RequestCounts
from claude_batch_tui.domain.batches.notices import Notice, terminal_notification
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.services.watching.notify import osc9_way


@pytest.mark.parametrize(
    ("setting", "matters"),
    [("all", True), ("succeeded", True), ("errored", False), ("expired, succeeded", True)],
)
def test_an_end_matters_where_a_wished_outcome_occurs(setting, matters):
    assert Notice("a", "a", ("a",), RequestCounts(succeeded=3)).matters(setting) is matters


def test_osc_9_is_wrapped_for_tmux_and_carries_no_control_characters():
    assert terminal_notification("a\x1b]52;x\x07b", in_tmux=False).count("\x1b") == 1
    wrapped = terminal_notification("done", in_tmux=True)
    assert wrapped == "\x1bPtmux;\x1b\x1b]9;done\x07\x1b\\"


@pytest.mark.parametrize(
    ("setting", "environ", "way"),
    [
        ("auto", {"TERM": "xterm-256color"}, "no"),
        ("on", {"TERM": "xterm-256color"}, "plain"),
        ("auto", {"TERM": "xterm-kitty"}, "plain"),
        ("auto", {"TERM": "xterm-256color", "LC_TERMINAL": "iTerm2"}, "plain"),
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
