"""Every kind of source, from the command line to the requests file, and each way it can be wrong."""

import base64
import json
import os
import sqlite3
import time
from pathlib import Path

import pytest

MODEL = ("--model", "claude-haiku-4-5", "--max-tokens", "5")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder."""
    monkeypatch.chdir(tmp_path)


def lines(name="requests.jsonl"):
    return [json.loads(line) for line in Path(name).read_text("utf-8").splitlines()]


def prompts():
    return [line["params"]["messages"][0]["content"] for line in lines()]


def rows():
    return [line["row"] for line in lines("requests.rows.jsonl")]


@pytest.mark.parametrize(
    ("content", "options"),
    [
        ('[{"id": 1, "description": "a"}, {"id": 2, "description": "b"}]', ()),
        (
            '{"meta": {"n": 2}, "data": {"items": [{"id": 1, "description": "a"}, {"id": 2, "description": "b"}]}}',
            (),
        ),
        (
            '{"old": [{"id": 9, "description": "z"}], "new": [{"id": 1, "description": "a"}, {"id": 2, "description": "b"}]}',
            ("--at", "$.new"),
        ),
        ('{"id": [1, 2], "description": ["a", "b"]}', ()),
        ('{"t": {"id": [1, 2], "description": ["a", "b"]}, "u": [1]}', ("--at", "t")),
        ('{"id": 1, "description": "a"}\n\n{"id": 2, "description": "b"}\n', ()),
        ('\ufeff[{"id": 1, "description": "a"}, {"id": 2, "description": "b"}]', ()),
    ],
)
def test_json_in_every_form_gives_the_same_rows(cbtui, content, options):
    Path("items.json").write_text(content, "utf-8")
    code, _, err = cbtui("build", "json", "items.json", "--prompt-field", "description", *MODEL, *options)
    assert (code, prompts(), rows()) == (
        0,
        ["a", "b"],
        [{"id": 1, "description": "a"}, {"id": 2, "description": "b"}],
    ), err


def test_objects_inside_json_rows_print_as_json_and_can_be_looked_into(cbtui):
    Path("items.json").write_text('[{"a": {"b": ["x", "y"]}, "n": null, "f": 1.5}]')
    cbtui(
        *("build", "json", "items.json", *MODEL),
        *("--template", "{{ a }} {{ a.b[1] }} {% for one in a.b %}{{ one }}{% endfor %} [{{ n }}] {{ f }}"),
    )
    assert prompts() == ['{"b":["x","y"]} y xy [null] 1.5']


def test_a_key_that_a_json_row_leaves_out_is_empty(cbtui):
    Path("items.json").write_text('[{"a": "1", "b": "2"}, {"a": "3"}]')
    cbtui("build", "json", "items.json", "--template", "{{ a }}-{{ b }}", *MODEL)
    assert prompts() == ["1-2", "3-"]


@pytest.mark.parametrize(
    ("content", "options", "sentence"),
    [
        ('[{"a": 1}, {"a": ', (), "items.json: the JSON breaks off or is damaged: "),
        ("{nonsense}", (), "items.json: "),
        (
            "[1, 2]",
            (),
            "there are no objects to make rows of. The first: a row is an object with keys, and this is int",
        ),
        ('{"a": {"b": {}}}', (), "items.json: there is no array of objects in it."),
        ('{"a": 1}', ("--at", "b"), "items.json: --at b is not there, or holds no array of rows."),
        ('{"a": 1}', ("--at", "a"), "items.json: --at a is not there, or holds no array of rows."),
        (
            '{"a": [1], "b": [1, 2]}',
            ("--prompt-column", "a"),
            "items.json: its arrays are not of one length",
        ),
        ('{"a": 1}\n{"a": }\n', ("--prompt-column", "a"), "items.json:2: this is not valid JSON"),
        (
            '[{"a": 1}, 5]',
            ("--prompt-column", "a"),
            "items.json:2: a row is an object with keys, and this is int",
        ),
        ("", (), "items.json: the file is empty."),
    ],
)
def test_json_that_holds_no_rows_is_one_sentence(cbtui, content, options, sentence):
    Path("items.json").write_text(content)
    code, _, err = cbtui("build", "json", "items.json", *MODEL, *options)
    assert (code, sentence in err) == (2, True), err
    assert not Path("requests.jsonl").exists()


@pytest.mark.parametrize(
    ("split", "expected"),
    [
        (("--split-by", "separator", "--separator", "\n---\n"), [("one\n\ntwo", 1), ("three", 6)]),
        (("--split-by", "whole"), [("one\n\ntwo\n---\n\nthree", 1)]),
        (("--split-by", "paragraph"), [("one", 1), ("two\n---", 3), ("three", 6)]),
        (("--split-by", "line"), [("one", 1), ("two", 3), ("---", 4), ("three", 6)]),
    ],
)
def test_text_is_split_where_it_is_asked_to(cbtui, split, expected):
    Path("notes.txt").write_text("one\n\ntwo\n---\n\nthree\n")
    code, *_ = cbtui("build", "text", "notes.txt", *split, *MODEL)
    assert code == 0
    assert [(line["row"]["text"], line["line"]) for line in lines("requests.rows.jsonl")] == expected


def test_a_separator_across_two_reads_still_parts(cbtui, monkeypatch):
    monkeypatch.setattr("claude_batch_tui.sources.text._CHUNK_CHARACTERS", 3)
    Path("notes.txt").write_text("aa<SEP>bb<SEP>cc")
    cbtui("build", "text", "notes.txt", "--split-by", "separator", "--separator", "<SEP>", *MODEL)
    assert prompts() == ["aa", "bb", "cc"]


def test_a_separator_without_split_by_is_refused(cbtui):
    Path("notes.txt").write_text("one")
    code, _, err = cbtui("build", "text", "notes.txt", "--separator", "x", *MODEL)
    assert (code, err) == (2, "cbtui: --split-by separator and --separator TEXT belong together: say both.\n")


def test_documents_become_text_or_blocks_with_their_paths_as_ids(cbtui, tmp_path):
    folder = tmp_path / "docs"
    (folder / "sub").mkdir(parents=True)
    (folder / "a.md").write_text("# Ä")
    (folder / "b.pdf").write_bytes(PDF)
    (folder / "sub" / "c.png").write_bytes(PNG)
    (folder / ".hidden").write_text("no")
    code, _, err = cbtui("build", "documents", "docs", "--template", "Sum up.\n{{ text }}", *MODEL)
    assert code == 0, err
    text, pdf, image = prompts()
    assert text == "Sum up.\n# Ä"
    assert pdf == [
        {
            "type": "document",
            "source": {
                "type": "base64",
                "media_type": "application/pdf",
                "data": base64.b64encode(PDF).decode(),
            },
        },
        {"type": "text", "text": "Sum up.\n"},
    ]
    assert (image[0]["type"], image[0]["source"]["media_type"]) == ("image", "image/png")
    assert [line["id"] for line in lines("requests.rows.jsonl")] == ["a.md", "b.pdf", "sub/c.png"]


def test_a_folder_that_may_not_be_listed_is_named_and_nothing_is_left_out_in_silence(cbtui, monkeypatch):
    Path("docs/closed").mkdir(parents=True)
    Path("docs/a.txt").write_text("one")
    list_folder = os.scandir

    def refusing(path):
        if Path(path).name == "closed":
            raise PermissionError(13, "Permission denied", str(path))
        return list_folder(path)

    monkeypatch.setattr(os, "scandir", refusing)
    code, _, err = cbtui("build", "documents", "docs", *MODEL)
    assert code == 2
    assert (
        "docs: docs/closed cannot be read: Permission denied. Name a folder or a pattern without it." in err
    )
    assert not Path("requests.jsonl").exists()


def test_a_pattern_picks_documents_and_a_missing_one_says_so(cbtui, tmp_path):
    (tmp_path / "a.txt").write_text("A")
    (tmp_path / "b.md").write_text("B")
    assert cbtui("build", "documents", "*.txt", *MODEL)[0] == 0
    assert prompts() == ["A"]
    code, _, err = cbtui("build", "documents", "*.doc", *MODEL, "--force")
    assert (code, "*.doc: there are no files." in err) == (2, True)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.txt", b"", "docs:1: a.txt is empty"),
        (
            "a.exe",
            b"MZ\x90\x03\x00\x00\x00",
            "docs:1: a.exe: this is a binary file, not text",
        ),
        ("a.bin", b"a\x00b\x01\x02\x03\x04" * 9, "docs:1: a.bin: this is a binary file, not text"),
        ("a.txt", b"x" * 24_000_001, "docs:1: a.txt has 24.0 MB; at most 24 MB fit into a request"),
    ],
)
def test_a_document_that_cannot_be_sent_is_a_problem_with_its_name(cbtui, tmp_path, name, content, sentence):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / name).write_bytes(content)
    code, _, err = cbtui("build", "documents", "docs", *MODEL)
    assert (code, sentence in err) == (2, True), err


def database(statements):
    connection = sqlite3.connect("shop.db")
    connection.executescript(statements)
    connection.close()


def test_a_query_gives_rows_and_the_only_table_needs_none(cbtui):
    database(
        "CREATE TABLE p (id INTEGER, name TEXT, price REAL); INSERT INTO p VALUES (1, 'Ä', 1.5), (2, NULL, 3)"
    )
    code, *_ = cbtui(
        "build", "sqlite", "shop.db", "--template", "{{ name }}/{{ price }}", "--id-column", "id", *MODEL
    )
    assert (code, prompts()) == (0, ["Ä/1.5", "/3.0"])
    query = "SELECT upper(name) AS prompt FROM p WHERE name IS NOT NULL"
    assert cbtui("build", "sqlite", "shop.db", "--query", query, *MODEL, "--force")[0] == 0
    assert prompts() == ["Ä"]


@pytest.mark.parametrize(
    ("statements", "options", "sentence"),
    [
        ("CREATE TABLE a (x); CREATE TABLE b (x)", (), "which rows? Say --query 'SELECT …'. Tables: a, b."),
        ("CREATE TABLE a (x)", (), "the query gives no rows. There is nothing"),
        ("CREATE TABLE a (x)", ("--query", "SELEC"), 'SQLite says: near "SELEC": syntax error.'),
        ("CREATE TABLE a (x)", ("--query", "DELETE FROM a"), "--query can only read: it is one SELECT"),
    ],
)
def test_a_database_that_gives_no_rows_is_one_sentence(cbtui, statements, options, sentence):
    database(statements)
    code, _, err = cbtui("build", "sqlite", "shop.db", *options, "--template", "x", *MODEL)
    assert (code, sentence in err) == (2, True), err


def test_a_value_of_a_database_that_is_no_text_stops_its_row_alone_and_only_where_it_is_used(cbtui):
    database(
        "CREATE TABLE a (x, y); INSERT INTO a VALUES (x'00ff', 1), (CAST(x'e9' AS TEXT), 2), ('good', 3)"
    )
    assert cbtui("build", "sqlite", "shop.db", "--template", "{{ y }}", *MODEL)[0] == 0
    assert prompts() == ["1", "2", "3"]
    options = ("--template", "{{ x }}", "--skip-bad-rows", "--force", *MODEL)
    code, _, err = cbtui("build", "sqlite", "shop.db", *options)
    assert (code, prompts()) == (0, ["good"])
    assert "shop.db:1: column 'x' holds bytes" in err
    assert "shop.db:2: column 'x' holds bytes" in err


def test_two_columns_of_one_name_in_a_query_are_told_apart(cbtui):
    database("CREATE TABLE a (x)")
    options = ("--query", "SELECT 1 AS y, 2 AS y", "--template", "{{ y }}{{ y_2 }}", *MODEL)
    code, _, err = cbtui("build", "sqlite", "shop.db", *options)
    assert (code, prompts()) == (0, ["12"])
    assert "columns 1 and 2 are both named 'y'; the second is 'y_2' here" in err


def test_a_file_that_is_no_database_says_so(cbtui):
    Path("shop.db").write_text("no database, whatever its name says" * 40)
    code, _, err = cbtui("build", "sqlite", "shop.db", *MODEL)
    assert (code, "this is no SQLite database, but text" in err) == (2, True)


def test_parquet_gives_rows_where_its_extra_is_installed(cbtui):
    import pyarrow as pa
    from pyarrow import parquet

    parquet.write_table(pa.table({"prompt": ["a", "b"], "n": [1, None]}), "rows.parquet")
    assert cbtui("build", "parquet", "rows.parquet", "--template", "{{ prompt }}{{ n }}", *MODEL)[0] == 0
    assert prompts() == ["a1", "b"]
    Path("rows.parquet").write_text("not one")
    code, _, err = cbtui("build", "parquet", "rows.parquet", *MODEL, "--force")
    assert (code, "this is no Parquet file" in err) == (2, True)


SCRIPT = """
def build_requests():
    print("noise on stdout")
    for n, name in enumerate(["sum a.txt", "b"]):
        yield {"custom_id": name, "params": {"model": "claude-haiku-4-5", "max_tokens": 9,
               "messages": [{"role": "user", "content": f"Say {n}"}]}}
