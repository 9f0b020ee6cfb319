"""The draft of the Build screen, without a screen."""

from __future__ import annotations

from concurrent.futures import Future
from datetime import UTC, datetime

import pytest

from claude_batch_tui.engine.engine import Forecasted
from claude_batch_tui.errors import ConfigError, UnavailableError
from claude_batch_tui.tui.build.draft import BuildDraft, check_draft, write_draft

NOW = datetime(2026, 11, 20, 17, tzinfo=UTC)
FORM = {"prompt_column": "body", "model": "claude-haiku-4-5", "max_tokens": "9"}


@pytest.fixture
def draft(config, tmp_path):
    """A draft of two good rows."""
    (config.data_dir / "spool").mkdir(parents=True, exist_ok=True)
    (tmp_path / "rows.csv").write_text("body\nHello\nWorld\n")
    made = BuildDraft(config)
    made.change({**FORM, "source": str(tmp_path / "rows.csv")})
    return made


def nobody_counts(*_):
    answer = Future()
    answer.set_exception(UnavailableError("The API is overloaded."))
    return answer


def counts(_requests, report, _source):
    answer = Future()
    answer.set_result(Forecasted(report, 12.5))
    return answer


def checks(draft, config, count=nobody_counts):
    """What a check gives, while its files are there."""
    return check_draft(draft, config=config, now=NOW, count=count)


def take_check(draft, config):
    changes = draft.changes
    for update in checks(draft, config):
        if not isinstance(update, str):
            assert draft.take(update, changes)
    return draft.checked


def folders(config):
    return list(config.data_dir.glob("spool/draft-*"))


def test_a_check_builds_every_row_and_says_whether_all_can_be_submitted(draft, config):
    checked = take_check(draft, config)
    assert checked.is_ready
    assert checked.requests == 2
    assert len(checked.files.requests.read_bytes().splitlines()) == 2


def test_a_check_that_was_begun_before_the_last_change_is_not_taken_and_leaves_no_files(draft, config):
    before = draft.changes
    draft.change({**draft.values, "name": "another"})
    for update in checks(draft, config):
        assert not draft.take(update, before)
    assert draft.checked is None
    assert folders(config) == []


def test_whatever_changes_the_draft_forgets_its_check(draft, config):
    changes = (
        lambda: draft.change({**draft.values, "max_tokens": "10"}),
        lambda: draft.turn_row(2),
        draft.renew,
        draft.clear,
    )
    for change in changes:
        take_check(draft, config)
        change()
        assert draft.checked is None


def test_the_same_text_typed_again_is_no_change(draft, config):
    take_check(draft, config)
    assert not draft.change(dict(draft.values))
    assert draft.checked is not None


def test_another_source_has_all_of_its_rows_and_no_pilot(draft):
    draft.turn_row(2)
    draft.pilot_run = "run_1"
    draft.skip_bad_rows()
    assert not draft.change({**draft.values, "name": "mine"})
    assert draft.left_out == {2}
    assert draft.pilot_run == "run_1"
    assert not draft.skips_bad_rows
    assert draft.change({**draft.values, "source": "other.csv"})
    assert draft.left_out == frozenset()
    assert draft.pilot_run is None


def test_a_row_that_was_left_out_is_not_built_until_it_is_taken_in_again(draft, config):
    assert draft.turn_row(3)
    assert take_check(draft, config).requests == 1
    assert not draft.turn_row(3)
    assert take_check(draft, config).requests == 2


def test_the_files_of_the_newest_check_are_kept_and_those_before_it_removed(draft, config):
    take_check(draft, config)
    files = take_check(draft, config).files
    assert folders(config) == [files.requests.parent]
    draft.folders.drop()
    assert folders(config) == []


def test_what_the_api_counted_is_for_the_check_that_stands_alone(draft, config):
    changes = draft.changes
    updates = checks(draft, config, counts)
    assert draft.take(next(updates), changes)
    counted = next(updates)
    assert draft.take_cost(counted)
    assert draft.checked.cost.in_flight == 12.5
    draft.sent()
    assert not draft.take_cost(counted)
    assert draft.checked is None


def test_problems_are_turned_through_in_the_order_of_their_lines(draft, config, tmp_path):
    (tmp_path / "rows.csv").write_text("id,body\na,Hello\na,again\nb,\n")
    draft.change({**draft.values, "id_column": "id"})
    checked = take_check(draft, config)
    assert not checked.is_ready
    assert checked.files is None
    assert [draft.next_problem(1).line for _ in range(3)] == [3, 4, 3]
    assert draft.next_problem(-1).line == 4
    draft.skip_bad_rows()
    assert take_check(draft, config).requests == 1


def test_a_draft_is_found_again_on_disk_until_it_was_sent(draft, config):
    draft.turn_row(3)
    draft.save()
    again = BuildDraft(config)
    assert again.load()
    assert (again.values, again.left_out) == (draft.values, {3})
    again.sent()
    assert not BuildDraft(config).load()


def test_a_script_has_to_be_agreed_to_as_it_is_now(draft, tmp_path):
    assert draft.untrusted_script() is None
    script = tmp_path / "mine.py"
    script.write_text("def build_requests():\n    return []\n")
    draft.change({"source": str(script)})
    draft.trust(draft.untrusted_script().sha256())
    assert draft.untrusted_script() is None
    script.write_text("import os\n")
    assert draft.untrusted_script().label == str(script)


def test_a_form_that_lacks_something_says_what_and_writes_nothing(draft, config, tmp_path):
    draft.change({"source": draft.source})
    with pytest.raises(ConfigError, match="Name a model"):
        next(checks(draft, config))
    with pytest.raises(ConfigError, match="Name a model"):
        next(write_draft(draft, tmp_path / "out.jsonl"))
    assert folders(config) == []


def test_writing_gives_the_file_that_was_asked_for(draft, tmp_path):
    *_, written = write_draft(draft, tmp_path / "out.jsonl")
    assert written.files.requests == tmp_path / "out.jsonl"
    assert written.report.requests == 2
