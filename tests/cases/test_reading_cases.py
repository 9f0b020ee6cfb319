"""Files that people really have, in the folders beside this one, and what is right for each and for its kind."""

import csv
import json
from pathlib import Path

import pytest

from claude_batch_tui.cli.main import main
from claude_batch_tui.media import media_type
from claude_batch_tui.sources.open_rows import guess_kind

HERE = Path(__file__).parent


def at(number, name):
    return f"{number:02}/{name}"


@pytest.mark.parametrize(
    ("name", "delimiter", "first"),
    [
        ("export.csv", "semicolon", ["A1", "Where is my order?", "12,50"]),
        ("export-comma.csv", "comma", ["A1", "Where is my order?", "12.50"]),
        ("export-quoted.csv", "semicolon", ["A1", "one"]),
    ],
)
def test_excels_sep_line_is_a_setting_and_no_header(build, name, delimiter, first):
    built = build("csv", at(1, name))
    assert (built.code, built.values[0]) == (0, first)
    assert built.report["reading"]["delimiter"] == delimiter
    assert built.report["reading"]["header_line"] == 2


def test_a_delimiter_that_is_said_stands_over_excels_sep_line(build, tmp_path):
    path = tmp_path / "export.csv"
    path.write_text("sep=;\nid,text\n1,one\n")
    built = build("csv", path, "--delimiter", ",")
    assert (built.code, built.values) == (0, [["1", "one"]])


def test_a_tab_beside_quotes_is_told_with_its_row(build):
    built = build("csv", at(4, "born.csv"), "--template", "{{ text }}")
    assert built.code == 2
    assert "born.csv:2: text follows a closing double quote" in built.said


def test_commas_in_a_header_part_nothing_where_semicolons_do(build):
    built = build("csv", at(5, "sku.csv"), "--template", "{{ Name (100 chars or less, required) }}")
    assert (built.code, built.prompts) == (0, ["Tie", "Hat"])


def test_title_lines_above_the_table_are_no_rows_and_that_is_said(build):
    built = build("csv", at(6, "bank.csv"), "--template", "{{ Purpose }}")
    assert (built.code, built.prompts) == (0, ["Groceries, weekly", "Shoes", "Books"])
    assert "the header was taken to be line 5: the 4 lines above it look like titles" in built.said
    assert built.report["reading"]["guesses"]
    built = build("csv", at(6, "report.csv"), "--template", "{{ text }}")
    assert (built.prompts, built.report["reading"]["header_line"]) == (["good chair", "bad chair"], 3)


def test_how_many_lines_stand_above_the_header_can_be_said(build):
    built = build("csv", at(6, "bank.csv"), "--skip-lines", 4, "--template", "{{ Payee }}")
    assert (built.prompts, built.report["reading"]["guesses"]) == (["Shop A", "Shop B", "Shop C"], [])
    built = build(
        "csv", at(6, "report.csv"), "--skip-lines", 0, "--template", "{{ column_2 }}", "--skip-bad-rows"
    )
    assert built.prompts == ["text", "good chair", "bad chair"]


@pytest.mark.parametrize(
    "text",
    [
        "text\nhello, world\ngood, bad\nwell, then\n",  # one column, whose lines have a comma each
        "id,note\n1,a\n2,\n3,\n4,\n",  # the last column is mostly empty
        "a,b\n1,2\n3,4\n",
        "comment\nnice; good\nbad; worse\n",
    ],
)
def test_a_table_that_begins_on_its_first_line_has_no_titles(build, tmp_path, text):
    path = tmp_path / "rows.csv"
    path.write_text(text)
    built = build("csv", path, "--prompt-column", "1", "--skip-bad-rows")
    assert "title_lines" not in built.said


@pytest.mark.parametrize(
    ("name", "columns", "rows"),
    [("all-empty-columns.csv", 2, 2), ("header-only-extra.csv", 3, 2), ("rows-only.csv", 3, 3)],
)
def test_delimiters_at_the_end_of_lines_are_no_columns(build, name, columns, rows):
    built = build("csv", at(8, name))
    assert (built.code, built.report["reading"]["columns"], len(built.rows)) == (0, columns, rows)


