"""`cbtui build` as a script sees it: stdout, stderr, exit code, files."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

MODEL = ("--model", "claude-haiku-4-5", "--max-tokens", "5")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """A folder with rows to build from."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text('id,body\n1,"one\nmore"\nb 2,zwö\n', "utf-8")


def test_build_csv_prints_the_file_it_made(cbtui, tmp_path):
    code, out, err = cbtui(
        "build", "csv", "rows.csv", "--prompt-column", "body", "--id-column", "id", *MODEL, "-o", "r.jsonl"
    )
    assert (code, out) == (0, "r.jsonl\n")
    assert err == (
        'read as: utf-8 · delimiter comma · quote " · header on line 1 · 2 columns · 2 rows\n'
        "2 requests of 2 rows · 250 B · 1 id cleaned\n"
    )
    assert (tmp_path / "r.rows.jsonl").exists()


def test_build_writes_requests_jsonl_unless_told_otherwise(cbtui):
    (code, out, _) = cbtui("build", "csv", "rows.csv", "--prompt-column", "2", *MODEL)
    assert (code, out) == (0, "requests.jsonl\n")


def test_build_text_reads_standard_input(cbtui, monkeypatch, tmp_path):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"one\n\ntwo\nthree\n")))
    code, _, err = cbtui(
        "build", "text", "-", "--split-by", "paragraph", "--template", "Sum up: {{ text }}", *MODEL
    )
    assert (code, err.splitlines()[0]) == (0, "read as: utf-8 · 2 rows")
    assert err.splitlines()[1].startswith("2 requests of 2 rows")
    rows = [json.loads(line) for line in (tmp_path / "requests.rows.jsonl").read_text().splitlines()]
    assert [(row["source"], row["line"]) for row in rows] == [("standard input", 1), ("standard input", 3)]


def test_build_jsonl_needs_neither_model_nor_prompt(cbtui, tmp_path):
    cbtui("build", "csv", "rows.csv", "--prompt-column", "body", *MODEL)
    code, out, err = cbtui("build", "jsonl", "requests.jsonl", "-o", "copy.jsonl")
    assert (code, out) == (0, "copy.jsonl\n")
    assert err.startswith("2 requests of 2 rows")
    assert (tmp_path / "copy.jsonl").read_bytes() == (tmp_path / "requests.jsonl").read_bytes()


def test_model_and_max_tokens_may_come_from_the_settings(cbtui, monkeypatch, tmp_path):
    monkeypatch.setenv("CBTUI_MODEL", "claude-opus-5")
    monkeypatch.setenv("CBTUI_MAX_TOKENS", "7")
    assert cbtui("build", "csv", "rows.csv", "--prompt-column", "body")[0] == 0
    params = json.loads((tmp_path / "requests.jsonl").read_text().splitlines()[0])["params"]
    assert (params["model"], params["max_tokens"]) == ("claude-opus-5", 7)


def test_without_a_model_and_a_terminal_the_sentence_has_the_whole_line_to_type(cbtui):
    line = ("build", "csv", "rows.csv", "--template", "Label: {{ body }}")
    code, out, err = cbtui(*line)
    assert (code, out) == (2, "")
    typed = (
        "cbtui build csv rows.csv --template 'Label: {{ body }}' --model claude-haiku-5-5 --max-tokens 1024"
    )
    assert f"There is no model and no limit for answers. Type, with your values: {typed}\n" in err
    assert cbtui(*shlex.split(typed)[1:])[0] == 0
    assert "There is no limit for answers." in cbtui(*line, "--model", "m")[2]
    assert "there is no such file" in cbtui("build", "csv", "gone.csv", "--force")[2]


def test_on_a_terminal_model_and_limit_are_asked_for_once_and_remembered(
    cbtui, monkeypatch, request, tmp_path
):
    keyboard, terminal = os.openpty()
    request.addfinalizer(lambda: os.close(keyboard))
    stdin = os.fdopen(terminal)
    request.addfinalizer(stdin.close)
    monkeypatch.setattr("sys.stdin", stdin)

    def typed(text):
        os.write(keyboard, text.encode())

    config = Path(cbtui("config", "--path")[1].strip())
    config.parent.mkdir(parents=True, exist_ok=True)
    config.write_text('# mine\ntheme = "light"\n')
    line = ("build", "csv", "rows.csv", "--prompt-column", "body", "--force")
    typed("claude-haiku-4-5\n1,000,000\n")
    code, _, err = cbtui(*line)
    assert (code, "max_tokens is a whole number from 1 to 64,000; nothing was built." in err) == (2, True)
    assert config.read_text() == '# mine\ntheme = "light"\n'
    typed("claude-haiku-4-5\n1,000\n")
    code, _, err = cbtui(*line)
    assert code == 0, err
    assert re.search(r"claude-haiku-5-5 +\$0.05 +\$0.25\n", err)
    assert config.read_text() == ('model = "claude-haiku-4-5"\nmax_tokens = 1000\n# mine\ntheme = "light"\n')
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert cbtui(*line)[0] == 0
    params = json.loads((tmp_path / "requests.jsonl").read_text().splitlines()[0])["params"]
    assert (params["model"], params["max_tokens"]) == ("claude-haiku-4-5", 1000)


