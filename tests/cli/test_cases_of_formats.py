"""Files that people have (tests/cases), each with what is right, from the command line to the requests file."""

import json
from pathlib import Path

import pytest

CASES = Path(__file__).parents[1] / "cases"
MODEL = ("--model", "claude-haiku-4-5")
LIMIT = ("--max-tokens", "9")


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """An empty folder."""
    monkeypatch.chdir(tmp_path)


def case(number, name):
    (folder,) = CASES.glob(f"{number}-*")
    return folder / name


def lines(name="requests.jsonl"):
    return [json.loads(line) for line in Path(name).read_text("utf-8").splitlines()]


def params():
    return [line["params"] for line in lines()]


def test_a_line_of_chat_messages_is_a_conversation_with_its_system_prompt_apart(cbtui):
    code, _, err = cbtui("build", "json", case("2A", "ft.jsonl"), *MODEL, *LIMIT)
    assert code == 0, err
    assert params() == [
        {
            "model": "claude-haiku-4-5",
            "max_tokens": 9,
            "system": "Be brief",
            "messages": [
                {"role": "user", "content": f"q{n}"},
                {"role": "assistant", "content": "a"},
                {"role": "user", "content": f"and {n}?"},
            ],
        }
        for n in range(3)
    ]
    by_itself = params()
    code, _, err = cbtui(
        "build", "json", case("2A", "ft.jsonl"), *MODEL, *LIMIT, "--params", case("2A", "p.json"), "--force"
    )
    assert (code, params()) == (0, by_itself), err


def test_chat_messages_in_parquet_are_conversations_too(cbtui):
    code, _, err = cbtui("build", "parquet", case("63", "chat.parquet"), *MODEL, *LIMIT)
    assert code == 0, err
    assert [[turn["role"] for turn in one["messages"]] for one in params()] == [
        ["user", "assistant", "user"]
    ] * 2
    assert params()[0]["messages"][0]["content"] == "hi"


def test_binary_columns_of_parquet_that_are_utf8_are_text(cbtui):
    code, _, err = cbtui("build", "parquet", case("61", "bin.parquet"), *MODEL, *LIMIT)
    assert code == 0, err
    assert [one["messages"][0]["content"] for one in params()] == ["café", "plain"]


def test_request_lines_of_openai_are_named_and_converted_once_a_model_is_said(cbtui):
    source = case("30", "openai.jsonl")
    code, _, err = cbtui("build", "jsonl", source)
    assert (code, "request lines of an OpenAI batch, whose model is 'gpt-4o-mini'" in err) == (2, True), err
    code, _, err = cbtui("build", "jsonl", source, *MODEL)
    assert (code, "texts, system and max_tokens are converted" in err) == (0, True), err
    assert lines()[0] == {
        "custom_id": "req-0",
        "params": {
            "model": "claude-haiku-4-5",
            "max_tokens": 50,
            "system": "Be brief",
            "messages": [{"role": "user", "content": "Say 0"}],
        },
    }
    assert len(lines()) == 3


@pytest.mark.parametrize(
    ("name", "maker", "first"),
    [
        ("bedrock.jsonl", "a Bedrock job", "CALL0000000"),
        ("vertex.jsonl", "a Vertex AI job", "v-0"),
    ],
)
def test_request_lines_of_bedrock_and_vertex_are_named_and_converted(cbtui, name, maker, first):
    code, _, err = cbtui("build", "jsonl", case("31", name))
    assert (code, f"request lines of {maker}, which name no model" in err) == (2, True), err
    code, _, err = cbtui("build", "jsonl", case("31", name), *MODEL)
    assert (code, f"{maker}: `anthropic_version` is left out" in err) == (0, True), err
    request = lines()[0]
    assert (request["custom_id"], request["params"]["model"], request["params"]["max_tokens"]) == (
        first,
        "claude-haiku-4-5",
        50,
    )
    assert "anthropic_version" not in request["params"]


@pytest.mark.parametrize("name", ["body.json", "array.json", "pretty.jsonl"])
def test_a_saved_create_body_is_its_requests(cbtui, name):
    source = case("32", name)
    code, _, err = cbtui("build", "jsonl", source)
    assert code == 0, err
    assert [(one["custom_id"], one["params"]["messages"][0]["content"]) for one in lines()] == [
        (f"r-{n}", f"Say {n}") for n in range(3)
    ]
    code, out, err = cbtui("check", source)
    assert (code, out, f"cbtui build jsonl {source} -o requests.jsonl" in err) == (2, "", True), err


def test_odd_ids_of_ready_requests_are_errors_until_they_are_cleaned_with_the_way_back(cbtui):
    source = case("34", "ids.jsonl")
    code, _, err = cbtui("build", "jsonl", source)
    assert (code, "custom_id 'a b' may hold" in err) == (2, True)
    code, _, err = cbtui("build", "jsonl", source, "--clean-ids", "--skip-bad-rows")
    assert code == 0, err
    assert "the id 'ok-1' repeats that of line 14" in err
    back = {line["custom_id"]: line["id"] for line in lines("requests.rows.jsonl")}
    assert list(back) == [line["custom_id"] for line in lines()]
    assert len(back) == 14
    assert {"a b", "tab\t", "end ", "{9f1c-22}", "https://e.org/a?b=1", "x" * 65, "12", "A", "a"} <= {
        *back.values()
    }
    code, out, _ = cbtui("check", "requests.jsonl")
    assert (code, "0 errors, 0 warnings" in out) == (0, True), out


