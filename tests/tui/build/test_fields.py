"""What the fields of Build mean, and what they are called in sentences."""

import msgspec
import pytest

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.sources.recipe import BuildSpec, Recipe
from claude_batch_tui.tui.build.fields import (
    FIELDS,
    READY,
    begun_variable,
    betas_of,
    in_fields,
    problem_of,
    spec_of,
    values_of,
)


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
        ("a.xlsx: which sheet? Say --sheet NAME.", "a.xlsx: which sheet? Fill in `sheet`."),
        ("Say --set model=M.", "Fill in `set` model=M."),
        ("Name the right --encoding.", "Name the right `encoding`."),
        ("If not, say --skip-lines 0", "If not, fill in `skip lines`: 0"),
        ("Say --quote none, or fix it", "Fill in `quote`: none, or fix it"),
        ("--ragged fill reads them as empty", "`ragged`: fill reads them as empty"),
    ],
)
def test_a_sentence_about_an_option_names_the_field_instead_where_there_is_one(sentence, shown):
    assert in_fields(sentence) == shown


MODEL = {"model": "claude-haiku-4-5", "max_tokens": "9"}


RECIPES = [
    BuildSpec(
        kind="csv",
        path="a.csv",
        encoding="cp1252",
        delimiter="\t",
        quote="none",
        escape="\\",
        skip_lines=0,
        no_header=True,
        ragged="fill",
        prompt_column="text",
        template="Label:\n{{ text }}",
        system="Be brief.\n\nVery.",
        rows_per_request=10,
        times=3,
        id_template="{{ a }}-{{ b }}",
        run_prefix="x_",
        image_column="img",
        document_column="doc",
        cache_ttl="1h",
        set=("temperature=null", "messages[0].content=a, b=c"),
        model="m",
        max_tokens=7,
        params={
            "temperature": 0.25,
            "thinking": {"type": "enabled", "budget_tokens": 2048},
            "output_config": {
                "effort": "high",
                "format": {"type": "json_schema", "schema": {"type": "object"}},
            },
            "tools": [{"name": "t", "input_schema": {"type": "object"}}],
            "stop_sequences": ["\n\n", "###"],
            "messages": [{"role": "user", "content": "An {{ example }}"}],
        },
    ),
    BuildSpec(
        kind="json", path="a.json", at="data.items", nan="null", surrogates="replace", messages_column="turns"
    ),
    BuildSpec(kind="text", path="a.csv", split_by="separator", separator="\n---\n", prompt_column="text"),
    BuildSpec(kind="text", path="a.txt", split_by="paragraph", id_column="line"),
    BuildSpec(kind="sqlite", path="a.db", query="SELECT *\nFROM t"),
    BuildSpec(kind="spreadsheet", path="a.xlsx", sheet="Data 2026", skip_lines=2),
    BuildSpec(
        kind="documents", path="docs", encoding="utf-16", id_template="{{ path }}", image_column="path"
    ),
    BuildSpec(kind="parquet", path="a.bin", id_column="id"),
    BuildSpec(kind="custom", path="a.py", script_env=("A", "B"), set=("top_k=5",)),
    BuildSpec(kind="jsonl", path="a.json", clean_ids=True, run_prefix="r-", surrogates="replace"),
    BuildSpec(
        kind="json",
        path="b.json",
        params={
            "thinking": {"type": "adaptive", "display": "summarized"},
            "output_config": {"effort": "low", "more": 1},
            "tools": [],
            "temperature": True,
        },
    ),
]


@pytest.mark.parametrize("spec", RECIPES, ids=lambda spec: f"{spec.kind}-{spec.path}")
def test_no_key_of_a_recipe_is_lost_in_the_form(spec):
    recipe = Recipe(spec=spec, name="n", betas=("b-1", "b-2"))
    values = values_of(recipe)
    again = spec_of(values)
    if spec.kind not in READY and spec.model is None:
        again = msgspec.structs.replace(again, model=None, max_tokens=None)
    wanted = msgspec.structs.replace(spec, delimiter="tab") if spec.delimiter else spec
    assert again == wanted
    assert (values["name"], betas_of(values)) == ("n", ("b-1", "b-2"))


def test_every_key_of_a_recipe_has_a_field_and_every_field_is_a_key_of_a_recipe():
    of_params = {"temperature", "thinking", "effort", "schema", "tools"}
    keys = {*BuildSpec.__struct_fields__} - {"path"} | {"source", "name", "betas"} | of_params
    assert {*FIELDS} == keys


