"""Opening results of any size, beside `wc -l`, an empty dashboard and curl, all in one run. Run by hand:

    .venv/bin/python tests/benchmarks/bench_results.py [--lines 1000000] [index screen memory download keys]

Sides take turns (A B A B …) and medians are compared, so that ratios hold on a noisy machine. The file is warm in the
page cache: 2.1 kB a line, 3 % errored, 1 % expired or canceled, Unicode in the answers.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parent))
from bench_big_batch import Peak
from pty_app import PtyApp

from claude_batch_tui.cli.lookup import retrieve
from claude_batch_tui.config import load
from claude_batch_tui.domain.batches.tracked import DownloadState
from claude_batch_tui.runtime import open_runtime
from claude_batch_tui.services.downloading.download import download
from claude_batch_tui.services.submitting.spool import sent_ids
from claude_batch_tui.services.threads import in_thread
from claude_batch_tui.simulator import ALL_ANSWERED, Fault, Simulator
from claude_batch_tui.store import submissions
from claude_batch_tui.store.results.file import results_path
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.index_file import save_index
from claude_batch_tui.store.results.opening import opening
from claude_batch_tui.store.results.passes import index_file

ROUNDS = 5
DOWNLOAD_ROUNDS = 11
KEY = "sk-ant-sim-demo-0000000000000000"
_WORDS = [
    "refund",
    "invoice",
    "Rechnung",
    "请求",
    "émotion",
    "parcel",
    "label",
    "urgent",
    "window",
    "answer",
    "because",
    "which",
    "broken",
    "🙂",
    "model",
]


def line(number: int, dice: random.Random) -> bytes:
    kind = dice.random()
    result: dict[str, object]
    if kind < 0.03:
        error = {"type": "overloaded_error", "message": "Overloaded"}
        result = {"type": "errored", "error": {"type": "error", "error": error, "request_id": "req_011CF"}}
    elif kind < 0.04:
        result = {"type": dice.choice(("expired", "canceled"))}
    else:
        text = " ".join(dice.choices(_WORDS, k=dice.randrange(80, 500)))
        result = {
            "type": "succeeded",
            "message": {
                "model": "claude-haiku-4-5-20251001",
                "id": f"msg_01{number:022d}",
                "type": "message",
                "role": "assistant",
                "content": [{"type": "text", "text": text}],
                "stop_reason": "max_tokens" if kind > 0.97 else "end_turn",
                "stop_sequence": None,
                "usage": {
                    "input_tokens": dice.randrange(200, 4000),
                    "cache_creation_input_tokens": 0,
                    "cache_read_input_tokens": dice.choice((0, 0, 1024)),
                    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
                    "output_tokens": dice.randrange(50, 900),
                    "service_tier": "batch",
                },
            },
        }
    value = {"custom_id": f"ticket-{number:07d}-{dice.randrange(1 << 24):06x}", "result": result}
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def write(path: Path, lines: int) -> None:
    """The same bytes each time: a thousand different answers, over and over, with ids of their own."""
    dice = random.Random(7)
    made = [line(number, dice) for number in range(min(lines, 1000))]
    with path.open("wb") as file:
        for number in range(lines):
            one = made[number % len(made)]
            file.write(b'{"custom_id":"ticket-%07d-' % number + one[one.index(b"-", 22) + 1 :])


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def word_count(path: Path) -> float:
    return timed(lambda: subprocess.run(["wc", "-l", path], stdout=subprocess.DEVNULL, check=True))


def index(path: Path) -> tuple[float, float, ResultsIndex]:
    """Seconds until ids and outcomes of all are known, and until everything is."""
    found, first = ResultsIndex(), 0.0
    descriptor = os.open(path, os.O_RDONLY)
    started = time.perf_counter()
    size, last = path.stat().st_size, 0
    for _ in index_file(descriptor, found):
        if not first and found.count and found.offsets[-1] + found.lengths[-1] + 1 >= size:
            first = time.perf_counter() - started
        last = found.count
    assert last == found.described
    os.close(descriptor)
    return first, time.perf_counter() - started, found


def bench_index(path: Path, folder: Path) -> None:
    index(path)
    counts, firsts, alls, again = [], [], [], []
    made = ResultsIndex()
    for _ in range(ROUNDS):
        counts.append(word_count(path))
        first, whole, made = index(path)
        firsts.append(first)
        alls.append(whole)
    base = median(counts)
    print(f"wc -l                    {base * 1e3:8.0f} ms")
    for name, times, goal in (("ids and outcomes", firsts, 4), ("all columns", alls, 15)):
        ratio = median(times) / base
        print(f"{name:<24} {median(times) * 1e3:8.0f} ms   {ratio:5.1f} x wc -l   goal {goal} x")
    save_index(made, path)
    for _ in range(ROUNDS):
        started = time.perf_counter()
        results = next(iter(opening(path, folder / "cache")))
        rows = [(results.index.entry(at), results.line(at)) for at in range(50)]
        again.append(time.perf_counter() - started)
        assert len(rows) == 50
        results.close()
    print(f"opened again, 50 rows    {median(again) * 1e3:8.1f} ms   goal 50 ms")
    path.with_name(path.name + ".index").unlink()


@contextlib.contextmanager
def dashboard(folder: Path, *arguments: str, **api: str) -> Iterator[PtyApp]:
    """The dashboard in folders that are new, offline unless `api` says another address."""
    home = Path(tempfile.mkdtemp(dir=folder))
    environment = {
        "CBTUI_DATA_DIR": str(home / "data"),
        "CBTUI_CONFIG_DIR": str(home / "config"),
        "CBTUI_STATE_DIR": str(home / "state"),
        "ANTHROPIC_BASE_URL": "http://127.0.0.1:9",
        "ANTHROPIC_API_KEY": "sk-ant-none",
        **api,
    }
    with PtyApp([sys.executable, "-m", "claude_batch_tui", *arguments], environ=environment) as app:
        yield app
    shutil.rmtree(home, ignore_errors=True)


def bench_screen(path: Path, folder: Path) -> None:
    """From exec to a first screen, without and with a file; then keys while it is being indexed."""
    empty, filled, keys = [], [], []
    for _ in range(ROUNDS):
        with dashboard(folder) as app:
            empty.append(app.wait_for("1 Batches", quiet=0.0))
        with dashboard(folder, "open", str(path)) as app:
            filled.append(app.wait_for("ticket-0000009", quiet=0.0))
            keys += [app.press("\x1b[B", quiet=0.05).first_ms or 1000.0 for _ in range(12)]
    keys.sort()
    more = median(filled) - median(empty)
    print(f"first screen, empty      {median(empty) * 1e3:8.0f} ms")
    print(f"first screen of rows     {median(filled) * 1e3:8.0f} ms   {more * 1e3:+.0f} ms   goal +150 ms")
    print(
        f"key while indexing       {median(keys):8.0f} ms   worst of {len(keys)}: {keys[-1]:.0f} ms   goal 100 ms"
    )


def bench_memory(path: Path, folder: Path) -> None:
    """The peak of RssAnon from the start until everything is indexed, and kept for the next time."""
    peaks = []
    for arguments in ((), ("open", str(path))):
        with dashboard(folder, *arguments) as app:
            peak = Peak(app.pid)
            app.wait_for("entries" if arguments else "1 Batches", seconds=120.0)
            if arguments:
                app.wait_until(lambda app=app: "…" not in app.text.splitlines()[1], seconds=120.0)
                app.press("G", quiet=0.5)
            app.idle(2.0)
            peaks.append(peak.stop())
    over = peaks[1] - peaks[0]
    print(f"peak RssAnon             {peaks[1]:8.0f} MB   {over:+.0f} MB over the empty app   goal +120 MB")


def bench_keys(requests: int, folder: Path) -> None:
    """Keys while 100,000 results arrive at about 2.5 MB/s, are written, indexed and shown."""
    with Simulator(speed=1, seed=9, rates=ALL_ANSWERED) as simulator:
        batch = simulator.batches.add(requests, age=3600, duration=60)
        simulator.faults.next(Fault(method="GET", path=r"/results$", drip=1 << 18, drip_seconds=0.1))
        api = {"ANTHROPIC_BASE_URL": simulator.base_url, "ANTHROPIC_API_KEY": simulator.key}
        with dashboard(folder, **api) as app:
            app.wait_for(batch.id[-7:], seconds=60.0)
            app.press("\r", quiet=0.0)
            app.wait_for("MB/s", seconds=10.0, quiet=0.0)
            keys: dict[str, list[float]] = {"the cursor": [], "a page": [], "the next tab": []}
            for number in range(60):
                what, key = (("the cursor", "\x1b[B"), ("a page", " "), ("the next tab", "]"))[number % 3]
                reaction = app.press(key, quiet=0.01)
                if "MB/s" in app.text:  # still going on
                    keys[what].append(reaction.first_ms or 1000.0)
    for what, times in keys.items():
        times.sort()
        print(
            f"{what:<12} while downloading {median(times):4.0f} ms   worst of {len(times)}: {times[-1]:.0f} ms   goal 100 ms"
        )


@contextlib.contextmanager
def simulated(folder: Path, requests: int) -> Iterator[tuple[str, str]]:
    """A simulator of its own process with one ended batch: its address and the batch."""
    body = folder / "requests.jsonl"
    filler = "The quick brown fox jumps over the lazy dog. " * 40
    with body.open("w") as file:
        for number in range(requests):
            params = {
                "model": "claude-haiku-4-5",
                "max_tokens": 1000,
                "messages": [{"role": "user", "content": f"Summarise {number}: {filler}"}],
            }
            file.write(json.dumps({"custom_id": f"row-{number}", "params": params}) + "\n")
    command = [sys.executable, "-m", "claude_batch_tui", "simulate", "--speed", "5000"]
    process = subprocess.Popen(
        [*command, "--until-stdin-closes"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    os.environ.update(
        ANTHROPIC_BASE_URL=(address := process.stdout.readline().strip()),
        ANTHROPIC_API_KEY=KEY,
        CBTUI_DATA_DIR=str(folder / "data"),
        CBTUI_CONFIG_DIR=str(folder / "config"),
    )
    client = [sys.executable, "-m", "claude_batch_tui"]
    batch_id = subprocess.check_output(
        [*client, "submit", str(body), "--yes", "--requests", str(requests)], text=True
    ).strip()
    subprocess.run([*client, "watch", batch_id, "--interval", "1"], check=False)
    body.unlink()
    try:
        yield address, batch_id
    finally:
        process.communicate("")


def bench_download(requests: int, folder: Path) -> None:
    """The same results, over the same loopback, by curl and sync, and by a download that is verified and indexed.

    A ratio is of two downloads one after the other, by the clock and by the processor; the median of those is told.
    """
    with simulated(folder, requests) as (address, batch_id):
        asyncio.run(_downloads(f"{address}/v1/messages/batches/{batch_id}/results", batch_id, folder))


async def _downloads(url: str, batch_id: str, folder: Path) -> None:
    target = folder / "curl.jsonl"
    curl = [
        "curl",
        "-sS",
        "-o",
        target,
        "-H",
        f"x-api-key: {KEY}",
        "-H",
        "anthropic-version: 2023-06-01",
        url,
    ]

    def by_curl() -> tuple[float, float]:
        """Seconds by the clock, and of the processor."""
        target.unlink(missing_ok=True)  # taking an old file away is no part of it
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        clock = timed(lambda: [subprocess.run(one, check=True) for one in (curl, ["sync", target])])
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    by_curl()  # the simulator makes the results once
    pairs = []
    async with open_runtime(load({})[0]) as runtime:
        batch = (await retrieve(batch_id, runtime)).batch
        api = await runtime.connect()
        submission = submissions.of_batch(runtime.store, batch_id)
        assert submission is not None
        sent = sent_ids(submission)

        def by_us() -> tuple[float, float, float]:
            """Seconds until the verified file has its name, its ids and outcomes known, by the clock and of the
            processor; and until all is."""
            results_path(folder, batch_id).unlink(missing_ok=True)
            started, cpu_started, named, cpu = time.perf_counter(), time.process_time(), 0.0, 0.0
            steps = download(
                batch, api=api, folder=folder, sent_ids=sent, stopped=lambda: False, random=lambda: 0.5
            )
            for step in steps:
                if not named and step.update.state is DownloadState.READING:
                    named, cpu = time.perf_counter() - started, time.process_time() - cpu_started
                    assert results_path(folder, batch_id).exists()
                    assert step.update.lines == batch.request_counts.total
            assert step.finished is not None
            assert not step.finished.problems
            return named, cpu, time.perf_counter() - started

        for number in range(DOWNLOAD_ROUNDS + 1):
            theirs = by_curl() if number % 2 else None
            ours = await in_thread(by_us)
            pair = (*(theirs or by_curl()), *ours)
            if number:  # numpy is imported in the first one
                pairs.append(pair)
    curls, cpu_curls, nameds, cpu_nameds, wholes = map(median, zip(*pairs, strict=True))
    of_named, of_cpu, of_whole = (
        median(pair[theirs] / pair[ours] for pair in pairs) for theirs, ours in ((0, 2), (1, 3), (0, 4))
    )
    size = target.stat().st_size / 1e6
    print(f"curl and sync, {size:,.0f} MB   {curls * 1e3:8.0f} ms   processor {cpu_curls * 1e3:.0f}")
    print(f"download, verified       {nameds * 1e3:8.0f} ms   {of_named:5.2f} x   goal 0.5 x")
    print(f"  its processor          {cpu_nameds * 1e3:8.0f} ms   {of_cpu:5.2f} x")
    print(f"  and every line read    {wholes * 1e3:8.0f} ms   {of_whole:5.2f} x")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("what", nargs="*", default=["index", "screen", "memory", "download", "keys"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = folder / "results.jsonl"
        write(path, arguments.lines)
        print(f"{arguments.lines:,} lines, {path.stat().st_size / 1e6:,.0f} MB")
        benches = {"index": bench_index, "screen": bench_screen, "memory": bench_memory}
        for what in arguments.what:
            if what == "download":
                bench_download(min(arguments.lines, 100_000), folder)
            elif what == "keys":
                bench_keys(100_000, folder)
            else:
                benches[what](path, folder)


if __name__ == "__main__":
    main()
