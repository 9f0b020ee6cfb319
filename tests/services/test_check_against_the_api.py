"""Every check of params against the simulator: what we pass succeeds there, what we refuse is refused there."""

import json
from datetime import date
from importlib import resources

import pytest

from claude_batch_tui.domain.requests.models import load_models
from claude_batch_tui.domain.requests.validation import RequestsCheck
from claude_batch_tui.services.submitting.spool import Outgoing, freeze
from sending import sending

TABLE = (resources.files("claude_batch_tui.domain") / "models.toml").read_bytes()
TOOL = {"name": "t", "description": "d", "input_schema": {"type": "object"}}
TEXT = {"type": "text", "text": "x"}


def image(**source):
    return [{"role": "user", "content": [{"type": "image", "source": {"type": "base64", **source}}, TEXT]}]


def turns(*roles):
    return [{"role": role, "content": "x"} for role in roles]


CASES = [
    {},
    {"max_tokens": 0},
    {"max_tokens": -1},
    {"max_tokens": "9"},
    {"max_tokens": None},
    {"max_tokens": 64_001},
    {"max_tokens": 64_000},
    {"messages": None},
    {"messages": []},
    {"messages": "x"},
    {"messages": turns("user", "assistant")},
    {"messages": turns("user", "assistant", "user")},
    {"messages": turns("robot")},
    {"messages": [{"role": "user", "content": ""}]},
    {"messages": [{"role": "user", "content": []}]},
    {"messages": [{"role": "user", "content": 5}]},
    {"messages": image(media_type="image/png", data="aGk=")},
    {"messages": image(media_type="image/bmp", data="aGk=")},
    {"messages": image(media_type="image/png", data="")},
    {"stream": True},
    {"stream": False},
    {"speed": "fast"},
    {"betas": ["x"]},
    {"fallbacks": []},
    {"workspace_id": "w"},
    {"temperature": 1.0},
    {"top_p": 0.5},
    {"top_k": 5},
    {"system": "Be short."},
    {"system": [{**TEXT, "cache_control": {"type": "ephemeral", "ttl": "1h"}}]},
    {"system": [{"type": "text", "text": str(n), "cache_control": {"type": "ephemeral"}} for n in range(5)]},
    {"thinking": {"type": "enabled", "budget_tokens": 1024}, "max_tokens": 2000},
    {"thinking": {"type": "enabled", "budget_tokens": 1023}, "max_tokens": 2000},
    {"thinking": {"type": "enabled", "budget_tokens": 2000}, "max_tokens": 2000},
    {"thinking": {"type": "enabled"}, "max_tokens": 2000},
    {"thinking": {"type": "adaptive"}},
    {"thinking": {"type": "disabled"}},
    {"thinking": {"type": "between_tools"}},
    {"thinking": {"type": "other"}},
    {"tools": [TOOL], "tool_choice": {"type": "any"}},
    {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "t"}},
    {"tools": [TOOL], "tool_choice": {"type": "tool", "name": "u"}},
    {"tools": [TOOL], "tool_choice": {"type": "auto"}},
    {"tool_choice": {"type": "any"}},
    {"stop_sequences": ["x"], "metadata": {"user_id": "u"}, "service_tier": "auto"},
]
MODELS = ["claude-haiku-4-5", "claude-opus-4-6", "claude-opus-5", "claude-opus-5-5", "claude-fable-5-1"]
REFUSED_LATER = {"unknown_model"}


def requests():
    for model in MODELS:
        for case in CASES:
            params = {"model": model, "max_tokens": 50, "messages": turns("user"), **case}
            yield {key: value for key, value in params.items() if value is not None}
    for model in ("claude-does-not-exist-9", "", 5):
        yield {"model": model, "max_tokens": 50, "messages": turns("user")}


async def test_what_the_check_passes_the_api_does_and_what_it_refuses_the_api_refuses(
    simulator, runtime, tmp_path
):
    file = tmp_path / "all.jsonl"
    lines = [
        json.dumps({"custom_id": f"r{number}", "params": params}) for number, params in enumerate(requests())
    ]
    file.write_text("\n".join(lines) + "\n")
    (prepared,) = freeze(Outgoing(requests=file), store=runtime.store, now=runtime.now())
    async for update in sending(runtime, prepared):
        batch_id = update.submission.batch_id
    simulator.batches.finish()
    with runtime.api.open_results(batch_id) as stream:
        results = [json.loads(line) for line in b"".join(stream).splitlines()]
    outcomes = {entry["custom_id"]: entry["result"] for entry in results}
    models = load_models(TABLE)
    disagreements = []
    for line in lines:
        check = RequestsCheck("r.jsonl", models=models, deadline=date(2026, 11, 22))
        check.add(1, line.encode())
        refused = check.problems.errors > 0 or bool(REFUSED_LATER & set(check.problems.counts))
        result = outcomes[json.loads(line)["custom_id"]]
        if refused != (result["type"] == "errored"):
            disagreements.append((line, [p.message for p in check.problems.kept], result.get("error")))
    assert disagreements == []


@pytest.mark.parametrize(
    ("custom_id", "passes"),
    [
        ("a", True),
        ("a" * 64, True),
        ("a" * 65, False),
        ("a b", False),
        ("", False),
        ("ä", False),
        ("a.b", False),
    ],
)
async def test_a_custom_id_the_check_refuses_is_refused_at_create(
    simulator, runtime, tmp_path, custom_id, passes
):
    line = json.dumps(
        {
            "custom_id": custom_id,
            "params": {"model": "claude-opus-5", "max_tokens": 5, "messages": turns("user")},
        }
    )
    check = RequestsCheck("r.jsonl")
    check.add(1, line.encode())
    assert (check.problems.errors == 0) == passes
    file = tmp_path / "one.jsonl"
    file.write_text(line)
    (prepared,) = freeze(Outgoing(requests=file), store=runtime.store, now=runtime.now())
    async for update in sending(runtime, prepared):
        state = update.submission.state
    assert state == ("created" if passes else "refused")
