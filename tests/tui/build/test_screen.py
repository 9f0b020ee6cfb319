"""Build, key by key: choosing a file, previewing, leaving rows out, recipes, drafts, scripts."""

from __future__ import annotations

import contextlib
import json
from datetime import timedelta

import pytest
from textual.app import App
from textual.widgets import Input, OptionList

from claude_batch_tui.domain.batches.tracked import ResultsState
from claude_batch_tui.services.submitting import priming
from claude_batch_tui.tui.build.form import CostLine, Field, Fold
from claude_batch_tui.tui.build.rows_table import RowsTable
from claude_batch_tui.tui.build.screen import BuildScreen
from claude_batch_tui.tui.build.submit import ask_to_submit
from claude_batch_tui.tui.dialogs.file_picker import FilePicker
from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, InputDialog
from claude_batch_tui.tui.widgets.inputs import LineInput
from claude_batch_tui.tui.widgets.key_line import KeyLine
from claude_batch_tui.tui.widgets.lines import StatusLine, TabsLine
from claude_batch_tui.tui.widgets.text_view import TextView
from office_files import write_xlsx
from waiting import reached, workers_done

ROWS = "ticket,body\nT-1,Hello there\nT-1,again\nT 3,\nT-4,fine\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    here = tmp_path / "work"
    (here / "docs").mkdir(parents=True)
    (here / "tickets.csv").write_text(ROWS)
    (here / "old.zip").write_bytes(b"PK\x03\x04")
    (here / ".hidden.csv").write_text(ROWS)
    (here / "mine.py").write_text("def build_requests():\n    open('ran', 'w')\n    return []\n")
    monkeypatch.chdir(here)
    return here


@pytest.fixture
def build(dashboard, filled, folder):
    filled([])
    return dashboard()


def screen(app) -> BuildScreen:
    assert isinstance(app.screen, BuildScreen)
    return app.screen


def set_fields(app, **values):
    for name, value in values.items():
        screen(app).query_one(f"#{name}", Field).value = value


def detail(app):
    """What stands beside the form: the check where that is shown, else the preview, with what stands at the fields."""
    build = screen(app)
    if build.check_view.display:
        return build.check_view.said
    shown = build.query_one("#detail", TextView)._shown
    words = shown if isinstance(shown, str) else "\n".join(text for text, _ in shown)
    return f"{words}\n{build.query_one('#fold-reading', Fold).text}"


async def done(app, pilot, settled):
    """Until preview and check have nothing left to do."""
    await pilot.pause(0.3)
    await workers_done(app)
    await settled(pilot)


async def checked(app, pilot, settled):
    """Check what was typed."""
    await done(app, pilot, settled)
    screen(app).query_one("#detail").focus()
    await pilot.press("enter")
    await reached(pilot, lambda: screen(app).draft.checked is not None)
    await done(app, pilot, settled)


async def agreed(app, pilot, *, batches):
    """Agree to a submission, and wait until there are so many batches and the dialog is closed."""
    await reached(pilot, lambda: isinstance(app.screen, ConfirmDialog))
    await pilot.press("y")
    await reached(pilot, lambda: len(app.snapshot.batches) == batches and len(app.screen_stack) == 1)


async def test_enter_in_an_empty_source_lists_the_folder_and_a_file_is_chosen_by_keys(build, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(build.screen, FilePicker)
        options = build.screen.query_one(OptionList)

        def shown():
            return [
                str(options.get_option_at_index(at).prompt).split()[0] for at in range(options.option_count)
            ]

        assert shown() == ["answers", "../", "docs/", "mine.py", "old.zip", "tickets.csv", "./"]
        assert options.get_option_at_index(4).disabled
        assert options.highlighted == 3  # a file before the folder
        await pilot.press(*".hid")
        await settled(pilot)
        assert shown() == [".hidden.csv"]
        await pilot.press("ctrl+u", *"docs/")
        await settled(pilot)
        assert shown() == ["../", "./"]
        await pilot.press("ctrl+u", *"TICK", "enter")
        await done(build, pilot, settled)
        assert screen(build).query_one("#source", Field).value == "tickets.csv"
        assert "which column is the prompt?" in detail(build)
        assert screen(build).focused.parent.id == "prompt_column"
        assert [*screen(build).query_one(RowsTable).columns] == ["ticket", "body"]


async def test_a_folder_is_taken_as_documents(build, folder, settled):
    (folder / "docs" / "a.md").write_text("# Title")
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "enter")
        await settled(pilot)
        await pilot.press("up", "enter", "pagedown", "enter")
        await done(build, pilot, settled)
        assert screen(build).query_one("#source", Field).value.endswith("docs")
        assert "# Title" in detail(build)


