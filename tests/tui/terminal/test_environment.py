from __future__ import annotations

import sys
from pathlib import Path

import pytest

from claude_batch_tui.config import Config
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.terminal import decide_profile, osc9_decision
from claude_batch_tui.tui.terminal import prepare_environment

TRUECOLOR = {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
SSH = {"SSH_CONNECTION": "10.0.0.1 1 10.0.0.2 22"}


def config(**settings):
    return Config(data_dir=Path("d"), state_dir=Path("s"), config_dir=Path("c"), **settings)


def test_a_local_terminal_has_everything():
    profile = decide_profile(config(), TRUECOLOR)
    assert (profile.slow, profile.colors, profile.theme, profile.mouse, profile.ascii) == (
        False,
        "truecolor",
        "cbtui-dark",
        True,
        False,
    )


def test_over_ssh_the_frugal_profile_is_used_unless_told_otherwise():
    profile = decide_profile(config(), {**TRUECOLOR, **SSH})
    assert (profile.slow, profile.theme, profile.mouse) == (True, "ansi-dark", False)
    profile = decide_profile(config(slow=False, mouse=True, theme="dark"), {**TRUECOLOR, **SSH})
    assert (profile.slow, profile.theme, profile.mouse) == (False, "cbtui-dark", True)


@pytest.mark.parametrize("term", ["xterm", "xterm-ghostty", "screen", "linux", "vt100"])
def test_sixteen_colors_mean_the_terminals_own(term):
    assert decide_profile(config(), {"TERM": term}).theme == "ansi-dark"


def test_no_color_needs_a_theme_that_sends_none():
    profile = decide_profile(config(theme="dark"), {**TRUECOLOR, "NO_COLOR": "1"})
    assert (profile.colors, profile.theme) == ("none", "ansi-dark")
    assert decide_profile(config(), {**TRUECOLOR, "NO_COLOR": ""}).colors == "truecolor"
    assert decide_profile(config(color="256"), {**TRUECOLOR, "NO_COLOR": "1"}).colors == "256"


def test_an_encoding_without_lines_means_ascii():
    assert decide_profile(config(), TRUECOLOR, "latin-1").ascii
    assert decide_profile(config(ascii=True), TRUECOLOR).ascii
    assert not decide_profile(config(), TRUECOLOR, "UTF-8").ascii


@pytest.mark.parametrize("locale", ["C", "POSIX"])
def test_a_terminal_of_the_plain_locale_gets_ascii_though_python_would_write_utf_8(locale):
    profile = decide_profile(config(), {**TRUECOLOR, "LC_ALL": locale}, "utf-8")
    assert (profile.ascii, profile.encoding) == (True, "ascii")
    assert f"LC_ALL={locale}" in next(each.reason for each in profile.decisions if each.item == "characters")
    profile = decide_profile(config(ascii=False), {**TRUECOLOR, "LC_ALL": locale}, "utf-8")
    assert (profile.ascii, profile.encoding) == (False, "utf-8")


@pytest.mark.parametrize(
    ("term", "colors", "theme"),
    [
        ("screen", "16", "ansi-dark"),
        ("screen-256color", "256", "cbtui-dark"),
        ("screen.xterm-256color", "256", "cbtui-dark"),
    ],
)
def test_in_screen_colors_of_16_million_are_not_sent_whatever_the_terminal_outside_said(term, colors, theme):
    environ = {"TERM": term, "COLORTERM": "truecolor", "STY": "1.pts-0.host"}
    profile = decide_profile(config(), environ)
    assert (profile.colors, profile.theme) == (colors, theme)
    assert any("GNU screen" in each.reason for each in profile.decisions if each.item == "colors")


def test_in_gnu_screen_the_mouse_is_off_unless_it_is_asked_for():
    environ = {**TRUECOLOR, "STY": "1.pts-0.host"}
    profile = decide_profile(config(), environ)
    assert not profile.mouse
    assert any("GNU screen" in each.reason for each in profile.decisions if each.item == "mouse")
    assert decide_profile(config(mouse=True), environ).mouse


def test_every_decision_has_a_value_and_a_reason_that_names_what_made_it():
    found = {each.item: each for each in decide_profile(config(), {**TRUECOLOR, **SSH}).decisions}
    assert all(each.value and each.reason for each in found.values())
    assert found["link"].reason == "SSH_CONNECTION is set"
    assert found["profile"].value == "slow"
    assert found["colors"].reason == "COLORTERM=truecolor"
    assert found["mouse"].value == "off"
    assert found["frames"].value == "at most 10 a second"
    ours = {each.item: each for each in decide_profile(config(mouse=True), {"TERM": "foot"}).decisions}
    assert ours["mouse"].reason == "the setting mouse = true"
    assert "TERM=foot" in ours["colors"].reason
    assert ours["tmux"].reason == "TMUX is not set"


@pytest.mark.parametrize(
    ("environ", "way"),
    [
        ({"TMUX": "/tmp/t,1,0", "DISPLAY": ":0"}, "tmux"),
        ({"DISPLAY": ":0"}, "a native tool"),
        ({}, "OSC 52"),
    ],
)
def test_the_way_of_a_copy_is_told(environ, way):
    found = {each.item: each for each in decide_profile(config(), environ).decisions}
    assert found["clipboard"].value == way


def test_why_osc_9_is_or_is_not_sent_is_told():
    assert osc9_decision(config(), {}, "plain").value == "on"
    assert "allow-passthrough" in osc9_decision(config(), {"TMUX": "x"}, "no").reason
    assert 'osc9 = "on"' in osc9_decision(config(), {}, "no").reason
    assert osc9_decision(config(notify="bell"), {}, "plain").value == "off"


def test_without_a_terminal_a_sentence_names_the_other_way(monkeypatch):
    with pytest.raises(ConfigError, match="cbtui list"):
        prepare_environment(config(), {"TERM": "xterm"})
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True, raising=False)
    with pytest.raises(ConfigError, match="cbtui list"):
        prepare_environment(config(), {"TERM": "dumb"})


def test_what_textual_reads_is_set(monkeypatch):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(getattr(sys, name), "isatty", lambda: True, raising=False)
    environ = {**TRUECOLOR, **SSH, "NO_COLOR": ""}
    prepare_environment(config(color="16"), environ)
    assert environ["TEXTUAL_COLOR_SYSTEM"] == "standard"
    assert environ["TEXTUAL_FPS"] == "10"
    assert environ["TEXTUAL_ANIMATIONS"] == "none"
    assert "NO_COLOR" not in environ
    environ = {"TERM": "screen-256color", "COLORTERM": "truecolor", "STY": "1.pts-0.host"}
    prepare_environment(config(), environ)
    assert environ["TEXTUAL_COLOR_SYSTEM"] == "256"
    environ = dict(TRUECOLOR)
    prepare_environment(config(color="none"), environ)
    assert environ["NO_COLOR"] == "1"
    assert "TEXTUAL_FPS" not in environ


def test_deciding_does_not_import_textual():
    import subprocess

    code = "import sys, claude_batch_tui.terminal, claude_batch_tui.tui.terminal; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
