"""Results in other envelopes and forms: told by looking, and read as lines of ours."""

from __future__ import annotations

import csv
import gzip
import io
import json
from pathlib import Path

import pytest

from claude_batch_tui.cli.main import main
from claude_batch_tui.errors import SourceError
from claude_batch_tui.services.results.lanes import is_results_folder, own_lines
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.services.submitting.spool import ids_placed, request_as_sent
from claude_batch_tui.store.results.opening import open_indexed

MESSAGE = {
    "id": "msg_1",
    "type": "message",
    "role": "assistant",
    "model": "claude-haiku-4-5",
    "content": [{"type": "text", "text": "yes"}],
    "stop_reason": "end_turn",
    "usage": {"input_tokens": 3, "output_tokens": 4},
}
ASKED = {
    "anthropic_version": "bedrock-2023-05-31",
    "max_tokens": 50,
    "system": "Be brief",
    "messages": [{"role": "user", "content": [{"type": "text", "text": "Is it?"}]}],
}
GOOD = {"type": "succeeded", "message": MESSAGE}
OURS = [
    {"custom_id": "a", "result": GOOD},
    {"custom_id": "b", "result": {"type": "expired"}},
    {"custom_id": "c", "result": {"type": "canceled"}},
]
DUMPED = [
    {"custom_id": "a", "result": {"message": {**MESSAGE, "stop_details": None}, "type": "succeeded"}},
    *OURS[1:],
]


def lines(values):
    return "".join(f"{json.dumps(value)}\n" for value in values)


def read(path, tmp_path):
    """Custom_ids, outcomes and models of what is in a file."""
    found = own_lines(path, tmp_path / "cache")
    with open_indexed(found.path, tmp_path / "cache") as results:
        index = results.index
        entries = [index.entry(at) for at in range(index.count)]
        return [(entry.custom_id, entry.outcome.value, index.model(at)) for at, entry in enumerate(entries)]


FORMS = {
    "array.json": json.dumps(OURS),
    "indented-array.json": json.dumps(OURS, indent=2),
    "array-of-lines.jsonl": "[\n" + ",\n".join(map(json.dumps, OURS)) + "\n]\n",
    "indented.json": "\n".join(json.dumps(value, indent=2) for value in OURS),
    "behind.json": "".join(map(json.dumps, OURS)),
    "commas.jsonl": ",\n".join(map(json.dumps, OURS)) + ",\n",
    "keyed.json": json.dumps({one["custom_id"]: one["result"] for one in OURS}),
    "keyed-indented.json": json.dumps({one["custom_id"]: one["result"] for one in OURS}, indent=1),
    "keyed-whole.json": json.dumps({one["custom_id"]: one for one in OURS}),
    "within.json": json.dumps({"batch": "msgbatch_1", "results": OURS}),
    "dumped.jsonl": lines(DUMPED),
    "dumped.json": json.dumps(DUMPED, indent=4),
    "curator.jsonl": lines(
        {"response_message": "x", "raw_response": one, "raw_request": None} for one in OURS
    ),
    "first-is-broken.jsonl": '{"custom_id":\n' + lines(OURS),
}


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be"])
def test_our_own_results_are_read_in_whatever_form_they_were_saved(tmp_path, name, encoding):
    path = tmp_path / name
    path.write_text(FORMS[name], encoding=encoding)
    found = [one for one in read(path, tmp_path) if one[1] != "unparsed"]
    assert found == [("a", "succeeded", "claude-haiku-4-5"), ("b", "expired", ""), ("c", "canceled", "")]


def test_lines_of_ours_are_read_where_they_are(tmp_path):
    path = tmp_path / "r.jsonl"
    path.write_text(lines(OURS))
    assert own_lines(path, tmp_path / "cache") == own_lines(path, tmp_path / "cache")
    assert own_lines(path, tmp_path / "cache").path == path
    assert not (tmp_path / "cache").exists()


