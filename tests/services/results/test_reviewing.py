"""What was said of answers: kept in store and journal, in exports as columns, for a score as expected values."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime

import pytest

from claude_batch_tui.cli.main import main
from claude_batch_tui.config import load
from claude_batch_tui.domain.results.review import EntryKey, Review
from claude_batch_tui.services.results.reviewing import (
    file_target,
    review_queue,
    reviews_of,
)
from claude_batch_tui.store import reviews
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.rebuild import rebuild
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.store.store import Store

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def store():
    made = Store(Locations(load({})[0].data_dir))
    yield made
    made.close()


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "r.jsonl"
    texts = ["bug", "billing", "bug"]
    path.write_text(
        "".join(
            json.dumps(
                {
                    "custom_id": f"r{number}",
                    "result": {
                        "type": "succeeded",
                        "message": {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn"},
                    },
                }
            )
            + "\n"
            for number, text in enumerate(texts)
        )
    )
    return path


def test_the_queue_of_a_file_knows_what_was_said_and_the_labels_of_its_answers(store, file):
    with open_indexed(file) as results:
        queue = review_queue(results, [0, 1, 2], reviews_of(results, None, store.database))
        assert queue.labels == ["bug", "billing"]
        change = queue.judge("good")
        reviews.review(store, change.key, change.review, NOW)
        again = review_queue(results, [0, 1, 2], reviews_of(results, None, store.database))
        assert (again.at, again.count("good")) == (1, 1)


def test_a_file_is_known_again_under_another_name(file):
    with open_indexed(file) as results:
        before = file_target(results)
    moved = file.rename(file.with_name("moved.jsonl"))
    with open_indexed(moved) as results:
        assert file_target(results) == before


def test_reviews_are_back_after_the_store_is_rebuilt_and_what_was_taken_back_is_not(store):
    reviews.review(store, EntryKey("b1", "r1"), Review("good"), NOW)
    reviews.review(store, EntryKey("b1", "r2"), Review("bad", "bug", "see"), NOW)
    reviews.review(store, EntryKey("b1", "r1"), Review(), NOW)
    expected = {EntryKey("b1", "r2"): Review("bad", "bug", "see")}
    assert reviews.reviews(store.database, ["b1"]) == expected
    with store.database.change() as connection:
        connection.execute("DELETE FROM review")
    rebuild(store, NOW)
    assert reviews.reviews(store.database, ["b1", "b2"]) == expected


def test_an_export_has_what_was_said_as_columns(store, file, capsys):
    with open_indexed(file) as results:
        target = file_target(results)
    reviews.review(store, EntryKey(target, "r1"), Review("bad", "bug", "wrong"), NOW)
    for more in ((), ("--sort", "custom_id"), ("--spread",)):
        assert main(["results", str(file), "--format", "csv", *more], lambda _: 0) == 0
        rows = list(csv.DictReader(io.StringIO(capsys.readouterr().out)))
        said = {row["custom_id"]: (row["review"], row["corrected_label"], row["review_note"]) for row in rows}
        assert said == {"r0": ("", "", ""), "r1": ("bad", "bug", "wrong"), "r2": ("", "", "")}
    main(["results", str(file), "--columns", "custom_id,corrected_label"], lambda _: 0)
    assert capsys.readouterr().out.splitlines()[2] == "r1,bug"


def test_without_a_review_an_export_has_no_column_of_it(store, file, capsys):
    main(["results", str(file), "--format", "csv"], lambda _: 0)
    assert "review" not in capsys.readouterr().out.splitlines()[0]


def test_what_was_said_is_what_a_score_expects(store, file, capsys):
    with open_indexed(file) as results:
        target = file_target(results)
    for custom_id, said in (("r0", Review("good")), ("r1", Review("bad", "bug")), ("r2", Review("unsure"))):
        reviews.review(store, EntryKey(target, custom_id), said, NOW)
    main(["score", str(file), "--reviewed", "--json"], lambda _: 0)
    score = json.loads(capsys.readouterr().out)["score"]
    assert (score["scored"], score["right"], score["accuracy"]["share"]) == (2, 1, 0.5)


def test_a_score_by_reviews_that_nobody_made_says_where_they_are_made(store, file, capsys):
    assert main(["score", str(file), "--reviewed"], lambda _: 0) == 2
    assert "press r" in capsys.readouterr().err
