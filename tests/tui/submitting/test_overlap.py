"""What was sent before is asked about in the dashboard: only the others, joined or not, all once more, or nothing."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from claude_batch_tui.cli.main import main
from claude_batch_tui.domain.batches.tracked import Overlap, SentIn
from claude_batch_tui.services.submitting.order import Pilot, SendOrder
from claude_batch_tui.tui.build.form import Field
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog
from claude_batch_tui.tui.submitting.overlap_dialog import OverlapDialog
from claude_batch_tui.tui.widgets.lines import StatusLine
from claude_batch_tui.wording.submissions import overlap_lines
from dialogs import words
from waiting import reached, workers_done


@pytest.fixture
def earlier(simulator, tmp_path, monkeypatch, capsys):
    """The run of a table of three rows, which has five by now."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", simulator.key)
    monkeypatch.chdir(tmp_path)
    table = tmp_path / "rows.csv"
    table.write_text("body\none\ntwo\nthree\n")
    options = ["--prompt-column", "body", "--model", "claude-haiku-4-5", "--max-tokens", "9"]
    assert main(["build", "csv", str(table), *options, "-o", "first.jsonl"], lambda _: 0) == 0
    assert main(["submit", "first.jsonl", "--yes", "--name", "weekly"], lambda _: 0) == 0
    capsys.readouterr()
    table.write_text("body\none\ntwo\nthree\nfour\nfive\n")


async def asked(live, pilot, settled):
    """Build the table and submit it, until it is asked about."""
    await pilot.press("2")
    await settled(pilot)
    for name, value in (
        ("source", "rows.csv"),
        ("prompt_column", "body"),
        ("model", "claude-haiku-4-5"),
        ("max_tokens", "9"),
    ):
        live.screen.query_one(f"#{name}", Field).value = value
    await pilot.pause(0.3)
    await workers_done(live)
    await settled(pilot)
    live.screen.query_one("#detail").focus()
    await pilot.press("enter")
    await reached(pilot, lambda: live.screen.draft.checked is not None)
    await settled(pilot)
    await pilot.press("enter")
    await reached(pilot, lambda: isinstance(live.screen, OverlapDialog))


@pytest.mark.parametrize(("key", "requests", "runs"), [("n", 2, 2), ("j", 2, 1), ("a", 5, 2)])
async def test_what_is_chosen_is_asked_about_with_its_cost_and_sent(
    earlier, live, simulator, settled, key, requests, runs
):
    async with live.run_test(size=(100, 30)) as pilot:
        await asked(live, pilot, settled)
        shown = words(live)
        assert "3 of these 5 requests were sent before" in shown
        assert "as weekly (run_" in shown
        assert "for at most $" in shown
        await pilot.press(key)
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        assert f"Submit {requests} requests?" in str(live.screen.query_one("#box").border_title)
        await reached(pilot, lambda: "in flight" in words(live) or "size  " in words(live))
        assert ("left out  3 requests that were sent before" in words(live)) is (key != "a")
        assert len(simulator.log.creates) == 1
        await pilot.press("y")
        await reached(pilot, lambda: len(live.snapshot.batches) == 2)
        assert sorted(each.batch.request_counts.total for each in live.snapshot.batches) == sorted(
            [3, requests]
        )
        assert len({each.run_id for each in live.snapshot.batches}) == runs


@pytest.mark.parametrize("key", ["escape", "enter", "q"])
async def test_nothing_is_sent_by_leaving_the_question(earlier, live, simulator, settled, key):
    async with live.run_test(size=(100, 30)) as pilot:
        await asked(live, pilot, settled)
        await pilot.press(key)
        await reached(pilot, lambda: not isinstance(live.screen, OverlapDialog))
        await settled(pilot)
        assert "Nothing has been sent." in live.screen.query_one(StatusLine).text
    assert len(simulator.log.creates) == 1


def overlap(**facts):
    at = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    runs = (
        SentIn("run_01M8N8TYCA2AGBD17HYQMMKA0C", "weekly", at, 1000, 1.2, is_actual=True),
        SentIn("run_01M8N9FYCA2AGBD17HYQMMKA0D", "run_01M8N9FYCA2AGBD17HYQMMKA0D", at, 200, None),
    )
    return Overlap(**{"same_id": 1100, "other_id": 100, "of": 1500, "runs": runs} | facts)


def test_many_runs_are_summed_up_and_what_is_not_known_is_said():
    at = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
    runs = [SentIn(f"run_{n}", f"run_{n}", at, 10, 0.5, unknown=3 if n == 0 else 0) for n in range(8)]
    first, second, *_, last = overlap_lines(Overlap(80, 0, 80, tuple(runs)))
    assert first == "All 80 requests were sent before, within 30 days: under the same custom_id."
    assert second.endswith("as run_0, for at most $0.50; of 3 it is not known yet whether they were")
    assert last == "  30 in 3 other runs"
    (one, *_) = overlap_lines(Overlap(0, 1, 1, ()))
    assert one == "This request was sent before, within 30 days: under another custom_id."


def test_the_question_names_ids_runs_and_costs(snap_compare, dashboard, filled, settled):
    filled([])
    app = dashboard()

    async def ask(pilot):
        app.push_screen(OverlapDialog(SendOrder(), overlap()))
        await settled(pilot)

    assert snap_compare(app, terminal_size=(80, 24), run_before=ask)


@pytest.mark.parametrize(
    ("order", "facts", "reasons"),
    [
        (SendOrder(), {"of": 1200}, {"new": "all of them were sent", "join": "all of them were sent"}),
        (SendOrder(part=Pilot(5)), {}, {"new": None, "join": "only the whole of a file can join a run"}),
        (
            SendOrder(),
            {"runs": (SentIn("r", "t", datetime(2026, 11, 20, tzinfo=UTC), 1200, unknown=1200),)},
            {"new": "it is not known yet whether some were sent: U on Batches"},
        ),
    ],
)
def test_what_cannot_be_chosen_is_greyed_with_its_reason(order, facts, reasons):
    dialog = OverlapDialog(order, overlap(**facts))
    assert {action: dialog.reason_disabled(action, ()) for action in reasons} == reasons
    assert dialog.reason_disabled("again", ()) is None
