"""A simulator, and a plain HTTP client that shows every byte it answers."""

from __future__ import annotations

import http.client
import json

import msgspec
import pytest

from claude_batch_tui.simulator import ALL_ANSWERED, Simulator

BATCHES = "/v1/messages/batches"


class Answer(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self):
        return msgspec.json.decode(self.body)

    @property
    def message(self):
        return self.json["error"]["message"]

    @property
    def lines(self):
        return [msgspec.json.decode(line) for line in self.body.splitlines() if line]


class Caller:
    """Calls a simulator. `key` and `version` None leave the header out."""

    def __init__(self, simulator):
        self.simulator = simulator

    def __call__(self, method, path, body=None, *, key="", version="2026-10-21", headers=None):
        sent = {"x-api-key": self.simulator.key if key == "" else key, "anthropic-version": version}
        sent |= headers or {}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        connection = http.client.HTTPConnection("127.0.0.1", self.simulator.port, timeout=20)
        try:
            connection.request(
                method, path, body, {name: value for name, value in sent.items() if value is not None}
            )
            response = connection.getresponse()
            found = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, found, response.read())
        finally:
            connection.close()

    def create(self, *requests, **options):
        return self("POST", BATCHES, {"requests": list(requests)}, **options)

    def results(self, batch_id, **options):
        return self("GET", f"{BATCHES}/{batch_id}/results", **options)

    def outcome(self, params, **options):
        """The one result of a batch of one request with these params."""
        batch = self.create({"custom_id": "only", "params": params}, **options).json
        self.simulator.batches.finish()
        return self.results(batch["id"]).lines[0]["result"]


@pytest.fixture
def simulator():
    with Simulator(rates=ALL_ANSWERED) as running:
        yield running


@pytest.fixture
def call(simulator):
    return Caller(simulator)


@pytest.fixture
def caller_of():
    return Caller


@pytest.fixture
def ask():
    def request(custom_id="row-1", **params):
        asked = {
            "model": "claude-opus-5",
            "max_tokens": 200,
            "messages": [{"role": "user", "content": "Tell me about tea. It is warm. It is good."}],
        } | params
        return {"custom_id": custom_id, "params": {k: v for k, v in asked.items() if v is not None}}

    return request
