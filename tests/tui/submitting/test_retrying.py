"""R: what failed goes out again, from the results and from the batches, and is paid once."""

from __future__ import annotations

import json
from functools import partial

import pytest

from claude_batch_tui.cli.main import main
from claude_batch_tui.domain.requests import limits as partition_module
from claude_batch_tui.services.submitting import spool
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, TypedConfirmDialog
from claude_batch_tui.tui.results.inspector import InspectorFoot
from claude_batch_tui.tui.submitting.retry_dialog import RetryDialog
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from dialogs import words
from waiting import reached


@pytest.fixture
def failed(simulator, own_folders, tmp_path, monkeypatch, capsys):
    """The id of an ended batch of ten, of which three failed, with its results on this machine."""
    monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", simulator.key)
    file = tmp_path / "requests.jsonl"
    params = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    cut = params | {"max_tokens": 3, "messages": [{"role": "user", "content": "Say what this is."}]}
    lines = [{"custom_id": f"r{n}", "params": cut if n > 6 else params} for n in range(10)]
    file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for custom_id, fate in [("r1", "errored"), ("r4", "expired"), ("r6", "errored")]:
        simulator.decide(custom_id, fate)
    assert main(["submit", str(file), "--yes", "--name", "labels"], lambda _: 0) == 0
    batch_id = capsys.readouterr().out.strip()
    main(["watch", batch_id, "--interval", "1"], lambda _: 0)
    main(["results", batch_id], lambda _: 0)
    capsys.readouterr()
    for custom_id in ("r1", "r4", "r6"):
        simulator.decide(custom_id, "answered")
    return batch_id


@pytest.fixture
def live(failed, live):
    """A dashboard that knows the failed batch from its start."""
    return live


def sent(own_folders):
    bodies = sorted((own_folders / "data" / "spool").glob("*.body.json"))
    return [[one["custom_id"] for one in json.loads(body.read_bytes())["requests"]] for body in bodies][1:]


async def open_results(live, pilot):
    await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).cursor_key is not None)
    await pilot.press("enter")
    await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).row_count == 10)


async def test_what_failed_in_a_batch_goes_out_again_after_the_question_that_is_paid(
    live, simulator, failed, own_folders
):
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).cursor_key is not None)
        table = live.screen.query_one("#list", VirtualList)
        await pilot.press("space", "R")
        await reached(pilot, lambda: "3 to retry: 2 errored, 1 expired" in words(live))
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        assert "Send 3 requests again?" in str(live.screen.query_one("#box").border_title)
        await reached(pilot, lambda: "retry of  labels" in words(live))
        await pilot.press("enter")
        assert len(simulator.log.creates) == 1
        assert table.marks == {failed}
        await pilot.press("R")
        await reached(pilot, lambda: "3 to retry" in words(live))
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("y")
        await reached(pilot, lambda: len(live.snapshot.batches) == 2)
        names = {tracked.name: tracked.run_id for tracked in live.snapshot.batches}
        assert len(set(names.values())) == 1
        await reached(pilot, lambda: not table.marks)
        assert set(names) == {"labels", "labels retry"}
        assert sent(own_folders) == [["r1", "r4", "r6"]]
        (run_id,) = set(names.values())
        # The cursor is on the run, whose merged answers `enter` opens.
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).cursor_key == run_id)


async def test_the_shown_or_the_marked_are_retried_and_never_twice(live, simulator, failed, own_folders):
    async with live.run_test(size=(80, 24)) as pilot:
        await open_results(live, pilot)
        await pilot.press("f", "x")
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).row_count == 1)
        await pilot.press("R")
        await reached(pilot, lambda: "1 to retry: 1 expired" in words(live))
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("y")
        await reached(pilot, lambda: len(live.snapshot.batches) == 2)
        await reached(pilot, lambda: live.current_mode == "batches")
        await pilot.press("3")
        await reached(pilot, lambda: live.current_mode == "results")
        await pilot.press("f", "a")
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).row_count == 10)
        await pilot.press("R")
        await reached(pilot, lambda: "Left out: 1 retried already" in words(live))
        assert "2 to retry: 2 errored" in words(live)
        await pilot.press("a")
        await reached(pilot, lambda: "3 to retry" in words(live))
        await pilot.press("a", "o")
        await reached(pilot, lambda: "9 to retry" in words(live))
        assert "paid once more" in words(live)
        await pilot.press("escape")
    assert sent(own_folders) == [["r4"]]


@pytest.fixture
def in_parts(monkeypatch):
    """Batches of at most four requests, so that ten make a run of three."""
    monkeypatch.setattr(spool, "partition", partial(partition_module.partition, max_requests=4))


async def test_a_run_is_retried_as_one(in_parts, live, simulator, failed, own_folders):
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).cursor_key == failed)
        await pilot.press("R")
        await reached(pilot, lambda: "3 to retry: 2 errored, 1 expired" in words(live))
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("y")
        await reached(pilot, lambda: len(live.snapshot.batches) == 4)
    assert sent(own_folders)[2:] == [["r1", "r4", "r6"]]
    assert len(simulator.log.creates) == 4


