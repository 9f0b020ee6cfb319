"""A dashboard on a store that was filled before, with a frozen clock and no network."""

from __future__ import annotations

import inspect
import json
import time
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import msgspec
import pytest
from textual import screen
from textual.css.stylesheet import Stylesheet

from claude_batch_tui.config import load
from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.tracked import Link, LinkState, Submission, SubmissionState
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from claude_batch_tui.store import batches, labels, polls, submissions
from claude_batch_tui.store.workspaces import remember
from claude_batch_tui.terminal import Profile
from claude_batch_tui.tui.app import DashboardApp
from contrast import faint_in_every_look, too_faint
from waiting import workers_done

screen.UPDATE_PERIOD = 0.1
"""Seconds between two frames. Tests look when all is done, and a frame is the dearest thing they do."""

_parse_rules, _parsed = Stylesheet._parse_rules, {}


def _parse_once(self, css, **source):
    """The rules of a piece of style; an app has fifty, and every test makes an app."""
    key = (css, *source.values(), frozenset(self._variables.items()))
    if key not in _parsed:
        _parsed[key] = _parse_rules(self, css, **source)
    return _parsed[key]


Stylesheet._parse_rules = _parse_once


def pytest_itemcollected(item):
    """Mark a test of a screen: keys and pictures show it, and tracing it traces Textual, as dear as all other tests.

    One that runs the dashboard is slow: those take as long as all others together.
    """
    item.add_marker("no_cover")
    if inspect.iscoroutinefunction(item.function) or "snap_compare" in item.fixturenames:
        item.add_marker("slow")


