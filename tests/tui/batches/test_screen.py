"""The list of batches by keys: filter, sort, tags, runs, warnings; on the real engine against the simulator."""

from __future__ import annotations

import msgspec
import pytest
from textual.widgets import OptionList

from claude_batch_tui.domain.batches.batch_list import Order
from claude_batch_tui.domain.batches.tracked import ResultsState
from claude_batch_tui.keymap import checked_keys
from claude_batch_tui.tui.batches.columns_dialog import ColumnsDialog
from claude_batch_tui.tui.batches.screen import BatchesScreen
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, InputDialog
from claude_batch_tui.tui.results.compare import CompareScreen
from claude_batch_tui.tui.results.screen import ResultsScreen
from claude_batch_tui.tui.widgets.inputs import FilterBar
from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.lines import StatusLine, TabsLine
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.virtual_list import VirtualList
from downloading import results_here
from waiting import paste, reached

DAY = 86_400


def add(simulator, count=1, **facts):
    return [simulator.batches.add(5, **facts).id for _ in range(count)]


def table(app):
    return app.screen.query_one("#list", VirtualList)


def keys(app):
    return [row.key for row in app.screen.view.listing.rows]


def status(app):
    return app.screen.query_one(StatusLine).text


def tabs(app):
    return app.screen.query_one(TabsLine)._right


async def listed(pilot, count):
    await reached(pilot, lambda: table(pilot.app).row_count == count)


async def answered(pilot, text):
    await reached(pilot, lambda: isinstance(pilot.app.screen, InputDialog))
    await pilot.press("ctrl+u")
    await paste(pilot, text)
    await pilot.press("enter")
    await reached(pilot, lambda: isinstance(pilot.app.screen, BatchesScreen))


async def test_a_filter_says_shown_of_total_and_a_wrong_one_what_is_wrong(live, simulator):
    (old,) = add(simulator, age=3 * DAY, duration=60)
    add(simulator, 2, duration=36_000)
    async with live.run_test(size=(120, 30)) as pilot:
        await listed(pilot, 3)
        await pilot.press("slash")
        await paste(pilot, "state=ended age>2d")
        await reached(pilot, lambda: keys(live) == [old])
        assert "1 of 3" in tabs(live)
        await pilot.press(*" (")
        bar = live.screen.query_one(FilterBar)
        await reached(pilot, lambda: "a condition is missing" in str(bar.query_one("#note").render()))
        assert keys(live) == [old]
        await paste(pilot, "colour=red)")
        await reached(pilot, lambda: "there is no field 'colour'" in str(bar.query_one("#note").render()))
        await pilot.press("enter", "escape")
        await listed(pilot, 3)


async def test_rows_are_sorted_by_the_next_column_and_the_other_way_round(live, simulator):
    small, large = add(simulator, duration=36_000), [simulator.batches.add(50, age=60, duration=36_000)]
    large = [each.id for each in large]
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 2)
        assert keys(live) == small + large
        while live.screen.view.listing.order.field != "requests":
            await pilot.press("o")
        assert keys(live) == large + small
        await pilot.press("O")
        assert keys(live) == small + large
        assert "REQS↑" in [column.title for column in table(live)._columns]


async def test_tags_notes_and_names_are_edited_from_the_list(live, simulator):
    add(simulator, 3, duration=36_000)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 3)
        await pilot.press("space", "space", "t")
        await answered(pilot, "eval weekly")
        await reached(pilot, lambda: sum("eval" in t.tags for t in live.snapshot.batches) == 2)
        await pilot.press("u", "g", "t")
        await answered(pilot, "eval")
        await reached(pilot, lambda: max(t.tags for t in live.snapshot.batches) == ("eval", "weekly"))
        await pilot.press("N")
        await answered(pilot, "for Ana")
        await pilot.press("e")
        await answered(pilot, "nightly")
        await reached(pilot, lambda: live.screen.view.listing.rows[0].tracked.name == "nightly")
        first = live.screen.view.listing.rows[0].tracked
        assert (first.tags, first.note) == (("eval",), "for Ana")