def test_one_indented_object_is_one_entry(tmp_path):
    path = tmp_path / "job-1_raw.json"
    path.write_text(json.dumps(OURS[0], indent=2))
    assert read(path, tmp_path) == [("a", "succeeded", "claude-haiku-4-5")]


def test_a_folder_of_indented_objects_is_one_results_file(tmp_path):
    folder = tmp_path / "responses"
    folder.mkdir()
    for one in OURS:
        (folder / f"{one['custom_id']}_raw.json").write_text(json.dumps(one, indent=2))
    assert is_results_folder(folder)
    assert [one[0] for one in read(folder, tmp_path)] == ["a", "b", "c"]


BEDROCK = [
    {"recordId": "r1", "modelInput": ASKED, "modelOutput": MESSAGE},
    {"recordId": "r2", "modelInput": ASKED, "error": {"errorCode": 400, "errorMessage": "bad request"}},
    {"recordId": "r3", "modelInput": ASKED, "error": {"errorCode": 429, "errorMessage": "Too many requests"}},
    {"recordId": "r4", "modelInput": ASKED, "error": {"errorCode": 500, "errorMessage": "internal"}},
]


@pytest.fixture
def bedrock(tmp_path):
    path = tmp_path / "in.jsonl.out"
    path.write_text(lines(BEDROCK))
    return path


def errors_of(path, tmp_path):
    found = own_lines(path, tmp_path / "cache")
    with open_indexed(found.path, tmp_path / "cache") as results:
        return [results.read(at).error for at in range(results.index.count)]


def test_an_error_of_bedrock_is_an_outcome_with_the_apis_type(tmp_path, bedrock):
    assert [one[:2] for one in read(bedrock, tmp_path)] == [
        ("r1", "succeeded"),
        ("r2", "errored"),
        ("r3", "errored"),
        ("r4", "errored"),
    ]
    assert errors_of(bedrock, tmp_path)[1:] == [
        ("invalid_request_error", "bad request"),
        ("rate_limit_error", "Too many requests"),
        ("api_error", "internal"),
    ]


def test_a_converse_answer_becomes_a_message(tmp_path):
    path = tmp_path / "in.jsonl.out"
    content = [
        {"text": "yes"},
        {"toolUse": {"toolUseId": "t", "name": "look", "input": {"at": 1}}},
        {"reasoningContent": {"reasoningText": {"text": "hm", "signature": "s"}}},
    ]
    output = {
        "output": {"message": {"role": "assistant", "content": content}},
        "stopReason": "end_turn",
        "usage": {"inputTokens": 30, "outputTokens": 2, "totalTokens": 32},
    }
    path.write_text(lines([{"recordId": "r1", "modelInput": {}, "modelOutput": output}]))
    found = own_lines(path, tmp_path / "cache")
    with open_indexed(found.path) as results:
        entry, message = results.index.entry(0), results.read(0).message
    assert (entry.outcome.value, entry.input_tokens, entry.output_tokens) == ("succeeded", 30, 2)
    assert [block["type"] for block in message["content"]] == ["text", "tool_use", "thinking"]
    assert results.index.class_of(0) == "complete"


VERTEX = [
    {"custom_id": "v1", "request": ASKED, "response": MESSAGE, "status": ""},
    {
        "custom_id": "v2",
        "request": ASKED,
        "response": {},
        "status": 'Bad Request: {"error": {"code": 400, "message": "max_tokens", "status": "INVALID_ARGUMENT"}}',
    },
    {"custom_id": "v3", "request": ASKED, "response": None, "status": "RESOURCE_EXHAUSTED"},
    {"custom_id": "v4", "request": ASKED, "response": {}, "status": ""},
]


def as_bigquery(one):
    """The row as BigQuery exports it: JSON as text, and the other columns of the input table."""
    texts = {key: json.dumps(one[key]) for key in ("request", "response")}
    return {**one, **texts, "ticket": 7}