def test_an_unnamed_last_column_with_text_is_a_column_and_text_beyond_the_header_is_named(build, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id,text,\n1,a,x\n2,b,\n")
    assert build("csv", path, "--template", "{{ column_3 }}.").prompts == ["x.", "."]
    path.write_text("id,text\n1,a,more\n2,b\n")
    built = build("csv", path, "--skip-bad-rows")
    assert "the row has 3 columns where the header has 2" in built.said
    assert built.left_out[0]["row"] == {"id": "1", "text": "a", "column_3": "more"}


def test_quotes_in_the_middle_of_a_field_are_text(build):
    built = build("csv", at(10, "inches.csv"))
    assert built.prompts == ['Ladder 24" tall', 'Box 5"', 'Toys "R" Us', 'Toys "R" Us', "plain"]


def test_a_stray_quote_is_told_with_the_lines_it_swallowed_and_the_counts_add_up(build):
    built = build("csv", at(10, "stray-open.tsv"), "--skip-bad-rows")
    assert "stray-open.tsv:4: text follows a closing double quote" in built.said
    assert "the row goes from line 4 to line 7" in built.said
    assert (built.report["requests"], built.report["left_out"], built.report["left_out_lines"]) == (1, 2, 5)
    assert built.left_out[1]["row"]["unread"].splitlines() == [
        '3\t"never closed\t1992',
        "4\tplain four\t1993",
        "5\tplain five\t1994",
        '6\tEmack & B"s\t1995',
    ]
    built = build("csv", at(10, "stray-open.tsv"), "--quote", "none")
    assert (built.code, len(built.rows), built.values[2][1]) == (0, 6, '"never closed')


def test_quotes_that_are_escaped_by_backslashes_are_read_when_that_is_said(build):
    built = build("csv", at(10, "backslash.csv"))
    assert built.code == 2
    assert r"--escape '\'" in built.said
    built = build("csv", at(10, "backslash.csv"), "--escape", "\\")
    assert built.prompts == ['He said "no", then left', "fine", "a, b"]


def test_a_quote_that_swallows_whole_rows_and_is_closed_by_chance_is_doubted(build, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text('id,text\n1,a\n2,"never closed\n3,b\n4,end"\n5,c\n')
    built = build("csv", path)
    assert "rows.csv:3: the row goes from line 3 to line 5, and the lines in it look like rows" in built.said
    path.write_text('id,text\n1,"one\ntwo, three"\n2,"a\n\nb"\n')
    assert "look like rows" not in build("csv", path).said


def test_ids_that_excel_has_written_are_kept_as_they_are(build):
    built = build("csv", at(11, "orders.csv"))
    assert [row[0] for row in built.values] == ["1.23457E+12"] * 3 + ["007", '="0042"']


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("euro.csv", "costs 20 €"),
        ("one-byte.csv", "the café was fine"),
        ("smart.csv", "It’s “fine” – really…"),
    ],
)
def test_windows_1252_with_few_odd_bytes_is_read_so_and_said(build, name, text):
    built = build("csv", at(13, name))
    assert (built.code, built.prompts[0]) == (0, text)
    reading = built.report["reading"]
    assert (reading["encoding"], reading["encoding_guessed"]) == ("cp1252", True)
    assert 0 < len(reading["changed_words"]) <= 5
    assert all("cp1252" in words and len(words) == 2 for words in reading["changed_words"])
    assert "was read as cp1252" in built.said


def test_a_header_in_windows_1252_is_read_too(build):
    built = build("csv", at(13, "kino.csv"), "--template", "{{ Kinosäle }} {{ text }}")
    assert built.prompts[2] == "10 Vorhandene Plätze"


def test_excels_unicode_text_is_read_with_a_byte_order_mark_and_without(build):
    assert build("csv", at(14, "Unicode Text.txt")).values == [["1", "Łódź 😀"], ["2", 'a "b" c']]
    built = build("csv", at(14, "noBOM.csv"))
    assert (built.code, built.values[0]) == (0, ["1", "Hello there world"])
    assert built.report["reading"]["encoding"] == "utf-16-le"


@pytest.mark.parametrize("name", ["dbom.csv", "nbsp.csv", "quotedbom.csv", "nofinal.csv"])
def test_marks_and_blanks_that_nobody_sees_are_no_part_of_a_name(build, name):
    built = build("csv", at(16, name), "--template", "{{ id }}/{{ text }}")
    assert (built.code, built.prompts[0]) == (0, "1/a")


def test_a_header_without_rows_is_one_sentence(build):
    assert "there is a header line and no row below it" in build("csv", at(16, "only.csv")).said