def test_params_are_a_file_or_json_itself_and_the_fields_go_over_them(tmp_path):
    (tmp_path / "p.toml").write_text('model = "m"\nmax_tokens = 5\ntemperature = 1.0\n')
    (tmp_path / "s.json").write_text('{"type": "object"}')
    (tmp_path / "t.json").write_text('{"tools": [{"name": "t"}]}')
    values = {
        "source": "a.csv",
        "params": str(tmp_path / "p.toml"),
        "temperature": "0.5",
        "schema": str(tmp_path / "s.json"),
        "tools": str(tmp_path / "t.json"),
        "effort": "low",
        "thinking": "adaptive",
    }
    spec = spec_of(values, complete=True)
    assert (spec.model, spec.max_tokens) == ("m", 5)
    assert spec.params == {
        "model": "m",
        "max_tokens": 5,
        "temperature": 0.5,
        "thinking": {"type": "adaptive"},
        "output_config": {"effort": "low", "format": {"type": "json_schema", "schema": {"type": "object"}}},
        "tools": [{"name": "t"}],
    }
    assert spec_of({"source": "a.csv", "params": '{"top_k": 5}'}).params == {"top_k": 5}


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("max_tokens", "many", "max_tokens is a whole number, not 'many'."),
        ("temperature", "warm", "temperature is a number from 0 to 1, not 'warm'."),
        ("thinking", "enabled", "thinking: the budget is a whole number, not ''."),
        ("thinking", "hard", "thinking is adaptive, disabled, between_tools or enabled N, not 'hard'."),
        ("params", "{", "`other params`, line 1: this is not valid JSON"),
        ("params", '{"a": null}', "`other params`: a is null. Leave the key out."),
        ("tools", '{"a": 1}', "`tools`: this is no list of tools."),
        ("schema", "gone.json", "there is no such file."),
        ("ragged", "no", "ragged is error or fill, not 'no'."),
        ("no_header", "maybe", "no header is yes or left out, not 'maybe'."),
        ("kind", "word", "kind is one of csv, json"),
        ("skip_lines", "x", "skip lines is a whole number, not 'x'."),
    ],
)
def test_what_a_field_cannot_mean_is_one_sentence(name, text, sentence):
    assert sentence in problem_of(name, {name: text})
    with pytest.raises(ConfigError):
        spec_of({"source": "a.json" if name == "nan" else "a.csv", name: text})


def test_several_rows_in_a_request_are_a_number_of_them():
    spec = spec_of({"source": "a.csv", "rows_per_request": "10", **MODEL})
    assert spec.rows_per_request == 10
    assert values_of(Recipe(spec=spec))["rows_per_request"] == "10"
    with pytest.raises(ConfigError, match="per request is a whole number, not 'some'"):
        spec_of({"source": "a.csv", "rows_per_request": "some", **MODEL})


def test_values_over_a_ready_file_are_a_line_each(tmp_path):
    source = tmp_path / "ready.jsonl"
    source.write_text('{"custom_id": "a", "params": {}}\n')
    said = (
        "model=claude-haiku-4-5",
        'stop_sequences=["a, b", "c"]',
        "system=Be brief, please",
        "messages[0].content=x=1, y",
    )
    fields = {"source": str(source), "set": "\n".join(said), "clean_ids": "Yes", **MODEL}
    spec = spec_of(fields)
    assert (spec.kind, spec.set, spec.clean_ids, spec.model, spec.max_tokens) == (
        "jsonl",
        said,
        True,
        None,
        None,
    )
    assert spec_of(values_of(Recipe(spec=spec))) == spec


def test_a_recipe_for_ready_requests_says_its_model_over_them(tmp_path):
    source = tmp_path / "ready.jsonl"
    source.write_text('{"custom_id": "a", "params": {}}\n')
    recipe = Recipe(spec=BuildSpec(kind="jsonl", path=str(source), model="claude-opus-5", set=("top_k=5",)))
    assert values_of(recipe)["set"] == "model=claude-opus-5\ntop_k=5"


@pytest.mark.parametrize(
    ("before", "after", "taken"),
    [
        ("Of {{ sh", "", (5, 0)),
        ("Of {{", " }} today", (2, 3)),
        ("{{ shop }} and ", "", (0, 0)),
        ("a { b", "}}", (0, 0)),
    ],
)
def test_a_column_takes_the_place_of_a_variable_that_is_begun_at_the_caret(before, after, taken):
    assert begun_variable(before, after) == taken
