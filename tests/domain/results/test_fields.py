"""The names in JSON answers: for columns and for completion."""

from __future__ import annotations

import pytest

from claude_batch_tui.domain.results.fields import MOST_NAMES, AnswerFields, field_path, value_words


def test_names_are_known_in_their_order_with_width_kind_and_values():
    fields = AnswerFields()
    assert fields.add({"label": "bug", "score": 0.5})
    assert not fields.add({"label": "billing", "score": None})
    assert fields.add({"score": 12, "urgent": True})
    assert fields.names == ("label", "score", "urgent")
    assert [fields.is_number(name) for name in fields.names] == [False, True, False]
    assert fields.width("label") == 7
    assert fields.values("label") == ("bug", "billing")
    assert fields.values("urgent") == ("true",)
    assert fields.values("nothing") == ()


def test_answers_without_a_structure_do_not_make_columns_without_end():
    fields = AnswerFields()
    for number in range(MOST_NAMES + 10):
        fields.add({f"name {number}": 1})
    assert len(fields.names) == MOST_NAMES
    assert not fields.add([1, 2])
    assert not fields.add(object())


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("a\nb", "a\nb"),
        (None, ""),
        (True, "true"),
        (1.5, "1.5"),
        ([1, "x"], '[1, "x"]'),
        ([[1]], "[1]"),
        ({"a": {"b": 1}}, "{1}"),
    ],
)
def test_a_value_fits_in_a_cell(value, words):
    assert value_words(value) == words


def test_a_name_is_a_path_as_filters_and_orders_take_it():
    assert field_path("label") == "json.label"
    assert field_path("a b") == 'json["a b"]'