@pytest.fixture
def retried(simulator, failed, capsys):
    """The id of the retry of what failed, in which one has failed again."""
    simulator.decide("r4", "errored")
    main(["retry", failed, "--yes"], lambda _: 0)
    batch_id = capsys.readouterr().out.strip()
    main(["watch", batch_id, "--interval", "1"], lambda _: 0)
    main(["results", batch_id], lambda _: 0)
    simulator.decide("r4", "answered")
    return batch_id


@pytest.mark.slow
async def test_what_failed_again_in_a_run_is_retried_from_its_results_and_says_its_attempt(
    retried, live, own_folders
):
    async with live.run_test(size=(120, 30)) as pilot:
        await reached(pilot, lambda: len(live.snapshot.batches) == 2)
        await pilot.press("enter", "enter")
        table = lambda: live.screen.query_one("#list", VirtualList)  # noqa: E731
        await reached(pilot, lambda: live.current_mode == "results" and table().row_count == 10)
        await pilot.press("f", "e")
        await reached(pilot, lambda: table().row_count == 1)
        foot = live.screen.inspector.query_one(InspectorFoot)
        await reached(pilot, lambda: f"attempt 2 · {retried}" in foot.render_line(0).text + foot._text)
        await pilot.press("A")
        await reached(pilot, lambda: table().row_count == 3)
        assert live.screen.inspector.custom_id == "r4"
        await pilot.press("A")
        await reached(pilot, lambda: table().row_count == 1)
        await pilot.press("R")
        await reached(pilot, lambda: "1 to retry: 1 errored" in words(live))
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("y")
        await reached(pilot, lambda: len(live.snapshot.batches) == 3)
    assert sent(own_folders) == [["r1", "r4", "r6"], ["r4"]]


async def test_nothing_to_retry_is_said_and_enter_does_nothing(live, simulator, failed):
    async with live.run_test(size=(80, 24)) as pilot:
        await open_results(live, pilot)
        await pilot.press("f", "g", "R")
        await reached(pilot, lambda: "Left out: 4 good (space or o sends them)" in words(live))
        await pilot.press("enter")
        assert isinstance(live.screen, RetryDialog)
        await pilot.press("escape", "f", "r")  # no entry is of that class
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).row_count == 0)
        await pilot.press("R")
        await reached(pilot, lambda: any("nothing matches" in said for said, _ in live.messages))
        assert not isinstance(live.screen, RetryDialog)
    assert len(simulator.log.creates) == 1


async def test_above_the_limit_the_count_is_typed(live, simulator, failed, own_folders):
    (own_folders / "config").mkdir(exist_ok=True)
    (own_folders / "config" / "prices.toml").write_text(
        'as_of = 2026-01-01\n[[model]]\nids = ["claude-haiku-4-5"]\nas_of = 2026-01-01\n'
        + "".join(
            f"{name} = 1e9\n"
            for name in ("input", "cache_write_5m", "cache_write_1h", "cache_read", "output")
        )
    )
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).cursor_key is not None)
        await pilot.press("R")
        await reached(pilot, lambda: "3 to retry" in words(live))
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, TypedConfirmDialog))
        await pilot.press("y", "enter")
        assert len(simulator.log.creates) == 1
        await pilot.press("backspace", "3", "enter")
        await reached(pilot, lambda: len(live.snapshot.batches) == 2)


async def test_requests_that_are_not_here_are_one_sentence(live, failed, own_folders):
    for path in (own_folders / "data" / "spool").iterdir():
        path.unlink()
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).cursor_key is not None)
        await pilot.press("R")
        await reached(pilot, lambda: "are not on this machine" in words(live).replace("\n", " "))


async def test_what_was_cut_goes_out_with_more_tokens_beside_the_transient_in_a_few_keys(
    live, simulator, failed, own_folders
):
    async with live.run_test(size=(80, 24)) as pilot:
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).cursor_key is not None)
        await pilot.press("R")
        options = live.screen.query_one("OptionList")
        await reached(pilot, lambda: options.option_count > 1)
        assert "truncated" in str(options.get_option_at_index(0).prompt)
        assert "3 to retry: 2 errored, 1 expired" in words(live)
        await pilot.press("m")
        await reached(pilot, lambda: "6 to retry" in words(live))
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("y")
        await reached(pilot, lambda: len(live.snapshot.batches) == 2)
    (body,) = sorted((own_folders / "data" / "spool").glob("*.body.json"))[1:]
    requests = json.loads(body.read_bytes())["requests"]
    limits = {one["custom_id"]: one["params"]["max_tokens"] for one in requests}
    assert limits == {"r1": 9, "r4": 9, "r6": 9, "r7": 8, "r8": 8, "r9": 8}
