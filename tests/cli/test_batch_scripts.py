"""What the batch scripts before this program said to do, run as they said it: the retry pattern, and the loop over
results.

The scripts are quoted to the letter (README and examples of the skill `claude-batch`).
"""

from __future__ import annotations

import json
import textwrap

import pytest

STEP_5 = """
import json

with open("results.jsonl") as f:
    for line in f:
        result = json.loads(line)
        if result.get("status") == "succeeded":
            print(f"{result['custom_id']}: {result['response']}")
        else:
            print(f"{result['custom_id']}: ERROR")
"""

RETRY = """
import anthropic

client = anthropic.Anthropic()

# Collect failed requests
failed = []
for result in client.messages.batches.results(batch_id):
    if result.result.type == "errored":
        error_type = result.result.error.type
        if error_type in ["rate_limit_error", "api_error"]:
            # Retry transient errors
            failed.append(original_requests[result.custom_id])

# Resubmit
if failed:
    retry_batch = client.messages.batches.create(requests=failed)
    print(f"Retrying {len(failed)} requests: {retry_batch.id}")
"""


@pytest.fixture
def ended(cbtui, simulator, requests_file):
    """A batch of twelve of which five errored and one expired, and its requests by id."""
    file = requests_file(12)
    for custom_id in ("r1", "r3", "r5", "r7", "r9"):
        simulator.decide(custom_id, "errored")
    simulator.decide("r11", "expired")
    batch_id = cbtui("submit", file, "--yes", "--name", "mine")[1].strip()
    cbtui("watch", batch_id, "--interval", "1")
    requests = [json.loads(line) for line in file.read_text().splitlines()]
    return batch_id, {one["custom_id"]: one for one in requests}


@pytest.mark.slow
def test_the_loop_over_results_runs_over_the_flat_format_as_it_is(
    cbtui, ended, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    code, _, _ = cbtui("results", "mine", "--format", "flat", "-o", "results.jsonl")
    assert code == 1
    exec(STEP_5, {})
    said = capsys.readouterr().out.splitlines()
    assert len(said) == 12
    bad = {line for line in said if line.endswith(": ERROR")}
    assert bad == {f"r{number}: ERROR" for number in (1, 3, 5, 7, 9, 11)}
    assert all(len(line.partition(": ")[2]) > 0 for line in said)


def collected(code, batch_id, requests):
    """What the published pattern collects, its last lines, which pay, left out."""
    names = {"batch_id": batch_id, "original_requests": requests}
    exec(textwrap.dedent(code.partition("# Resubmit")[0]), names)
    return {one["custom_id"] for one in names["failed"]}


@pytest.mark.slow
def test_the_published_retry_pattern_collects_nothing_and_retry_sends_what_it_meant_and_what_expired(
    cbtui, simulator, ended
):
    batch_id, requests = ended
    # An errored result holds the whole error response, whose type is always "error": what it is stands one level deeper.
    assert collected(RETRY, batch_id, requests) == set()
    mended = RETRY.replace("result.result.error.type", "result.result.error.error.type")
    lines = [json.loads(line)["result"] for line in cbtui("results", "mine")[1].splitlines()]
    types = {one["error"]["error"]["type"] for one in lines if one["type"] == "errored"}
    meant = collected(mended.replace('["rate_limit_error", "api_error"]', repr([*types])), batch_id, requests)
    assert meant == {"r1", "r3", "r5", "r7", "r9"}

    simulator.batches.forced.clear()
    code, out, err = cbtui("retry", "mine", "--yes")
    assert code == 0, err
    assert "6 to retry: 5 errored, 1 expired" in err
    retried = out.strip()
    cbtui("watch", retried, "--interval", "1")
    assert {json.loads(line)["custom_id"] for line in cbtui("results", retried)[1].splitlines()} == {
        *meant,
        "r11",
    }
    # The published one leaves two batches to be put together by hand; a run answers for its ids.
    code, out, _ = cbtui("results", "mine", "--format", "flat")
    merged = [json.loads(line) for line in out.splitlines()]
    assert (code, len(merged), {one["status"] for one in merged}) == (0, 12, {"succeeded"})
