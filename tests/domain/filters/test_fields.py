from __future__ import annotations

import pytest

from claude_batch_tui.domain.filters.fields import complete


def values(field):
    known = {
        "error": ["api_error", "overloaded_error"],
        "json": ["label", "level", "a b"],
        "json.label": ["billing", "two words"],
    }
    return known.get(field, [])


@pytest.mark.parametrize(
    ("text", "start", "choices"),
    [
        ("out", 0, ["out>", "out=", "out!=", "out<", "out<=", "out>="]),
        ("outc", 0, ["outcome="]),
        ("outcome=e", 8, ["errored", "expired"]),
        ("outcome=ok", 8, ["succeeded"]),
        ("not (class=t", 11, ["truncated"]),
        ("error:", 6, ["api_error", "overloaded_error"]),
        ("in>5 an", 5, ["and "]),
        ("j", 0, ["json."]),
        ("json.", 5, ["label=", "level="]),
        ("in>5 lev", 5, ["json.level="]),
        ("not (json:$.lab", 12, ["label="]),
        ("json.label = b", 13, ["billing"]),
        ("json.label=", 11, ["billing", '"two words"']),
        ("class=cut", 6, ["truncated"]),
        ("text:re", 5, []),
        ("T-9", 3, []),
        ('text:"a b', 5, []),
    ],
)
def test_what_can_follow_is_offered(text, start, choices):
    found = complete(text, len(text), values)
    assert (found.start if choices else start, list(found.choices)) == (start, choices)


def test_with_nothing_typed_every_field_is_offered():
    assert complete("", 0, values).choices[:3] == ("id:", "outcome=", "class=")
