from __future__ import annotations

import pytest
from textual.keys import KEY_NAME_REPLACEMENTS

from claude_batch_tui import keymap
from claude_batch_tui.config import Config
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.keymap import checked_keys, settings_schema


def test_keys_are_spelled_as_the_dashboard_has_them():
    given = {"batches.archive": "/", "batches.cancel": "f8, ctrl+b", "batches.filter": "alt+x"}
    assert checked_keys(given, "f") == {
        "batches.hide": "slash",
        "batches.cancel": "f8,ctrl+b",
        "batches.filter": "alt+x",
    }
    assert keymap._SHORTER == KEY_NAME_REPLACEMENTS


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"batches.cancle": "f8"}, "no action 'batches.cancle'. Did you mean 'batches.cancel'"),
        ({"batches.cancel": "c"}, "gives 'c' to 'batches.cancel', but 'batches.columns' has it"),
        ({"batches.cancel": "j"}, "but 'list.down' has it"),
        ({"batches.cancel": "f8", "batches.tag": "f8"}, "but 'batches.tag' has it"),
        ({"batches.cancel": "cntrl+x"}, "'cntrl\\+x' is no key"),
        ({"batches.cancel": "eff8"}, "'eff8' is no key"),
    ],
)
def test_what_cannot_be_a_key_is_refused_by_name(given, words):
    with pytest.raises(ConfigError, match=words):
        checked_keys(given, "config.toml")


def test_two_actions_may_change_keys_with_each_other():
    swapped = {"batches.cancel": "c", "batches.columns": "x"}
    assert checked_keys(swapped, "f") == swapped


def test_every_own_key_is_one_and_every_setting_is_in_the_schema():
    properties = settings_schema()["properties"]
    assert tuple(properties) == Config.__struct_fields__
    own = {name: one["default"] for name, one in properties["keys"]["properties"].items()}
    assert checked_keys(own, "f") == own
