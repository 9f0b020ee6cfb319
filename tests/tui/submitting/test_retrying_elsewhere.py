"""A retry belongs to the workspace of its batch, whatever workspace is on the screen."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.cli.main import main
from claude_batch_tui.config import load, of_profile
from claude_batch_tui.domain.results.failures import RetryRules
from claude_batch_tui.errors import DraftError
from claude_batch_tui.services.submitting.order import SendOrder
from claude_batch_tui.services.submitting.retry import Wanted
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.terminal import Profile
from claude_batch_tui.tui.app import DashboardApp
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog
from claude_batch_tui.tui.submitting.retry_dialog import RetryDialog
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from downloading import results_here
from waiting import reached, until

PROFILE = Profile(slow=False, colors="truecolor", theme="cbtui-dark", mouse=False, ascii=False)


@pytest.fixture
def failed(simulator, own_folders, tmp_path, monkeypatch, capsys):
    """The id of an ended batch of research of three, one of which failed, with its results on this machine."""
    file = own_folders / "config" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    for word in ("research", "production"):
        monkeypatch.setenv(f"{word.upper()}_KEY", simulator.key_of(word))
    file.write_text(
        "".join(
            f'[profiles.{word}]\napi_key_env = "{word.upper()}_KEY"\nbase_url = "{simulator.base_url}"\n'
            for word in ("research", "production")
        )
    )
    monkeypatch.setenv("CBTUI_PROFILE", "research")
    requests = tmp_path / "requests.jsonl"
    params = {"model": "claude-haiku-4-5", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]}
    requests.write_text(
        "".join(json.dumps({"custom_id": f"r{n}", "params": params}) + "\n" for n in range(3))
    )
    simulator.decide("r1", "errored")
    assert main(["submit", str(requests), "--yes", "--name", "labels"], lambda _: 0) == 0
    batch_id = capsys.readouterr().out.strip()
    main(["watch", batch_id, "--interval", "1"], lambda _: 0)
    main(["results", batch_id], lambda _: 0)
    capsys.readouterr()
    simulator.decide("r1", "answered")
    return batch_id


@pytest.fixture
def app(failed):
    """A dashboard of both workspaces, all of them shown."""
    config = load({"profile": "research", "poll_interval": "1"})[0]
    made = DashboardApp(config, profile=PROFILE, beside=[of_profile(config, "production")], connects=True)
    made.engines.start()
    yield made
    made.engines.stop()


def of(app, name):
    """The engine of a workspace."""
    return app.engines._engines[name]


async def open_results(app, pilot, failed):
    await reached(pilot, lambda: all(one.link.polled_at is not None for one in app.engines.snapshots))
    await app.run_action("show_workspace('research')")
    await reached(pilot, lambda: app.screen.query_one("#list", VirtualList).cursor_key == failed)
    await pilot.press("enter")
    await reached(pilot, lambda: app.screen.query_one("#list", VirtualList).row_count == 3)


async def test_a_retry_from_results_is_created_in_the_workspace_of_its_batch_though_another_is_shown(
    app, failed, simulator
):
    async with app.run_test(size=(100, 30)) as pilot:
        await open_results(app, pilot, failed)
        await app.run_action("show_workspace('production')")
        await pilot.press("3")
        await reached(pilot, lambda: app.current_mode == "results")
        await pilot.press("R")
        await reached(pilot, lambda: isinstance(app.screen, RetryDialog) and app.screen._made is not None)
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(app.screen, ConfirmDialog))
        await pilot.press("y")
        await reached(pilot, lambda: len(of(app, "research").snapshot.batches) == 2)
        assert len(simulator.log.creates) == 2
        assert of(app, "production").snapshot.batches == ()
        await reached(pilot, lambda: app.current_mode == "batches")


async def test_an_engine_refuses_to_send_a_retry_of_another_workspace(app, failed, simulator):
    async with app.run_test(size=(100, 30)) as pilot:
        await reached(pilot, lambda: all(one.link.polled_at is not None for one in app.engines.snapshots))
        ours, other = of(app, "research"), of(app, "production")
        with open_indexed(results_here(ours.store, failed), ours.store.locations.cache) as one:
            made = ours.plan_retry([Wanted(failed, one.index, range(one.index.count))], RetryRules())
        assert other.submit("t", SendOrder(part=made)).result(20) is None
        until(lambda: (sent := other.snapshot.submitting.get("t")) is not None and sent.is_finished)
        assert "was sent to workspace" in other.snapshot.submitting["t"].error
        assert len(simulator.log.creates) == 1


async def test_a_batch_no_watched_workspace_knows_has_nobody_to_pay_for_its_retry(app, failed):
    async with app.run_test(size=(100, 30)) as pilot:
        await reached(pilot, lambda: app.snapshot.find(failed) is not None)
        assert app.engines.owner([failed]) is of(app, "research")
        for unknown in ([], ["msgbatch_unknown"], [failed, "msgbatch_unknown"]):
            with pytest.raises(DraftError, match="No single one of the workspaces"):
                app.engines.owner(unknown)
