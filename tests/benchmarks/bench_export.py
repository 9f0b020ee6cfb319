"""Exporting 100,000 results (about 200 MB) to CSV against a bare msgspec and csv loop over the same file.

    .venv/bin/python tests/benchmarks/bench_export.py [--rounds 5] [--entries 100000]

Loop and export run in turns as processes of their own, both sync their file to disk; seconds are user plus system time,
ratios of medians. The loop reads in file order, decodes what it needs into structs, joins nothing, guards nothing and
knows no prices. Goal: the export at most 1.5. Beside it, not held to the goal: the same joined with 100,000 source rows
(five columns) against a loop that joins with a dict, the other formats, and the index built first. Peak is of RssAnon.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from bench_big_batch import Peak

GOAL = 1.5
LOOP = """
import csv, os, sys
import msgspec

class Block(msgspec.Struct):
    type: str
    text: str = ""

class Usage(msgspec.Struct):
    input_tokens: int
    output_tokens: int

class Message(msgspec.Struct):
    model: str
    content: list[Block]
    stop_reason: str
    usage: Usage

class Inner(msgspec.Struct):
    type: str
    message: str

class Error(msgspec.Struct):
    error: Inner

class Result(msgspec.Struct):
    type: str
    message: Message | None = None
    error: Error | None = None

class Line(msgspec.Struct):
    custom_id: str
    result: Result

class Row(msgspec.Struct):
    custom_id: str
    id: str
    row: dict

rows = {}
names = []
if len(sys.argv) > 3:
    decode_row = msgspec.json.Decoder(Row).decode
    with open(sys.argv[3], "rb") as source:
        for line in source:
            row = decode_row(line)
            rows[row.custom_id] = row
    names = list(row.row)
decode = msgspec.json.Decoder(Line).decode
with open(sys.argv[1], "rb") as results, open(sys.argv[2], "w", newline="", encoding="utf-8") as out:
    writer = csv.writer(out)
    writer.writerow(["custom_id", "status", "response", "error", "stop_reason", "model", "input", "output", *names])
    for line in results:
        entry = decode(line)
        message, error = entry.result.message, entry.result.error
        cells = [entry.custom_id, entry.result.type]
        if message is not None:
            text = "\\n".join(block.text for block in message.content if block.type == "text")
            usage = message.usage
            cells += [text, "", message.stop_reason, message.model, usage.input_tokens, usage.output_tokens]
        else:
            cells += ["", f"{error.error.type}: {error.error.message}" if error else "", "", "", "", ""]
        if names:
            row = rows[entry.custom_id].row
            cells += [row[name] for name in names]
        writer.writerow(cells)
    out.flush()
    os.fsync(out.fileno())
"""
WORDS = (
    "the",
    "of",
    "and",
    "invoice",
    "was",
    "charged",
    "twice",
    "grün",
    "café",
    "東京",
    "refund",
    "later,",
    '"so"',
)


def write_results(path: Path, rows: Path, entries: int) -> None:
    """Results as the API writes them, in an order of their own, and the rows file; the same for the same number."""
    chance = random.Random(7)
    texts = [" ".join(chance.choices(WORDS, k=240)) + "\n" for _ in range(200)]
    order = list(range(entries))
    chance.shuffle(order)
    usage = {
        "input_tokens": 400,
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": 0,
        "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 0},
        "service_tier": "batch",
        "inference_geo": "not_available",
    }
    with path.open("w", encoding="utf-8") as file:
        for number in order:
            result = {
                "type": "succeeded",
                "message": {
                    "id": f"msg_{number:024}",
                    "type": "message",
                    "role": "assistant",
                    "model": "claude-haiku-4-5",
                    "content": [{"type": "text", "text": f"{number} {texts[number % 200]}"}],
                    "stop_reason": "end_turn",
                    "stop_sequence": None,
                    "usage": {**usage, "output_tokens": 300 + number % 99},
                },
            }
            if number % 50 == 0:
                inner = {"type": "overloaded_error", "message": "Overloaded"}
                result = {"type": "errored", "error": {"type": "error", "error": inner, "request_id": None}}
            line = {"custom_id": f"row-{number}", "result": result}
            file.write(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n")
    with rows.open("w", encoding="utf-8") as file:
        for number in range(entries):
            row = {
                "ticket": f"T {number}",
                "lang": "de",
                "title": f"Title {number}",
                "a": number,
                "body": texts[9][:200],
            }
            line = {
                "custom_id": f"row-{number}",
                "id": f"T {number}",
                "source": "t.csv",
                "line": number + 2,
                "row": row,
            }
            file.write(json.dumps(line, ensure_ascii=False) + "\n")


def cpu_of(command: list[str], environ: dict[str, str]) -> tuple[float, float]:
    """Processor seconds of a command, and the peak of its private memory in MB."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environ)
    peak = Peak(process.pid)
    code = process.wait()
    mb = peak.stop()
    if code not in (0, 1):  # 1: some entries did not succeed
        sys.exit(f"{' '.join(command)} ended with {code}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, mb


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--entries", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        results, rows = folder / "results.jsonl", folder / "requests.rows.jsonl"
        write_results(results, rows, options.entries)
        print(f"{options.entries:,} results, {results.stat().st_size / 1e6:.0f} MB")
        environ = {
            **os.environ,
            **{f"CBTUI_{part}_DIR": str(folder / part) for part in ("DATA", "STATE", "CONFIG")},
        }

        def export(target: str, *more: str) -> list[str]:
            command = [sys.executable, "-m", "claude_batch_tui", "results", str(results), "--force"]
            return [*command, "-o", str(folder / target), *more]

        loop = [sys.executable, "-c", LOOP, str(results), str(folder / "loop.csv")]
        joined = ("--rows", str(rows))
        seconds, mb = cpu_of(export("first.csv"), environ)
        print(f"{'index and CSV, once':<28} {seconds:6.2f} s             peak {mb:6.1f} MB")
        pairs = {
            "bare loop": loop,
            "CSV": export("out.csv"),
            "bare loop with a join": [*loop, str(rows)],
            "CSV, joined": export("out.csv", *joined),
        }
        seen: dict[str, list[tuple[float, float]]] = {way: [] for way in pairs}
        for _ in range(options.rounds):
            for way, command in pairs.items():
                seen[way].append(cpu_of(command, environ))
        base = 1.0
        for way, figures in seen.items():
            seconds, mb = statistics.median(s for s, _ in figures), max(m for _, m in figures)
            base = seconds if way.startswith("bare") else base
            verdict = ""
            if way == "CSV":
                verdict = f"   {'within' if seconds / base <= GOAL else 'OVER'} {GOAL} x"
            print(f"{way:<28} {seconds:6.2f} s   {seconds / base:5.2f} x   peak {mb:6.1f} MB{verdict}")
        for target in (
            "out.jsonl",
            "out.flat.jsonl",
            "out.json",
            "out.md",
            "out.sqlite",
            "out.parquet",
            "out/",
        ):
            shutil.rmtree(folder / target, ignore_errors=True)
            # Path takes a last / away, and that is what asks for a folder.
            command = export(target, *joined)
            command[command.index("-o") + 1] = f"{folder}/{target}"
            seconds, mb = cpu_of(command, environ)
            print(f"{target + ', joined':<28} {seconds:6.2f} s             peak {mb:6.1f} MB")


if __name__ == "__main__":
    main()
