"""What proves who calls, as the SDK finds it, on its way into the headers."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.api.client import AnthropicApi
from claude_batch_tui.config import load
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.redaction import redact
from claude_batch_tui.simulator import Simulator

TOKEN = "sk-ant-sim-demo-TOKENTOKEN1234"


@pytest.fixture
def simulator():
    with Simulator(seed=5) as running:
        yield running


@pytest.fixture
def write_profile(tmp_path, monkeypatch, simulator):
    """A profile of the SDK's own folder, with this token; the API that uses it."""

    def write(token, base_url=simulator.base_url):
        monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(tmp_path))
        for name, content in (
            ("configs", {"authentication": {"type": "user_oauth"}, "base_url": base_url}),
            ("credentials", {"type": "oauth_token", "access_token": token}),
        ):
            file = tmp_path / name / "mine.json"
            file.parent.mkdir(exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(json.dumps(content))
        return AnthropicApi(load({"profile": "mine"})[0])

    return write


async def test_a_token_that_the_sdk_reads_from_a_profile_loses_its_line_end(write_profile, simulator):
    api = write_profile(f"{TOKEN}\r\n")
    await api.list_page()
    await api.close()
    assert len(simulator.log) == 1
    assert redact(TOKEN) == "…"  # known, not only of the form of a key


@pytest.mark.parametrize("token", [f"{TOKEN}\n{TOKEN}", f"{TOKEN}\x00"])
async def test_a_token_of_a_profile_that_no_header_can_hold_is_refused_unsent(
    write_profile, simulator, tmp_path, token
):
    api = write_profile(token)
    body = tmp_path / "body.json"
    body.write_text('{"requests":[]}')
    with pytest.raises(ConfigError, match="The header authorization holds a line end") as listing:
        await api.list_page()
    with pytest.raises(ConfigError, match="The header authorization") as creating:
        api.create(body, idempotency_key="k")
    await api.close()
    assert len(simulator.log) == 0
    assert "TOKENTOKEN" not in f"{listing.value}{creating.value}"


def test_an_address_of_a_profile_is_looked_at_too(write_profile):
    with pytest.raises(ConfigError, match=r"profile, http://localhost\.example\.com, is not https"):
        write_profile(TOKEN, "http://localhost.example.com")


@pytest.mark.parametrize("name", ["wrkspc_1\nx-other: 1", "wrkspc\x00"])
def test_a_setting_that_becomes_a_header_is_refused_where_it_cannot_be_one(simulator, name):
    config, _ = load({"base_url": simulator.base_url, "workspace": name})
    with pytest.raises(ConfigError, match="The header anthropic-workspace-id holds a line end"):
        AnthropicApi(config, api_key=simulator.key)
