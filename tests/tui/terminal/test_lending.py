"""Programs of the user's: whatever $VISUAL, $EDITOR and $PAGER say or do, it is one sentence."""

from __future__ import annotations

import contextlib

import pytest
from textual.app import App

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.tui.terminal.lending import edited, paged


@pytest.fixture
def app(monkeypatch):
    monkeypatch.setattr(App, "suspend", lambda _: contextlib.nullcontext())
    monkeypatch.setattr(App, "refresh", lambda *_, **__: None)
    for name in ("VISUAL", "EDITOR", "PAGER"):
        monkeypatch.delenv(name, raising=False)
    return App()


@pytest.fixture
def program(tmp_path):
    """A function that writes a program of shell commands and gives its path."""

    def write(commands):
        path = tmp_path / "program"
        path.write_text(f"#!/bin/sh\n{commands}\n")
        path.chmod(0o755)
        return str(path)

    return write


@pytest.mark.parametrize("value", ["vim '", 'code "--wait', "vi \\"])
def test_a_quote_that_is_not_closed_is_one_sentence(app, monkeypatch, value):
    for name in ("VISUAL", "PAGER"):
        monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=r"\$VISUAL \(.*is no command"):
        edited(app, "text")
    with pytest.raises(ConfigError, match=r"\$PAGER \(.*is no command"):
        paged(app, "text")


@pytest.mark.parametrize("blank", ["", " ", "\t ", "''"])
def test_a_blank_variable_names_no_program_and_the_text_is_never_run_as_one(
    app, monkeypatch, program, tmp_path, blank
):
    monkeypatch.setenv("VISUAL", blank)
    monkeypatch.setenv("EDITOR", program('printf mine > "$1"'))
    assert edited(app, f"#!/bin/sh\ntouch {tmp_path}/ran") == "mine"
    monkeypatch.setenv("PAGER", blank)
    (tmp_path / "less").write_text(f'#!/bin/sh\ncp "$1" {tmp_path}/paged\n')
    (tmp_path / "less").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    paged(app, "text")
    assert (tmp_path / "paged").read_text() == "text\n"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    ("commands", "sentence"),
    [
        ('printf "\\344" > "$1"', "another encoding than UTF-8"),
        ('rm "$1"', "left no file that can be read"),
        ('rm "$1"; mkdir "$1"', "left no file that can be read"),
    ],
)
def test_what_an_editor_leaves_that_is_no_text_is_one_sentence(app, monkeypatch, program, commands, sentence):
    monkeypatch.setenv("VISUAL", program(commands))
    with pytest.raises(ConfigError, match=sentence):
        edited(app, "text")


def test_a_program_that_cannot_be_started_is_one_sentence(app, monkeypatch, tmp_path):
    (tmp_path / "no-program").write_text("")
    for value in ("/nowhere/editor", str(tmp_path / "no-program")):
        monkeypatch.setenv("VISUAL", value)
        with pytest.raises(ConfigError, match="cannot be started"):
            edited(app, "text")