def test_every_column_is_named_in_a_template_as_it_stands_in_the_header(build):
    template = "{{ label-coarse }} {{ First name }} {{ row }} {{ prompt }} {{ range }} {{ text }}"
    assert build("csv", at(16, "words.csv"), "--template", template).prompts == ["x Ada r1 p1 g1 t1"]
    template = (
        '{{ label-coarse }} {{ row["First name"] | upper }} {{ row }} {% if range %}{{ prompt }}{% endif %}'
    )
    assert build("csv", at(16, "words.csv"), "--template", template).prompts == ["x ADA r1 p1"]


@pytest.mark.parametrize(
    ("name", "words"), [("old.xls", "OLE2"), ("report.xls", "HTML"), ("sylk.csv", "SYLK")]
)
def test_what_only_calls_itself_a_table_is_said_for_what_it_is(build, name, words):
    built = build("csv", at(17, name))
    assert (built.code, words in built.said) == (2, True)


@pytest.mark.parametrize("name", ["runs.json", "runs.jsonl", "ok-first.jsonl"])
def test_nan_stops_no_row_that_does_not_use_it_and_is_null_when_asked_for(build, name):
    built = build("json", at(20, name))
    assert built.code == 0
    assert "column 'score': NaN is no JSON: --nan null reads it as null" in built.said
    used = build("json", at(20, name), "--template", "{{ text }} {{ score }}")
    assert (used.code, "not_a_number" in used.said) == (2, True)
    left = build("json", at(20, name), "--template", "{{ text }} {{ score }}", "--skip-bad-rows")
    assert (left.code, left.left_out[0]["code"]) == (0, "not_a_number")
    asked = build("json", at(20, name), "--template", "{{ text }} {{ score }}", "--nan", "null")
    assert (asked.code, "a null" in asked.prompts) == (0, True)


@pytest.mark.parametrize("name", ["d.json", "d.jsonl"])
def test_of_two_keys_of_one_name_the_last_counts_and_that_is_said_once(build, name):
    built = build("json", at(22, name))
    assert (built.code, built.prompts) == (0, ["second", "x"])
    assert built.report["counts"]["same_key"] == 1


@pytest.mark.parametrize(
    ("name", "texts"),
    [
        ("array-lines.jsonl", ["a", "b"]),
        ("commas.jsonl", ["a", "b", "c"]),
        ("oneline.json", ["row 1", "row 2", "row 3"]),
        ("pretty.json", ["row 1", "row 2", "row 3"]),
        ("pretty.jsonl", ["row 1", "row 2", "row 3"]),
    ],
)
def test_objects_one_after_another_are_rows_however_they_are_written(build, name, texts):
    built = build("json", at(23, name))
    assert (built.code, built.prompts) == (0, texts)


def test_blank_lines_comments_and_separators_are_no_rows(build):
    assert build("json", at(24, "blank-first.json")).prompts == ["a", "b"]
    assert build("json", at(24, "rs.jsonl")).prompts == ["a", "b"]
    built = build("json", at(24, "c.jsonl"))
    assert ([row["line"] for row in built.rows], built.prompts) == ([3, 6], ["a", "b"])
    assert "lines that begin with # or // were taken for comments" in built.said
    assert "not valid JSON" in build("json", at(24, "trailing.json")).said


@pytest.mark.parametrize(
    ("name", "rows"),
    [
        ("keyed.json", [{"key": "t1", "text": "one"}, {"key": "t2", "text": "two"}]),
        ("strings.json", [{"text": "one prompt"}, {"text": "two prompt"}]),
        ("strings.jsonl", [{"text": "one prompt"}, {"text": "two prompt"}]),
        ("single.json", [{"id": 1, "text": "only one"}]),
        ("lists.jsonl", [{"id": 1, "text": "a"}, {"id": 2, "text": "b"}]),
    ],
)
def test_json_of_other_forms_is_rows_too(build, name, rows):
    built = build("json", at(26, name))
    assert (built.code, [row["row"] for row in built.rows]) == (0, rows)


@pytest.mark.parametrize("name", ["cut.json", "cut.jsonl"])
def test_half_an_emoji_is_said_left_out_or_replaced_when_asked_and_never_changed_in_silence(build, name):
    built = build("json", at(27, name))
    assert (built.code, "column 'text' holds half of a surrogate pair" in built.said) == (2, True)
    built = build("json", at(27, name), "--skip-bad-rows")
    assert (built.prompts, built.left_out[0]["row"]["text"]) == (["good 😀", "fine"], "cut �")
    built = build("json", at(27, name), "--surrogates", "replace")
    assert (built.code, built.prompts) == (0, ["good 😀", "cut �", "fine"])
    assert build("json", at(27, name), "--template", "{{ id }}").prompts == ["1", "2", "3"]


