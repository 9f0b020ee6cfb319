"""Finding one's way: the palette, filters, clicks, keys typed ahead, and leaving."""

from __future__ import annotations

import msgspec
import pytest
from textual import events
from textual.widgets import Input

from claude_batch_tui.domain.batches.filter import complete_filter
from claude_batch_tui.domain.batches.tracked import Submitting
from claude_batch_tui.services.results.recent import recent_files
from claude_batch_tui.terminal import ANSI
from claude_batch_tui.tui.dialogs.palette import Palette
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, InputDialog
from claude_batch_tui.tui.widgets.inputs import FilterBar, LineInput
from claude_batch_tui.tui.widgets.key_line import KeyLine, fitting_hints
from claude_batch_tui.tui.widgets.lines import StatusLine
from claude_batch_tui.tui.widgets.roles import is_readable
from contrast import too_faint


async def found(pilot, settled, words):
    await pilot.press("colon")
    await pilot.pause()
    pilot.app.screen.query_one(Input).value = words
    await settled(pilot)
    options = pilot.app.screen.query_one("CommandList").options
    texts = [str(option.prompt) for option in options]
    await pilot.press("escape", "escape")
    await pilot.pause()
    return texts


@pytest.mark.parametrize(
    ("words", "first", "key"),
    [
        ("rename", "rename", "e"),
        ("archive", "hide", "A"),
        ("export", "download", "s"),
        ("quit", "quit", ""),
        ("retry", "retry", "R"),
        ("refresh", "refresh", "r"),
        ("settings", "settings", ""),
        ("theme", "theme ", ""),
        ("sort by cost", "sort by cost", ""),
        ("dearest", "sort by cost", ""),
        ("open", "open a results file", ""),
        ("column model", "hide the column model", ""),
    ],
)
async def test_the_palette_knows_the_words_of_other_programs_and_shows_the_key(
    dashboard, filled, week, settled, words, first, key
):
    filled(week)
    app = dashboard()
    async with app.run_test(size=(100, 40)) as pilot:
        await settled(pilot)
        texts = await found(pilot, settled, words)
        assert any(text.startswith(first) and key in text for text in texts), texts
        assert words != "open" or texts[0].startswith(first)  # what can be done now comes first
        assert not isinstance(app.screen, Palette)


async def test_tab_completes_the_filter_of_the_batches_and_never_leaves_it(dashboard, filled, week, settled):
    filled(week)
    async with dashboard().run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", "s", "t", "a", "t", "tab")
        bar = pilot.app.screen.query_one(FilterBar)
        await settled(pilot)
        assert "tab complete" in pilot.app.screen.query_one(KeyLine).render_line(0).text
        assert bar.value == "state="
        await pilot.press("tab")
        assert bar.value == "state=running"
        await pilot.press("shift+tab", "tab", "tab")
        assert bar.value.startswith("state=")
        bar.value = "zzz"
        assert "does nothing" not in pilot.app.screen.query_one(StatusLine).text
        await pilot.press("tab", "tab")
        assert isinstance(pilot.app.focused, LineInput)
        await pilot.press("n")
        assert bar.value == "zzzn"
        await pilot.press("escape", "escape", "Z")
        await settled(pilot)
        assert pilot.app.screen.query_one(StatusLine).text == "Z does nothing here; ? lists the keys."