def test_half_an_emoji_is_named_and_replaced_only_when_asked(cbtui):
    source = case("35", "s.jsonl")
    code, out, _ = cbtui("check", source)
    assert (code, "s.jsonl:1: \\ud83d at column 112 is half of a surrogate pair" in out) == (2, True), out
    code, _, err = cbtui("build", "jsonl", source)
    assert (code, "half of a surrogate pair" in err) == (2, True)
    code, _, err = cbtui("build", "jsonl", source, "--skip-bad-rows")
    assert (code, [one["custom_id"] for one in lines()]) == (0, ["b"]), err
    code, _, err = cbtui("build", "jsonl", source, "--surrogates", "replace", "--force")
    assert (code, [one["messages"][0]["content"] for one in params()]) == (0, ["cut \ufffd", "nul \x00 x"]), (
        err
    )


def test_images_are_typed_by_their_bytes_whatever_they_are_called(cbtui):
    code, _, err = cbtui("build", "documents", case("40", "docs"), *MODEL, *LIMIT)
    assert code == 0, err
    types = [one["messages"][0]["content"][0]["source"]["media_type"] for one in params()]
    names = [line["id"] for line in lines("requests.rows.jsonl")]
    assert dict(zip(names, types, strict=True)) == {
        "anim.png": "image/gif",
        "animated.gif": "image/gif",
        "apng.png": "image/png",
        "cmyk.jpg": "image/jpeg",
        "photo.png": "image/jpeg",
        "rotated.jpg": "image/jpeg",
        "shot.jpg": "image/webp",
    }


def test_a_file_is_in_its_request_also_where_the_template_does_not_name_its_text(cbtui):
    code, _, err = cbtui(
        "build", "documents", case("45", "docs"), *MODEL, *LIMIT, "--template", "Summarise {{ name }}"
    )
    assert code == 0, err
    content = {line["id"]: line for line in lines("requests.rows.jsonl")}
    assert list(content) == ["ok.pdf", "r1.txt", "r2.txt", "r3.txt"]
    for number, one in enumerate(params()):
        document, text = one["messages"][0]["content"]
        assert document["type"] == "document"
        assert text == {"type": "text", "text": f"Summarise {'ok.pdf' if number == 0 else f'r{number}.txt'}"}
        if number:
            assert document["source"] == {
                "type": "text",
                "media_type": "text/plain",
                "data": f"Report number {number}, with its own words.\n",
            }


@pytest.mark.parametrize(
    ("name", "whose"), [("out.jsonl.out", "a Bedrock job"), ("vertex.jsonl", "a Vertex AI job")]
)
def test_results_of_other_platforms_given_as_a_source_are_named(cbtui, name, whose):
    for command in (("build", "jsonl", case("81", name)), ("check", case("81", name))):
        code, _, err = cbtui(*command)
        assert (code, f"these are results of {whose}, not requests" in err) == (2, True), err


def test_an_error_of_an_older_shape_shows_its_type_and_message(cbtui):
    code, out, _ = cbtui("results", case("82", "r.jsonl"), "--format", "csv")
    rows = {line.split(",")[0]: line for line in out.splitlines()}
    assert code == 1
    assert "errored,,invalid_request: messages: bad" in rows["b"]
    assert "errored,,invalid_request_error: max_tokens: too big" in rows["c"]
    assert "api_error: Internal server error" in rows["i"]
    _, out, _ = cbtui("results", case("82", "r.jsonl"), "--where", 'error="invalid_request" and text:bad')
    assert [json.loads(line)["custom_id"] for line in out.splitlines()] == ["b"]


def test_cells_that_a_spreadsheet_would_run_are_guarded(cbtui):
    code, _, err = cbtui("export", case("86", "r.jsonl"), "-o", "x.csv")
    assert (code, Path("x.csv").read_bytes()) == (0, case("86", "x.csv").read_bytes()), err


def test_an_id_in_two_files_of_results_keeps_both_answers_and_is_listed(cbtui):
    both = (case("87", "first.jsonl"), case("87", "second.jsonl"))
    code, out, _ = cbtui("results", *both)
    answers = [json.loads(line) for line in out.splitlines()]
    assert code == 1
    assert [one["custom_id"] for one in answers] == ["x1", "x2", "x3", "x2", "x3"]
    assert out.splitlines() == case("87", "cat.jsonl").read_text().splitlines()
    _, out, _ = cbtui("results", case("87", "cat.jsonl"), "--list", "duplicate")
    assert {line.split()[0] for line in out.splitlines()} == {"x2", "x3"}
