"""What is said of models, caches and repeated prompts, in exactly which words."""

import json
from datetime import date
from importlib import resources

import pytest

from claude_batch_tui.domain.requests.draft import Severity
from claude_batch_tui.domain.requests.models import ModelFacts, load_models
from claude_batch_tui.domain.requests.validation import RequestsCheck

TABLE = (resources.files("claude_batch_tui.domain") / "models.toml").read_bytes()
OFFLINE = "the built-in table of 2026-11-29"
NOW = date(2026, 11, 21)


def line(custom_id="a", **changes):
    params = {
        "model": "claude-opus-5",
        "max_tokens": 50,
        "messages": [{"role": "user", "content": "Hi"}],
        **changes,
    }
    return json.dumps({"custom_id": custom_id, "params": params}).encode()


def problems_of(*lines, live=(), betas=(), api_version=None, deadline=NOW):
    models = load_models(TABLE, live, NOW if live else None)
    check = RequestsCheck("r.jsonl", models=models, betas=betas, api_version=api_version, deadline=deadline)
    for number, data in enumerate(lines, 1):
        check.add(number, data)
    return check.draft().problems


def said(*lines, **known):
    return [(problem.code, problem.message) for problem in problems_of(*lines, **known)]


def thinking(kind, **more):
    return {"thinking": {"type": kind, **more}}


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"max_tokens": 128_001}, "max_tokens_above_ceiling",
         "`max_tokens` 128,001 is above the 128,000 that claude-opus-5 allows"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "content": "{"}]}, "prefill",
         "the last message is the assistant's; this model takes no prefill, so end with the user's"),
        (thinking("enabled", budget_tokens=2000), "thinking",
         "this model refuses `thinking` of type enabled: use `adaptive` with `output_config.effort`"),
        ({"model": "claude-haiku-4-5", **thinking("adaptive")}, "thinking",
         "this model refuses `thinking` of type adaptive: use `enabled` with `budget_tokens`"),
        ({"model": "claude-opus-5-5", **thinking("disabled")}, "thinking",
         "this model refuses `thinking` of type disabled: use `between_tools` or leave it out"),
        (thinking("much"), "thinking", "`thinking` has a `type` of enabled, adaptive, disabled or between_tools"),
        ({"model": "claude-haiku-4-5", **thinking("enabled")}, "thinking",
         "`thinking` of type enabled needs `budget_tokens` of at least 1,024"),
        ({"model": "claude-haiku-4-5", "max_tokens": 1024, **thinking("enabled", budget_tokens=1024)}, "thinking",
         "`thinking.budget_tokens` 1,024 must be below `max_tokens` 1,024"),
        ({"model": "claude-opus-5-5", "tool_choice": {"type": "any"}, "tools": [{"name": "t", "input_schema": {}}]},
         "tool_choice", "this model refuses a `tool_choice` of type any: use auto"),
        ({"tool_choice": {"type": "any"}}, "tool_choice", "`tool_choice` of type any needs `tools`"),
        ({"tool_choice": {"type": "tool", "name": "x"}, "tools": [{"name": "t", "input_schema": {}}]}, "tool_choice",
         "`tool_choice` names the tool 'x', which is not among `tools`"),
        ({"temperature": 0}, "sampling_param", "`temperature` is refused under `api_version` 2026-10-21: leave it out, or set an earlier one in config.toml"),
        ({"messages": [{"role": "user", "content": [{"type": "image"}]}]}, "media",
         "the image messages[0].content[0] has no `source`"),
        ({"messages": [{"role": "user", "content": [
            {"type": "image", "source": {"type": "base64", "media_type": "image/bmp", "data": "aa"}}]}]}, "media",
         "the image messages[0].content[0] has the media_type 'image/bmp'; it is one of image/jpeg, image/png, image/gif, image/webp"),
        ({"messages": [{"role": "user", "content": [
            {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": ""}}]}]},
         "media", "the document messages[0].content[0] has no data"),
        ({"system": [{"type": "text", "text": f"{n}", "cache_control": {"type": "ephemeral"}} for n in range(5)]},
         "cache_breakpoints", "the request has 5 cache breakpoints; at most 4 are allowed"),
    ],
)  # fmt: skip
def test_what_a_model_or_a_batch_refuses_is_an_error(changes, code, message):
    errors = [p for p in problems_of(line(**changes)) if p.severity is Severity.ERROR]
    assert [(problem.code, problem.message) for problem in errors] == [(code, message)]


@pytest.mark.parametrize(
    ("changes", "code", "message"),
    [
        ({"model": "claude-opus-9"}, "unknown_model",
         f"model 'claude-opus-9' is not known ({OFFLINE}); a private one may be right, a misspelt one fails in every request"),
        ({"model": "claude-mythos-preview"}, "model_retires",
         f"claude-mythos-preview was to retire on 2026-06-30 and is overdue: it may be gone any day ({OFFLINE})"),
    ],
)  # fmt: skip
def test_what_may_still_work_is_a_warning(changes, code, message):
    found = problems_of(line(**changes))
    assert [(problem.code, problem.message) for problem in found] == [(code, message)]
    assert found[0].severity is Severity.WARNING


def test_a_model_that_retires_before_the_batch_must_end_is_warned_of():
    soon = line(model="claude-sonnet-4-5-20250929")
    assert said(soon, deadline=date(2026, 11, 1)) == [
        ("model_retires", f"claude-sonnet-4-5-20250929 is deprecated and retires on 2026-11-30 ({OFFLINE})")
    ]
    assert said(soon, deadline=date(2026, 11, 30)) == [
        (
            "model_retires",
            f"claude-sonnet-4-5-20250929 retires on 2026-11-30, before a batch sent now must end ({OFFLINE})",
        )
    ]


def test_what_the_api_says_goes_before_the_table():
    live = [ModelFacts("claude-opus-5", max_tokens=60), ModelFacts("private-1", batch_supported=False)]
    assert said(line(max_tokens=61), live=live) == [
        ("max_tokens_above_ceiling", "`max_tokens` 61 is above the 60 that claude-opus-5 allows")
    ]
    assert said(line(model="private-1"), live=live) == [
        ("no_batch_support", "private-1 does not work in batches (what the API said on 2026-11-21)")
    ]
    assert said(line(model="claude-opus-4-8"), live=live)[0][0] == "unknown_model"


def test_an_alias_is_known_where_the_api_lists_its_snapshot_alone():
    live = [ModelFacts("claude-haiku-4-5-20251001", max_tokens=64_000)]
    assert said(line(model="claude-haiku-4-5"), live=live) == []


def test_the_beta_of_long_output_raises_the_ceiling():
    long = line(max_tokens=300_000)
    assert said(long, betas=("output-300k-2026-03-24",)) == []
    assert said(long)[0][0] == "max_tokens_above_ceiling"


def test_sampling_keys_are_judged_by_the_api_version_and_the_model():
    older = {"api_version": "2023-06-01"}
    assert said(line(model="claude-haiku-4-5", temperature=0.5), **older) == []
    assert said(line(temperature=0.5), **older) == [
        (
            "sampling_param",
            "`temperature` is refused by models from Opus 4.7 on unless it has its default; leave it out",
        )
    ]


def cached(text, user):
    system = [{"type": "text", "text": text, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]
    return {"system": system, "messages": [{"role": "user", "content": user}]}


def in_wire_order(custom_id, **changes):
    params = {"model": "claude-opus-5", "max_tokens": 5, **changes}
    return json.dumps({"custom_id": custom_id, "params": params}).encode()


def test_a_breakpoint_behind_something_different_in_every_request_is_warned_of():
    long = "x" * 4_000
    assert said(in_wire_order("a", **cached(long, "1")), in_wire_order("b", **cached(long, "2"))) == []
    assert said(
        in_wire_order("a", **cached(long + "1", "1")), in_wire_order("b", **cached(long + "2", "2"))
    ) == [
        (
            "cache_never_hit",
            "no two of the 2 requests for claude-opus-5 share what stands before their cache breakpoint: writing to the cache is paid for and nothing is ever read from it",
        )
    ]


def test_a_prefix_below_the_models_minimum_is_warned_of():
    assert said(in_wire_order("a", **cached("short", "1"))) == [
        (
            "cache_too_short",
            "what stands before the cache breakpoint has about 27 tokens, and claude-opus-5 caches from 512 on: nothing is cached",
        )
    ]


def test_a_request_that_says_what_an_earlier_one_said_is_warned_of():
    assert said(line("a"), line("b", max_tokens=51), line("c")) == [
        ("duplicate_prompt", "the request says the same as that of line 1")
    ]
