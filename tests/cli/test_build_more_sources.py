"""Sheets, folders of Parquet, conversations, several rows in a request, and documents of every kind."""

import base64
import json
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import parquet

from claude_batch_tui.sources.open_rows import guess_kind
from office_files import write_docx, write_xlsx

MODEL = ("--model", "claude-haiku-4-5", "--max-tokens", "5")
PNG = b"\x89PNG\r\n\x1a\n" + bytes(20)
PDF = b"%PDF-1.7\n%%EOF\n"


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder."""
    monkeypatch.chdir(tmp_path)


def lines(name="requests.jsonl"):
    return [json.loads(line) for line in Path(name).read_text("utf-8").splitlines()]


def contents():
    return [line["params"]["messages"][-1]["content"] for line in lines()]


def rows():
    return [line["row"] for line in lines("requests.rows.jsonl")]


def test_a_sheet_by_its_name_is_built_and_said_and_a_recipe_repeats_it(cbtui):
    write_xlsx("a.xlsx", {"Data": [["id", "text"], [1, "one"], [2, "two"]], "Notes": [["x"], ["y"]]})
    code, _, err = cbtui("build", "spreadsheet", "a.xlsx", *MODEL)
    assert (code, "which sheet? Say --sheet NAME. Sheets: Data, Notes." in err) == (2, True), err
    code, _, err = cbtui(
        "build", "spreadsheet", "a.xlsx", "--sheet", "Data", *MODEL, "--save-recipe", "r.toml"
    )
    assert (code, contents()) == (0, ["one", "two"]), err
    assert "sheet 'Data' (others: Notes), header in row 1 · 2 columns" in err
    before = Path("requests.jsonl").read_bytes()
    code, _, err = cbtui("build", "--recipe", "r.toml", "--force")
    assert (code, Path("requests.jsonl").read_bytes()) == (0, before), err
    assert 'sheet = "Data"' in Path("r.toml").read_text()


def test_a_folder_of_parquet_files_is_one_table_with_the_columns_of_all(cbtui):
    for year, table in ((2025, {"text": ["a", "b"]}), (2026, {"text": ["c"], "extra": [1.5]})):
        Path(f"t/year={year}").mkdir(parents=True)
        parquet.write_table(pa.table(table), f"t/year={year}/part-0.parquet")
    Path("t/_delta_log").mkdir()
    Path("t/_delta_log/x.checkpoint.parquet").write_bytes(b"none of the data")
    assert guess_kind("t") == "parquet"
    code, _, err = cbtui("build", "parquet", "t", *MODEL)
    assert (code, contents()) == (0, ["a", "b", "c"]), err
    assert [row["year"] for row in rows()] == [2025, 2025, 2026]
    assert rows()[2]["extra"] == 1.5
    assert "2 Parquet files · 3 columns" in err
    assert guess_kind("t/*/*.parquet") == "parquet"
    code, _, err = cbtui("build", "parquet", "t/*/*.parquet", *MODEL, "--force")
    assert (code, contents()) == (0, ["a", "b", "c"]), err
    code, _, err = cbtui("build", "parquet", "u/*.parquet", *MODEL, "--force")
    assert (code, "there are no Parquet files" in err) == (2, True), err


@pytest.mark.parametrize("name", ["run=3/t.parquet", "run=3", "run=3/*.parquet"])
def test_a_folder_above_the_table_is_no_column_whatever_it_is_called(cbtui, name):
    Path("run=3").mkdir()
    parquet.write_table(pa.table({"text": ["a"]}), "run=3/t.parquet")
    code, _, err = cbtui("build", "parquet", name, *MODEL)
    assert code == 0, err
    assert rows() == [{"text": "a"}]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.xlsx", "spreadsheet"),
        ("a.ods", "spreadsheet"),
        ("a.docx", "documents"),
        ("docs/*.html", "documents"),
        ("a.jsonl", "jsonl"),
        ("a.json", "json"),
    ],
)
def test_what_a_source_is_is_guessed_from_its_name(name, kind):
    assert guess_kind(name) == kind


def test_json_that_holds_requests_is_known_for_ready_requests():
    request = {"custom_id": "a", "params": {"model": "m"}}
    for content, kind in (
        (json.dumps({"requests": [request]}), "jsonl"),
        (json.dumps([request], indent=1), "jsonl"),
        (json.dumps([{"text": "a"}]), "json"),
        (json.dumps({"recordId": "a", "modelInput": {}}), "jsonl"),
        (json.dumps({"data": [request]}), "json"),
    ):
        Path("a.json").write_text(content)
        assert guess_kind("a.json") == kind, content


def test_a_preview_shows_how_a_source_is_read_and_its_first_requests_and_writes_nothing(cbtui):
    write_xlsx("a.xlsx", {"Data": [["Report"], [], ["id", "text"], [1, "one"], [2, "two"], [3, "three"]]})
    code, out, err = cbtui("build", "spreadsheet", "a.xlsx", *MODEL, "--preview", "2")
    assert [json.loads(line)["params"]["messages"][0]["content"] for line in out.splitlines()] == [
        "one",
        "two",
    ]
    assert (code, "read as: sheet 'Data', header in row 3 · 2 columns · 3 rows" in err) == (0, True), err
    assert "row 3 is taken for the header" in err
    assert "columns: id, text" in err
    assert [path.name for path in Path().iterdir()] == ["a.xlsx"]
    Path("b.csv").write_text("text\n")
    assert cbtui("build", "csv", "b.csv", *MODEL, "--preview", "1")[0] == 2


# Conversations.


def chat(*turns, **more):
    return json.dumps({"messages": [{"role": role, "content": text} for role, text in turns]} | more)


def test_the_answer_at_the_end_of_a_training_line_is_left_out_and_said(cbtui):
    Path("ft.jsonl").write_text(chat(("user", "q"), ("assistant", "a")) + "\n")
    code, _, err = cbtui("build", "json", "ft.jsonl", *MODEL)
    assert (code, contents()) == (0, ["q"]), err
    assert "warning answer_left_out: 1 time" in err


def test_a_template_follows_a_conversation_as_a_further_message(cbtui):
    Path("ft.jsonl").write_text(chat(("user", "q"), ("assistant", "a"), lang="French") + "\n")
    code, _, err = cbtui(
        "build", "json", "ft.jsonl", "--messages-column", "messages", "--template", "In {{ lang }}?", *MODEL
    )
    said = lines()[0]["params"]["messages"]
    assert (code, [one["content"] for one in said]) == (0, ["q", "a", "In French?"]), err


def test_conversations_of_other_names_columns_and_blocks_are_read(cbtui):
    block = [{"type": "tool_result", "tool_use_id": "t", "content": "x"}]
    told = [{"from": "human", "value": "hi {{ row }}"}]
    Path("ft.jsonl").write_text(
        json.dumps({"conversations": told})
        + "\n"
        + json.dumps({"conversations": [{"role": "user", "content": block}]})
    )
    code, _, err = cbtui("build", "json", "ft.jsonl", *MODEL)
    assert (code, contents()) == (0, ["hi {{ row }}", block]), err
    Path("ft.csv").write_text('chat,system\n"[{""role"": ""user"", ""content"": ""q""}]",Be {{ brief }}\n')
    code, _, err = cbtui(
        "build", "csv", "ft.csv", "--messages-column", "chat", *MODEL, "--force", "--cache-ttl", "1h"
    )
    block = {"type": "text", "text": "Be {{ brief }}", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
    assert (code, lines()[0]["params"]["system"]) == (0, [block]), err
    code, _, err = cbtui("build", "csv", "ft.csv", "--messages-column", "chat", *MODEL, "--force")
    assert (code, lines()[0]["params"]["system"], contents()) == (0, "Be {{ brief }}", ["q"]), err


def test_a_conversation_that_cannot_be_sent_stops_its_row_and_says_why(cbtui):
    Path("ft.jsonl").write_text(
        "\n".join(
            [
                chat(("user", "fine")),
                json.dumps({"messages": [{"role": "function", "name": "f", "content": "x"}]}),
                json.dumps({"messages": []}),
                chat(("assistant", "alone")),
                chat(("system", "own"), ("user", "q")),
            ]
        )
    )
    code, _, err = cbtui("build", "json", "ft.jsonl", *MODEL, "--system", "of all", "--skip-bad-rows")
    assert (code, contents()) == (0, ["fine"]), err
    assert "ft.jsonl:2: " in err
    assert "ft.jsonl:3: there is no list of messages in this row" in err
    assert "ft.jsonl:4: the conversation has no message of the user" in err
    assert "ft.jsonl:5: the conversation has a system prompt of its own" in err


# Several rows in a request.

FIVE = "id,text\n" + "".join(f"T {n},text {n}\n" for n in range(5))


def test_several_rows_share_a_request_and_the_rows_file_says_how_to_split_the_answer(cbtui):
    Path("five.csv").write_text(FIVE)
    code, _, err = cbtui("build", "csv", "five.csv", "--rows-per-request", "2", "--id-column", "id", *MODEL)
    assert (code, "3 requests of 5 rows" in err) == (0, True), err
    assert 'answered in <answer n="1"> and so on' in err
    assert contents()[0].startswith(
        '<item n="1">\ntext 0\n</item>\n\n<item n="2">\ntext 1\n</item>\n\nAnswer each'
    )
    assert contents()[2].startswith('<item n="1">\ntext 4\n</item>\n\nAnswer each')
    assert [[one["id"] for one in row["rows"]] for row in rows()] == [["T 0", "T 1"], ["T 2", "T 3"], ["T 4"]]
    assert rows()[0]["rows"][1] == {"line": 3, "id": "T 1", "row": {"id": "T 1", "text": "text 1"}}
    assert len({line["custom_id"] for line in lines()}) == 3


def test_a_template_may_write_the_rows_itself(cbtui):
    Path("five.csv").write_text(FIVE)
    template = "{% for one in rows %}- {{ one.text }}\n{% endfor %}"
    code, _, err = cbtui(
        "build", "csv", "five.csv", "--rows-per-request", "3", "--template", template, *MODEL
    )
    assert (code, contents()) == (0, ["- text 0\n- text 1\n- text 2\n", "- text 3\n- text 4\n"]), err


def test_a_bad_row_among_several_is_told_by_itself_and_the_counts_add_up(cbtui):
    Path("five.csv").write_text(FIVE.replace("T 1,text 1", "T 1,").replace("T 3", "T 2"))
    options = ("--rows-per-request", "3", "--id-column", "id", *MODEL)
    code, _, err = cbtui("build", "csv", "five.csv", *options)
    assert code == 2
    code, _, err = cbtui("build", "csv", "five.csv", *options, "--skip-bad-rows")
    assert (code, "1 request of 5 rows" in err, "2 rows left out" in err) == (0, True, True), err
    assert "five.csv:3: the text of this row is empty" in err
    assert "five.csv:5: the id 'T 2' repeats that of line 4" in err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--rows-per-request", "0"), "--rows-per-request is at least 1, not 0."),
        (("--rows-per-request", "2", "--system", "{{ id }}"), "share the system prompt and the params"),
        (
            ("--rows-per-request", "2", "--image-column", "id"),
            "--image-column and --rows-per-request do not go",
        ),
        (("--rows-per-request", "2", "--template", "{{ nope }}"), "{{ nope }} is no column of the source"),
    ],
)
def test_what_rows_cannot_share_is_one_sentence(cbtui, options, sentence):
    Path("five.csv").write_text(FIVE)
    code, _, err = cbtui("build", "csv", "five.csv", *options, *MODEL)
    assert (code, sentence in err) == (2, True), err


# Documents.


def docs(**files):
    Path("docs").mkdir()
    for name, content in files.items():
        (Path("docs") / name.replace("_", ".")).write_bytes(content)


@pytest.mark.slow
def test_no_file_of_a_folder_is_left_out_of_its_request_in_silence(cbtui):
    page = b"<!doctype html><html><body><h1>Hi</h1></body></html>"
    docs(a_png=page, b_svg=b"<svg xmlns='x'/>", c_png=b"<svg/>", d_html=page, f_txt="é".encode("cp1252") * 30)
    write_docx("docs/e.docx", "from Word")
    code, _, err = cbtui(
        "build", "documents", "docs", "--template", "About {{ name }}", *MODEL, "--skip-bad-rows"
    )
    assert code == 0, err
    assert "docs:1: a.png has the name of an image or a PDF, and is an HTML page" in err
    assert "docs:2: b.svg is an SVG drawing" in err
    assert "docs:3: c.png has the name of an image or a PDF, and is an SVG drawing" in err
    assert "f.txt is not UTF-8; it was read as" in err
    html, word, text = (content[0]["source"]["data"] for content in contents())
    assert (html, word) == ("# Hi", "from Word")
    assert len(text) == 30


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--template", "{{ text }}"),
        ("--template", "{{ text | upper }}"),
        ("--template", '{{ row["text"] }}'),
        ("--system", "About: {{ text }}", "--template", "Go"),
    ],
)
def test_a_text_that_a_template_takes_is_in_its_request_once(cbtui, options):
    docs(a_txt=b"Hello")
    code, _, err = cbtui("build", "documents", "docs", *options, *MODEL)
    request = Path("requests.jsonl").read_text()
    assert (code, request.lower().count("hello")) == (0, 1), err


@pytest.mark.parametrize("template", ["Go", "{{ name }} {{ size }}", "{{ row.name }}", "{{ stem }} text"])
def test_a_text_that_no_template_takes_stands_beside_it(cbtui, template):
    docs(a_txt=b"Hello")
    code, _, err = cbtui("build", "documents", "docs", "--template", template, *MODEL)
    assert (code, contents()[0][0]["source"]["data"]) == (0, "Hello"), err


def test_the_encoding_of_documents_can_be_said(cbtui):
    docs(a_txt="Ärger über Öl".encode("cp437"))
    code, _, err = cbtui("build", "documents", "docs", "--encoding", "cp437", *MODEL)
    assert (code, contents()) == (0, ["Ärger über Öl"]), err


def test_paths_of_windows_file_urls_and_data_urls_name_images_and_documents(cbtui):
    docs(a_png=PNG, b_pdf=PDF)
    Path("docs/c d.txt").write_text("words")
    packed = base64.b64encode(PNG).decode()
    images = ["docs\\a.png", Path("docs/a.png").absolute().as_uri(), f"data:image/jpeg;base64,{packed}"]
    Path("in.json").write_text(json.dumps([{"i": image, "q": "?"} for image in images]))
    code, _, err = cbtui("build", "json", "in.json", "--image-column", "i", "--prompt-column", "q", *MODEL)
    assert code == 0, err
    assert {json.dumps(content[0]["source"]) for content in contents()} == {
        json.dumps({"type": "base64", "media_type": "image/png", "data": packed})
    }
    files = [Path("docs/c d.txt").absolute().as_uri(), "docs\\b.pdf", "data:text/plain,a%20b", "data:,x"]
    Path("in.json").write_text(json.dumps([{"d": one, "q": "?"} for one in files]))
    code, _, err = cbtui(
        "build", "json", "in.json", "--document-column", "d", "--prompt-column", "q", *MODEL, "--force"
    )
    assert code == 0, err
    assert [content[0]["source"].get("data") for content in contents()] == [
        "words",
        base64.b64encode(PDF).decode(),
        "a b",
        "x",
    ]


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("data:image/png;base64,@@@@", "is damaged"),
        ("data:image/png", "there is no comma after its type"),
        ("data:text/html,<p>", "holds no PNG, JPEG, GIF or WebP image"),
        ("file:///no/such.png", "/no/such.png cannot be read: No such file"),
        ("C:\\x\\y.png", "C:\\x\\y.png cannot be read: No such file"),
    ],
)
def test_an_image_that_cannot_be_had_is_a_problem_of_its_row(cbtui, value, sentence):
    Path("in.json").write_text(json.dumps([{"i": value, "q": "?"}]))
    code, _, err = cbtui("build", "json", "in.json", "--image-column", "i", "--prompt-column", "q", *MODEL)
    assert (code, sentence in err) == (2, True), err
