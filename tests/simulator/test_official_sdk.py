"""The SDK, pointed here by base_url alone, works on every endpoint."""

from __future__ import annotations

import pytest

from media_files import image

anthropic = pytest.importorskip("anthropic")


def requests(count=4):
    return [
        {
            "custom_id": f"row-{number}",
            "params": {
                "model": "claude-opus-5",
                "max_tokens": 100,
                "messages": [{"role": "user", "content": "Say something about tea."}],
            },
        }
        for number in range(count)
    ]


@pytest.fixture
def client(simulator):
    with anthropic.Anthropic(
        base_url=simulator.base_url, api_key=simulator.key, max_retries=0, open_telemetry=False
    ) as sdk:
        yield sdk


@pytest.mark.slow
def test_the_whole_life_of_a_batch(simulator, client):
    for batches in (client.messages.batches, client.beta.messages.batches):
        batch = batches.create(requests=requests())
        assert batches.retrieve(batch.id).processing_status == "in_progress"
        simulator.batches.finish(batch.id)
        outcomes = {row.custom_id: row.result.type for row in batches.results(batch.id)}
        assert outcomes == {f"row-{number}": "succeeded" for number in range(4)}
        assert batch.id in [listed.id for listed in batches.list(limit=1)]
        other = batches.create(requests=requests(1))
        assert batches.cancel(other.id).processing_status == "canceling"
        assert batches.delete(batch.id).type == "message_batch_deleted"


def test_the_pager_walks_all_history(simulator, client):
    for _ in range(7):
        simulator.batches.add(1)
    assert len({batch.id for batch in client.messages.batches.list(limit=3)}) == 7


@pytest.mark.slow
def test_messages_counts_and_models(client):
    message = client.messages.create(
        model="claude-haiku-4-5", max_tokens=64, messages=[{"role": "user", "content": "Hello there"}]
    )
    assert message.model == "claude-haiku-4-5-20251001"
    assert message.usage.service_tier == "standard"
    count = client.messages.count_tokens(
        model="claude-opus-5", messages=[{"role": "user", "content": "Hello"}]
    )
    assert count.input_tokens > 0
    models = list(client.models.list(limit=5))
    assert len(models) > 15
    assert client.models.retrieve("claude-haiku-4-5").max_tokens == 64_000
    assert client.beta.models.list().data[0].id == models[0].id


def test_refusals_are_the_errors_the_sdk_knows(client):
    with pytest.raises(anthropic.BadRequestError, match="at least 1 item"):
        client.messages.batches.create(requests=[])
    with pytest.raises(anthropic.NotFoundError, match="not found"):
        client.messages.batches.retrieve("msgbatch_none")
    with pytest.raises(anthropic.NotFoundError, match="claude-none"):
        client.messages.create(model="claude-none", max_tokens=1, messages=[{"role": "user", "content": "x"}])
    with pytest.raises(anthropic.BadRequestError, match="temperature"):
        client.messages.create(
            model="claude-opus-5",
            max_tokens=9,
            messages=[{"role": "user", "content": "x"}],
            extra_body={"temperature": 1},
        )


async def test_the_asynchronous_client_likewise(simulator):
    async with anthropic.AsyncAnthropic(
        base_url=simulator.base_url, api_key=simulator.key, max_retries=0, open_telemetry=False
    ) as client:
        batch = await client.messages.batches.create(requests=requests())
        raw = await client.messages.batches.with_raw_response.retrieve(batch.id)
        assert raw.headers["retry-after"] == "10"
        simulator.batches.finish()
        stream = await client.messages.batches.results(batch.id)
        assert len([row async for row in stream]) == 4
        assert [found.id async for found in client.messages.batches.list()] == [batch.id]
        assert (await client.models.retrieve("claude-opus-5")).id == "claude-opus-5"


@pytest.mark.slow
def test_a_picture_is_counted_by_its_pixels(client):
    def count(model, *blocks):
        content = [*blocks, {"type": "text", "text": "What is it?"}]
        return client.messages.count_tokens(
            model=model, messages=[{"role": "user", "content": content}]
        ).input_tokens

    photo = image(3000, 2000, padding=3_000_000)
    assert count("claude-sonnet-4-6", photo) - count("claude-sonnet-4-6") == pytest.approx(1_600, abs=60)
    assert count("claude-opus-5", photo) - count("claude-opus-5") == pytest.approx(4_784, abs=60)
