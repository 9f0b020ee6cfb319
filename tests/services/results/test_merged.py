"""The results of a run as one answer set."""

import json
import random
from contextlib import ExitStack

import msgspec
import pytest

from claude_batch_tui.domain.filters.language import parse
from claude_batch_tui.errors import SourceError, StoreError
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.filters.finding import find_all
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.services.results.merged import Attempt, merged_results
from claude_batch_tui.services.results.origins import entries_by_batch
from claude_batch_tui.services.results.triage import triage
from claude_batch_tui.store.results.opening import open_indexed


def line(custom_id, text="fine", *, stop="end_turn", outcome="succeeded", tokens=10, **usage):
    """A line of results."""
    result = {"type": outcome}
    if outcome == "succeeded":
        result["message"] = {
            "content": [{"type": "text", "text": text}],
            "model": "claude-haiku-4-5",
            "stop_reason": stop,
            "usage": {"input_tokens": tokens, "output_tokens": 5, **usage},
        }
    if outcome == "errored":
        result["error"] = {"error": {"type": text, "message": "no"}}
    return json.dumps({"custom_id": custom_id, "result": result}).encode()


@pytest.fixture
def merged(tmp_path):
    """Merge the lines of several batches, oldest first; the results and the open file."""
    opened = []

    def merge(*batches, every=False, **facts):
        attempts = []
        for number, lines in enumerate(batches, 1):
            path = tmp_path / f"b{number}.jsonl"
            content = b"\n".join(lines) + b"\n"
            if not path.exists() or path.read_bytes() != content:
                path.write_bytes(content)
            attempts.append(Attempt(f"b{number}", path, **facts))
        made = merged_results("run_1", attempts, tmp_path / "runs", tmp_path, every=every)
        opened.append(open_indexed(made.results, tmp_path))
        return made, opened[-1]

    yield merge
    for one in opened:
        one.close()


def shown(results):
    """Every entry: its line as it came, its batch and attempt."""
    return [(results.line(at), *results.origin(at)) for at in range(results.index.count)]


def test_a_retried_answer_stands_for_its_request_with_the_bytes_the_api_sent(merged):
    first = [line("a"), line("b", "overloaded_error", outcome="errored"), line("c", stop="max_tokens")]
    second = [line("c", "whole"), line("b", "better", tokens=7)]
    made, results = merged(first, second)
    assert shown(results) == [(first[0], "b1", 1), (second[0], "b2", 2), (second[1], "b2", 2)]
    assert made.classes == {"complete": 3}
    assert made.is_good
    assert [results.index.entry(at).input_tokens for at in range(3)] == [10, 10, 7]


def test_all_attempts_can_be_seen_and_the_verdict_stays_that_of_the_kept_answers(merged):
    first, second = [line("b", outcome="expired"), line("a")], [line("b")]
    made, results = merged(first, second, every=True)
    assert shown(results) == [(first[0], "b1", 1), (first[1], "b1", 1), (second[0], "b2", 2)]
    assert made.is_good


def test_an_entry_of_a_run_is_found_in_the_results_of_its_batch(merged, tmp_path):
    first = [line("a"), line("b", "overloaded_error", outcome="errored"), line("c", stop="refusal")]
    _, results = merged(first, [line("b", outcome="expired")])
    with ExitStack() as stack:
        found = entries_by_batch(results, ("b1", "b2"), range(results.index.count), tmp_path, stack)
        ids = {one.batch_id: [one.results.index.custom_id(at) for at in one.positions] for one in found}
        assert ids == {"b1": ["a", "c"], "b2": ["b"]}
        seen = triage([(one.batch_id, one.results) for one in found], positions={"b2": [0]})
        assert [(group.cause, group.count) for group in seen.groups] == [("expired", 1)]
    assert results.index.find("c") == 1
    assert results.index.find("x") is None


def test_a_good_answer_is_not_lost_to_a_later_failure(merged):
    made, results = merged(
        [line("a"), line("b", outcome="expired")],
        [line("a", outcome="canceled"), line("b", outcome="canceled")],
    )
    assert [
        (name, batch)
        for name, batch in ((results.index.custom_id(at), results.origin(at).batch_id) for at in range(2))
    ] == [("a", "b1"), ("b", "b2")]
    assert made.classes == {"complete": 1, "canceled": 1}