async def test_a_word_that_is_no_tag_is_refused_in_its_dialog(live, simulator):
    add(simulator, 1, duration=36_000)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 1)
        await pilot.press("t")
        await reached(pilot, lambda: isinstance(live.screen, InputDialog))
        await pilot.press(*"a(b", "enter")
        await pilot.pause()
        assert "is no tag" in str(live.screen.query_one(".problem").render())


async def test_tags_may_be_parted_by_commas(live, simulator):
    (batch_id,) = add(simulator, 1, duration=36_000)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 1)
        await pilot.press("t")
        await answered(pilot, "eval, draft,nightly")
        await reached(pilot, lambda: live.snapshot.find(batch_id).tags == ("draft", "eval", "nightly"))


async def test_tags_that_are_typed_are_added_to_those_there_are(live, simulator):
    (batch_id,) = add(simulator, 1, duration=36_000)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 1)
        for tag in ("eval", "draft"):
            await pilot.press("t")
            await reached(pilot, lambda: isinstance(live.screen, InputDialog))
            await pilot.press(*tag, "enter")
            await reached(pilot, lambda tag=tag: tag in live.snapshot.find(batch_id).tags)
        assert live.snapshot.find(batch_id).tags == ("draft", "eval")


async def test_any_field_is_sorted_by_and_columns_are_chosen_at_80_cells(live, simulator):
    add(simulator, 2, duration=36_000)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 2)
        await pilot.press("c")
        await reached(pilot, lambda: isinstance(live.screen, ColumnsDialog))
        options = live.screen.query_one(OptionList)
        options.highlighted = live.screen._fields.index("note")
        await pilot.press("space")
        lines = {line[4:].split()[0]: line for line in (str(each.prompt) for each in options.options)}
        assert lines["model"].endswith("no room")
        assert "no room" not in lines["note"], "what was asked for by name stays before what is there anyway"
        options.highlighted = live.screen._fields.index("created")
        await pilot.press("enter", "enter")
        options.highlighted = live.screen._fields.index("left")
        await pilot.press("space")
        await pilot.press("escape")
        await reached(pilot, lambda: isinstance(live.screen, BatchesScreen))
        view = live.screen.view
        assert view.listing.order == Order("created", is_reversed=True)
        assert "left" not in view.columns
        titles = [table(live)._columns[number].title for number in table(live).shown_columns]
        assert "CREATED↑" in titles, "the column rows are sorted by is shown, though nobody asked for it"
        await pilot.press("j", "c")
        await reached(pilot, lambda: isinstance(live.screen, ColumnsDialog))
        live.screen.query_one(OptionList).highlighted = live.screen._fields.index("note")
        await pilot.press("space", "escape")
        await reached(pilot, lambda: isinstance(live.screen, BatchesScreen))
        assert "note" not in live.screen.view.columns
        assert table(live).cursor_index == 1, "only another order shows the top of the list"


async def test_two_marked_batches_are_compared_from_the_list(live, simulator):
    ids = add(simulator, 2, age=DAY, duration=60)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 2)
        await pilot.press("space")
        await pilot.press("equals_sign")
        await reached(pilot, lambda: "mark two batches" in status(live))
        await pilot.press("space", "equals_sign")
        await reached(pilot, lambda: "s downloads them" in status(live))
        await pilot.press("s")
        for each in ids:
            await reached(pilot, lambda each=each: live.snapshot.find(each).results is ResultsState.COMPLETE)
        upper, lower = (live.snapshot.find(row.key).title for row in live.screen.view.listing.rows)
        await pilot.press("equals_sign")
        await reached(pilot, lambda: isinstance(live.screen, CompareScreen))
        assert live.screen._names == (upper, lower), "A is the upper one in the list"
        await reached(pilot, lambda: live.screen.query_one("#list", VirtualList).row_count > 0)
        await pilot.press("escape")
        await reached(pilot, lambda: not isinstance(live.screen, CompareScreen))
        assert not table(live).marks, "what they were marked for is done: no later key acts on them"


