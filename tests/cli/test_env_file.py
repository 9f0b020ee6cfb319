"""`--env-file`: a file of NAME=VALUE as shells and docker write it."""

from __future__ import annotations

import os

import pytest


@pytest.fixture
def written(tmp_path):
    """A function that writes such a file."""

    def write(text):
        path = tmp_path / "my.env"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def test_a_key_and_an_address_are_taken_from_a_file(cbtui, simulator, written, monkeypatch):
    address = os.environ["ANTHROPIC_BASE_URL"]
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", address)
    file = written(
        f'\ufeff# ours\nexport ANTHROPIC_API_KEY="{simulator.key}"\n\nCBTUI_MODEL=$HOME # as it stands\n'
    )
    assert cbtui("list")[0] == 2
    assert cbtui("--env-file", file, "list")[0] == 0
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    assert cbtui("list", "--env-file", file)[0] == 0
    assert os.environ["CBTUI_MODEL"] == "$HOME"
    for name in ("ANTHROPIC_API_KEY", "CBTUI_MODEL"):
        monkeypatch.delenv(name)


def test_what_the_environment_has_stands(cbtui, written, monkeypatch):
    monkeypatch.setenv("CBTUI_MAX_TOKENS", "7")
    _, out, _ = cbtui("config", "--env-file", written("CBTUI_MAX_TOKENS=9\n"))
    assert "7" in next(line for line in out.splitlines() if line.startswith("max_tokens"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (None, "cannot read it: No such file or directory."),
        (b"A=\xff\n", "it is not UTF-8 (byte 2)."),
        ("A=1\nsk-ant-secret-in-a-line\n", "line 2: write NAME=VALUE."),
        ("A=1\n='x'\n", "line 2: write NAME=VALUE."),
    ],
)
def test_a_file_that_is_no_such_file_is_one_sentence_without_its_text(cbtui, written, tmp_path, text, says):
    path = tmp_path / "none" if text is None else written(text)
    code, _, err = cbtui("--env-file", path, "list")
    assert (code, err.strip().endswith(says), "secret" in err) == (2, True, False)
    assert "A" not in os.environ
