"""The inspector: an entry in five views, searched, wrapped, copied, handed to a pager."""

from __future__ import annotations

import contextlib
import json

import pytest
from textual.app import App

from claude_batch_tui.tui.results.inspector import Inspector
from claude_batch_tui.tui.widgets.lines import StatusLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList

ANSWER = """# Refund

The customer **writes** that invoice `4711` was charged twice; see [the policy](https://example.org/p).

- first point, long enough to go on in a second row of a screen that has no more than eighty columns
  - nested
1. one

> a quote that goes on until it has to be wrapped, so that its bar is seen again on the next row of it

| name | amount |
|------|-------:|
| Ä    | 1,234  |
"""


@pytest.fixture
def results_file(tmp_path):
    path = tmp_path / "answers.jsonl"

    def message(content, stop="end_turn", **usage):
        usage = {"input_tokens": 1204, "output_tokens": 1024, **usage}
        return {
            "type": "succeeded",
            "message": {
                "id": "msg_01Xy",
                "model": "claude-haiku-4-5",
                "content": content if isinstance(content, list) else [{"type": "text", "text": content}],
                "stop_reason": stop,
                "usage": usage,
            },
        }

    hit = {"type": "web_search_result", "title": "Refunds", "url": "https://a.b/c", "page_age": "2 days"}
    cited = {
        "type": "web_search_result_location",
        "cited_text": "ten days",
        "title": "Refunds",
        "url": "https://a.b/c",
    }
    blocks = [
        {"type": "thinking", "thinking": "Let me look."},
        {"type": "server_tool_use", "name": "web_search", "input": {"query": "refund law"}},
        {"type": "web_search_tool_result", "content": [hit]},
        {"type": "text", "text": "Refunds take ten days.", "citations": [cited]},
        {"type": "hologram", "beam": [1, 2]},
    ]
    kind = {"type": "not_found_error", "message": "model: claude-does-not-exist-9"}
    lines = [
        ("T-1", message(ANSWER, cache_read_input_tokens=9000)),
        ("T-2", message(blocks, server_tool_use={"web_search_requests": 2})),
        ("T-3", message("cut off " * 30, "max_tokens")),
        ("T-4", {"type": "errored", "error": {"type": "error", "error": kind, "request_id": "workerreq_9"}}),
        (
            "T-5",
            message(
                [{"type": "thinking", "thinking": "Hm."}],
                "refusal",
                output_tokens_details={"thinking_tokens": 9},
            ),
        ),
    ]
    with path.open("w") as file:
        for custom_id, result in lines:
            file.write(json.dumps({"custom_id": custom_id, "result": result}, ensure_ascii=False) + "\n")
    return path


@pytest.fixture
def opened(dashboard, filled, results_file):
    filled([])
    return dashboard(results=results_file)


def inspector(app):
    return app.screen.query_one(Inspector)


def shown(app):
    body = inspector(app).body
    return "\n".join(body.render_line(y).text.rstrip() for y in range(body.size.height))


def line(app, kind):
    return inspector(app).query_one(kind).render_line(0).text


async def go_to(pilot, settled, index, *keys):
    await settled(pilot)
    pilot.app.screen.query_one("#list", VirtualList).go_to(index)
    await settled(pilot)
    await pilot.press(*keys)
    await settled(pilot)


async def test_an_answer_ends_in_words_with_tokens_and_cost(opened, settled):
    async with opened.run_test(size=(120, 40)) as pilot:
        await go_to(pilot, settled, 0, "z")
        foot = line(opened, "InspectorFoot")
        assert foot.startswith("finished by itself · $0.0036 · in 1,204 · cache read 9,000 · out 1,024")
        await go_to(pilot, settled, 4)
        assert shown(opened).startswith("refused\nonly thinking, no answer\n── thinking ──\nHm.")
        assert "9 of it thinking" in line(opened, "InspectorFoot")


async def test_a_cut_answer_says_so_where_it_ends(opened, settled):
    async with opened.run_test(size=(120, 40)) as pilot:
        await go_to(pilot, settled, 2, "z")
        assert "… cut here by max_tokens: the answer may be incomplete" in shown(opened)
        assert line(opened, "InspectorFoot").startswith("cut by max_tokens")


