from __future__ import annotations

import json

import pytest

from claude_batch_tui.simulator.creating import Splitter
from claude_batch_tui.simulator.failures import Failure

REQUESTS = [
    {
        "custom_id": f"r{count}",
        "params": {"text": 'he said "x" \\ {[ \n é\\' * count, "tools": [{"a": [1, {}]}]},
    }
    for count in (0, 1, 2, 7)
]
COMPACT = json.dumps({"requests": REQUESTS}, separators=(",", ":")).encode()
INDENTED = json.dumps({"requests": REQUESTS}, indent=3, ensure_ascii=False).encode()
SPACED = (
    b' { "requests" :\n [ ' + b" ,\t".join(json.dumps(request).encode() for request in REQUESTS) + b" ]\n} "
)


def split(body, step):
    splitter = Splitter()
    for start in range(0, len(body), step):
        splitter.feed(body[start : start + step])
    splitter.finish()
    return [
        json.loads(body[start : start + length])
        for start, length in zip(splitter.starts, splitter.lengths, strict=True)
    ]


@pytest.mark.parametrize("body", [COMPACT, INDENTED, SPACED], ids=["compact", "indented", "spaced"])
def test_every_request_is_found_wherever_the_pieces_are_cut(body):
    for step in [*range(1, 40), 100_000]:
        assert split(body, step) == REQUESTS


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "not valid JSON"),
        (b'{"requests":[{},{}', "not valid JSON"),
        (b'{"requests":[{}]}}', "not valid JSON"),
        (b'{"requests":[{}{}]}', "not valid JSON"),
        (b'{"requests":[{},]}', "not valid JSON"),
        (b'{"requests":[{},,{}]}', "not valid JSON"),
        (b"[]", "valid dictionary"),
        (b"{}", "requests: Field required"),
        (b'{"requests":{}}', "requests: Input should be a valid list"),
        (b'{"requests":[{},"a"]}', "requests.1: Input should be a valid dictionary"),
        (b'{"requests":[{}],"name":"x"}', "name: Extra inputs are not permitted"),
        (b'{"requests":[]}', "requests: List should have at least 1 item after validation, not 0"),
    ],
)
def test_a_body_that_is_no_list_of_requests_is_refused_wherever_it_is_cut(body, said):
    for step in (1, 3, 1000):
        with pytest.raises(Failure) as refused:
            split(body, step)
        assert refused.value.status == 400
        assert said in refused.value.message
