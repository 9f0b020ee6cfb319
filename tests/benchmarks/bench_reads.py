"""Commands that only read beside the smallest script on the SDK that does the same: processor time and memory of whole processes.

    .venv/bin/python tests/benchmarks/bench_reads.py [--pairs 7]

All talk to one simulator with 50 batches. Medians of pairs that run in turns. Goals: a quarter of the processor time, half of
the memory.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from claude_batch_tui.simulator import ALL_ANSWERED, Simulator

SCRIPTS = {
    "status": "import anthropic, sys\nprint(anthropic.Anthropic().messages.batches.retrieve(sys.argv[1]).processing_status)",
    "list": "import anthropic\nfor batch in anthropic.Anthropic().messages.batches.list(limit=50).data: print(batch.id)",
    "watch": (
        "import anthropic, sys, time\nclient = anthropic.Anthropic().messages.batches\n"
        "while (batch := client.retrieve(sys.argv[1])).processing_status != 'ended': time.sleep(5)\nprint(batch.id)"
    ),
    "results": "import anthropic, sys\nfor line in anthropic.Anthropic().messages.batches.results(sys.argv[1]): print(line.custom_id)",
}


def measured(*command: str) -> tuple[float, float]:
    """Seconds of processor time, and MB at most."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command}: {process.stderr.read().decode()}")
    process.stderr.close()
    process.returncode = 0
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main() -> None:
    """Print a line for each command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    pairs = parser.parse_args().pairs
    cbtui = str(Path(sys.executable).with_name("cbtui"))
    with Simulator(seed=5, rates=ALL_ANSWERED) as simulator, tempfile.TemporaryDirectory() as home:
        batches = [simulator.batches.add(20).id for _ in range(50)]
        simulator.batches.finish()
        os.environ.update(ANTHROPIC_BASE_URL=simulator.base_url, ANTHROPIC_API_KEY=simulator.key, HOME=home)
        os.environ.update({f"CBTUI_{kind}_DIR": f"{home}/{kind}" for kind in ("DATA", "STATE", "CONFIG")})
        measured(cbtui, "list")
        for name, script in SCRIPTS.items():
            id_ = [batches[0]] if name != "list" else []
            ours, peers = [], []
            for number in range(pairs):
                id_ = [batches[number + 1]] if name == "results" else id_  # one that is not here yet
                ours.append(measured(cbtui, name, *id_))
                peers.append(measured(sys.executable, "-c", script, *id_))
            ratios = [
                statistics.median(mine[part] / other[part] for mine, other in zip(ours, peers, strict=True))
                for part in (0, 1)
            ]
            mine, other = (
                [statistics.median(each) for each in zip(*side, strict=True)] for side in (ours, peers)
            )
            print(
                f"{name:8} {mine[0]:.2f} s of processor, {mine[1]:.0f} MB; the SDK {other[0]:.2f} s, {other[1]:.0f} MB:"
                f" {ratios[0]:.2f} and {ratios[1]:.2f}"
            )


if __name__ == "__main__":
    main()