NOW = datetime(2026, 11, 20, 17, 1, 32, tzinfo=UTC)
PROFILE = Profile(slow=False, colors="truecolor", theme="cbtui-dark", mouse=False, ascii=False)
KEY = "sk-ant-sim-demo-000000000000a1b2"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Of pictures, those of the smallest screen in its usual look are compared in every run, all in the slow one."""
    usual = {"size": (80, 24), "look": "dark", "looks": "dark"}
    for item in items:
        params = item.callspec.params if hasattr(item, "callspec") else {}
        if "snap_compare" in item.fixturenames and params | usual != usual | params:
            item.add_marker(pytest.mark.slow)


@pytest.fixture
def snap_compare(snap_compare):
    """As the plugin has it; and what is in the picture can be read: in the usual look in all of them."""

    def compare(app, press=(), terminal_size=(80, 24), run_before=None):
        faint = []

        async def look(pilot):
            if run_before is not None:
                await run_before(pilot)
            await pilot.pause()
            await pilot.press(*press)
            await pilot.pause()
            if app.theme == "cbtui-dark" and not app.ascii_only:
                faint.extend(await faint_in_every_look(pilot))
            elif not app.theme.startswith("ansi-"):
                faint.extend(too_faint(app))

        is_same = snap_compare(app, terminal_size=terminal_size, run_before=look)
        assert faint == []
        return is_same

    return compare


@pytest.fixture(autouse=True)
def utc(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


def batch(number, *, age, total, done=None, status="ended", took=0.5, cancel=None):
    """A batch `age` hours old; `done` are its counts as (succeeded, errored, expired, canceled)."""
    created = NOW - timedelta(hours=age)
    ok, errored, expired, canceled = done or (total if status == "ended" else 0, 0, 0, 0)
    processing = total - ok - errored - expired - canceled
    return Batch(
        id=f"msgbatch_01{'HkcTjaV5uDC8jWR4ZsDV8'}{number:02d}",
        processing_status=status,
        request_counts=RequestCounts(processing, ok, errored, canceled, expired),
        created_at=created,
        expires_at=created + timedelta(hours=24),
        ended_at=created + timedelta(hours=took) if status == "ended" else None,
        cancel_initiated_at=NOW - timedelta(minutes=cancel) if cancel else None,
    )


@pytest.fixture
def week():
    """A workspace that looks like a real week: name and batch."""
    running = [
        ("nightly-eval-1120", batch(1, age=0.69, total=10_000, status="in_progress")),
        (None, batch(2, age=0.05, total=250, status="in_progress")),
        ("summaries-de", batch(3, age=0.92, total=2_400, done=(2_251, 5, 0, 0), status="in_progress")),
        ("dedupe-probe", batch(4, age=0.2, total=800, status="canceling", cancel=2)),
    ]
    ended = [
        ("classify-tickets", batch(5, age=1.2, total=10_000, done=(9_702, 213, 50, 35))),
        ("summaries-fr", batch(6, age=50, total=2_400)),
        ("first-try", batch(7, age=150, total=4, done=(0, 4, 0, 0))),
        ("pilot", batch(8, age=24 * 39, total=1_000, done=(988, 12, 0, 0))),
    ]
    similar = [(None, batch(20 + i, age=200 + i, total=12_000, took=0.5 + i * 0.2)) for i in range(8)]
    return running + ended + similar


@pytest.fixture
def states():
    """What `week` lacks: a run of three, and batches that are slow, overdue, near their end, or about to be lost."""
    parts = [
        batch(40 + i, age=0.4, total=4_000, status="in_progress" if i else "ended", took=0.2)
        for i in range(3)
    ]
    slow = batch(50, age=5.5, total=11_000, status="in_progress")
    overdue = batch(51, age=24.03, total=700, status="in_progress")
    expiring = batch(52, age=22.6, total=3_000, status="in_progress")
    leaving = batch(53, age=27 * 24 + 9, total=640)
    gone = batch(54, age=24 * 40, total=90, done=(0, 0, 0, 90))
    named = [("slow-one", slow), ("overdue", overdue), (None, expiring), ("monthly", leaving), (None, gone)]
    return SimpleNamespace(
        named=[(f"evals {number}/3", part) for number, part in enumerate(parts, 1)] + named,
        runs=[("evals", parts)],
        tags=[(slow, ["eval", "prod"]), (parts[0], ["eval"])],
        costs=[(part, 3.1) for part in parts] + [(slow, 41.2)],
    )


@pytest.fixture
def config(own_folders):
    return load({"base_url": "http://127.0.0.1:1"})[0]


@pytest.fixture
def filled(config):
    """Fill the store; a function that takes (name, batch) pairs."""

    def fill(
        named,
        *,
        unseen=(),
        unknown=None,
        polled=timedelta(seconds=12),
        runs=(),
        tags=(),
        costs=(),
    ):
        runtime = Runtime(config, api_key=KEY)
        workspace = remember(
            runtime.store.database, config.base_url, "wrkspc_research", None, runtime.hint, NOW
        )
        batches.merge(runtime.store.database, workspace.scope_id, [b for _, b in named], seen=True)
        for name, b in named:
            if name:
                batches.set_name(runtime.store.database, workspace.scope_id, b.id, name)
        for b in unseen:
            batches.mark(runtime.store.database, workspace.scope_id, b.id, seen=0)
        polls.record_poll(runtime.store.database, workspace.scope_id, NOW - polled, 0.1, 9, None)
        for number, (name, members) in enumerate(runs):
            run_id = f"run_01JD00000000000000000000{number:02d}"
            labels.adopt(runtime.store, workspace, [b.id for b in members], run_id, NOW)
            batches.set_name(runtime.store.database, workspace.scope_id, run_id, name)
        for b, words in tags:
            labels.tag(runtime.store, workspace, [b.id], add=words, remove=[], now=NOW)
        for b, usd in costs:
            batches.record_cost(runtime.store.database, workspace.scope_id, b.id, "at_most", usd, None)
        if unknown is not None:
            submissions.insert(runtime.store, unknown)
            batches.link_to_run(runtime.store.database, workspace.scope_id, unknown)
        runtime.store.close()

    return fill


@pytest.fixture
def dashboard(config):
    """A function that makes the app; its engine is stopped afterwards."""
    made = []

    def make(*, ascii_only=False, colors="truecolor", theme="cbtui-dark", link=True, slow=False, **options):
        profile = Profile(slow=slow, colors=colors, theme=theme, mouse=False, ascii=ascii_only)
        app = DashboardApp(config, profile=profile, api_key=KEY, connects=False, **options)
        app.now = lambda: NOW
        app.engines.start()
        if link:
            live = Link(state=LinkState.LIVE, polled_at=NOW - timedelta(seconds=12), interval=30.0)
            live = live if link is True else link
            app.engines.home.snapshot = msgspec.structs.replace(
                app.engines.home.snapshot,
                link=live,
                credential="key …a1b2",
                base_url="https://api.anthropic.com",
            )
        made.append(app)
        return app

    yield make
    for app in made:
        app.engines.stop()


@pytest.fixture
def simulator(own_folders):
    """Batches take as long as they say; nothing fails."""
    with Simulator(speed=1, seed=3, rates=ALL_ANSWERED) as running:
        yield running


@pytest.fixture
def live(simulator):
    """A dashboard that talks to the simulator; its engine is stopped afterwards."""
    settings = load({"base_url": simulator.base_url, "poll_interval": "1"})[0]
    app = DashboardApp(settings, profile=PROFILE, api_key=simulator.key)
    app.engines.start()
    yield app
    app.engines.stop()


@pytest.fixture
def results_file(tmp_path):
    """A results file with every kind of line, some of them hostile."""
    path = tmp_path / "classify-tickets.jsonl"

    def message(text, stop="end_turn", tokens=(412, 3), content=None):
        return {
            "type": "succeeded",
            "message": {
                "id": "msg_01Xy",
                "model": "claude-haiku-4-5",
                "content": content or [{"type": "text", "text": text}],
                "stop_reason": stop,
                "usage": {"input_tokens": tokens[0], "output_tokens": tokens[1]},
            },
        }

    def error(kind, words):
        return {"type": "errored", "error": {"type": "error", "error": {"type": kind, "message": words}}}

    long = "The customer writes that the invoice 4711 was charged twice and asks for a refund.\n" * 12
    lines = [
        ("T-90001", message("billing")),
        ("T-90002", message("bug")),
        ("T-90003", error("invalid_request_error", "prompt is too long: 214,020 tokens > 200,000 maximum")),
        ("T-90004", message(long, "max_tokens", (1204, 1024))),
        ("T-90005", message("other")),
        ("T-90006", {"type": "expired"}),
        ("T-90007", message("请求退款 (账单)")),
        ("T-90008", {"type": "canceled"}),
        ("T-90009", message("\x1b]52;c;ZXZpbA==\x07[/x] \x9b31m\u202etxt")),
        ("T-90010", message("", "refusal", content=[{"type": "thinking", "thinking": "Hm."}])),
    ]
    with path.open("w") as file:
        for custom_id, result in lines:
            file.write(json.dumps({"custom_id": custom_id, "result": result}, ensure_ascii=False) + "\n")
        file.write("{broken\n")
    return path


@pytest.fixture
def unknown_submission(tmp_path):
    body = tmp_path / "b.json"
    body.write_text("{}")
    return Submission(
        submission_id="sub_1",
        run_id="run_1",
        state=SubmissionState.UNKNOWN,
        requests=2397,
        body_bytes=3_900_000,
        sha256="0" * 64,
        body_path=str(body),
        rows_path=None,
        name="tickets",
        model="claude-haiku-4-5",
        source="tickets.csv",
        cost_at_most=19.9,
        created_at=NOW - timedelta(minutes=3),
        sent_at=NOW - timedelta(minutes=2),
        settled_at=NOW - timedelta(minutes=2),
        last_looked_at=NOW - timedelta(seconds=3),
        looks=2,
        candidates=("msgbatch_01Qxm2",),
        error="The request was sent, but no answer came: the answer took too long.",
    )


@pytest.fixture
def settled():
    """Wait until the screen has nothing left to do; a machine that is late itself is given the time again."""

    async def wait(pilot):
        for _ in range(5):
            begun = time.monotonic()
            await pilot.pause(0.25)
            await workers_done(pilot.app)
            await pilot.pause(0.05)
            if time.monotonic() - begun < 0.4:
                break

    return wait
