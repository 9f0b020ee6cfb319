"""100,000 requests of 200 MB through the command line and the simulator, each a process of its own.

Prints seconds and the peak of RssAnon of client and simulator. Run by hand:

    .venv/bin/python tests/benchmarks/bench_big_batch.py
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

REQUESTS = 100_000
BODY_MB = 200
CLIENT_GOAL_MB, SIMULATOR_GOAL_MB = 150, 250


def rss_anon_mb(pid: int) -> float:
    """Private memory of a process in MB, 0 where it has gone."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith("RssAnon"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return 0.0


class Peak:
    """Watches the memory of a process from outside until it ends."""

    def __init__(self, pid: int) -> None:
        self.mb = 0.0
        self._pid = pid
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        while not self._stop.wait(0.01):
            self.mb = max(self.mb, rss_anon_mb(self._pid))

    def stop(self) -> float:
        self._stop.set()
        self._thread.join()
        return self.mb


def run(name: str, arguments: list[str], environment: dict[str, str]) -> str:
    started = time.monotonic()
    command = [sys.executable, "-m", "claude_batch_tui", *arguments]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
    peak = Peak(process.pid)
    output = process.communicate()[0]
    mb = peak.stop()
    seconds = time.monotonic() - started
    verdict = "within" if mb <= CLIENT_GOAL_MB else "OVER"
    print(
        f"{name:<10} {seconds:6.1f} s   peak RssAnon {mb:6.1f} MB   {verdict} {CLIENT_GOAL_MB} MB   exit {process.returncode}"
    )
    return output


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        requests = here / "requests.jsonl"
        filler = "The quick brown fox jumps over the lazy dog. " * 42
        with requests.open("w") as file:
            for number in range(REQUESTS):
                params = {
                    "model": "claude-haiku-4-5",
                    "max_tokens": 200,
                    "messages": [{"role": "user", "content": f"Summarise {number}: {filler}"}],
                }
                file.write(json.dumps({"custom_id": f"row-{number}", "params": params}) + "\n")
        print(f"requests   {requests.stat().st_size / 1e6:.0f} MB, {REQUESTS:,} lines")
        command = [
            sys.executable,
            "-m",
            "claude_batch_tui",
            "simulate",
            "--speed",
            "2000",
            "--until-stdin-closes",
        ]
        simulator = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert simulator.stdout is not None
        environment = {
            **os.environ,
            "ANTHROPIC_BASE_URL": simulator.stdout.readline().strip(),
            "ANTHROPIC_API_KEY": "sk-ant-sim-demo-0000000000000000",
            "CBTUI_DATA_DIR": str(here / "data"),
            "CBTUI_CONFIG_DIR": str(here / "config"),
        }
        peak = Peak(simulator.pid)
        batch_id = run("submit", ["submit", str(requests), "--yes"], environment).strip()
        run("watch", ["watch", batch_id, "--interval", "1"], environment)
        results = here / "results.jsonl"
        run("results", ["results", batch_id, "-o", str(results)], environment)
        with results.open("rb") as file:
            lines = sum(1 for _ in file)
        print(f"           {lines:,} results, {results.stat().st_size / 1e6:.0f} MB")
        run("csv", ["results", batch_id, "--format", "csv", "-o", str(here / "results.csv")], environment)
        mb = peak.stop()
        verdict = "within" if mb <= SIMULATOR_GOAL_MB else "OVER"
        print(f"simulator             peak RssAnon {mb:6.1f} MB   {verdict} {SIMULATOR_GOAL_MB} MB")
        simulator.communicate("")


if __name__ == "__main__":
    main()