def test_values_of_json_are_written_as_json(build):
    template = "{{ text }}|{{ tags }}|{{ meta }}|{{ ok }}|{{ when }}"
    assert build("json", at(29, "n.jsonl"), "--template", template).prompts == [
        'null|["x","y"]|{"a":{"b":1}}|true|2024-01-01',
        "b|[]|null|false|",
        "no id||||",
    ]
    template = "{% for tag in tags %}{{ tag }}{% endfor %}{{ meta }}{{ text }}"
    assert build("json", at(29, "n.jsonl"), "--template", template).prompts[0] == 'xy{"a":{"b":1}}null'
    built = build("json", at(29, "n.jsonl"))
    assert (built.code, "n.jsonl:1: the user message is empty" in built.said) == (2, True)
    built = build("json", at(29, "n.jsonl"), "--id-column", "id", "--template", "{{ ok }}")
    assert "n.jsonl:2: the id column 'id' is empty in this row" in built.said


def test_a_text_of_a_database_that_is_no_utf_8_is_of_one_row(build):
    built = build("sqlite", at(50, "chat.db"), "--template", "{{ id }}")
    assert (built.code, len(built.rows)) == (0, 3)
    built = build("sqlite", at(50, "chat.db"), "--skip-bad-rows", "--template", "{{ text }}")
    assert built.prompts == ["good one", "good three"]
    assert "chat.db:2: column 'text' holds bytes, which are no UTF-8 text" in built.said


def test_a_database_says_which_tables_it_has_and_what_is_none(build):
    built = build("sqlite", at(53, "shop.db"))
    assert "which rows? Say --query 'SELECT …'. Tables: " in built.said
    assert "f_data" not in built.said
    query = "SELECT a.text AS prompt, b.text FROM a JOIN b USING (id)"
    assert build("sqlite", at(53, "shop.db"), "--query", query).prompts == ["x"]
    assert "or it is encrypted" in build("sqlite", at(53, "cipher.db")).said
    assert "but SQL. Make a database of it: sqlite3 new.db <" in build("sqlite", at(53, "dump.sql")).said


def template(name):
    return ("--template", f"@{HERE / '70-braces' / name}")


def test_braces_in_the_data_are_text(build):
    with (HERE / "70-braces" / "d.csv").open() as file:
        texts = [row["text"] for row in csv.DictReader(file)]
    assert build("csv", at(70, "d.csv")).prompts == texts
    assert build("csv", at(70, "d.csv"), "--template", "{{ text | trim }}").prompts == texts


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("doubled.txt", ['line 1: {{"label": "x", "n": 1}} is JSON', 'as they are: {"label": "x", "n": 1}']),
        ("doubled2.txt", ["line 2: {{", 'as they are: { "label": "..." }']),
        ("system.txt", ['{{ "a": 1 }} is JSON', 'as they are: { "a": 1 }']),
        (
            "fstring.txt",
            ["{product} is how Python's f-strings", "Write {{ product }}: Classify {{ product }}. Answer"],
        ),
        (
            "langchain.txt",
            ["{{ context }} is no column", "Columns: id, text, product", "Context: {{ text }}"],
        ),
        ("latex.txt", ["{{ a }} is no column", 'As plain text it is {{ "{{a}}" }}']),
        ("latin.txt", ["the file is not UTF-8"]),
    ],
)
def test_a_template_of_another_tool_is_known_for_what_it_is(build, name, words):
    built = build("csv", at(70, "d.csv"), *template(name))
    assert built.code == 2
    assert [word for word in words if word not in built.said] == [], built.said


def test_a_template_may_have_signs_that_open_no_comment_and_ends_of_lines_of_windows(build):
    built = build("csv", at(70, "d.csv"), *template("hash.txt"))
    assert built.prompts[1] == 'Use {#tag} style, issue {#12}: {"a": {"b": 1}}'
    assert build("csv", at(70, "d.csv"), *template("crlf.txt")).prompts[2] == "A\n%s %d {0} $x"


