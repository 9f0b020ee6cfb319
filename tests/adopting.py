"""Submissions whose answer was lost, and batches of other people beside them."""

from __future__ import annotations

import json
import urllib.request

from claude_batch_tui.simulator import Fault

CREATE = {"method": "POST", "path": r"/batches$"}


def request(custom_id, words, model="claude-haiku-4-5", **params):
    """One request as it is sent."""
    message = {"role": "user", "content": words}
    return {
        "custom_id": custom_id,
        "params": {"model": model, "max_tokens": 50, "messages": [message], **params},
    }


def requests(count=3, words="Say {}", tag="row", **params):
    """Requests as `requests_file` writes them, or others of their size."""
    return [request(f"{tag}-{number}", words.format(number), **params) for number in range(count)]


def somebody_creates(simulator, made):
    """A colleague's batch in the same workspace, over a connection of its own; its id."""
    address = f"{simulator.base_url}/v1/messages/batches"
    headers = {
        "x-api-key": simulator.key,
        "anthropic-version": "2023-06-01",
        "content-type": "application/json",
    }
    body = json.dumps({"requests": made}).encode()
    with urllib.request.urlopen(urllib.request.Request(address, body, headers)) as answer:
        return json.load(answer)["id"]


def lose_the_next_create(simulator, *, created=False):
    """The next create gets no good answer, whether or not it made a batch."""
    simulator.faults.next(Fault(**CREATE, status=500, after_work=created))