"""


def test_a_script_gives_requests_in_a_process_of_its_own_and_its_ids_are_cleaned(cbtui):
    Path("mine.py").write_text(SCRIPT)
    code, out, err = cbtui("build", "custom", "mine.py", "--trust-script")
    assert (code, out) == (0, "requests.jsonl\n"), err
    assert prompts() == ["Say 0", "Say 1"]
    assert [line["id"] for line in lines("requests.rows.jsonl")] == ["sum a.txt", "b"]
    assert lines()[0]["custom_id"].startswith("sum_a_txt-")


def test_a_script_nobody_trusted_does_not_run(cbtui):
    Path("mine.py").write_text("open('ran', 'w')\n" + SCRIPT)
    code, _, err = cbtui("build", "custom", "mine.py")
    assert code == 2
    assert (
        "is a program and would run as you. It can read and write your files and use the network; of the"
        in err
    )
    assert "LANG and the like and no API key. Read it, then say --trust-script." in err
    assert not Path("ran").exists()


def request(extra=""):
    return f'{{"custom_id": "a", "params": {{"model": "m", "max_tokens": 1, "messages": [] {extra}}}}}'


@pytest.mark.parametrize(
    ("script", "sentence"),
    [
        ("x = 1", "mine.py: it has no function build_requests()."),
        ("def build_requests():\n    return 5", "mine.py: build_requests() returns int, where a list"),
        ("def build_requests():\n    return {}", "mine.py: build_requests() returns dict, where a list"),
        ("def build_requests():\n    yield {1, 2}", "mine.py: request 1 is not JSON: Object of type set"),
        ("def build_requests():\n    return []", "mine.py: build_requests() gives no requests."),
        (
            "def build_requests():\n    x = {}\n    return x['k']",
            "mine.py:3: the script fails: KeyError: 'k'.",
        ),
        ("def build_requests():\n    yield 1\n    1 / 0", "mine.py:3: the script fails: ZeroDivisionError"),
        ("def build_requests(:", "mine.py:1: the script fails: SyntaxError"),
        ("import os\ndef build_requests():\n    os._exit(3)", "the script ended with code 3 before it gave"),
        (
            "import os\ndef build_requests():\n    os.kill(os.getpid(), 9)",
            "the script was ended by SIGKILL before",
        ),
        ("import sys\nsys.exit('no')", "mine.py:2: the script fails: SystemExit: no."),
        ("def build_requests():\n    yield {'params': {}}", "mine.py:1: the request has no custom_id"),
        (
            f"def build_requests():\n    yield {request()}\n    yield {request()}",
            "mine.py:2: the id 'a' repeats",
        ),
        ("def build_requests():\n    while True: pass", "gave no request for 0.5 seconds and was stopped."),
    ],
)
def test_a_script_that_fails_is_one_sentence(cbtui, script, sentence):
    Path("mine.py").write_text(script)
    code, _, err = cbtui("build", "custom", "mine.py", "--trust-script", "--script-timeout", "0.5")
    assert (code, sentence in err) == (2, True), err
    assert "Traceback" not in err
    assert not Path("requests.jsonl").exists()


def test_the_scripts_own_traceback_comes_on_request(cbtui):
    Path("mine.py").write_text(
        "def deep():\n    raise ValueError('x\x1b[31m')\ndef build_requests():\n    deep()\n"
    )
    _, _, err = cbtui("build", "custom", "mine.py", "--trust-script", "--traceback")
    assert 'File "mine.py", line 4, in build_requests' in err
    assert "runpy" not in err
    assert "\x1b" not in err


@pytest.mark.slow
def test_a_stopped_script_leaves_no_process_behind(cbtui):
    Path("mine.py").write_text(
        "import os, subprocess, sys\n"
        "def build_requests():\n"
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(99)'])\n"
        "    open('pids', 'w').write(f'{os.getpid()} {child.pid}')\n"
        "    while True: pass\n"
    )
    cbtui("build", "custom", "mine.py", "--trust-script", "--script-timeout", "1")
    for pid in Path("pids").read_text().split():
        for _ in range(100):
            stat = Path(f"/proc/{pid}/stat")
            if not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] == "Z":
                break
            time.sleep(0.02)
        else:
            os.kill(int(pid), 9)
            pytest.fail(f"{pid} still runs")


def test_a_build_goes_on_with_a_guess_of_the_encoding_but_not_where_two_fit_equally(cbtui):
    Path("rows.csv").write_bytes("id,text\n1,東京\n".encode("euc_jp"))
    code, _, err = cbtui("build", "csv", "rows.csv", *MODEL)
    assert (code, "fit equally: " in err, "Say --encoding E." in err) == (2, True, True)
    assert cbtui("build", "csv", "rows.csv", *MODEL, "--encoding", "euc_jp")[0] == 0
    assert prompts() == ["東京"]


@pytest.mark.parametrize("kind", ["documents", "sqlite", "parquet", "custom"])
def test_what_is_no_stream_cannot_come_from_standard_input(cbtui, kind):
    options = MODEL if kind != "custom" else ("--trust-script",)
    code, _, err = cbtui("build", kind, "-", *options)
    assert code == 2
    assert "standard input" in err or "-: there is no such file" in err


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp1252", "prompt\nGrüße aus Köln – „schön“ sagte François\nEin Café für 5 € bitte größer\n"),
        ("shift_jis", "prompt\nこんにちは世界、これは日本語の文章です。\n東京は日本の首都です。\n"),
        ("cp1251", "prompt\nПривет это обычный русский текст для проверки.\nМосква — столица России.\n"),
        ("utf-16", "prompt\nGrüße\n"),
    ],
)
def test_an_encoding_that_is_not_utf_8_is_found_out_and_said(cbtui, encoding, text):
    Path("rows.csv").write_bytes(text.encode(encoding))
    code, _, err = cbtui("build", "csv", "rows.csv", *MODEL)
    assert code == 0, err
    assert prompts() == text.splitlines()[1:]
    assert ("is not UTF-8 and was read as" in err) == (encoding != "utf-16")