def test_errors_are_grouped_and_nothing_is_written(cbtui, tmp_path):
    (tmp_path / "bad.csv").write_text("id,body\n" + "1,x\n" * 9 + "2\n")
    code, out, err = cbtui(
        "build", "csv", "bad.csv", "--prompt-column", "body", "--id-column", "id", *MODEL, "--examples", "1"
    )
    assert (code, out) == (2, "")
    assert err == (
        "error duplicate_custom_id: 8 times\n"
        "  bad.csv:3: the id '1' repeats that of line 2\n"
        "  … and 7 more\n"
        "error ragged_row: 1 time\n"
        "  bad.csv:11: the row has 1 column where the header has 2: some are missing. "
        "--ragged fill reads them as empty\n"
        'read as: utf-8 · delimiter comma · quote " · header on line 1 · 2 columns · 10 rows\n'
        "cbtui: nothing was written: fix the rows, or say --skip-bad-rows.\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv", "rows.csv"]


def test_bad_rows_can_be_left_out(cbtui, tmp_path):
    (tmp_path / "bad.csv").write_text("id,body\n1,x\n2\n")
    code, _, err = cbtui("build", "csv", "bad.csv", "--prompt-column", "body", *MODEL, "--skip-bad-rows")
    assert code == 0
    assert err.splitlines()[-1].endswith("1 row left out: requests.left-out.jsonl")


def test_json_tells_everything_on_one_line(cbtui, tmp_path):
    code, out, _ = cbtui("build", "csv", "rows.csv", "--prompt-column", "body", *MODEL, "--json")
    report = json.loads(out)
    assert code == 0
    assert (report["written"], report["requests"], report["rows_file"]) == (True, 2, "requests.rows.jsonl")
    (tmp_path / "bad.csv").write_text("body\n \n ,\n")
    code, out, _ = cbtui("build", "csv", "bad.csv", *MODEL, "--json", "--force")
    report = json.loads(out)
    assert (code, report["written"], report["requests_file"]) == (2, False, None)
    assert report["problems"][0]["code"] in {"empty_prompt", "ragged_row"}


def test_files_are_not_overwritten_without_force(cbtui):
    argv = ("build", "csv", "rows.csv", "--prompt-column", "body", *MODEL)
    assert cbtui(*argv)[0] == 0
    code, _, err = cbtui(*argv)
    assert code == 2
    assert err == "cbtui: -o requests.jsonl: requests.jsonl is already there. Say --force to overwrite it.\n"
    assert cbtui(*argv, "--force")[0] == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (None, "f.csv: there is no such file. Check the path."),
        (b"", "f.csv: the file is empty. There is nothing to make requests from."),
        (
            b"body\n",
            "f.csv: there is a header line and no row below it. There is nothing to make requests from.",
        ),
        (b"\x00\x01", "f.csv: this is a binary file, not text. Name a text file."),
        (b"a,b\n1,2\n", "f.csv: --prompt-column 'body': there is no such column. Columns: a, b."),
    ],
)
def test_bad_input_is_one_clear_sentence(cbtui, tmp_path, content, sentence):
    if content is not None:
        (tmp_path / "f.csv").write_bytes(content)
    code, out, err = cbtui("build", "csv", "f.csv", "--prompt-column", "body", *MODEL)
    assert (code, out, err) == (2, "", f"cbtui: {sentence}\n")
    assert not (tmp_path / "requests.jsonl").exists()


def test_text_of_a_file_cannot_act_on_the_terminal(cbtui, tmp_path):
    (tmp_path / "f.csv").write_text("id\x1b[31m,body\n1,\n")
    _, _, err = cbtui("build", "csv", "f.csv", "--prompt-column", "nothing", *MODEL)
    assert "\x1b" not in err


def test_wrong_usage_ends_with_2(cbtui):
    for argv in (["build", "xml", "f"], ["build", "csv", "f", "--max-tokens", "many"]):
        assert cbtui(*argv)[0] == 2


def test_help_imports_neither_jinja2_nor_msgspecs_users():
    code = (
        "import sys; from claude_batch_tui.cli.main import main\n"
        "try: main(['build', 'csv', '--help'], None)\n"
        "except SystemExit: print([name for name in ('jinja2', 'csv', 'claude_batch_tui.services') if name in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stdout.splitlines()[-1] == "[]"


def test_build_without_a_kind_or_a_recipe_says_what_it_needs(cbtui):
    code, _, err = cbtui("build")
    assert code == 2
    assert "What is to be built? Say a KIND and a FILE" in err


def test_a_limit_of_no_tokens_is_refused_and_not_taken_from_the_settings(cbtui, monkeypatch):
    monkeypatch.setenv("CBTUI_MAX_TOKENS", "7")
    code, _, err = cbtui(
        "build", "csv", "rows.csv", "--prompt-column", "2", "--model", "m", "--max-tokens", "0"
    )
    assert (code, err) == (2, "cbtui: --max-tokens is at least 1 in a batch, not 0.\n")