@pytest.mark.parametrize("made", [dict, as_bigquery])
def test_vertex_is_read_from_lines_and_from_bigquerys_export(tmp_path, made):
    path = tmp_path / "predictions.jsonl"
    path.write_text(lines(map(made, VERTEX)))
    assert [one[:2] for one in read(path, tmp_path)] == [
        ("v1", "succeeded"),
        ("v2", "errored"),
        ("v3", "errored"),
        ("v4", "errored"),
    ]
    kinds = [kind for kind, _ in errors_of(path, tmp_path)[1:]]
    assert kinds == ["invalid_request_error", "rate_limit_error", "no_response"]


def test_what_the_lines_say_of_requests_is_known_as_if_it_was_sent_from_here(tmp_path, bedrock):
    found = own_lines(bedrock, tmp_path / "cache")
    assert ids_placed(found.body) == ["r1", "r2", "r3", "r4"]
    assert json.loads(request_as_sent(found.body, "r3")) == {"custom_id": "r3", "params": ASKED}
    rows = [json.loads(line)["row"] for line in found.rows.read_text().splitlines()]
    assert rows == [{"system": "Be brief", "prompt": "Is it?"}] * 4


def test_a_file_is_adapted_once_and_again_only_when_it_has_changed(tmp_path, bedrock):
    first = own_lines(bedrock, tmp_path / "cache")
    before = first.path.stat().st_mtime_ns
    assert own_lines(bedrock, tmp_path / "cache") == first
    assert first.path.stat().st_mtime_ns == before
    bedrock.write_text(lines(BEDROCK[:2]))
    second = own_lines(bedrock, tmp_path / "cache")
    assert (second.entries, second.path != first.path) == (2, True)


def test_what_was_stopped_half_way_leaves_nothing_behind(tmp_path, bedrock, monkeypatch):
    monkeypatch.setattr("claude_batch_tui.services.results.lanes._EVERY", 1)

    def stop(_):
        raise InterruptedError

    with pytest.raises(SourceError):
        own_lines(bedrock, tmp_path / "cache", stop)
    assert [*(tmp_path / "cache").iterdir()] == []


def test_a_line_that_is_no_json_stays_an_entry_that_cannot_be_read(tmp_path):
    path = tmp_path / "in.jsonl.out"
    path.write_text(lines(BEDROCK[:1]) + '{"recordId": "r2", "modelOu\n' + lines(BEDROCK[2:3]))
    assert [one[:2] for one in read(path, tmp_path)] == [
        ("r1", "succeeded"),
        ("", "unparsed"),
        ("r3", "errored"),
    ]


def test_gzipped_results_of_another_lane_are_read_too(tmp_path):
    path = tmp_path / "in.jsonl.out.gz"
    path.write_bytes(gzip.compress(lines(BEDROCK).encode()))
    assert len(read(path, tmp_path)) == 4


def test_odd_ids_and_half_characters_are_kept(tmp_path):
    path = tmp_path / "in.jsonl.out"
    path.write_text(
        '{"modelInput":{},"modelOutput":' + json.dumps(MESSAGE) + "}\n"
        '{"recordId":12,"modelInput":{},"modelOutput":' + json.dumps(MESSAGE) + "}\n"
        '{"recordId":"x\\ty","modelInput":{},"modelOutput":' + json.dumps(MESSAGE) + "}\n"
        '{"recordId":"\\ud83d","modelInput":{},"modelOutput":' + json.dumps(MESSAGE) + "}\n"
    )
    found = read(path, tmp_path)
    assert [one[1] for one in found] == ["succeeded"] * 4
    assert [one[0] for one in found[:3]] == ["line-1", "12", "x\ty"]


HALF = "\ud83d"


