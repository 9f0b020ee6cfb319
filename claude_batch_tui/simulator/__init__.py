"""The Message Batches API on this machine: behind `cbtui demo` and `cbtui simulate`, and what the tests talk to.

It serves batches (create, list, retrieve, cancel, delete, results), models, single messages and token counts as
the API documents them, with the sentences public notes captured. Nothing is sent anywhere and nothing costs.

    with Simulator(speed=1000) as simulator:
        client = Anthropic(base_url=simulator.base_url, api_key=simulator.key)
        simulator.faults.next(Fault(method="POST", path=r"/batches$", status=529, after_work=True))
        simulator.decide("row-3", "errored")           # fate of a custom_id in later creates
        simulator.batches.add(1000, age=3600)          # a batch created an hour ago
        simulator.batches.finish()                     # end all now; expire, archive, advance likewise
        assert len(simulator.log.creates) == 1

`SimulatorProcess("--speed", "1000")` is the same in a process of its own, steered over `/_simulator/…` (see `admin`).

Keys: `sk-ant-sim-<workspace>-<anything>`; keys of one word see the same batches (see `workspaces`).
Time: durations are those of the real API divided by `speed`; timestamps stay wall clock. No task runs in the
background: a batch's state follows from its times whenever somebody asks.
Chance: outcome, answer and order follow from the seed, the batch id and the custom_id, so the same seed gives
the same ids, results and bytes, and nothing is kept per request but its place in the spooled body.
"""

from __future__ import annotations

from claude_batch_tui.simulator.fates import ALL_ANSWERED, Fate, Rates
from claude_batch_tui.simulator.faults import Fault
from claude_batch_tui.simulator.running import Simulator, SimulatorProcess

__all__ = ["ALL_ANSWERED", "Fate", "Fault", "Rates", "Simulator", "SimulatorProcess"]
