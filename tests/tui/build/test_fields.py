"""What the fields of Build are called in sentences."""

import pytest

from claude_batch_tui.tui.build.fields import in_fields


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
