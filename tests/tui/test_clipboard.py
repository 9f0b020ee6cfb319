from __future__ import annotations

import base64

import pytest

from claude_batch_tui.tui import clipboard


@pytest.fixture
def tools(tmp_path, monkeypatch):
    """A folder of tools that write what they are given beside themselves."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")

    def make(name, code=0):
        tool = folder / name
        tool.write_text(
            f'#!/bin/sh\necho "$@" > {tmp_path}/{name}.args\ncat > {tmp_path}/{name}.in\nexit {code}\n'
        )
        tool.chmod(0o755)

    make.folder = tmp_path
    return make


def copy(text, tmp_path, environ, setting="auto"):
    sent = []
    sentence = clipboard.copy(
        text, setting=setting, state_dir=tmp_path / "state", write_terminal=sent.append, environ=environ
    )
    return sentence, sent


def test_inside_tmux_its_buffer_and_the_outer_clipboard_are_set(tools, tmp_path):
    tools("tmux")
    sentence, sent = copy("grüße", tmp_path, {"TMUX": "/tmp/tmux"})
    assert sentence == "Copied 7 bytes by tmux."
    assert sent == []
    assert (tools.folder / "tmux.args").read_text() == "load-buffer -w -\n"
    assert (tools.folder / "tmux.in").read_text() == "grüße"


def test_with_a_display_the_native_tool_is_used(tools, tmp_path):
    tools("tmux", code=1)
    tools("xclip")
    sentence, sent = copy("x", tmp_path, {"TMUX": "1", "DISPLAY": ":0"})
    assert sentence == "Copied 1 bytes by xclip."
    assert sent == []


def test_without_both_the_terminal_is_asked(tmp_path):
    sentence, [sent] = copy("hello", tmp_path, {})
    assert sent == f"\x1b]52;c;{base64.b64encode(b'hello').decode()}\x07"
    assert "OSC 52" in sentence


def test_screen_hands_on_a_sequence_in_pieces_it_takes(tmp_path):
    _, [sent] = copy("x" * 3000, tmp_path, {"STY": "1.pts"})
    pieces = sent.removeprefix("\x1bP").removesuffix("\x1b\\").split("\x1b\\\x1bP")
    assert all(len(piece) <= 700 for piece in pieces)
    assert "".join(pieces) == f"\x1b]52;c;{base64.b64encode(b'x' * 3000).decode()}\x07"


def test_what_no_clipboard_takes_is_saved(tmp_path):
    sentence, sent = copy("x" * 60_000, tmp_path, {})
    assert sent == []
    assert sentence == f"No clipboard takes 60,000 bytes: saved to {tmp_path}/state/copy.txt."
    assert (tmp_path / "state" / "copy.txt").read_text() == "x" * 60_000
    assert (tmp_path / "state" / "copy.txt").stat().st_mode & 0o777 == 0o600


def test_copying_never_raises(tools, tmp_path):
    (tmp_path / "state").write_text("a file where the folder should be")
    sentence, _ = copy("\ud800" * 60_000, tmp_path, {"TMUX": "1", "DISPLAY": ":0"}, setting="native")
    assert sentence.startswith("Not copied")
    assert copy("x", tmp_path, {}, setting="off")[0].startswith("Not copied")