async def test_what_is_marked_is_said_at_once_and_escape_unmarks_it(live, simulator):
    add(simulator, 2, age=DAY, duration=60)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 2)
        live.say("Something else.")
        await pilot.press("space", "space")
        await reached(pilot, lambda: "2 batches marked" in status(live))
        assert status(live).endswith("= compares, t tags, esc unmarks")
        await pilot.press("slash", *"nothing", "enter", "equals_sign")
        await reached(pilot, lambda: "A marked batch is not in sight" in status(live))
        await pilot.press("escape")  # the filter
        await reached(pilot, lambda: len(live.screen.view.listing.rows) == 2)
        await pilot.press("escape")
        await reached(pilot, lambda: "marked" not in status(live))


async def test_a_new_batch_is_gone_to_though_a_filter_would_hide_it(live, simulator):
    ids = add(simulator, 2, age=DAY, duration=60)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 2)
        await pilot.press("slash", *"nothing", "enter")
        await reached(pilot, lambda: not live.screen.view.listing.rows)
        live.show_created(ids[0])
        await reached(pilot, lambda: table(live).cursor_key == ids[0])
        assert live.screen.filter_bar.value == ""


@pytest.mark.parametrize("key", ["E", "z"])
async def test_q_says_back_where_it_goes_back_and_quit_where_it_quits(live, simulator, key):
    add(simulator, 1, age=DAY, duration=60)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 1)

        def hints():
            return live.screen.query_one(KeyLine).render_line(0).text

        assert "q quit" in hints()
        await pilot.press(key)
        await reached(pilot, lambda: "q back" in hints())
        await pilot.press("q")
        await reached(pilot, lambda: "q quit" in hints())
        assert table(live).has_focus


async def test_hiding_several_asks_once_with_their_number(live, simulator):
    add(simulator, 3, age=DAY, duration=60)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 3)
        await pilot.press("space", "space", "A")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        assert "Hide 2 batches?" in live.screen._box_title
        await pilot.press("y")
        await listed(pilot, 1)
        assert "1 of 3" in tabs(live)
        await pilot.press("H")
        await listed(pilot, 3)
        assert [call.path for call in simulator.log.all() if call.method != "GET"] == []


@pytest.mark.parametrize("name", ["batches.archive", "batches.hide"])
async def test_a_key_of_the_settings_hides_under_the_old_name_of_the_action_too(
    dashboard, filled, week, name
):
    filled(week)
    app = dashboard()
    app.config = msgspec.structs.replace(
        app.config, keys=checked_keys({name: "Z", "batches.cancel": "f8"}, "config.toml")
    )
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, len(week))
        shown = "".join(run[0] for run in app.screen.query_one(KeyLine).runs(79))
        assert "f8 cancel" in shown
        await pilot.press("Z")
        await listed(pilot, len(week) - 1)


async def test_batches_made_elsewhere_become_a_run_that_folds_and_opens(live, simulator):
    ids = add(simulator, 3, duration=36_000)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 3)
        await pilot.press("space", "space", "a")
        await answered(pilot, "evals")
        await listed(pilot, 2)
        run = live.screen.view.listing.rows[0]
        assert (run.tracked.name, len(run.members)) == ("evals", 2)
        await pilot.press("g", "enter")
        assert keys(live) == [run.key, *sorted((t.id for t in run.members), key=ids.index), ids[0]]
        await pilot.press("j", "h")
        assert len(keys(live)) == 2
        assert table(live).cursor_key == run.key


async def test_canceling_a_run_cancels_all_its_batches_with_one_question(live, simulator):
    add(simulator, 2, duration=36_000)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 2)
        await pilot.press("asterisk", "a")
        await answered(pilot, "evals")
        await listed(pilot, 1)
        await pilot.press("x")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        assert "Cancel 2 batches?" in live.screen._box_title
        await pilot.press("enter")
        await reached(pilot, lambda: "Nothing was changed." in live.screen.query_one(StatusLine).text)
        assert not simulator.log.all("POST", "/cancel")
        await pilot.press("x")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("y")
        await reached(pilot, lambda: len(simulator.log.all("POST", "/cancel")) == 2)


