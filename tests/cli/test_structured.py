"""Answers that do not fit the schema their request asked for."""

from __future__ import annotations

import json

import pytest

SCHEMA = {
    "type": "object",
    "properties": {"label": {"type": "string"}, "urgent": {"type": "boolean"}},
    "required": ["label", "urgent"],
    "additionalProperties": False,
}
DIGITS = {
    **SCHEMA,
    "properties": {**SCHEMA["properties"], "label": {"type": "string", "pattern": "^[0-9]+$"}},
}
"""The simulator, which makes answers of words, does not look at patterns."""


def request(custom_id, schema=None, **more):
    params = {
        "model": "claude-haiku-4-5",
        "max_tokens": 500,
        "messages": [{"role": "user", "content": "A word or two"}],
    }
    if schema is not None:
        params["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return {"custom_id": custom_id, "params": {**params, **more}}


@pytest.fixture
def requests_of(tmp_path):
    """A function that writes requests and returns the path."""

    def write(*requests):
        path = tmp_path / "requests.jsonl"
        path.write_text("".join(json.dumps(one) + "\n" for one in requests))
        return path

    return write


@pytest.fixture
def ended(cbtui, simulator, requests_of):
    """A function that sends requests and waits for their batch; its id."""

    def make(*requests):
        batch_id = cbtui("submit", requests_of(*requests), "--yes")[1].strip()
        cbtui("watch", batch_id, "--interval", "1")
        return batch_id

    return make


@pytest.mark.slow
def test_answers_that_fit_the_schema_are_complete(ended, cbtui):
    batch_id = ended(*(request(f"r{n}", SCHEMA) for n in range(5)))
    assert cbtui("results", batch_id)[0] == 0
    assert json.loads(cbtui("results", batch_id, "--ledger", "--json")[1])["complete"] == 5


@pytest.mark.slow
def test_an_answer_that_is_no_json_or_does_not_fit_has_a_class_of_its_own_and_the_code_is_1(ended, cbtui):
    cut = request("cut", SCHEMA, stop_sequences=['":'])
    batch_id = ended(request("good", SCHEMA), cut, request("digits", DIGITS), request("free"))
    code, out, _ = cbtui("results", batch_id, "--where", "class=schema_invalid")
    assert code == 1
    assert sorted(json.loads(line)["custom_id"] for line in out.splitlines()) == ["cut", "digits"]
    found = json.loads(cbtui("results", batch_id, "--ledger", "--json")[1])
    assert (found["complete"], found["schema_invalid"]) == (2, 2)
    code, out, _ = cbtui("results", batch_id, "--stats", "--json")
    assert (code, json.loads(out)["answers"]["schema_invalid"]) == (1, 2)


@pytest.mark.slow
def test_a_batch_with_such_answers_is_not_good_once_its_results_are_here(ended, cbtui):
    batch_id = ended(request("good", SCHEMA), request("digits", DIGITS))
    cbtui("results", batch_id)
    assert "2 ok (1 schema-invalid)" in cbtui("status", batch_id)[1]


@pytest.mark.slow
def test_what_was_found_is_kept_and_used_again(ended, cbtui, own_folders):
    batch_id = ended(request("digits", DIGITS))
    cbtui("results", batch_id)
    kept = next(own_folders.rglob("*.judged"))
    before = kept.stat().st_mtime_ns
    assert cbtui("results", batch_id, "--where", "class=schema_invalid")[1].count("\n") == 1
    assert kept.stat().st_mtime_ns == before


@pytest.mark.slow
def test_a_results_file_is_held_against_the_requests_file_that_is_named(ended, cbtui, requests_of, tmp_path):
    requests = [request("good", SCHEMA), request("digits", SCHEMA)]
    path = tmp_path / "results.jsonl"
    path.write_text(cbtui("results", ended(*requests))[1])
    assert cbtui("results", path)[0] == 0
    named = requests_of(requests[0], request("digits", DIGITS))
    code, out, _ = cbtui("results", path, "--requests", named, "--where", "class=schema_invalid")
    assert (code, json.loads(out)["custom_id"]) == (1, "digits")
    assert cbtui("results", path)[0] == 0


def test_a_requests_file_that_is_not_there_is_said(cbtui, tmp_path):
    path = tmp_path / "results.jsonl"
    path.write_text('{"custom_id":"a","result":{"type":"expired"}}\n')
    code, _, err = cbtui("results", path, "--requests", tmp_path / "none.jsonl")
    assert code == 2
    assert "there is no such file" in err


def test_what_does_not_fit_can_be_sent_again(ended, cbtui, tmp_path):
    batch_id = ended(request("good", SCHEMA), request("digits", DIGITS))
    cbtui("results", batch_id)
    again = tmp_path / "again.jsonl"
    code, _, _ = cbtui("retry", batch_id, "--where", "class=schema_invalid", "--any-outcome", "-o", again)
    assert code == 0
    assert [json.loads(line)["custom_id"] for line in again.read_text().splitlines()] == ["digits"]


@pytest.mark.slow
@pytest.mark.parametrize(
    "damage", [b"no tabs\n", b"good\t1\tten\n", b"\xff\t-5\t3\n", b"good\t%d\t3\n" % 10**30]
)
def test_results_are_kept_and_told_as_good_where_what_was_sent_can_no_longer_be_read(
    ended, cbtui, own_folders, damage
):
    batch_id = ended(request("good", SCHEMA), request("digits", DIGITS))
    next(own_folders.rglob("*.places.tsv")).write_bytes(damage)
    assert cbtui("results", batch_id)[1].count("\n") == 2
    assert "2 ok" in cbtui("status", batch_id)[1]