async def test_an_error_comes_with_advice(opened, settled):
    async with opened.run_test(size=(120, 40)) as pilot:
        await go_to(pilot, settled, 3, "z")
        text = shown(opened)
        assert "model: claude-does-not-exist-9" in text
        assert "advice   Take a model of your workspace" in text
        assert "workerreq_9" in text


async def test_find_counts_goes_on_and_is_left_by_escape(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, settled, 2, "z", "slash", *"cut off", "enter", "n", "n")
        assert "match 3 of 30" in line(opened, "InspectorHead")
        await go_to(pilot, settled, 0)
        assert "no match" in line(opened, "InspectorHead")
        await pilot.press("escape")
        await settled(pilot)
        assert "match" not in line(opened, "InspectorHead")
        assert opened.screen.has_class("-zoomed")


async def test_the_next_entry_keeps_the_place_and_a_shorter_one_between_does_not_lose_it(opened, settled):
    async with opened.run_test(size=(80, 16)) as pilot:
        await go_to(pilot, settled, 0, "z", "j", "j", "j")
        top = inspector(opened).body.top
        assert top == 3
        await go_to(pilot, settled, 3)
        assert inspector(opened).body.top == 0
        await go_to(pilot, settled, 0)
        assert inspector(opened).body.top == top
        await go_to(pilot, settled, 0, "right_square_bracket")
        assert inspector(opened).body.top == 0


async def test_wrap_can_be_turned_off_from_the_list_too(opened, settled):
    async with opened.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, settled, 2, "w")
        assert "not wrapped" in line(opened, "InspectorHead")
        assert shown(opened).count("\n") >= 4
        await go_to(pilot, settled, 2, "w")
        assert "not wrapped" not in line(opened, "InspectorHead")


async def test_each_view_has_its_own_text_to_copy(opened, settled, monkeypatch):
    copied = []
    monkeypatch.setattr(type(opened), "copy", lambda _self, text: copied.append(text))
    async with opened.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, settled, 1, "y", "Y")
        await go_to(pilot, settled, 1, "right_square_bracket", "y")
        await go_to(pilot, settled, 1, "right_square_bracket", "y")
        await go_to(pilot, settled, 1, "z", "j", "y", "Y")
    assert copied[:3] == ["Refunds take ten days.", "T-2", "Refunds take ten days."]
    assert json.loads(copied[3])["custom_id"] == "T-2"
    assert copied[4:] == ["T-2", "$.custom_id"]


async def test_what_is_shown_goes_to_the_pager_cleaned(opened, settled, monkeypatch, tmp_path):
    pager = tmp_path / "pager"
    pager.write_text(f'#!/bin/sh\ncat "$1" > {tmp_path}/seen\n')
    pager.chmod(0o755)
    monkeypatch.setenv("PAGER", str(pager))
    monkeypatch.setattr(App, "suspend", lambda _: contextlib.nullcontext())
    async with opened.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, settled, 1, "v")
    assert (tmp_path / "seen").read_text().startswith("── thinking ──\nLet me look.\n")


async def test_without_a_pager_it_is_said_what_to_do(opened, settled, monkeypatch, tmp_path):
    monkeypatch.setattr(App, "suspend", lambda _: contextlib.nullcontext())
    monkeypatch.delenv("PAGER", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    async with opened.run_test(size=(80, 24)) as pilot:
        await go_to(pilot, settled, 1, "v")
        assert "set $PAGER" in opened.screen.query_one(StatusLine).text
        monkeypatch.setenv("PAGER", "/nowhere/pager")
        await go_to(pilot, settled, 1, "v")
        assert "$PAGER" in opened.screen.query_one(StatusLine).text


@pytest.mark.slow
@pytest.mark.parametrize("tab", ["answer", "markdown", "raw"])
def test_the_views_fill_the_screen(snap_compare, opened, settled, tab):
    async def look(pilot):
        await settled(pilot)
        index = 0 if tab == "markdown" else 1
        await go_to(pilot, settled, index, "z")
        for _ in range(["answer", "markdown", "raw"].index(tab)):
            await go_to(pilot, settled, index, "right_square_bracket")

    assert snap_compare(opened, terminal_size=(80, 24), run_before=look)
