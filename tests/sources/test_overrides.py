"""`--set path=value` over params."""

import pytest

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.sources.overrides import read_overrides
from claude_batch_tui.sources.rows import RowRefusedError


def applied(params, *given, **said):
    for override in read_overrides(given, **said):
        override.apply(params)
    return params


def test_values_are_json_where_they_can_be_and_texts_where_not():
    assert applied(
        {}, "temperature=0", "thinking.type=disabled", 'stop_sequences=["a"]', "metadata.user_id=7b"
    ) == {
        "temperature": 0,
        "thinking": {"type": "disabled"},
        "stop_sequences": ["a"],
        "metadata": {"user_id": "7b"},
    }


def test_null_leaves_a_key_out_and_a_missing_one_is_no_error():
    assert applied({"a": {"b": 1, "c": 2}}, "a.b=null", "x.y=null") == {"a": {"c": 2}}


def test_items_of_lists_are_named_by_their_number():
    params = {"messages": [{"role": "user", "content": "old"}]}
    assert applied(params, "messages[0].content=new = better")["messages"][0]["content"] == "new = better"


def test_model_and_limit_are_said_before_every_set():
    assert applied({"model": "a"}, "model=c", model="b", max_tokens=5) == {"model": "c", "max_tokens": 5}


@pytest.mark.parametrize("text", ["temperature", "=1", "a..b=1", "[0]=1", ""])
def test_what_is_no_path_and_value_is_one_sentence(text):
    with pytest.raises(ConfigError, match="is no path and value"):
        read_overrides([text])


@pytest.mark.parametrize("text", ["messages[3].content=x", "model.name=x", "messages[3]=null"])
def test_a_place_that_is_not_there_refuses_the_request(text):
    with pytest.raises(RowRefusedError, match="this request has no such place"):
        applied({"model": "m", "messages": []}, text)
