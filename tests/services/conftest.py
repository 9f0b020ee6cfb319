"""A simulator, a store and the real client against it."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.config import load
from claude_batch_tui.runtime import Runtime
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from claude_batch_tui.store.results.opening import open_indexed


@pytest.fixture
def simulator():
    with Simulator(speed=10_000, seed=7, rates=ALL_ANSWERED) as running:
        yield running


@pytest.fixture
def opened_lines(tmp_path):
    """A function that opens a results file of these objects, a line each; all are closed afterwards."""
    files = []

    def write(lines, name=None):
        path = tmp_path / (name or f"{len(files)}.jsonl")
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
        files.append(open_indexed(path))
        return files[-1]

    yield write
    for file in files:
        file.close()


@pytest.fixture
async def runtime(simulator, own_folders):
    """A runtime on the simulator whose sleeps take no time and move no clock."""
    config, _ = load({"base_url": simulator.base_url})
    opened = Runtime(config, api_key=simulator.key)
    opened.slept = []

    async def sleep(seconds):
        opened.slept.append(seconds)

    opened.sleep = sleep
    opened.random = lambda: 0.5
    await opened.connect()
    yield opened
    await opened.close()


@pytest.fixture
def requests_file(tmp_path):
    """A function that writes a requests file of n requests and returns its path."""

    def write(count=3, name="requests.jsonl", tag="row"):
        path = tmp_path / name
        path.write_text(
            "".join(
                f'{{"custom_id":"{tag}-{i}","params":{{"model":"claude-haiku-4-5","max_tokens":50,'
                f'"messages":[{{"role":"user","content":"Say {i} to {tag}"}}]}}}}\n'
                for i in range(count)
            )
        )
        return path

    return write