def test_it_is_made_once_and_again_when_a_file_has_changed_or_what_was_made_is_damaged(merged, tmp_path):
    made, _ = merged([line("a")], [line("b")])
    before = made.results.stat().st_ino
    assert merged([line("a")], [line("b")])[0].results.stat().st_ino == before
    changed, results = merged([line("a")], [line("b"), line("c")])
    assert results.index.all_ids() == ["a", "b", "c"]
    index = changed.results.with_name(changed.results.name + ".index")
    content = bytearray(index.read_bytes())
    content[-2] ^= 1
    index.write_bytes(content)
    with pytest.raises(SourceError, match="damaged: open the run again"):
        open_indexed(changed.results, tmp_path)
    assert merged([line("a")], [line("b"), line("c")])[1].index.all_ids() == ["a", "b", "c"]


def test_lines_without_an_id_are_left_out_once_all_that_was_sent_is_answered(merged):
    first, broken = line("a"), b'{"custom_id": '
    assert merged([first, broken], [line("b")])[0].classes == {"complete": 2, "unparsed": 1}
    assert not merged([first, broken], [line("c")], sent_ids=("a", "b", "c"))[0].is_good
    assert merged([first, broken], [line("b"), line("c")], sent_ids=("a", "b", "c"))[0].is_good


def test_rows_of_all_batches_stand_once_each_in_the_order_of_their_source(tmp_path):
    def row(number, word):
        return msgspec.json.encode(
            {
                "custom_id": f"r{number}",
                "id": f"r{number}",
                "source": "a.csv",
                "line": number,
                "row": {"w": word},
            }
        )

    attempts = []
    for name, rows in (("b1", [row(3, "x"), row(1, "x")]), ("b2", [row(2, "x")]), ("b3", [row(1, "new")])):
        (tmp_path / f"{name}.rows").write_bytes(b"\n".join(rows))
        (tmp_path / f"{name}.jsonl").write_bytes(line(f"r{name}") + b"\n")
        attempts.append(Attempt(name, tmp_path / f"{name}.jsonl", tmp_path / f"{name}.rows"))
    made = merged_results("run_1", attempts, tmp_path / "runs", tmp_path)
    assert made.rows.read_bytes().splitlines() == [row(1, "new"), row(2, "x"), row(3, "x")]


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    part, taken = tmp_path / "a.jsonl", tmp_path / "runs"
    part.write_bytes(line("a") + b"\n")
    taken.write_text("a file")
    with pytest.raises(StoreError, match=r"The results of run_1 cannot be put together in .*: File exists"):
        merged_results("run_1", [Attempt("b1", part)], taken, tmp_path)


FATES = (
    {},
    {"stop": "max_tokens"},
    {"stop": "refusal"},
    {"outcome": "expired"},
    {"outcome": "canceled"},
    {"outcome": "errored", "text": "overloaded_error"},
    {"outcome": "errored", "text": "api_error"},
)


@pytest.mark.parametrize("seed", range(25))
def test_columns_costs_and_searches_of_a_run_are_those_of_one_file_with_the_chosen_lines(
    merged, tmp_path, seed
):
    chance = random.Random(seed)
    batches = [
        [
            line(
                f"r{n:03}",
                tokens=chance.randrange(1, 99),
                cache_read_input_tokens=chance.randrange(9),
                **chance.choice(FATES),
            )
            for n in chance.sample(range(300), chance.randrange(1, 250))
        ]
        for _ in range(chance.randrange(1, 5))
    ]
    made, results = merged(*batches)
    kept = {}
    for number, lines in enumerate(batches):
        for one in lines:
            name, good = json.loads(one)["custom_id"], b'"end_turn"' in one
            if name not in kept or good or not kept[name][1]:
                kept[name] = (one, good, f"b{number + 1}")
    assert sorted((one, batch) for one, batch, _ in shown(results)) == sorted(
        (one, batch) for one, _, batch in kept.values()
    )
    assert made.is_good == all(good for _, good, _ in kept.values())
    plain = tmp_path / "plain.jsonl"
    plain.write_bytes(b"".join(one + b"\n" for one, *_ in shown(results)))
    prices = built_in_prices()
    with open_indexed(plain) as alone:
        of_run, of_one = EntryCosts(results.index, prices), EntryCosts(alone.index, prices)
        assert of_run.total() == of_one.total()
        for words in (
            "outcome=errored",
            "class=truncated",
            "error:overloaded",
            "id:r01",
            "id=r007",
            "in>50",
            "text:fine",
            "not text:fine",
            "stop=refusal",
        ):
            wanted = parse(words)
            assert find_all(results, wanted, of_run) == find_all(alone, wanted, of_one), words
        for at in range(alone.index.count):
            theirs, ours = results.index.entry(at), alone.index.entry(at)
            assert msgspec.structs.replace(theirs, offset=0) == msgspec.structs.replace(ours, offset=0)
