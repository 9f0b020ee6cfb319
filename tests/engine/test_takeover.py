from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from claude_batch_tui.config import load
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.simulator import ALL_ANSWERED, Simulator
from waiting import until

pytestmark = pytest.mark.slow

_LEADER = """
import sys, time
from claude_batch_tui.config import load
from claude_batch_tui.engine.engine import Engine
config, _ = load({"base_url": sys.argv[1], "poll_interval": "1"})
engine = Engine(config, on_snapshot=lambda _: None, api_key=sys.argv[2])
engine.start()
engine.connect()
time.sleep(100)
"""


def test_two_engines_make_one_set_of_requests_and_a_killed_leader_is_replaced():
    with Simulator(speed=1, seed=9, rates=ALL_ANSWERED) as simulator:
        simulator.batches.add(3, duration=36_000)
        leader = subprocess.Popen([sys.executable, "-c", _LEADER, simulator.base_url, simulator.key])
        try:
            until(lambda: len(simulator.log) >= 1)
            config, _ = load({"base_url": simulator.base_url, "poll_interval": "1"})
            follower = Engine(config, on_snapshot=lambda _: None, api_key=simulator.key)
            follower.start()
            follower.connect()
            until(lambda: not follower.snapshot.link.is_leader and len(follower.snapshot.batches) == 1)
            assert {call.path for call in simulator.log.all()} == {"/v1/messages/batches"}
            polls, polled = len(simulator.log), follower.snapshot.link.polled_at
            until(lambda: len(simulator.log) >= polls + 2)
            until(lambda: follower.snapshot.link.polled_at > polled)
            assert not follower.snapshot.link.is_leader
            os.kill(leader.pid, signal.SIGKILL)
            leader.wait()
            until(lambda: follower.snapshot.link.is_leader)
            before = len(simulator.log)
            until(lambda: len(simulator.log) > before)
            follower.stop()
        finally:
            leader.kill()
            leader.wait()
