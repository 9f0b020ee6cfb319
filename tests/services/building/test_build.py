"""Build, check and preview on real files."""

import json
import os
import subprocess
from datetime import date
from importlib import resources

import pytest

from claude_batch_tui.domain.money.pricing import load_prices
from claude_batch_tui.domain.requests.limits import CUSTOM_ID
from claude_batch_tui.domain.requests.models import ModelFacts, load_models
from claude_batch_tui.errors import ConfigError, ExportError, SourceError
from claude_batch_tui.services.building import build as builds
from claude_batch_tui.services.building import check as checks
from claude_batch_tui.services.building.build import BuildReport, build
from claude_batch_tui.services.building.check import CheckReport, check
from claude_batch_tui.services.building.preview import preview
from claude_batch_tui.services.building.progress import SourceProgress
from claude_batch_tui.services.building.requests_files import beside, iter_request_lines, rows_match
from claude_batch_tui.sources.recipe import BuildSpec
from full_disk import files_of_at_most

PRICES = load_prices((resources.files("claude_batch_tui.domain") / "prices.toml").read_bytes())
CSV = 'id,title,body\nT-1,Ä,"first\nsecond"\nT 2,B,two\nT-3,C,three\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text(CSV, "utf-8")
    return tmp_path


def spec(**changes):
    start = {
        "kind": "csv",
        "path": "rows.csv",
        "prompt_column": "body",
        "model": "claude-opus-5",
        "max_tokens": 9,
    }
    return BuildSpec(**(start | changes))


def built(folder, spec, **options):
    *_, report = build(spec, out=folder / "r.jsonl", **options)
    assert isinstance(report, BuildReport)
    return report


def objects(path):
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_every_row_becomes_a_request_and_a_line_of_the_rows_file(folder):
    report = built(folder, spec(id_column="id", template="{{ title }}: {{ body }}", system="Sort {{ id }}."))
    requests, rows = objects(folder / "r.jsonl"), objects(folder / "r.rows.jsonl")
    assert requests[0] == {
        "custom_id": "T-1",
        "params": {
            "model": "claude-opus-5",
            "max_tokens": 9,
            "system": "Sort T-1.",
            "messages": [{"role": "user", "content": "Ä: first\nsecond"}],
        },
    }
    assert rows[1] == {
        "custom_id": requests[1]["custom_id"],
        "id": "T 2",
        "source": "rows.csv",
        "line": 4,
        "row": {"id": "T 2", "title": "B", "body": "two"},
    }
    assert (report.rows, report.requests, report.cleaned_ids, report.errors) == (3, 3, 1, 0)
    assert report.bytes == (folder / "r.jsonl").stat().st_size
    assert names(folder) == ["r.jsonl", "r.recipe.toml", "r.rows.jsonl", "rows.csv"]
    assert rows_match(folder / "r.jsonl", folder / "r.rows.jsonl")


@pytest.mark.parametrize(
    "changes",
    [
        {"template": "{{ title }}: {{ body }}", "prompt_column": None},
        {"template": "{{ title | upper }}: {{ body }}", "prompt_column": None},
        {"template": "{{ body }}"},
        {},
        {"id_column": None, "id_template": "n-{{ id }}", "system": "About {{ title }}."},
    ],
)
def test_the_same_text_gives_the_same_bytes_in_every_encoding(folder, changes):
    odd = ("\\n", 'say ""so""', "a\tb\\", "\x01", " ", "", "\u2003", "\u2028\n", "犬 🎉\r\n", "\\u0041")
    text = "id,title,body\n" + "".join(f'i {at}\\,"{value}","{value}"\n' for at, value in enumerate(odd))
    seen = []
    for encoding in ("utf-8", "utf-16"):
        (folder / "rows.csv").write_bytes(text.encode(encoding))
        report = built(folder, spec(**({"id_column": "id"} | changes)), skip_bad_rows=True, force=bool(seen))
        names = ("r.jsonl", "r.rows.jsonl", "r.left-out.jsonl")
        files = [(folder / name).read_bytes() if (folder / name).exists() else b"" for name in names]
        seen.append((report.problems, report.counts, *files))
    assert seen[0] == seen[1]
    assert seen[0][2]


