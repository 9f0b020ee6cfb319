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
        ("Name the right --encoding.", "Name the right `encoding`."),
        ("If not, say --skip-lines 0", "If not, fill in `reading`: skip_lines=0"),
        ("Say --quote none, or mend it", "Fill in `reading`: quote=none, or mend it"),
        ("--ragged fill reads them as empty", "`reading`: ragged=fill reads them as empty"),
    ],
)
def test_a_sentence_about_an_option_names_the_field_instead_where_there_is_one(sentence, shown):
    assert in_fields(sentence) == shown


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