@pytest.mark.parametrize("form", ["{ text }", "$text", "${text}", "%(text)s", "{text}"])
def test_other_ways_to_name_a_column_are_told_with_the_right_one(build, form):
    built = build("csv", at(70, "d.csv"), "--template", f"Label: {form}")
    assert (built.code, "Write {{ text }}: Label: {{ text }}" in built.said) == (2, True), built.said


@pytest.mark.slow
def test_a_quote_that_is_never_closed_is_one_row_to_the_end_of_the_file(build):
    built = build("csv", at(90, "noclose.csv"), "--skip-bad-rows")
    assert "noclose.csv:3: a double quote opened in this row is never closed" in built.said
    assert "the row goes from line 3 to line 2000" in built.said
    assert built.report["requests"] + built.report["left_out_lines"] + 1 == 2_000
    assert len(built.left_out[0]["row"]["unread"].splitlines()) == 1_998
    built = build("csv", at(90, "noclose.csv"), "--quote", "none", "--skip-bad-rows")
    assert built.report["rows"] == 1_999


def test_one_bad_value_of_a_json_array_stops_one_row(build, tmp_path):
    path = tmp_path / "rows.json"
    path.write_text(
        '[{"text": "a", "n": 123456789012345678901234567890}, {"text": "b", "n": 1e999}, {"text": tru}, {"text": "d"}]'
    )
    built = build("json", path, "--skip-bad-rows")
    assert built.prompts == ["a", "b", "d"]
    assert "rows.json:3: this is not valid JSON" in built.said
    assert built.rows[0]["row"]["n"] == 123456789012345678901234567890
    assert built.left_out[0]["row"]["unread"] == '{"text": tru}'


def test_the_largest_array_of_objects_holds_the_rows_and_that_is_said(build, tmp_path):
    path = tmp_path / "rows.json"
    path.write_text(
        '{"meta": {"tags": [{"text": "no"}]}, "a.b": {"items": [{"text": "x"}, {"text": "y", "late": 1}]}}'
    )
    built = build("json", path)
    assert (built.prompts, built.report["reading"]["path"]) == (["x", "y"], "a.b.items")
    assert "the rows are taken from a.b.items (2 objects); there is also meta.tags (1)" in built.said
    assert build("json", path, "--at", "meta.tags").prompts == ["no"]
    assert build("json", path, "--at", "$.a.b.items[*]").prompts == ["x", "y"]


def test_a_key_that_is_first_seen_late_is_a_column(build, tmp_path):
    path = tmp_path / "rows.jsonl"
    path.write_text('{"text": "a"}\n' * 1_500 + '{"text": "b", "first.seen late": "z"}\n')
    built = build("json", path, "--template", "{{ text }}{{ first.seen late }}")
    assert (built.code, built.prompts[0], built.prompts[-1]) == (0, "a", "bz")
    built = build("json", path)
    assert built.rows[-1]["row"] == {"text": "b", "first.seen late": "z"}


def test_json_in_another_encoding_is_read(build, tmp_path):
    path = tmp_path / "rows.json"
    path.write_bytes('[{"text": "Grüße"}]'.encode("utf-16"))
    assert build("json", path).prompts == ["Grüße"]
    path.write_bytes('[{"text": "Grüße aus Köln"}]'.encode("cp1252"))
    built = build("json", path)
    assert (built.prompts, "was read as cp1252" in built.said) == (["Grüße aus Köln"], True)


def test_times_of_parquet_finer_than_microseconds_are_written_out(build, tmp_path):
    import pyarrow as pa
    from pyarrow import parquet

    times = pa.array([1_700_000_000_123_456_789, None], pa.timestamp("ns"))
    parquet.write_table(pa.table({"text": ["a", "b"], "at": times}), tmp_path / "rows.parquet")
    built = build("parquet", tmp_path / "rows.parquet", "--template", "{{ text }} {{ at }}")
    assert built.prompts == ["a 2023-11-14 22:13:20.123456789", "b "]


