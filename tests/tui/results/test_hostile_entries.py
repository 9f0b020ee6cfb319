"""What a results file may hold, and nothing of it acts on the terminal, is lost, or stops the dashboard."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest

from claude_batch_tui.tui.results.entry_views import TABS
from claude_batch_tui.tui.results.inspector import Inspector
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from waiting import paste, workers_done

UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff]")
EVIL = "\x1b]52;c;ZXZpbA==\x07 \x1b[2J \x9b31m \x00 \u202etxt\u202c [/x] [bold] 👨\u200d👩\u200d👧 \u2028 end"


def succeeded(text, **more):
    usage = {"input_tokens": 3, "output_tokens": 5}
    message = {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": usage}
    return {"type": "succeeded", "message": {**message, **more}}


def entries():
    """Name and line of every hostile entry."""

    def line(custom_id, result):
        return json.dumps({"custom_id": custom_id, "result": result}, ensure_ascii=False).encode(
            "utf-8", "surrogatepass"
        )

    deep = b'{"a":' * 200 + b"1" + b"}" * 200
    too_deep = b"[" * 100_000 + b"]" * 100_000
    yield "escapes", line("escapes", succeeded(EVIL))
    yield (
        "in-every-field",
        line("in-every-field", succeeded("x", stop_reason=EVIL, model=EVIL, id=EVIL, usage={EVIL: EVIL})),
    )
    yield (
        "in-blocks",
        line(
            "in-blocks",
            succeeded(
                "x",
                content=[
                    {"type": "tool_use", "name": EVIL, "input": {EVIL: EVIL}},
                    {"type": EVIL, EVIL: [EVIL]},
                    {"type": "thinking", "thinking": EVIL},
                    {"type": "text", "text": f"# {EVIL}\n\n- {EVIL}\n\n`{EVIL}` [a]({EVIL})"},
                ],
            ),
        ),
    )
    error = {"type": "error", "error": {"type": EVIL, "message": EVIL}}
    yield "errored", line("errored", {"type": "errored", "error": error})
    yield (
        "u2028",
        '{"custom_id":"u2028","result":{"type":"succeeded","message":{"content":"\u2028"}}}'.encode(),
    )
    yield (
        "surrogate",
        rb'{"custom_id":"surrogate","result":{"type":"succeeded","message":{"content":[{"type":"text","text":"\ud800 \udfff lone"}]}}}',
    )
    yield "deep", b'{"custom_id":"deep","result":{"type":"succeeded","message":' + deep + b"}}"
    yield (
        "too-deep",
        b'{"custom_id":"too-deep","result":{"type":"succeeded","message":{"content":' + too_deep + b"}}}",
    )
    yield "twice", line("twice", succeeded("first"))
    yield "twice", line("twice", succeeded("second"))
    yield "unknown-type", line("unknown-type", {"type": EVIL, "why": EVIL})
    yield "odd-shapes", line("odd-shapes", {"type": "succeeded", "message": [1, 2]})
    yield "odd-usage", line("odd-usage", succeeded("x", usage={"input_tokens": "many"}, content="a string"))
    yield "", b"{broken " + EVIL.replace("\n", "").encode()
    yield "", b"\xff\xfe\x00 not even UTF-8 \x1b[31m"
    yield "", b"[]"
    yield "", line(EVIL, succeeded("an id of controls"))
    yield "huge", line("huge", succeeded("word " * 1_000_000))


@pytest.fixture
def hostile_file(tmp_path):
    path = tmp_path / "hostile.jsonl"
    path.write_bytes(b"\n".join(line for _, line in entries()) + b"\n")
    return path


@pytest.mark.slow
async def test_every_entry_in_every_view_is_painted_inert(
    dashboard, filled, settled, hostile_file, monkeypatch
):
    filled([])
    app = dashboard(results=hostile_file)
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        table = app.screen.query_one("#list", VirtualList)
        assert table.row_count == len(list(entries()))
        for index in range(table.row_count):
            table.go_to(index)
            for _ in TABS:
                await pilot.press("right_square_bracket")
                await workers_done(app)
                await pilot.pause()
                for strip in app.screen._compositor.render_strips():
                    assert UNSAFE.search(strip.text) is None, (index, strip.text)


async def test_nothing_of_an_entry_is_lost_between_file_and_inspector(
    dashboard, filled, settled, hostile_file
):
    filled([])
    app = dashboard(results=hostile_file)
    lines = [line for _, line in entries()]
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        inspector = app.screen.query_one(Inspector)
        table = app.screen.query_one("#list", VirtualList)
        await pilot.press("right_square_bracket", "right_square_bracket")
        for index, line in enumerate(lines):
            table.go_to(index)
            await pilot.pause()
            await workers_done(app)
            await pilot.pause()
            copied = inspector.copied()
            try:
                assert json.loads(copied) == json.loads(line.decode("utf-8", "replace"))
            except (ValueError, RecursionError):
                assert copied == line.decode("utf-8", "replace")


@pytest.mark.slow
async def test_numbers_and_comparisons_of_them_are_painted_inert_too(
    dashboard, filled, settled, hostile_file
):
    filled([])
    app = dashboard(results=hostile_file)

    def painted_inert():
        return all(UNSAFE.search(strip.text) is None for strip in app.screen._compositor.render_strips())

    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        await pilot.press("S")
        await settled(pilot)
        assert "ERRORS BY TYPE" in app.screen.query_one("TextView")._rows.text
        assert painted_inert()
        await pilot.press("q", "space", "space", "equals_sign")
        await settled(pilot)
        assert painted_inert()
        await pilot.press("q", "u", "equals_sign")
        await settled(pilot)
        await paste(pilot, str(hostile_file))
        await pilot.press("enter")
        await settled(pilot)
        table = app.screen.query_one("#list", VirtualList)
        for index in range(table.row_count):
            table.go_to(index)
            await pilot.pause()
            await workers_done(app)
            await pilot.pause()
            assert painted_inert()


@pytest.mark.slow
async def test_a_five_megabyte_answer_is_read_to_its_end_and_searched(
    dashboard, filled, settled, hostile_file
):
    filled([])
    app = dashboard(results=hostile_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("G", "enter")
        await settled(pilot)
        body = app.screen.query_one(Inspector).body
        assert "word word" in body.render_line(0).text
        assert body._rows.known < 2_000
        await pilot.press("G")
        await settled(pilot)
        end = body.top + body.size.height
        assert body._rows.reach(end + 1) <= end
        await pilot.press("slash", *"word")
        await settled(pilot)
        assert "10,000" in str(app.screen.query_one(Inspector).query_one("#note").render())


@pytest.mark.slow
def test_no_byte_of_an_entry_reaches_the_terminal_raw(tmp_path, hostile_file):
    """The dashboard in a real terminal, through every entry and view, its bytes watched."""
    script = tmp_path / "run.py"
    script.write_text(
        "import sys\nfrom pathlib import Path\nfrom claude_batch_tui.config import load\n"
        "from claude_batch_tui.tui.app import DashboardApp\n"
        "config = load({'base_url': 'http://127.0.0.1:1'})[0]\n"
        f"app = DashboardApp(config, results=Path({str(hostile_file)!r}), connects=False, api_key='sk-ant-x')\n"
        "sys.exit(app.start())\n"
    )
    seen = b""
    main, terminal = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env={**os.environ, "TERM": "xterm-256color", "LANG": "C.UTF-8", "COLUMNS": "100", "LINES": "40"},
        start_new_session=True,
    )
    os.close(terminal)

    def collect_until(wanted, seconds=30.0):
        nonlocal seen
        start, end = len(seen), time.monotonic() + seconds
        while wanted not in seen[start:] and time.monotonic() < end:
            if select.select([main], [], [], 0.2)[0]:
                seen += os.read(main, 65536)
        assert wanted in seen[start:], seen[-2000:]

    try:
        collect_until(b"escapes")
        for _ in range(len(list(entries()))):
            for _ in TABS:
                os.write(main, b"]")
                collect_until(b"[")
            os.write(main, b"j")
        os.write(main, b"1qq")
        process.wait(20)
    finally:
        process.kill()
        process.wait()
        os.close(main)
    for bad in (b"\x1b]52", b"ZXZpbA==\x07", b"\x00", b"\x9b31m", "\x9b".encode(), "\u202e".encode()):
        assert bad not in seen, bad
    assert "\u200d".encode() not in seen
    assert "\u2028".encode() not in seen
    assert b"\x1b[31m" not in seen


HEADLESS = """
import sys
from claude_batch_tui.__main__ import main
sys.exit(main())
"""


def on_terminal(command):
    """What a command writes to a terminal."""
    main, terminal = pty.openpty()
    seen = b""
    with subprocess.Popen(command, stdin=terminal, stdout=terminal, stderr=subprocess.DEVNULL):
        os.close(terminal)
        while True:
            try:
                piece = os.read(main, 65536)
            except OSError:
                break
            if not piece:
                break
            seen += piece
    os.close(main)
    return seen.decode("utf-8").replace("\r\n", "\n")


@pytest.mark.slow
@pytest.mark.parametrize("command", [("results", "--stats"), ("compare",)], ids=["stats", "compare"])
def test_headless_numbers_are_inert_on_a_terminal(hostile_file, command):
    verb, *options = command
    files = [str(hostile_file)] * (2 if verb == "compare" else 1)
    shown = on_terminal([sys.executable, "-c", HEADLESS, verb, *files, *options])
    assert UNSAFE.search(shown.replace("\n", "")) is None
    assert "succeeded" in shown


@pytest.mark.slow
def test_headless_on_a_terminal_prints_it_inert_and_in_a_pipe_byte_for_byte(hostile_file):
    command = [sys.executable, "-c", HEADLESS, "results", str(hostile_file)]
    piped = subprocess.run(command, capture_output=True, check=False)
    assert piped.stdout == Path(hostile_file).read_bytes()
    shown = on_terminal(command)
    assert UNSAFE.search(shown.replace("\n", "").replace("\t", "")) is None
    assert "an id of controls" in shown
