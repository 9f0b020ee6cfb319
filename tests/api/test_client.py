from __future__ import annotations

import json

import pytest

from claude_batch_tui.api.client import AnthropicApi
from claude_batch_tui.api.translation import response_facts, retry_after_seconds
from claude_batch_tui.config import load
from claude_batch_tui.errors import (
    AuthenticationError,
    ConfigError,
    NoCredentialsError,
    NotFoundError,
    NotTheApiError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
    UnknownOutcomeError,
)
from claude_batch_tui.simulator import ALL_ANSWERED, Fault, Simulator

SECRET = "sk-ant-sim-demo-SECRETSECRET1234"


@pytest.fixture
def simulator():
    with Simulator(speed=1, seed=5, rates=ALL_ANSWERED) as running:
        yield running


@pytest.fixture
async def api(simulator):
    client = AnthropicApi(load({"base_url": simulator.base_url})[0], api_key=SECRET)
    yield client
    await client.close()


async def test_pages_are_newest_first_and_follow_the_cursors(api, simulator):
    added = [simulator.batches.add(n + 1) for n in range(5)]
    ids = [each.id for each in added][::-1]
    first = await api.list_page(limit=2)
    assert ([b.id for b in first.batches], first.has_more) == (ids[:2], True)
    second = await api.list_page(limit=5, after_id=first.last_id)
    assert ([b.id for b in second.batches], second.has_more) == (ids[2:], False)
    assert first.facts.workspace_id


async def test_retrieve_cancel_and_delete(api, simulator):
    batch_id = simulator.batches.add(3, duration=36_000).id
    batch, facts = await api.retrieve(batch_id)
    assert (batch.processing_status, facts.retry_after) == ("in_progress", 10.0)
    assert (await api.cancel(batch_id))[0].processing_status == "canceling"
    with pytest.raises(RejectedError, match="cannot be deleted"):
        await api.delete(batch_id)
    simulator.batches.finish(batch_id)
    await api.delete(batch_id)
    with pytest.raises(NotFoundError, match="not found"):
        await api.retrieve(batch_id)


async def test_models_tell_their_ceilings(api):
    models = {model.id: model for model in await api.models()}
    assert any(model.max_tokens and model.batch_supported for model in models.values())


async def test_a_create_is_one_post_with_its_length_from_the_disk(api, simulator, tmp_path):
    body = tmp_path / "body.json"
    params = {
        "model": "claude-haiku-4-5",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "x" * 300_000}],
    }
    body.write_text(json.dumps({"requests": [{"custom_id": "a", "params": params}]}))
    sent = []
    batch, facts = api.create(body, idempotency_key="k", on_sent=sent.append)
    assert batch.request_counts.total == 1
    assert facts.request_id
    (post,) = simulator.log.creates
    assert post.headers["content-length"] == str(body.stat().st_size)
    assert post.headers["idempotency-key"] == "k"
    assert sent[-1] == body.stat().st_size


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, RejectedError),
        (401, AuthenticationError),
        (403, AuthenticationError),
        (404, NotFoundError),
        (413, RejectedError),
        (429, RateLimitedError),
        (500, UnavailableError),
        (503, UnavailableError),
        (529, UnavailableError),
        (307, NotTheApiError),
        (511, NotTheApiError),
    ],
)
async def test_errors_of_the_sdk_become_ours_after_one_request(api, simulator, status, kind):
    simulator.faults.always(
        Fault(status=status, headers={"location": "http://127.0.0.1:1/", "retry-after": "7"})
    )
    with pytest.raises(kind) as caught:
        await api.list_page()
    assert SECRET not in str(caught.value) + repr(caught.value)
    assert len(simulator.log) == 1


async def test_a_create_follows_no_redirect_to_another_host(api, simulator, tmp_path):
    with Simulator() as other:
        simulator.faults.always(
            Fault(status=307, headers={"location": f"{other.base_url}/v1/messages/batches"})
        )
        body = tmp_path / "body.json"
        body.write_text('{"requests":[]}')
        with pytest.raises(RejectedError, match="redirect"):
            api.create(body, idempotency_key="k")
        assert len(other.log) == 0