def test_a_rebuild_gives_the_same_bytes_and_another_recipe_other_ids(folder):
    built(folder, spec())
    before = (folder / "r.jsonl").read_bytes()
    built(folder, spec(), force=True)
    assert (folder / "r.jsonl").read_bytes() == before
    ids = {request["custom_id"] for request in objects(folder / "r.jsonl")}
    assert len(ids) == 3
    assert all(CUSTOM_ID.fullmatch(custom_id) for custom_id in ids)
    built(folder, spec(max_tokens=10), force=True)
    assert ids.isdisjoint(request["custom_id"] for request in objects(folder / "r.jsonl"))


def test_what_was_built_checks_without_problems_and_has_a_price(folder):
    report = built(folder, spec())
    *_, checked = check(folder / "r.jsonl", prices=PRICES)
    assert isinstance(checked, CheckReport)
    assert checked.draft.problems == ()
    assert checked.draft.body_bytes == report.body_bytes
    assert checked.draft.requests == 3
    assert checked.at_most.standard == pytest.approx(2 * checked.at_most.batch)
    assert checked.at_most.output_tokens == 27
    body = b'{"requests":[' + b",".join(iter_request_lines(folder / "r.jsonl")) + b"]}"
    assert len(body) == report.body_bytes
    assert len(json.loads(body)["requests"]) == 3


@pytest.mark.parametrize("split_by", ["line", "paragraph"])
def test_text_is_parted_into_requests(folder, split_by):
    (folder / "t.txt").write_text("one\ntwo\n\nthree\n", "utf-8")
    built(folder, spec(kind="text", path="t.txt", prompt_column=None, split_by=split_by))
    prompts = [request["params"]["messages"][0]["content"] for request in objects(folder / "r.jsonl")]
    assert prompts == (["one", "two", "three"] if split_by == "line" else ["one\ntwo", "three"])


def test_ready_requests_keep_their_bytes(folder):
    params = '{ "max_tokens": 1, "model": "m",\t"messages":[{"role":"user","content":"\\u00e9 é"}]}'
    ready = folder / "ready.jsonl"
    ready.write_bytes(f'\ufeff\r\n  {{"custom_id": "a", "params": {params}}}\r\n\r\n'.encode())
    built(folder, BuildSpec(kind="jsonl", path="ready.jsonl"))
    assert (folder / "r.jsonl").read_text("utf-8") == f'{{"custom_id": "a", "params": {params}}}\n'
    assert objects(folder / "r.rows.jsonl") == [
        {"custom_id": "a", "id": "a", "source": "ready.jsonl", "line": 2, "row": {}}
    ]


BAD = "id,body\n1,one\n2\n1,again\n,none\n5, \n6,six\n"


def test_nothing_is_written_while_there_are_errors_and_all_are_told(folder):
    (folder / "bad.csv").write_text(BAD, "utf-8")
    report = built(folder, spec(path="bad.csv", id_column="id"))
    assert report.files is None
    assert [(problem.line, problem.code, problem.file) for problem in report.problems] == [
        (3, "ragged_row", "bad.csv"),
        (4, "duplicate_custom_id", "bad.csv"),
        (5, "empty_id", "bad.csv"),
        (6, "empty_prompt", "bad.csv"),
    ]
    assert names(folder) == ["bad.csv", "rows.csv"]


def test_bad_rows_can_be_left_out_and_are_written_down(folder):
    (folder / "bad.csv").write_text(BAD, "utf-8")
    report = built(folder, spec(path="bad.csv", id_column="id"), skip_bad_rows=True)
    assert [request["custom_id"] for request in objects(folder / "r.jsonl")] == ["1", "6"]
    left_out = objects(folder / "r.left-out.jsonl")
    assert [(line["line"], line["code"]) for line in left_out] == [
        (3, "ragged_row"),
        (4, "duplicate_custom_id"),
        (5, "empty_id"),
        (6, "empty_prompt"),
    ]
    assert left_out[1]["row"] == {"id": "1", "body": "again"}
    assert (report.requests, report.left_out) == (2, 4)


