"""What answers are scored against where nobody says it."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.domain.results.review import EntryKey, Review
from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.services.results.against import (
    REVIEWS,
    Against,
    SameScorer,
    likely,
    remember,
    remembered,
    score_against,
    typed_against,
)
from claude_batch_tui.services.results.reviewing import Reviews
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.services.results.scoring import ScoredEntries
from claude_batch_tui.store.results.opening import open_indexed


def line(custom_id, text):
    if text is None:
        return {"custom_id": custom_id, "result": {"type": "expired"}}
    message = {"model": "m", "content": [{"type": "text", "text": text}], "stop_reason": "end_turn"}
    return {"custom_id": custom_id, "result": {"type": "succeeded", "message": message}}


@pytest.fixture
def opened(tmp_path):
    """Results with these answers and rows with these columns."""
    files = []

    def make(answers, rows):
        path, its_rows = tmp_path / "r.jsonl", tmp_path / "r.rows.jsonl"
        path.write_text("".join(json.dumps(line(*one)) + "\n" for one in answers.items()))
        its_rows.write_text(
            "".join(
                json.dumps({"custom_id": key, "id": key, "source": "s.csv", "line": 2, "row": row}) + "\n"
                for key, row in rows.items()
            )
        )
        files.append(open_indexed(path, tmp_path))
        return files[-1], its_rows

    yield make
    for file in files:
        file.close()


def scored(steps):
    return next(step for step in steps if isinstance(step, ScoredEntries)).score


def test_the_column_that_answers_are_equal_to_is_the_likely_one_and_so_is_the_part_of_them(opened):
    rows = {
        "a": {"label": "x1", "Expected": "Bug", "lang": "bug"},
        "b": {"label": "x2", "Expected": "praise", "lang": "en"},
    }
    results, path = opened(
        {"a": '{"is": {"deep": 1}, "label": "bug"}', "b": '{"label": "bug"}', "c": "?"}, rows
    )
    assert likely(results, RowsFile(path)) == Against("Expected", "json.label")
    assert likely(results, RowsFile(path), ["lang"]) == Against("lang", "json.label")
    assert likely(results, RowsFile(path), ["label"]) is None
    plain, path = opened({"a": "bug", "b": None}, rows)
    assert likely(plain, RowsFile(path)) == Against("Expected")


def test_what_is_typed_is_a_column_with_a_path_behind_it_where_one_is_wanted():
    assert typed_against(" label ", ["label", "two words"]) == Against("label")
    assert typed_against("two words json.label", ["two words"]) == Against("two words", "json.label")
    assert typed_against("a json.b", ["a json.b"]) == Against("a json.b")
    assert typed_against(REVIEWS, []) == Against(REVIEWS)
    with pytest.raises(ConfigError, match="no column 'labl'; there are label"):
        typed_against("labl", ["label"])
    with pytest.raises(ConfigError):
        typed_against("label json..", ["label"])


def test_a_choice_is_remembered_by_the_columns_of_the_source_in_whatever_order(tmp_path):
    assert remembered(tmp_path / "state", ["a"]) is None
    remember(tmp_path / "state", ["b", "a"], Against("a", "json.x"))
    remember(tmp_path / "state", ["c"], Against("c"))
    assert remembered(tmp_path / "state", ["a", "b"]) == Against("a", "json.x")
    assert remembered(tmp_path / "state", ["a"]) is None
    (tmp_path / "state" / "scored-against.json").write_text("{")
    assert remembered(tmp_path / "state", ["a", "b"]) is None


def test_a_score_is_against_a_column_or_against_what_was_reviewed(opened):
    results, path = opened({"a": "bug", "b": "praise"}, {"a": {"label": "bug"}, "b": {"label": "bug"}})
    assert scored(score_against(results, path, Against("label"))).right == 1
    known = Reviews("f", {EntryKey("f", "a"): Review("good"), EntryKey("f", "b"): Review("bad", "bug")})
    assert scored(score_against(results, None, Against(REVIEWS), known)).right == 1
    for rows, against in ((path, Against(REVIEWS)), (None, Against("label"))):
        with pytest.raises(SourceError):
            scored(score_against(results, rows, against))


def test_runs_of_one_source_are_scored_against_the_same_column(opened, tmp_path):
    results, path = opened(
        {"a": "bug", "b": "praise"},
        {"a": {"label": "bug", "lang": "praise"}, "b": {"label": "bug", "lang": "praise"}},
    )
    scorer = SameScorer(tmp_path / "state")
    assert scorer.score(results, None) is None
    assert scorer.score(results, path).score.right == 1
    assert (scorer.against, scorer.columns) == (Against("label"), ["label", "lang"])
    scorer.keep()
    assert remembered(tmp_path / "state", ["label", "lang"]) is None  # nobody chose it
    wanted = SameScorer(tmp_path / "state", Against("lang"))
    assert wanted.score(results, path).score.right == 1
    wanted.keep()
    assert remembered(tmp_path / "state", ["label", "lang"]) == Against("lang")
    remember(tmp_path / "state", ["label", "lang"], Against(REVIEWS))
    assert SameScorer(tmp_path / "state").score(results, path) is None
