"""Results with every kind of entry, the rows they came from, and an export of them."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from claude_batch_tui.domain.money.pricing import load_prices
from claude_batch_tui.exports.formats import format_called
from claude_batch_tui.services.exporting.export import Exported, Part, export
from claude_batch_tui.services.exporting.target import Options
from claude_batch_tui.store.results.opening import open_indexed

MODEL = "claude-haiku-4-5"


def message(text=None, *, stop="end_turn", content=None, tokens=(400, 25), **usage):
    content = content or [{"type": "text", "text": text}]
    used = {"input_tokens": tokens[0], "output_tokens": tokens[1], **usage}
    return {
        "type": "succeeded",
        "message": {
            "id": "msg_1",
            "type": "message",
            "model": MODEL,
            "content": content,
            "stop_reason": stop,
            "usage": used,
        },
    }


def error(kind, words):
    return {"type": "errored", "error": {"type": "error", "error": {"type": kind, "message": words}}}


ENTRIES = [
    ("T_4", message("the last of the source, first in the file")),
    ("T_1", message('{"label":"billing","sure":true,"score":0.5}')),
    ("T_2", error("overloaded_error", "Overloaded")),
    ("T_3", message('=cmd|"/c calc"!A1\nsecond line, with comma', stop="max_tokens")),
    (
        "T_5",
        message(
            content=[{"type": "tool_use", "id": "t", "name": "label", "input": {"label": "bug", "n": 3}}],
            stop="tool_use",
        ),
    ),
    ("T_6", {"type": "expired"}),
    ("T_7", {"type": "canceled"}),
    ("T_8", message("请求退款\x1b]52;c;ZXZpbA==\x07 \u202e[/x] a\0b |", cache_read_input_tokens=1000)),
    ("T_9", {"type": "from_the_future", "x": 1}),
    ("T_10", message("no source row")),
    ("T_4", message("the same custom_id again")),
]
ROWS = [
    {"custom_id": f"T_{n}", "id": f"T {n}", "source": "tickets.csv", "line": n + 1, "row": row}
    for n, row in enumerate(
        [
            {"id": f"T {n}", "lang": "de" if n % 2 else "fr", "weight": n, "tags": ["a", n]}
            for n in range(1, 10)
        ],
        1,
    )
]


@pytest.fixture
def results(tmp_path):
    """The results file."""
    path = tmp_path / "msgbatch_1.jsonl"
    lines = [json.dumps({"custom_id": key, "result": value}) for key, value in ENTRIES]
    lines += ["{broken", '{"custom_id":"T_11","result":' + json.dumps(message("a\ud800b")) + "}"]
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture
def rows(tmp_path):
    """Their rows file."""
    path = tmp_path / "requests.rows.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    return path


@pytest.fixture
def prices():
    return load_prices((files("claude_batch_tui.domain") / "prices.toml").read_bytes())


@pytest.fixture
def exported(prices):
    """Export results files: pairs of path and rows file. Gives the last update."""

    def run(parts, target, name, *, stopped=lambda: False, **options):
        opened = [
            Part(path, open_indexed(path).index, positions, path.stem, rows)
            for path, rows, positions in (
                (*part, range(open_indexed(part[0]).index.count))[:3] for part in parts
            )
        ]
        updates = list(
            export(opened, target, Options(format_called(name), **options), prices=prices, stopped=stopped)
        )
        return updates[-1] if updates and isinstance(updates[-1], Exported) else None

    return run