def test_a_list_of_left_out_rows_does_not_outlive_its_build(folder):
    (folder / "bad.csv").write_text(BAD, "utf-8")
    built(folder, spec(path="bad.csv"), skip_bad_rows=True)
    assert beside(folder / "r.jsonl").left_out.exists()
    built(folder, spec(), force=True)
    assert not beside(folder / "r.jsonl").left_out.exists()


def test_ready_requests_with_errors_are_left_out_too(folder):
    good = (
        b'{"custom_id":"a","params":{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"x"}]}}'
    )
    (folder / "ready.jsonl").write_bytes(good + b"\n{}\n" + good + b"\n")
    report = built(folder, BuildSpec(kind="jsonl", path="ready.jsonl"), skip_bad_rows=True)
    assert (folder / "r.jsonl").read_bytes() == good + b"\n"
    assert [line["line"] for line in objects(folder / "r.left-out.jsonl")] == [2, 3]
    assert report.counts == {"missing_custom_id": 1, "missing_params": 1, "duplicate_custom_id": 1}


def test_where_no_row_is_good_nothing_is_written(folder):
    (folder / "bad.csv").write_text("body\n \n ,\n", "utf-8")
    assert built(folder, spec(path="bad.csv"), skip_bad_rows=True).files is None
    assert names(folder) == ["bad.csv", "rows.csv"]


def test_files_that_are_there_are_not_overwritten_without_force(folder):
    for there in ("r.jsonl", "r.rows.jsonl", "r.left-out.jsonl"):
        (folder / there).write_text("mine")
        with pytest.raises(ConfigError, match=f"{there} is already there. Say --force to overwrite it"):
            built(folder, spec())
        assert (folder / there).read_text() == "mine"
        (folder / there).unlink()


@pytest.mark.parametrize("force", [True, False])
def test_the_source_is_never_overwritten(folder, force):
    (folder / "ready.jsonl").write_text("{}\n")
    with pytest.raises(ConfigError, match="is the source itself"):
        list(build(BuildSpec(kind="jsonl", path="ready.jsonl"), out=folder / "ready.jsonl", force=force))
    assert (folder / "ready.jsonl").read_text() == "{}\n"


def test_a_missing_folder_or_a_folder_as_output_is_refused(folder):
    with pytest.raises(ConfigError, match="there is no folder"):
        list(build(spec(), out=folder / "no" / "r.jsonl"))
    with pytest.raises(ConfigError, match=r"is a folder. Name a file"):
        list(build(spec(), out=folder))


def test_a_missing_source_is_named_also_where_outputs_are_there(folder):
    (folder / "r.jsonl").write_text("old")
    with pytest.raises(SourceError, match="there is no such file"):
        list(build(spec(path="gone.csv"), out=folder / "r.jsonl", force=True))
    assert (folder / "r.jsonl").read_text() == "old"


def test_leaving_the_build_early_leaves_nothing_behind(folder, monkeypatch):
    monkeypatch.setattr(builds, "ROWS_BETWEEN_LOOKS", 1)
    ticks = iter(range(1000))
    updates = build(spec(), out=folder / "r.jsonl", clock=lambda: next(ticks))
    assert isinstance(next(updates), SourceProgress)
    assert len(names(folder)) == 3
    updates.close()
    assert names(folder) == ["rows.csv"]


@pytest.mark.slow
def test_a_source_that_breaks_in_the_middle_leaves_nothing_behind(folder):
    (folder / "bad.csv").write_bytes("body\né\nè\n".encode() + b"x\n" * 19_998 + b"\xff\n")
    with pytest.raises(SourceError, match=r"bad\.csv:20002"):
        built(folder, spec(path="bad.csv"))
    assert names(folder) == ["bad.csv", "rows.csv"]


