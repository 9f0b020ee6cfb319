"""`--read-only`: nothing is paid, deleted or labelled."""

from __future__ import annotations

import pytest

from claude_batch_tui.cli.main import _READING, COMMANDS
from claude_batch_tui.config import load
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.services.submitting.order import SendOrder
from sending import taken


@pytest.mark.slow
def test_every_command_that_pays_deletes_or_labels_is_refused_with_a_sentence_before_it_looks_at_anything(
    cbtui, simulator, requests_file
):
    batch_id = cbtui("submit", requests_file(), "--yes")[1].strip()
    calls = len(simulator.log.all())
    lines = {
        "submit": (requests_file(4, "more.jsonl"), "--yes"),
        "try": (requests_file(), "--row", "1", "--yes"),
        "retry": (batch_id, "--yes"),
        "run": ("recipe.toml", "-o", "answers.csv", "--yes"),
        "cancel": (batch_id, "--yes"),
        "delete": (batch_id, "--yes"),
        "forget": (batch_id, "--yes"),
        "prune": ("--yes",),
        "name": (batch_id, "mine"),
        "tag": (batch_id, "+a"),
        "note": (batch_id, "text"),
        "hide": (batch_id,),
        "adopt": (batch_id,),
    }
    assert set(lines) | _READING == set(COMMANDS)
    for command, words in lines.items():
        code, out, err = cbtui("--read-only", command, *words)
        assert (code, out) == (2, ""), command
        assert "This cbtui is read-only" in err
    assert len(simulator.log.all()) == calls


def test_reading_goes_on_and_the_setting_may_come_from_the_environment(
    cbtui, simulator, requests_file, monkeypatch
):
    batch_id = cbtui("submit", requests_file(), "--yes")[1].strip()
    monkeypatch.setenv("CBTUI_READ_ONLY", "true")
    assert cbtui("watch", batch_id, "--interval", "1")[0] == 0
    code, out, _ = cbtui("results", batch_id)
    assert (code, len(out.splitlines())) == (0, 3)
    assert cbtui("costs")[0] == 0
    assert cbtui("name", batch_id, "x")[0] == 2


async def test_what_submits_refuses_whatever_face_it_is_asked_by(simulator, requests_file):
    config, _ = load({"base_url": simulator.base_url, "read_only": True})
    runtime = Runtime(config, api_key=simulator.key)
    try:
        with pytest.raises(ConfigError, match="read-only"):
            await taken(runtime, SendOrder(requests=requests_file()))
        assert simulator.log.creates == []
    finally:
        await runtime.close()