@pytest.mark.parametrize(
    "line",
    [
        {"recordId": "a", "modelInput": ASKED, "error": {"errorCode": HALF, "errorMessage": HALF}},
        {"recordId": "a", "modelInput": {"system": HALF}, "modelOutput": {**MESSAGE, "model": HALF}},
        {"recordId": "a", "modelInput": {"n": 10**40}, "modelOutput": MESSAGE},
        {
            "recordId": "a",
            "modelInput": {},
            "modelOutput": {"output": {"message": {"content": [{"text": HALF}]}}},
        },
        {"recordId": "a", "modelInput": [], "modelOutput": {"output": {"message": {"content": [7, {}]}}}},
        {"recordId": {"odd": 1}, "modelInput": 3, "error": None},
        {"custom_id": "a", "request": HALF, "response": "{", "status": ["x"], HALF: 10**40, "n": 10**40},
        {"custom_id": "a", "request": 1, "response": 2, "status": ""},
        {"raw_response": OURS[0], "generic_request": {"original_row": {"n": 10**40, "half": HALF}}},
        {"raw_response": "no JSON", "generic_request": 5},
        {"custom_id": ["a"], "result": {"type": "succeeded", "message": 5}},
        {"custom_id": "a", "result": []},
    ],
)
def test_odd_values_in_an_envelope_make_an_odd_entry_and_no_fault(tmp_path, line):
    path = tmp_path / "in.jsonl.out"
    path.write_text(lines([BEDROCK[0], line, BEDROCK[1]]))
    assert [one[0] for one in read(path, tmp_path)][::2] == ["r1", "r2"]
    found = own_lines(path, tmp_path / "cache")
    assert RowsFile(found.rows).find("r2").row["prompt"] == "Is it?"
    assert json.loads(request_as_sent(found.body, "r2"))["params"] == ASKED


OTHERS = {
    "openai": (
        {"id": "b", "custom_id": "a", "response": {"status_code": 200, "body": {}}, "error": None},
        "OpenAI batch",
    ),
    "gemini": ({"key": "a", "response": {"candidates": []}}, "Gemini batch"),
    "gemini-on-vertex": ({"request": {}, "response": {"candidates": []}, "status": ""}, "Gemini batch"),
    "titan": (
        {"recordId": "a", "modelInput": {}, "modelOutput": {"results": []}},
        "another model than Claude",
    ),
    "requests": ({"custom_id": "a", "params": {"model": "m"}}, "cbtui submit"),
    "create body": ({"requests": [{"custom_id": "a", "params": {}}]}, "cbtui build json"),
    "bedrock requests": ({"recordId": "a", "modelInput": ASKED}, ".jsonl.out of the same name"),
    "vertex requests": ({"custom_id": "a", "request": ASKED}, "in the job's output"),
    "openai requests": ({"custom_id": "a", "method": "POST", "url": "/v1", "body": {}}, "cbtui build jsonl"),
    "rows": ({"custom_id": "a", "id": "a", "source": "t.csv", "line": 2, "row": {}}, "--rows"),
    "batch": ({"id": "msgbatch_1", "type": "message_batch"}, "cbtui results ID"),
    "answer": (MESSAGE, "without a custom_id"),
    "manifest": ({"totalRecordCount": 2, "processedRecordCount": 2}, "open its folder"),
}


@pytest.mark.parametrize("name", OTHERS)
def test_what_is_no_results_file_is_named_with_what_to_do(tmp_path, name):
    value, words = OTHERS[name]
    path = tmp_path / "given.jsonl"
    path.write_text(json.dumps(value) + "\n")
    with pytest.raises(SourceError, match="is not a results file") as told:
        own_lines(path, tmp_path / "cache")
    assert words in str(told.value)


def test_a_zip_of_another_tool_is_named(tmp_path):
    path = tmp_path / "out.zip"
    path.write_bytes(b"PK\x03\x04" + bytes(40))
    with pytest.raises(SourceError, match=r"zip archive.*unpack it"):
        own_lines(path, tmp_path / "cache")


def test_a_binary_file_is_named_and_so_is_what_is_read(tmp_path):
    path = tmp_path / "answers.parquet"
    path.write_bytes(b"PAR1\x15aaa")
    with pytest.raises(
        SourceError, match=r"is not a results file: this is a Parquet file, not text. Results are"
    ):
        own_lines(path, tmp_path / "cache")