def test_a_full_disk_is_one_sentence_and_leaves_nothing_behind(folder, monkeypatch):
    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(
        ExportError, match=r"^Cannot write .*/r\..*: the disk is full\. Free some space and try again\.$"
    ):
        built(folder, spec())
    assert names(folder) == ["rows.csv"]


@pytest.mark.slow
def test_a_disk_that_is_full_on_the_way_leaves_the_files_of_an_earlier_build(folder):
    built(folder, spec())
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    (folder / "long.csv").write_text("body\n" + "x\n" * 40_000)
    with files_of_at_most(1 << 20), pytest.raises(ExportError, match="larger than this system allows"):
        built(folder, spec(path="long.csv"), force=True)
    (folder / "long.csv").unlink()
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before


def test_what_a_killed_build_has_left_is_swept_by_the_next_one(folder):
    gone = subprocess.Popen(["true"])
    gone.wait()
    for name in ("r.jsonl", "r.rows.jsonl"):
        (folder / f"{name}.{gone.pid}.part").write_text("half")
    built(folder, spec())
    assert names(folder) == ["r.jsonl", "r.recipe.toml", "r.rows.jsonl", "rows.csv"]


def test_progress_comes_at_most_ten_times_a_second(folder):
    (folder / "long.csv").write_text("body\n" + "x\n" * 5000)
    seconds = iter(number * 0.01 for number in range(1000))
    updates = list(build(spec(path="long.csv"), out=folder / "r.jsonl", clock=lambda: next(seconds)))
    assert [type(update) for update in updates] == [SourceProgress, BuildReport]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [("body\n", "there is a header line and no row below it"), ("body\n\n\n", "no row below it")],
)
def test_a_header_alone_is_refused(folder, content, sentence):
    (folder / "h.csv").write_text(content)
    with pytest.raises(SourceError, match=sentence):
        built(folder, spec(path="h.csv"))


def test_blank_text_is_refused(folder):
    (folder / "t.txt").write_text("\n \n")
    with pytest.raises(
        SourceError, match=r"t.txt: all lines are blank. There is nothing to make requests from"
    ):
        built(folder, spec(kind="text", path="t.txt", prompt_column=None))


@pytest.mark.parametrize(
    ("changes", "kind", "sentence"),
    [
        ({"model": None}, ConfigError, "There is no model. Say --model M"),
        ({"max_tokens": None}, ConfigError, "There is no limit for answers. Say --max-tokens N"),
        ({"max_tokens": 0}, ConfigError, "--max-tokens is at least 1 in a batch, not 0"),
        ({"prompt_column": None}, ConfigError, "which column is the prompt.*Columns: id, title, body"),
        ({"prompt_column": "boddy"}, SourceError, "Did you mean 'body'"),
        ({"id_column": "9"}, SourceError, "--id-column '9': there is no such column"),
        ({"template": "{{ x }}"}, ConfigError, "--template: {{ x }} is no column"),
        ({"system": "{{ x }}"}, ConfigError, "--system: {{ x }} is no column"),
    ],
)
def test_what_no_row_could_satisfy_is_one_sentence(folder, changes, kind, sentence):
    with pytest.raises(kind, match=sentence):
        built(folder, spec(**changes))
    assert names(folder) == ["rows.csv"]


def test_a_template_needs_no_prompt_column(folder):
    built(folder, spec(prompt_column=None, template="{{ title|lower }}"))
    assert objects(folder / "r.jsonl")[0]["params"]["messages"][0]["content"] == "ä"


def test_prompt_names_the_prompt_column_in_a_template(folder):
    built(folder, spec(template="Label: {{ prompt }}"))
    assert objects(folder / "r.jsonl")[1]["params"]["messages"][0]["content"] == "Label: two"


def test_an_empty_prompt_column_under_a_template_is_a_warning(folder):
    (folder / "e.csv").write_text("id,body\n1,\n")
    report = built(folder, spec(path="e.csv", template="Label: {{ body }}"))
    assert [(problem.code, problem.line) for problem in report.problems] == [("empty_column", 2)]
    assert report.files is not None