async def test_after_a_field_of_results_tab_goes_on_to_its_values(dashboard, filled, results_file, settled):
    filled([])
    app = dashboard(results=results_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("slash", *"class", "tab")
        bar = app.screen.query_one(FilterBar)
        assert bar.value == "class="
        await pilot.press("tab")
        assert bar.value in ("class=complete", "class=truncated", "class=refused")


def test_the_filter_of_batches_completes_the_tags_there_are(week):
    assert complete_filter("ta", 2, ()).choices == ("tag=",)
    assert complete_filter("state=exp", 9, ()).choices == ("expired", "expiring")
    assert complete_filter("age<2d mod", 10, ()) == (7, ("model:",))


async def test_a_click_on_a_hint_is_its_key_and_one_on_a_title_sorts(dashboard, filled, week, settled):
    filled(week)
    app = dashboard()
    async with app.run_test(size=(200, 50)) as pilot:
        await settled(pilot)
        line = app.screen.query_one(KeyLine)
        x = 1
        for part in fitting_hints(line._hints(), line.size.width):
            if part.hint.id == "batches.filter":
                break
            x += len(part.text) + 2
        await pilot.click(KeyLine, offset=(x + 1, 0))
        assert isinstance(app.focused, LineInput)
        await pilot.press("escape")
        await settled(pilot)
        await pilot.click("#list", offset=(8, 1))
        await settled(pilot)
        assert app.screen.view.listing.order.field == "name"
        await pilot.click("#list", offset=(8, 4))
        assert app.screen.table.cursor_index == 2


async def test_keys_in_one_burst_act_in_the_order_in_which_they_were_typed(
    dashboard, filled, results_file, settled
):
    filled([])
    app = dashboard(results=results_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for letter in "fe":
            app.post_message(events.Key(letter, letter))
        await settled(pilot)
        assert app.screen.filter_bar.value == "outcome=errored"


async def test_what_is_typed_behind_the_key_of_a_dialog_lands_in_its_field(dashboard, filled, week, settled):
    filled(week)
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        for letter in "inx":
            app.post_message(events.Key(letter, letter))
        await settled(pilot)
        assert isinstance(app.screen, InputDialog)
        assert app.screen.query_one(LineInput).value == "nx"


async def test_a_yes_typed_before_the_question_was_there_is_no_answer(dashboard, filled, week, settled):
    filled(week)
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        typed = [events.Key(letter, letter) for letter in "xy"]
        for key in typed:
            app.post_message(key)
        await settled(pilot)
        assert isinstance(app.screen, ConfirmDialog)


async def test_a_results_file_is_chosen_from_those_of_this_folder_and_those_opened_last(
    dashboard, filled, results_file, settled, monkeypatch, tmp_path
):
    filled([])
    monkeypatch.chdir(results_file.parent)
    app = dashboard(results=results_file)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("O", *"tickets", "enter")
        await settled(pilot)
        assert app.screen.opened.title == results_file.name
        assert recent_files(app.config.state_dir) == [str(results_file)]
        monkeypatch.chdir("/")
        await pilot.press("O")
        await pilot.pause()
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert app.screen.opened.title == results_file.name


async def test_a_prefilled_name_is_replaced_by_typing(dashboard, filled, week, settled):
    filled(week)
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        await pilot.press("j", "e", "x")
        assert app.screen.query_one(LineInput).value == "x"


async def test_q_asks_once_while_a_submission_is_on_its_way(dashboard, filled, week, settled):
    filled(week)
    app = dashboard()
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        home = app.engines.home
        home.snapshot = msgspec.structs.replace(home.snapshot, submitting={"t": Submitting(token="t")})
        await pilot.press("q")
        assert isinstance(app.screen, ConfirmDialog)
        await pilot.press("escape")
        assert app.is_running


@pytest.mark.slow
async def test_every_theme_on_offer_can_be_read(dashboard, filled, week, settled):
    filled(week)
    app = dashboard()
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        offered = [name for name, theme in app.available_themes.items() if is_readable(theme)]
        assert {"nord", "dracula", "gruvbox", ANSI} < set(offered)
        for name in offered:
            app.theme = name
            await pilot.pause()
            assert name.startswith("ansi") or too_faint(app, words=3.0) == []


async def test_on_a_read_only_screen_what_pays_deletes_or_labels_is_greyed_and_says_why(
    dashboard, filled, week, settled
):
    filled(week)
    app = dashboard()
    app.config = msgspec.structs.replace(app.config, read_only=True)
    async with app.run_test(size=(120, 40)) as pilot:
        await settled(pilot)
        for key in ("x", "D", "e", "t", "A"):
            await pilot.press(key)
            await settled(pilot)
            assert "this screen is read-only (--read-only)" in app.messages[-1][0], key
        assert len(app.screen_stack) == 1
        assert all("read-only" in text for text in (await found(pilot, settled, "rename"))[:1])