def test_a_file_of_one_column_whose_lines_share_a_sign_is_doubted(build, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id~text\n1~foo\n2~bar\n")
    built = build("csv", path)
    assert "there is one column, and every line of the beginning has as many '~'" in built.said
    assert build("csv", path, "--delimiter", "~").prompts == ["foo", "bar"]


def test_a_file_without_a_header_is_read_when_that_is_said(build, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("1,12.5,foo\n2,3.5,bar\n")
    assert (
        "line 1 was taken for the header and looks like a row: 1, 12.5, foo"
        in build("csv", path, "--prompt-column", "3").said
    )
    built = build("csv", path, "--no-header", "--template", "{{ column_3 }}")
    assert (built.prompts, built.report["reading"]["header_line"]) == (["foo", "bar"], None)


def test_rows_that_are_too_short_are_filled_when_that_is_said(build, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_text("id,text,note\n1,foo\n2,bar,x\n3,baz,y,z\n")
    built = build("csv", path, "--skip-bad-rows")
    assert (built.prompts, "--ragged fill" in built.said) == (["bar"], True)
    built = build("csv", path, "--ragged", "fill", "--skip-bad-rows")
    assert (built.prompts, built.rows[0]["row"]["note"]) == (["foo", "bar"], "")


def test_a_damaged_row_of_a_csv_stops_nothing_but_itself(build, tmp_path):
    path = tmp_path / "rows.csv"
    path.write_bytes(b"id,text\n1,good\n2,b\x00ad\n3,fine\n")
    built = build("csv", path, "--skip-bad-rows")
    assert (built.prompts, "rows.csv:3: column 'text' holds a zero byte" in built.said) == (
        ["good", "fine"],
        True,
    )
    assert build("csv", path, "--template", "{{ id }}").prompts == ["1", "2", "3"]


def test_a_list_of_pdfs_is_built_but_for_what_is_none_and_check_finds_what_the_api_refuses(
    build, tmp_path, capsys
):
    built = build(
        "csv", "43/list.csv", "--prompt-column", "text", "--document-column", "doc", "--skip-bad-rows"
    )
    assert "docs/html.pdf has the name of an image or a PDF, and is an HTML page" in built.said
    assert [row[0] for row in built.values] == ["1", "2", "3", "4", "5"]
    types = [prompt[0]["source"]["media_type"] for prompt in built.prompts]
    assert types == ["application/pdf"] * 5
    assert main(["check", str(tmp_path / "requests.jsonl"), "--json"], lambda _: 0) == 2
    found = json.loads(capsys.readouterr().out)["problems"]
    assert [
        (one["line"], one["severity"]) for one in found if one["code"] in {"media", "too_many_pages"}
    ] == [
        (2, "error"),
        (3, "error"),
        (4, "error"),
    ]


def test_a_text_that_speaks_of_the_header_of_a_pdf_is_a_text():
    text = b"A PDF begins with %PDF-1.7, and its first object is called 1 0 R.\n"
    assert [media_type(head) for head in (text, b"junk\r\n%PDF-1.3\n%\xe2\n1 0 obj\n", b"%PDF-1.7")] == [
        None,
        "application/pdf",
        "application/pdf",
    ]


@pytest.mark.parametrize(
    ("text", "path", "rows", "doubt"),
    [
        # Of two objects of arrays the longer arrays are the rows.
        ('{"a": {"x": ["1"], "y": ["2"]}, "b": {"x": ["3", "4"], "z": ["5", "6"]}}', "b", [["3", "5"], ["4", "6"]],
         "the rows are taken from the arrays of b; there are also those of a."),
        # A column whose items are arrays is one, too.
        ('{"x": ["1", "2"], "y": [["a"], ["b"]]}', "$", [["1", ["a"]], ["2", ["b"]]], None),
    ],
)  # fmt: skip
def test_an_object_of_arrays_is_read_with_all_its_columns_and_the_longest_wins(
    build, tmp_path, text, path, rows, doubt
):
    file = tmp_path / "rows.json"
    file.write_text(text)
    built = build("json", file, "--prompt-column", "x")
    assert (built.values, built.report["reading"]["path"]) == (rows, path)
    assert (doubt is None) != any(str(doubt) in guess for guess in built.report["reading"]["guesses"])


def test_arrays_of_different_length_are_told_by_their_names_and_at_takes_one_of_them(build, tmp_path):
    file = tmp_path / "payloads.json"
    file.write_text('{"name": "x", "types": ["a"], "payloads": ["one", "two"]}')
    built = build("json", file)
    assert built.code == 2
    assert "types ended before item 2. Say with --at which array has the rows: types, payloads." in built.said
    assert build("json", file, "--at", "payloads").prompts == ["one", "two"]


def test_a_json_file_with_nan_is_a_file_of_rows_and_not_of_requests(tmp_path):
    path = tmp_path / "scores.json"
    path.write_text('{"a": {"mu": 0.5, "p": NaN}, "b": {"mu": 0.1, "p": 1.0}}')
    assert guess_kind(str(path)) == "json"
