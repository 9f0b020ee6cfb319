"""What is read with a plain key goes over REST as the SDK would send it, and without the SDK."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from claude_batch_tui.api.client import AnthropicApi
from claude_batch_tui.api.rest import Rest, plain_key
from claude_batch_tui.api.sdk import Sdk
from claude_batch_tui.config import load
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator

OF_THE_SDK = ("x-stainless-", "user-agent")
"""What the SDK says of itself."""
SETTINGS = {"workspace": "wrkspc_x"}


@pytest.fixture
def simulator():
    with Simulator(seed=5, rates=ALL_ANSWERED) as running:
        yield running


async def calls(simulator, verb, monkeypatch, *, by_sdk):
    """The calls that one verb makes, without what the SDK says of itself."""
    if by_sdk:
        monkeypatch.setattr("claude_batch_tui.api.client.plain_key", lambda *_: None)
    batch = simulator.batches.add(3)
    simulator.batches.finish(batch.id)
    api = AnthropicApi(load({"base_url": simulator.base_url, **SETTINGS})[0], api_key=simulator.key)
    assert isinstance(api._reads, Rest) is not by_sdk
    seen = len(simulator.log)
    if verb == "results":
        with api.open_results(batch.id) as stream:
            assert b"".join(stream).count(b"\n") == 3
    elif verb == "retrieve":
        await api.retrieve(batch.id)
    elif verb == "models":
        await api.models()
    else:
        await api.list_page(limit=7, after_id=batch.id)
    await api.close()
    assert api.base_url == simulator.base_url
    assert api.credential.startswith("key …")
    return [
        (
            call.method,
            call.path.replace(batch.id, "ID"),
            str(call.query).replace(batch.id, "ID"),
            {name: value for name, value in call.headers.items() if not name.startswith(OF_THE_SDK)},
        )
        for call in list(simulator.log.all())[seen:]
    ]


@pytest.mark.parametrize("verb", ["list", "retrieve", "models", "results"])
async def test_a_read_is_the_same_on_the_wire_as_the_sdks(simulator, monkeypatch, verb):
    plain = await calls(simulator, verb, monkeypatch, by_sdk=False)
    assert plain == await calls(simulator, verb, monkeypatch, by_sdk=True)
    assert len(plain) == 1


@pytest.mark.parametrize(
    ("settings", "environment", "api_key", "found"),
    [
        ({}, {"ANTHROPIC_API_KEY": "k"}, None, "k"),
        ({}, {"ANTHROPIC_API_KEY": "k"}, "own", "own"),
        ({}, {}, None, None),
        ({"profile": "work"}, {"ANTHROPIC_API_KEY": "k"}, None, None),
        ({}, {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_AUTH_TOKEN": "t"}, None, None),
        ({}, {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_CUSTOM_HEADERS": "a: b"}, None, None),
        ({}, {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_LOG": "debug"}, None, None),
    ],
)
def test_where_there_is_more_than_a_key_the_sdk_decides(settings, environment, api_key, found):
    assert plain_key(load(settings)[0], environment, api_key) == found


async def test_a_batch_is_canceled_and_deleted_by_the_sdk_over_the_same_api(simulator):
    batch = simulator.batches.add(3, duration=9e9)
    api = AnthropicApi(load({"base_url": simulator.base_url})[0], api_key=simulator.key)
    await api.cancel(batch.id)
    assert "x-stainless-lang" in list(simulator.log.all())[-1].headers
    await api.close()


async def test_calls_at_once_share_one_sdk(simulator, monkeypatch):
    made = []

    class Counted(Sdk):
        def __init__(self, *args, **options):
            made.append(self)
            super().__init__(*args, **options)

    monkeypatch.setattr("claude_batch_tui.api.sdk.Sdk", Counted)
    batches = [simulator.batches.add(3, duration=9e9) for _ in range(4)]
    api = AnthropicApi(load({"base_url": simulator.base_url})[0], api_key=simulator.key)
    await asyncio.gather(*(api.cancel(batch.id) for batch in batches))
    await api.close()
    assert len(made) == 1


@pytest.mark.slow
@pytest.mark.parametrize("words", [["list"], ["status", "--short"], ["results", "ID"]])
def test_a_command_that_only_reads_loads_no_sdk(simulator, monkeypatch, own_folders, words):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", simulator.base_url)
    monkeypatch.setenv("ANTHROPIC_API_KEY", simulator.key)
    batch = simulator.batches.add(3)
    simulator.batches.finish(batch.id)
    words = [batch.id if word == "ID" else word for word in words]
    script = (
        "import sys\nfrom claude_batch_tui.cli.main import main\n"
        f"code = main({words!r}, None)\nprint(code, 'anthropic' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stderr.splitlines()[-1] == "0 False"
