"""What is said beside and below the fields while they are typed."""

from datetime import UTC, datetime

import pytest

from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.tui.build.advice import advice, model_rows
from claude_batch_tui.tui.build.live import known_today

COLUMNS = ("ticket", "First name", "body")


@pytest.fixture
def said(config):
    known = known_today(config, datetime(2026, 11, 30, tzinfo=UTC))

    def of(**values):
        return advice({"source": "a.csv"} | values, COLUMNS, known)

    return of


def test_a_model_says_its_price_its_ceiling_and_what_it_has_not(said):
    facts = said(model="claude-haiku-4-5").facts
    assert facts["model"] == "$0.50 in, $2.50 out /M"
    assert facts["max_tokens"] == "at most 64,000"
    assert facts["effort"] == "none with this model"
    assert facts["temperature"] == "refused: leave it out"
    assert said(model="claude-haiku-4-5").needless == {"temperature", "effort"}
    assert said().facts == {}


@pytest.mark.parametrize(
    ("field", "text", "words", "is_error"),
    [
        ("max_tokens", "64001", "above the 64,000", True),
        ("max_tokens", "0", "at least 1", True),
        ("model", "claude-hiaku", "not known", False),
        ("thinking", "enabled 5", "at least 1,024", True),
        ("effort", "wild", "is one of low", True),
        ("tools", '[{"type": "function"}]', "another API", True),
        ("params", '{"betas": []}', "belong to the whole batch", True),
        ("params", '{"topk": 1}', "did you mean top_k", False),
        ("prompt_column", "boddy", "Did you mean 'body'?", True),
        ("template", "{{ boddy }}", "{{ boddy }} is no column. Did you mean 'body'?", True),
        ("template", "Label it.", "every request says the same", False),
        ("template", "{{ body }}", None, True),
        ("system", "{{ body | upper }} {{ First name }} {{ row['ticket'] }}", None, True),
        ("source", "", None, True),
    ],
)
def test_what_is_wrong_with_a_field_stands_below_it(said, field, text, words, is_error):
    values = {"model": "claude-haiku-4-5", "max_tokens": "100"} | ({field: text} if text else {})
    notes = said(**values).notes
    if words is None:
        assert field not in notes
    else:
        assert words in notes[field].text
        assert notes[field].is_error is is_error


@pytest.mark.parametrize(
    "more",
    [
        {"source": "scans/*.pdf"},
        {"image_column": "ticket"},
        {"system": "Of {{ ticket }}"},
        {"set": "metadata.user_id={{ ticket }}"},
    ],
)
def test_a_template_without_columns_is_right_where_something_else_differs_by_row(said, more):
    assert "template" not in said(template="Label it.", **more).notes


def test_a_prompt_column_that_the_template_leaves_out_is_said(said):
    def note(template):
        return said(prompt_column="body", template=template).notes.get("prompt_column")

    assert "{{ prompt }} in it is this column" in note("Label {{ ticket }}").text
    assert "{{ prompt }} in it is this column" in note("Label this row, body and all: {{ ticket }}").text
    assert [
        note(each) for each in ("Label {{ prompt }}", "{{ body }}", "{% for row in rows %}{% endfor %}", "")
    ] == [None] * 4


def test_an_empty_file_is_said_at_the_source(said, tmp_path):
    (tmp_path / "empty.csv").write_text("")
    assert (
        said(source=str(tmp_path / "empty.csv")).notes["source"].text
        == "The file is empty. Choose another (^o)."
    )


def test_models_are_listed_with_price_context_and_when_they_retire(config):
    known = known_today(config, datetime(2026, 11, 30, tzinfo=UTC))
    rows = dict(model_rows(known))
    assert "$0.05 in  $0.25 out    1M context  128k answer" in rows["claude-haiku-5-5"]
    assert any("retires 20" in words for words in rows.values())
    overdue = [name for name, words in rows.items() if "retired" in words or "was to retire" in words]
    assert overdue == list(rows)[-len(overdue) :]
    assert next(iter(rows)) == next(iter(known.models.by_name))


def test_a_price_table_that_cannot_be_read_is_one_sentence(config):
    config.config_dir.mkdir(parents=True, exist_ok=True)
    (config.config_dir / "prices.toml").write_text("[[")
    with pytest.raises(CbtuiError, match=r"prices\.toml"):
        known_today(config, datetime(2026, 11, 30, tzinfo=UTC))