async def test_a_terminal_that_grows_gets_panes_with_titles_and_the_rows_beside_the_form(build, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await settled(pilot)
        screen = build.screen
        for size, is_wide in (((200, 50), True), ((80, 24), False)):
            await pilot.resize_terminal(*size)
            await settled(pilot)
            titles = [screen.query_one(f"#{name}").border_title for name in screen.pane_titles]
            assert all(titles) is any(titles) is is_wide
            assert screen.query_one(RowsTable).display is is_wide


async def test_only_fields_that_mean_something_for_the_source_are_shown(build, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        of_rows = {"prompt_column", "template", "id_column", "model", "temperature", "schema"}
        for source, shown, hidden in (
            ("tickets.csv", of_rows | {"name"}, {"sheet", "delimiter", "set", "clean_ids", "script_env"}),
            ("x.json", of_rows | {"at"}, {"sheet", "script_env"}),
            ("x.xlsx", of_rows | {"sheet"}, {"at", "script_env"}),
            ("x.txt", {"split_by", "separator", "template"}, {"prompt_column", "id_column", "script_env"}),
            ("mine.py", {"script_env", "name"}, of_rows),
            ("ready.jsonl", {"name", "betas"}, of_rows | {"script_env"}),
        ):
            set_fields(build, source=source)
            await settled(pilot)
            displayed = {field.id for field in screen(build).query(Field) if field.display}
            assert (shown - displayed, hidden & displayed) == (set(), set())
        screen(build).query_one("#fold-more").focus()
        await pilot.press("x", "C", "enter")
        await settled(pilot)
        assert screen(build).query_one("#set").display


async def test_tab_completes_a_path_as_a_shell_does_and_then_goes_on(build, settled, folder):
    (folder / "tickets.csv.bak").write_text("")
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", *"tick")
        source = screen(build).form.field("source")
        await reached(pilot, lambda: "tab complete" in screen(build).query_one(KeyLine).render_line(0).text)
        assert screen(build).form.field("prompt_column").display, "half a name is no text file"
        assert "source✓" not in screen(build).query_one(TabsLine).render_line(0).text
        await pilot.press("tab")
        assert (source.value, screen(build).form.here) == ("tickets.csv", source)
        await done(build, pilot, settled)
        assert "source✓" in screen(build).query_one(TabsLine).render_line(0).text
        await pilot.press("tab")  # it is a file, though another begins so
        assert (source.value, source.typed.has_focus) == ("tickets.csv", False)


async def test_a_source_that_is_not_there_is_said_before_what_else_is_missing(build, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", *"tickers.csv", "tab", "tab", "ctrl+r")
        await done(build, pilot, settled)
        assert "tickers.csv: there is no such file" in detail(build)
        assert screen(build).form.here is screen(build).form.field("source")


async def test_columns_are_listed_for_who_types_faster_than_they_are_read(build, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", *"tickets.csv", "enter", "enter", "ctrl+o", *"bod", "enter")
        await done(build, pilot, settled)
        assert screen(build).form.field("template").value == "{{ body }}"


async def test_e_goes_to_the_rows_with_problems_and_x_leaves_one_out(build, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        set_fields(
            build, source="tickets.csv", id_column="ticket", prompt_column="body", model="m", max_tokens="9"
        )
        await checked(build, pilot, settled)
        assert "2 errors" in detail(build)
        await pilot.press("e")
        await done(build, pilot, settled)
        assert "row 2 · line 3" in detail(build)
        assert "repeats that of line 2" in build.screen.query_one(StatusLine).text
        await pilot.press("x", "enter")
        await done(build, pilot, settled)
        assert "1 error," in detail(build)
        await pilot.press("e")
        await done(build, pilot, settled)
        assert "row 3 · line 4" in detail(build)
        await pilot.press("x", "enter")
        await done(build, pilot, settled)
        assert "0 errors" in detail(build)
        (file,) = build.config.data_dir.glob("spool/draft-*/requests.left-out.jsonl")
        left_out = file.read_text().splitlines()
        assert [json.loads(line)["line"] for line in left_out] == [3, 4]


@pytest.mark.slow
async def test_a_draft_comes_back_after_the_terminal_was_closed(dashboard, filled, folder, settled):
    filled([])
    first = dashboard()
    async with first.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        set_fields(first, source="tickets.csv", template="Label: {{ body }}", model="m")
        await done(first, pilot, settled)
        screen(first).query_one("#detail").focus()
        await pilot.press("J")
        await reached(pilot, lambda: "line 3" in detail(first))
        await pilot.press("x")
        await done(first, pilot, settled)
    second = dashboard()
    async with second.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await done(second, pilot, settled)
        assert screen(second).query_one("#template", Field).value == "Label: {{ body }}"
        assert screen(second).draft.left_out == frozenset({3})
        assert "Label: Hello there" in detail(second)
        screen(second).query_one("#detail").focus()
        await pilot.press("C")
        await settled(pilot)
        await pilot.press("y")
        await done(second, pilot, settled)
        assert screen(second).query_one("#source", Field).value is None
        assert "Name a file, and see the first request here" in detail(second)


@pytest.mark.slow
async def test_a_recipe_is_saved_and_fills_the_form_again(build, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        set_fields(
            build, source="tickets.csv", template="A\nB {{ body }}", model="m", max_tokens="7", name="n"
        )
        await done(build, pilot, settled)
        screen(build).query_one("#detail").focus()
        await pilot.press("s")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        assert "Recipe saved" in build.screen.query_one(StatusLine).text
        await pilot.press("C")
        await settled(pilot)
        await pilot.press("y")
        await settled(pilot)
        screen(build).query_one("#detail").focus()
        await pilot.press("R")
        await settled(pilot)
        await pilot.press("enter")
        await done(build, pilot, settled)
        values = {
            name: screen(build).query_one(f"#{name}", Field).value
            for name in ("template", "model", "max_tokens", "name")
        }
        assert values == {"template": "A\nB {{ body }}", "model": "m", "max_tokens": "7", "name": "n"}
        assert "B Hello there" in detail(build)


async def test_a_check_goes_to_the_field_that_is_missing_and_down_and_up_leave_an_editor(build, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        set_fields(build, source="tickets.csv", template="A\n{{ body }}")
        await done(build, pilot, settled)
        await pilot.press("ctrl+r")
        await done(build, pilot, settled)
        form = screen(build).form
        assert form.here is form.field("model")
        form.focus_field("prompt_column")
        places = []
        for key in ("down", "down", "down", "up"):
            await pilot.press(key)
            places.append(form.here.spec.name)
        assert places == ["template", "template", "system", "template"]


async def test_the_key_line_says_what_enter_does_in_an_editor_and_in_a_line(build, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await settled(pilot)
        line = screen(build).query_one(KeyLine)
        assert "enter next" in line.render_line(0).text
        assert "tab" not in line.render_line(0).text
        screen(build).form.focus_field("template")
        await settled(pilot)
        assert "tab next field" in line.render_line(0).text
        assert "enter new line" in line.render_line(0).text
        assert "^r check" in line.render_line(0).text
        await pilot.press("a", "enter", "b")
        await settled(pilot)
        assert screen(build).query_one("#template", Field).value == "a\nb"


async def test_a_recipe_over_a_checked_form_of_the_same_fields_has_to_be_checked_again(build, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        set_fields(build, source="tickets.csv", prompt_column="body", model="m", max_tokens="7")
        await done(build, pilot, settled)
        screen(build).query_one("#detail").focus()
        await pilot.press("s")
        await settled(pilot)
        await pilot.press("enter")
        await settled(pilot)
        for key in ("enter", "X"):
            await pilot.press(key)
            await done(build, pilot, settled)
        assert screen(build).draft.checked.is_ready
        await pilot.press("R")
        await settled(pilot)
        await pilot.press("enter")
        await done(build, pilot, settled)
        assert screen(build).draft.checked is None
        assert "row 1 · line 2" in detail(build)


async def test_the_template_is_written_in_the_users_editor(build, settled, monkeypatch, tmp_path):
    editor = tmp_path / "editor"
    editor.write_text('#!/bin/sh\nprintf "Label:\\n{{ body }}\\n" > "$1"\n')
    editor.chmod(0o755)
    monkeypatch.setattr(App, "suspend", lambda _: contextlib.nullcontext())
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        set_fields(build, source="tickets.csv")
        await done(build, pilot, settled)
        screen(build).query_one("#detail").focus()
        monkeypatch.setenv("EDITOR", "/nowhere/editor")
        await pilot.press("v")
        await settled(pilot)
        assert "$EDITOR (/nowhere/editor) cannot be started" in build.screen.query_one(StatusLine).text
        monkeypatch.setenv("VISUAL", str(editor))
        await pilot.press("v")
        await done(build, pilot, settled)
        assert screen(build).query_one("#template", Field).value == "Label:\n{{ body }}"
        assert "Hello there" in detail(build)


async def test_a_script_is_shown_and_runs_only_after_it_was_agreed_to(build, folder, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        set_fields(build, source="mine.py")
        await done(build, pilot, settled)
        assert "def build_requests():" in detail(build)
        screen(build).query_one("#detail").focus()
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(build.screen, ConfirmDialog)
        await pilot.press("enter")
        await done(build, pilot, settled)
        assert not (folder / "ran").exists()
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("y")
        await done(build, pilot, settled)
        assert (folder / "ran").exists()
        assert "gives no requests" in detail(build)


@pytest.mark.slow
async def test_writing_the_file_runs_no_script_that_was_not_agreed_to_either(build, folder, settled):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        set_fields(build, source="mine.py")
        await done(build, pilot, settled)
        screen(build).query_one("#detail").focus()
        await pilot.press("enter", "y")
        await done(build, pilot, settled)
        (folder / "other.py").write_text((folder / "mine.py").read_text().replace("ran", "other-ran"))
        set_fields(build, source="other.py")
        await done(build, pilot, settled)
        await pilot.press("W")
        await settled(pilot)
        await pilot.press("enter")
        await done(build, pilot, settled)
        assert isinstance(build.screen, ConfirmDialog)
        assert not (folder / "other-ran").exists()
        await pilot.press("y")
        await done(build, pilot, settled)
        assert (folder / "other-ran").exists()


async def test_a_preview_says_what_is_wrong_and_typing_goes_on(build, folder, settled):
    (folder / "empty.csv").write_text("")
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        for source, sentence in (
            ("gone.csv", "there is no such file"),
            ("empty.csv", "the file is empty"),
            ("old.zip", "this is a zip archive"),
        ):
            set_fields(build, source=source)
            await done(build, pilot, settled)
            assert sentence in detail(build)
        assert isinstance(build.focused, Input)


async def test_keys_that_need_a_row_or_a_check_say_so(build):
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        screen(build).query_one("#detail").focus()
        for key, reason in (
            ("t", "name a source first"),
            ("P", "check first"),
            ("R", "no recipe is saved"),
            ("e", "a check has to find"),
        ):
            await pilot.press(key)
            await reached(pilot, lambda reason=reason: reason in build.screen.query_one(StatusLine).text)


async def test_a_row_that_is_tried_is_sent_once_after_asking_and_its_answer_shown(
    live, simulator, folder, settled
):
    async with live.run_test(size=(120, 30)) as pilot:
        await pilot.press("2")
        set_fields(live, source="tickets.csv", prompt_column="body", model="claude-haiku-4-5", max_tokens="9")
        await done(live, pilot, settled)
        screen(live).query_one("#detail").focus()
        await pilot.press("t")
        await settled(pilot)
        assert isinstance(live.screen, ConfirmDialog)
        await pilot.press("enter")
        await settled(pilot)
        assert simulator.log.all("POST", "/v1/messages") == []
        await pilot.press("t")
        await settled(pilot)
        await pilot.press("y")
        await reached(pilot, lambda: "── answer ──" in detail(live))
        assert len(simulator.log.all("POST", "/v1/messages")) == 1
        await pilot.press("J")
        await done(live, pilot, settled)
        assert "row 2 · line 3" in detail(live)


async def test_a_pilot_and_the_rest_are_two_batches_of_one_run_with_every_row_once(
    live, simulator, folder, settled
):
    (folder / "rows.csv").write_text("body\n" + "".join(f"text {number}\n" for number in range(5)))
    async with live.run_test(size=(120, 30)) as pilot:
        await pilot.press("2")
        set_fields(live, source="rows.csv", prompt_column="body", model="claude-haiku-4-5", max_tokens="9")
        await checked(live, pilot, settled)
        await pilot.press("P")
        await reached(pilot, lambda: isinstance(live.screen, InputDialog))
        await pilot.press("ctrl+u", "2", "enter")
        await agreed(live, pilot, batches=1)
        await settled(pilot)
        await pilot.press("2", "enter")
        await agreed(live, pilot, batches=2)
        assert sorted(each.batch.request_counts.total for each in live.snapshot.batches) == [2, 3]
        assert len({each.run_id for each in live.snapshot.batches}) == 1


async def test_the_rest_is_offered_the_limit_that_the_answers_of_its_pilot_allow(
    live, simulator, folder, settled, own_folders
):
    (folder / "rows.csv").write_text("body\n" + "".join(f"text {number}\n" for number in range(15)))
    async with live.run_test(size=(120, 30)) as pilot:
        await pilot.press("2")
        set_fields(live, source="rows.csv", prompt_column="body", model="claude-haiku-4-5", max_tokens="900")
        await checked(live, pilot, settled)
        ask_to_submit(screen(live), screen(live).draft, pilot=12)
        await agreed(live, pilot, batches=1)
        simulator.batches.finish()
        await reached(pilot, lambda: live.snapshot.batches[0].batch.has_ended)
        live.engines.home.download(live.snapshot.batches[0].id)
        await reached(pilot, lambda: live.snapshot.batches[0].results is ResultsState.COMPLETE)
        await pilot.press("2", "enter")
        await reached(pilot, lambda: isinstance(live.screen, InputDialog))
        limit = int(live.screen.query_one(LineInput).value)
        await pilot.press("enter")
        await agreed(live, pilot, batches=2)
    bodies = [json.loads(body.read_bytes()) for body in (own_folders / "data" / "spool").glob("*.body.json")]
    limits = sorted(one["params"]["max_tokens"] for body in bodies for one in body["requests"])
    assert limits == [limit] * 3 + [900] * 12


async def test_a_prime_goes_first_and_where_it_takes_too_long_a_key_sends_the_others_cold(
    live, simulator, folder, settled, monkeypatch
):
    monkeypatch.setattr(priming, "WAIT", timedelta(0))
    text = {
        "type": "text",
        "text": "You label tickets. " * 1_500,
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
    }
    lines = [
        json.dumps(
            {
                "custom_id": f"t{number}",
                "params": {
                    "model": "claude-haiku-4-5",
                    "max_tokens": 9,
                    "system": [text],
                    "messages": [{"role": "user", "content": f"Ticket {number}"}],
                },
            }
        )
        for number in range(8)
    ]
    (folder / "ready.jsonl").write_text("\n".join(lines) + "\n")
    simulator.decide("t0", "errored")
    async with live.run_test(size=(120, 30)) as pilot:
        await pilot.press("2")
        set_fields(live, source="ready.jsonl")
        await checked(live, pilot, settled)
        await pilot.press("p")
        await reached(pilot, lambda: isinstance(live.screen, ConfirmDialog))
        await pilot.press("y")
        await reached(pilot, lambda: any(each.asks_cold for each in live.snapshot.submitting.values()))
        await settled(pilot)
        assert "y sends the others now" in str(live.screen.query_one("#words").content)
        await pilot.press("y")
        await reached(pilot, lambda: len(live.snapshot.batches) == 2 and len(live.screen_stack) == 1)
        assert sorted(each.batch.request_counts.total for each in live.snapshot.batches) == [1, 7]
        assert len({each.run_id for each in live.snapshot.batches}) == 1


async def test_request_lines_of_another_platform_are_named_and_converted_by_what_is_set(
    build, folder, settled
):
    line = '{"custom_id": "a", "request": {"anthropic_version": "vertex-2023-10-16", "max_tokens": 5, "messages": [{"role": "user", "content": "Say hi"}]}}'
    (folder / "vertex.jsonl").write_text(line + "\n")
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        set_fields(build, source="vertex.jsonl")
        await done(build, pilot, settled)
        assert "request lines of a Vertex AI job, which name no model. Fill in `set` model=M." in detail(
            build
        )
        set_fields(build, set="model=claude-haiku-4-5")
        await done(build, pilot, settled)
        assert "Say hi" in detail(build)
        screen(build).query_one("#detail").focus()
        await pilot.press("enter")
        await done(build, pilot, settled)
        assert screen(build).draft.checked is not None
        assert "`anthropic_version` is left out" in detail(build)
        assert "JSON Lines: request lines of a Vertex AI job" in detail(build)


async def test_the_sheet_of_a_workbook_is_asked_for_and_previewed(build, folder, settled):
    write_xlsx(folder / "a.xlsx", {"One": [["text"], ["first"]], "Two": [["text"], ["second"]]})
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        set_fields(build, source="a.xlsx", model="m", max_tokens="9")
        await done(build, pilot, settled)
        assert "which sheet? Fill in `sheet`. Sheets: One, Two." in detail(build)
        set_fields(build, sheet="Two")
        await done(build, pilot, settled)
        assert "sheet 'Two' (others: One), header in row 1" in detail(build)
        assert "second" in detail(build)


async def test_a_file_whose_encoding_is_a_guess_is_asked_about_before_it_is_checked(build, folder, settled):
    (folder / "odd.csv").write_bytes("id;body\n1;Die Größe ist schön\n2;Grüße\n".encode("cp1252"))
    async with build.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        set_fields(build, source="odd.csv", prompt_column="body", model="claude-haiku-4-5", max_tokens="9")
        await done(build, pilot, settled)
        assert "cp1252 (guessed) · delimiter semicolon" in detail(build)
        assert "header on line 1 · 2 columns · 2 rows" in detail(build)
        assert "Größe (in " in detail(build)
        assert "fill in `encoding`" in detail(build)
        screen(build).query_one("#detail").focus()
        await pilot.press("enter")
        await settled(pilot)
        assert isinstance(build.screen, ConfirmDialog)
        await pilot.press("n")
        await settled(pilot)
        assert screen(build).draft.checked is None
        await pilot.press("enter")
        await settled(pilot)
        await pilot.press("y")
        await done(build, pilot, settled)
        assert screen(build).draft.checked is not None
        assert screen(build).draft.checked.report.reading.guesses
        set_fields(build, encoding="cp1252")
        await done(build, pilot, settled)
        screen(build).query_one("#detail").focus()
        await pilot.press("enter")
        await done(build, pilot, settled)
        assert screen(build).draft.checked.report.reading.guesses == ()


async def test_how_a_file_is_to_be_read_is_said_in_fields_of_its_own(build, folder, settled):
    (folder / "odd.csv").write_text('title\n\nid;body\n1;"stray\n2;fine\n')
    async with build.run_test(size=(120, 40)) as pilot:
        await pilot.press("2")
        set_fields(build, source="odd.csv", prompt_column="body", skip_lines="2", quote="none")
        await done(build, pilot, settled)
        assert "quote none · header on line 3" in detail(build)
        assert '"stray' in detail(build)
        set_fields(build, skip_lines="x")
        await done(build, pilot, settled)
        field = screen(build).query_one("#skip_lines", Field)
        assert field.said == "skip lines is a whole number, not 'x'."
        assert field.display


async def test_a_form_is_filled_from_lists_and_tells_at_once_what_is_wrong_and_what_it_costs(build, settled):
    async with build.run_test(size=(120, 40)) as pilot:
        await pilot.press("2", *"tickets.csv", "enter", "enter", *"Label {{ boddy }} ")
        await done(build, pilot, settled)
        form = screen(build).form
        assert "{{ boddy }} is no column. Did you mean 'body'?" in form.field("template").said
        await pilot.press(*["backspace"] * len("ddy }} "), "ctrl+o")
        await settled(pilot)
        await pilot.press("enter")  # the column that begins with what is typed of it
        await settled(pilot)
        assert form.field("template").value == "Label {{ body }}"
        assert screen(build).focused is form.field("template").typed
        await pilot.press(*["left"] * len("dy }}"), "ctrl+o")
        await settled(pilot)
        await pilot.press("enter", ".")
        await reached(pilot, lambda: form.field("template").value == "Label {{ body }}.")
        await pilot.press("backspace")
        await pilot.press("enter", *"Text: ", "tab")
        table = screen(build).query_one(RowsTable)
        table.focus()
        await pilot.press("right", "right", "left", "enter")
        await done(build, pilot, settled)
        assert form.field("template").value == "Label {{ body }}\nText: {{ ticket }}"
        assert "Label Hello there\nText: T-1" in detail(build)
        form.focus_field("model")
        await pilot.press("ctrl+o")
        await settled(pilot)
        await pilot.press(*"haiku-4-5", "enter", *"64001")  # what is chosen is done: the next field
        await done(build, pilot, settled)
        assert form.field("model").value == "claude-haiku-4-5"
        assert "above the 64,000 that claude-haiku-4-5 allows" in form.field("max_tokens").said
        await pilot.press("ctrl+u", *"20")
        await reached(pilot, lambda: "4 requests · input" in screen(build).query_one(CostLine).text)
        await pilot.press("pagedown")
        await done(build, pilot, settled)
        assert "row 2 · line 3" in detail(build)
        screen(build).query_one("#detail").focus()
        await pilot.press("right_square_bracket", "right_square_bracket")
        await settled(pilot)
        assert 'model = "claude-haiku-4-5"' in detail(build)
        await pilot.press("C")
        await settled(pilot)
        await pilot.press("y")
        await done(build, pilot, settled)
        assert screen(build).focused is form.field("source").typed
        assert form.values == {}


async def test_a_cause_opens_its_rows_and_a_row_its_request(build, folder, settled):
    (folder / "many.csv").write_text("id,body\n" + "".join(f"i{number},same\n" for number in range(30)))
    async with build.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        set_fields(build, source="many.csv", id_column="id", prompt_column="body", model="m", max_tokens="9")
        await done(build, pilot, settled)
        await pilot.press("ctrl+r")
        await done(build, pilot, settled)
        assert "29 rows  the request says the same as that of line 2" in detail(build)
        assert str(folder / "draft") not in detail(build)
        assert "> Submit 30 requests" in detail(build)
        await pilot.press("end", "enter")
        await settled(pilot)
        assert "many.csv, line 31  i29  the request says the same as that of line 2" in detail(build)
        await pilot.press("down", "enter")
        await done(build, pilot, settled)
        assert "row 2 · line 3" in detail(build)
        assert screen(build).draft.checked is not None
        form = screen(build).form
        form.focus_field("source")
        await pilot.press("ctrl+o")
        await settled(pilot)
        options = build.screen.query_one(OptionList)
        assert "many.csv" in str(options.get_option_at_index(0).prompt)
        assert "used before" in str(options.get_option_at_index(0).prompt)
