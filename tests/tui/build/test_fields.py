"""What the fields of Build mean, and what they are called in sentences."""

import re

import msgspec
import pytest

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.sources.recipe import BuildSpec, Recipe
from claude_batch_tui.tui.build.fields import in_fields, spec_of, values_of


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        (
            "r.csv: which column is the prompt? Say --prompt-column COL. Columns: a, b.",
            "r.csv: which column is the prompt? Fill in `prompt col`. Columns: a, b.",
        ),
        ("There is no model. Say --model M, or set it.", "There is no model. Fill in `model`, or set it."),
        ("--max-tokens is at least 1 in a batch, not 0.", "`max_tokens` is at least 1 in a batch, not 0."),
        ("--template: {{ x }} is no column.", "`template`: {{ x }} is no column."),
        ("a.xlsx: which sheet? Say --sheet NAME.", "a.xlsx: which sheet? Fill in `rows`."),
        ("Say --set model=M.", "Fill in `set` model=M."),
        ("Name the right --encoding.", "Name the right `encoding`."),
        ("If not, say --skip-lines 0", "If not, fill in `reading`: skip_lines=0"),
        ("Say --quote none, or mend it", "Fill in `reading`: quote=none, or mend it"),
        ("--ragged fill reads them as empty", "`reading`: ragged=fill reads them as empty"),
    ],
)
def test_a_sentence_about_an_option_names_the_field_instead_where_there_is_one(sentence, shown):
    assert in_fields(sentence) == shown


MODEL = {"model": "claude-haiku-4-5", "max_tokens": "9"}


def test_the_field_rows_names_the_sheet_of_a_workbook():
    spec = spec_of({"source": "a.xlsx", "rows": "Data 2026", "prompt_column": "text", **MODEL})
    assert (spec.kind, spec.sheet) == ("spreadsheet", "Data 2026")
    assert values_of(Recipe(spec=spec))["rows"] == "Data 2026"


def test_several_rows_in_a_request_are_a_number_of_them():
    spec = spec_of({"source": "a.csv", "rows_per_request": "10", **MODEL})
    assert spec.rows_per_request == 10
    assert values_of(Recipe(spec=spec))["rows_per_request"] == "10"
    with pytest.raises(ConfigError, match="per request is how many rows a request has, not 'some'"):
        spec_of({"source": "a.csv", "rows_per_request": "some", **MODEL})


def test_values_over_a_ready_file_part_at_commas_that_a_path_follows(tmp_path):
    source = tmp_path / "ready.jsonl"
    source.write_text('{"custom_id": "a", "params": {}}\n')
    fields = {
        "source": str(source),
        "set": 'model=claude-haiku-4-5, stop_sequences=["a, b", "c"], system=Be brief, please, messages[0].content=x=1, y',
        "clean_ids": "Yes",
        **MODEL,
    }
    spec = spec_of(fields)
    assert spec.set == (
        "model=claude-haiku-4-5",
        'stop_sequences=["a, b", "c"]',
        "system=Be brief, please",
        "messages[0].content=x=1, y",
    )
    assert (spec.kind, spec.clean_ids, spec.model, spec.max_tokens) == ("jsonl", True, None, None)
    again = values_of(Recipe(spec=spec))
    assert spec_of({**again, "source": str(source)}) == spec


def test_a_recipe_for_ready_requests_keeps_its_model(tmp_path):
    source = tmp_path / "ready.jsonl"
    source.write_text('{"custom_id": "a", "params": {}}\n')
    base = BuildSpec(kind="jsonl", path=str(source), params={"model": "claude-opus-5"})
    assert spec_of({"source": str(source)}, base=base).model == "claude-opus-5"


def test_a_recipe_that_says_how_a_file_is_read_fills_the_field_and_is_meant_again():
    spec = BuildSpec(
        kind="csv",
        path="a.csv",
        encoding="cp1252",
        delimiter="\t",
        quote="none",
        skip_lines=0,
        no_header=True,
        ragged="fill",
        model="m",
        max_tokens=1,
    )
    values = values_of(Recipe(spec=spec))
    assert values["encoding"] == "cp1252"
    assert values["reading"] == "delimiter=tab quote=none skip_lines=0 no_header ragged=fill"
    assert spec_of(values) == msgspec.structs.replace(spec, delimiter="tab")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("skip_lines=x", "skip_lines is a whole number, not 'x'"),
        ("ragged=no", "write ragged=error|fill"),
        ("quote=", "write quote=…"),
        ("nan=null", "'nan=null' is unknown"),
    ],
)
def test_what_the_field_reading_cannot_mean_is_one_sentence(typed, sentence):
    with pytest.raises(ConfigError, match=re.escape(sentence)):
        spec_of({"source": "a.csv", "reading": typed})