def test_a_template_that_fails_on_a_row_is_that_rows_problem(folder):
    report = built(folder, spec(template="{{ 6 // (body|length - 3) }}"))
    assert [(problem.line, problem.code) for problem in report.problems] == [(4, "template_failed")]


def test_more_than_one_batch_takes_is_a_warning_of_the_build(folder, monkeypatch):
    monkeypatch.setattr(builds, "MAX_REQUESTS", 2)
    monkeypatch.setattr(builds, "MAX_BODY_BYTES", 20)
    report = built(folder, spec())
    assert set(report.counts) == {"too_many_requests", "body_too_large"}
    assert report.files is not None


def test_a_system_prompt_from_a_file_is_sent_without_its_last_newline(folder):
    (folder / "s.txt").write_text("Be brief.\n")
    built(folder, spec(system="@s.txt"))
    assert objects(folder / "r.jsonl")[0]["params"]["system"] == "Be brief."


def test_rows_of_other_requests_do_not_match(folder):
    built(folder, spec())
    other = folder / "other.jsonl"
    other.write_bytes((folder / "r.jsonl").read_bytes().replace(b"row-000002", b"row-000009"))
    assert not rows_match(other, folder / "r.rows.jsonl")
    other.write_text("{}\n")
    assert not rows_match(other, folder / "r.rows.jsonl")
    assert not rows_match(other, other)


def test_a_preview_shows_requests_from_any_row_with_their_problems(folder):
    (folder / "bad.csv").write_text(BAD, "utf-8")
    seen = preview(spec(path="bad.csv", id_column="id", prompt_column=None, template="{{ body }}"), 1, 2)
    assert seen.columns == ("id", "body")
    assert (seen.reading.delimiter, seen.reading.encoding, seen.reading.header_line) == ("comma", "utf-8", 1)
    assert [(request.line, request.problem and request.problem[:20]) for request in seen.requests] == [
        (3, "the row has 1 column"),
        (4, "the id '1' repeats t"),
    ]
    first = preview(spec(), 0, 1).requests[0]
    assert json.loads(first.request)["params"]["messages"][0]["content"] == "first\nsecond"
    assert first.custom_id == "row-000001-·····"


def test_a_preview_of_ready_requests_shows_them_as_they_are(folder):
    built(folder, spec())
    seen = preview(BuildSpec(kind="jsonl", path="r.jsonl"), 2, 5)
    assert [request.line for request in seen.requests] == [3]
    assert seen.columns == ()


def test_the_models_of_the_api_are_asked_where_they_are_known(folder):
    built(folder, spec())
    table = (resources.files("claude_batch_tui.domain") / "models.toml").read_bytes()
    models = load_models(table, [ModelFacts("claude-opus-5", max_tokens=5)], date(2026, 11, 21))
    *_, report = check(folder / "r.jsonl", prices=PRICES, models=models)
    assert report.draft.counts == {"max_tokens_above_ceiling": 3}


def test_a_check_reports_progress(folder, monkeypatch):
    built(folder, spec())
    monkeypatch.setattr(checks, "ROWS_BETWEEN_LOOKS", 1)
    ticks = iter(range(1000))
    first, *_ = check(folder / "r.jsonl", prices=PRICES, clock=lambda: next(ticks))
    size = (folder / "r.jsonl").stat().st_size
    assert first == SourceProgress(1, size, size)


def test_a_row_that_is_tried_keeps_its_prompt_to_the_character(folder):
    leaders = "Chapter 1 ·········· 7"
    (folder / "rows.csv").write_text(f"body\n{leaders}\n", "utf-8")
    (request,) = preview(spec(), 0, 1).requests
    sent = json.loads(request.sendable)
    assert CUSTOM_ID.fullmatch(sent["custom_id"])
    assert sent["params"]["messages"][0]["content"] == leaders