async def test_a_run_shows_what_its_batches_come_to(live, simulator):
    ids = add(simulator, 2, duration=36_000)
    async with live.run_test(size=(100, 30)) as pilot:
        await listed(pilot, 2)
        await pilot.press("asterisk", "a")
        await answered(pilot, "evals")
        await listed(pilot, 1)
        simulator.batches.finish(ids[0])
        await reached(pilot, lambda: live.screen.view.listing.rows[0].tracked.batch.request_counts.done == 5)
        batch = live.screen.view.listing.rows[0].tracked.batch
        assert (batch.processing_status, batch.request_counts.total) == ("in_progress", 10)
        simulator.batches.finish(ids[1])
        await reached(pilot, lambda: live.screen.view.listing.rows[0].tracked.batch.has_ended)


async def test_what_is_about_to_be_lost_is_said_with_the_keys_that_save_it(live, simulator):
    (leaving,) = add(simulator, age=28 * DAY, duration=60)
    add(simulator, 1, age=DAY, duration=60)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 2)
        await reached(pilot, lambda: status(live).startswith("1 batch loses its results in 2"))
        await pilot.press("W")
        await reached(pilot, lambda: table(live).marks == {leaving})
        assert table(live).cursor_key == leaving
        detail = live.screen.query_one("#detail-text", TextView)
        await reached(pilot, lambda: "s downloads them" in str(detail._shown))
        await pilot.press("s")
        await reached(pilot, lambda: live.snapshot.find(leaving).results.value == "complete")
        await reached(pilot, lambda: not live.screen.view.at_risk.found)


async def test_marks_of_batches_that_are_gone_are_taken_away_and_that_is_said(live, simulator):
    first, _ = add(simulator, 2, age=DAY, duration=60)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 2)
        await pilot.press("asterisk")
        live.engines.of(first).delete(first)
        await listed(pilot, 1)
        await reached(pilot, lambda: len(table(live).marks) == 1)
        await pilot.pause()
        assert "no longer marked: 1 batch." in status(live)
        assert "1 marked" in tabs(live)


async def test_older_batches_are_asked_for_when_the_end_is_reached(live, simulator):
    add(simulator, 1_003, age=DAY, duration=60)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 1_000)
        assert "L: older" in tabs(live)
        await pilot.press("G")
        await listed(pilot, 1_003)
        assert "L: older" not in tabs(live)


async def test_opening_the_list_at_a_new_batch_opens_its_run(live, simulator):
    ids = add(simulator, 2, duration=36_000)
    async with live.run_test(size=(80, 24)) as pilot:
        await listed(pilot, 2)
        await pilot.press("asterisk", "a")
        await answered(pilot, "evals")
        await listed(pilot, 1)
        live.screen.go_to(ids[0])
        assert table(live).cursor_key == ids[0]


async def test_the_results_of_a_run_are_browsed_as_one(live, simulator):
    ids = add(simulator, 3, age=7_200, duration=60)
    async with live.run_test(size=(100, 30)) as pilot:
        await listed(pilot, 3)
        await pilot.press("asterisk", "a")
        await answered(pilot, "evals")
        await listed(pilot, 1)
        await pilot.press("enter")
        await listed(pilot, 4)
        await pilot.press("enter")
        await reached(pilot, lambda: isinstance(live.screen, ResultsScreen) and table(live).row_count == 5)
        assert live.screen.title_left() == "evals"
        run_id = live.screen.opened.run_id
        live.engines.of(run_id).rename(run_id, "verdicts")
        await reached(pilot, lambda: live.screen.title_left() == "verdicts")
        results = live.screen.opened.file.results
        newest = live.snapshot.batches[0].id
        assert newest in ids
        lines = results_here(live.engines.home.store, newest).read_bytes().splitlines()
        assert sorted(results.line(at) for at in range(5)) == sorted(lines)
        assert {results.origin(at).batch_id for at in range(5)} == {newest}
        await pilot.press("A")
        await reached(pilot, lambda: table(live).row_count == 15)
        await pilot.press("A")
        await reached(pilot, lambda: table(live).row_count == 5)
        await pilot.press("escape")
        await reached(pilot, lambda: isinstance(live.screen, BatchesScreen))
        assert all(tracked.seen for tracked in live.snapshot.batches)