async def test_a_dead_server_is_out_of_reach_and_got_nothing(tmp_path):
    api = AnthropicApi(load({"base_url": "http://127.0.0.1:9"})[0], api_key=SECRET)
    body = tmp_path / "body.json"
    body.write_text("{}")
    with pytest.raises(UnavailableError, match=r"127\.0\.0\.1:9") as caught:
        api.create(body, idempotency_key="k")
    assert caught.value.sent is False
    await api.close()


async def test_an_odd_answer_to_a_create_is_an_unknown_outcome(api, simulator, tmp_path):
    body = tmp_path / "body.json"
    body.write_text("{}")
    for answer in ("<html>", "{}", "[]", '{"id":null}', ""):
        simulator.faults.next(Fault(status=200, body=answer))
        with pytest.raises(UnknownOutcomeError):
            api.create(body, idempotency_key="k")


async def test_a_batch_that_cannot_be_read_is_counted_and_the_others_are_shown(api, simulator):
    good = {
        "id": "msgbatch_1",
        "processing_status": "new_word",
        "request_counts": {},
        "created_at": "2026-11-20T00:00:00Z",
    }
    page = {"data": [good, {"id": 7}, None, {**good, "id": "msgbatch_2", "surprise": [1]}], "has_more": False}
    simulator.faults.next(Fault(status=200, body=json.dumps(page)))
    found = await api.list_page()
    assert ([b.id for b in found.batches], found.unreadable) == (["msgbatch_1", "msgbatch_2"], 2)


@pytest.mark.parametrize(
    "address", ["http://example.com", "http://10.0.0.1", "ftp://x", "http://localhost.example.com"]
)
def test_prompts_travel_in_clear_to_this_machine_only(address):
    with pytest.raises(ConfigError, match="https"):
        AnthropicApi(load({"base_url": address})[0], api_key=SECRET)


def test_without_credentials_there_is_one_sentence():
    with pytest.raises(NoCredentialsError, match="ANTHROPIC_API_KEY"):
        AnthropicApi(load({"base_url": "http://127.0.0.1:1"})[0])


def test_the_credential_is_shown_by_its_end_only():
    api = AnthropicApi(load({"base_url": "http://127.0.0.1:1"})[0], api_key=SECRET)
    assert api.credential == "key …1234"


async def test_a_profile_of_the_sdk_is_used(simulator, tmp_path, monkeypatch):
    folder = tmp_path / "anthropic"
    (folder / "configs").mkdir(parents=True)
    (folder / "credentials").mkdir()
    config = {
        "authentication": {"type": "user_oauth"},
        "organization_id": "o",
        "base_url": simulator.base_url,
    }
    (folder / "configs" / "work.json").write_text(json.dumps(config))
    (folder / "configs" / "work.json").chmod(0o600)
    token = folder / "credentials" / "work.json"
    token.write_text(json.dumps({"access_token": simulator.key, "expires_at": 4_000_000_000}))
    token.chmod(0o600)
    monkeypatch.setenv("ANTHROPIC_CONFIG_DIR", str(folder))
    api = AnthropicApi(load({"profile": "work"})[0])
    assert api.base_url == simulator.base_url
    assert api.credential == "profile work"
    assert (await api.list_page()).batches == ()
    await api.close()


async def test_workspace_and_version_are_sent_where_they_are_set(simulator):
    settings = {"base_url": simulator.base_url, "workspace": "wrkspc_x", "api_version": "2023-06-01"}
    api = AnthropicApi(load(settings)[0], api_key=simulator.key)
    await api.list_page()
    (call,) = list(simulator.log.all())
    assert call.headers["anthropic-workspace-id"] == "wrkspc_x"
    assert call.headers["anthropic-version"] == "2023-06-01"
    await api.close()


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), ("7", 7.0), ("-3", 0.0), ("nan", None), ("inf", None), ("soon", None), ("1e3", 1000.0)],
)
def test_a_retry_after_that_makes_no_sense_is_none(value, seconds):
    assert retry_after_seconds(value) == seconds


def test_headers_with_impossible_numbers_and_dates_say_nothing():
    remaining = "anthropic-ratelimit-requests-remaining"
    assert response_facts({remaining: "9" * 5_000, "date": "12020000000020 Nov 2026 12:00:00 GMT"}, 0.1) == (
        response_facts({}, 0.1)
    )