def test_a_csv_of_bigquery_is_named_with_the_format_to_export(tmp_path):
    path = tmp_path / "predictions.csv"
    path.write_text('custom_id,request,response,status\nv1,"{}","{}",\n')
    with pytest.raises(SourceError, match="as JSON"):
        own_lines(path, tmp_path / "cache")


@pytest.mark.parametrize(
    ("name", "outcomes"), [("out.jsonl.out", ["succeeded", "errored"]), ("vertex.jsonl", ["succeeded"])]
)
def test_lines_that_readers_of_them_document_are_read(tmp_path, name, outcomes):
    cases = Path(__file__).parents[2] / "cases/81-bedrock-results"
    assert [one[1] for one in read(cases / name, tmp_path)] == outcomes


@pytest.fixture
def job(tmp_path):
    """The output folder of a Bedrock job whose time ran out: two of five records are missing."""
    folder = tmp_path / "job"
    folder.mkdir()
    (folder / "a.jsonl.out").write_text(lines(BEDROCK[:2]))
    (folder / "b.jsonl.out").write_text(lines(BEDROCK[2:3]))
    (folder / "manifest.json.out").write_text(
        json.dumps({"totalRecordCount": 5, "processedRecordCount": 3, "successRecordCount": 1})
    )
    return folder


def run(capsys, *arguments):
    code = main([str(argument) for argument in arguments], lambda _: 0)
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def test_the_folder_of_a_job_is_one_results_file_held_against_its_manifest(capsys, job, monkeypatch):
    monkeypatch.chdir(job.parent)
    code, out, err = run(capsys, "results", "job", "--where", "outcome=errored", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(out)))
    assert (code, [row["custom_id"] for row in rows]) == (1, ["r2", "r3"])
    assert rows[0]["prompt"] == "Is it?"
    assert "manifest counts 5 records: 2 are not here" in err


def test_costs_of_another_lane_are_not_guessed_and_known_by_prices_of_its_own(
    capsys, bedrock, tmp_path, monkeypatch
):
    _, out, err = run(capsys, "results", bedrock, "--format", "csv")
    assert next(csv.DictReader(io.StringIO(out)))["cost"] == ""
    assert "Costs are not guessed" in err
    assert "none known" in run(capsys, "results", bedrock, "--stats")[1]
    prices = tmp_path / "own-prices.toml"
    prices.write_text(
        '[[model]]\nids = ["bedrock/claude-haiku-4-5"]\nas_of = 2026-11-01\ninput = 1\noutput = 5\n'
        "cache_read = 0.1\ncache_write_5m = 1.25\ncache_write_1h = 2\n"
    )
    assert run(capsys, "models", "--prices", prices)[0] == 0
    _, out, _ = run(capsys, "results", bedrock, "--format", "csv")
    assert float(next(csv.DictReader(io.StringIO(out)))["cost"]) > 0


def test_what_failed_is_written_as_requests_of_its_own_lane(capsys, bedrock, tmp_path):
    target = tmp_path / "again.jsonl"
    code, _, err = run(capsys, "retry", bedrock, "-o", target)
    assert (code, "2 requests in" in err) == (0, True), err
    assert [json.loads(line) for line in target.read_text().splitlines()] == [
        {"recordId": record, "modelInput": ASKED} for record in ("r3", "r4")
    ]
    assert run(capsys, "retry", bedrock)[0] == 2
    code, _, err = run(capsys, "retry", bedrock, "-o", target, "--include-invalid", "--force")
    assert (code, "3 requests" in err) == (0, True)
    built = tmp_path / "ours.jsonl"
    code, _, err = run(capsys, "build", "jsonl", target, "--set", "model=claude-haiku-4-5", "-o", built)
    assert code == 0, err
    assert json.loads(built.read_text().splitlines()[0])["params"]["model"] == "claude-haiku-4-5"


def test_the_ledger_of_another_lane_needs_no_spool(capsys, bedrock):
    code, out, _ = run(capsys, "results", bedrock, "--ledger", "--json")
    ledger = json.loads(out)
    assert (code, ledger["sent"], ledger["came back"], ledger["missing"]) == (1, 4, 4, 0)
