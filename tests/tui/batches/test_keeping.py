"""Freeing disk space and forgetting batches, by the palette's actions; on the real engine against the simulator."""

from __future__ import annotations

from claude_batch_tui.tui.batches.screen import BatchesScreen
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, TypedConfirmDialog
from claude_batch_tui.tui.widgets.lines import StatusLine
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from waiting import paste, reached


def status(app):
    return app.screen.query_one(StatusLine).text


async def listed(pilot, count):
    await reached(pilot, lambda: pilot.app.screen.query_one("#list", VirtualList).row_count == count)


async def typed(pilot, text):
    await reached(pilot, lambda: isinstance(pilot.app.screen, TypedConfirmDialog))
    await paste(pilot, text)
    await pilot.press("enter")
    await reached(pilot, lambda: isinstance(pilot.app.screen, BatchesScreen))


async def test_disk_space_is_freed_after_asking_with_count_and_size(live, simulator):
    simulator.batches.add(5, age=3600, duration=60)
    cache = live.engines.home.store.locations.cache
    cache.mkdir()
    (cache / "a.jsonl").write_bytes(bytes(5_000))
    async with live.run_test(size=(120, 30)) as pilot:
        await listed(pilot, 1)
        assert any(name.startswith("free disk space") for name in live.screen.palette_actions())
        await live.run_action("screen.prune", live.screen)
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("enter")  # enter alone takes nothing away
        await reached(pilot, lambda: isinstance(live.screen, BatchesScreen))
        assert (cache / "a.jsonl").exists()
        await live.run_action("screen.prune", live.screen)
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("y")
        await reached(pilot, lambda: not (cache / "a.jsonl").exists())
        await reached(pilot, lambda: "5.0 kB freed." in status(live))
        await live.run_action("screen.prune", live.screen)
        await reached(pilot, lambda: "There is nothing to remove." in status(live))


async def test_a_batch_is_forgotten_here_after_its_count_was_typed(live, simulator):
    batch_id = simulator.batches.add(5, age=3600, duration=60).id
    async with live.run_test(size=(120, 30)) as pilot:
        await listed(pilot, 1)
        await pilot.press("s")
        file = live.engines.home.store.locations.results / f"{batch_id}.jsonl"
        await reached(pilot, lambda: live.snapshot.batches[0].results == "complete")
        assert file.exists()
        await live.run_action("screen.forget(False)", live.screen)
        await reached(pilot, lambda: isinstance(pilot.app.screen, TypedConfirmDialog))
        await paste(pilot, "4")
        await pilot.press("enter", "escape")  # another count agrees to nothing
        await reached(pilot, lambda: isinstance(pilot.app.screen, BatchesScreen))
        assert file.exists()
        await live.run_action("screen.forget(False)", live.screen)
        await typed(pilot, "5")
        await reached(pilot, lambda: not file.exists())
        await listed(pilot, 0)
        assert len(simulator.batches.all()) == 1


async def test_a_batch_is_forgotten_on_the_server_too_when_asked(live, simulator):
    simulator.batches.add(5, age=3600, duration=60)
    async with live.run_test(size=(120, 30)) as pilot:
        await listed(pilot, 1)
        await live.run_action("screen.forget(True)", live.screen)
        await typed(pilot, "5")
        await reached(pilot, lambda: simulator.batches.all() == [])
        await listed(pilot, 0)


async def test_what_runs_cannot_be_forgotten(live, simulator):
    simulator.batches.add(5, duration=36_000)
    async with live.run_test(size=(120, 30)) as pilot:
        await listed(pilot, 1)
        assert not any("forget" in name for name in live.screen.palette_actions())
