"""Building and checking 100,000 rows of CSV (about 85 MB) against a csv and json loop that checks nothing.

    .venv/bin/python tests/benchmarks/bench_build.py [--rounds 5] [--rows 100000]

Three sources: texts without quotes, texts with commas, and texts with doubled quotes, commas and line breaks; a third of
the rows of each have text beyond ASCII. Loop and build run in turns as processes of their own; ratios are medians of
the ratios of neighbours, of wall time and of processor time (build writes and hashes in threads). Goals: a plain
template at most 1.0, Jinja expressions at most 1.5; peak RssAnon at most 150 MB, for 1,000,000 rows too; the first
preview of a source of 1 GB within 0.3 s; a key painted within 50 ms while a check of 100,000 requests runs.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

from bench_big_batch import Peak
from pty_app import PtyApp

from claude_batch_tui.services.building.recipes import FormDraft, save_draft

LOOP = """
import csv, json, sys
with open(sys.argv[1], newline="", encoding="utf-8") as source, open(sys.argv[2], "w", encoding="utf-8") as out:
    for row in csv.DictReader(source):
        params = {"model": "claude-haiku-4-5", "max_tokens": 100,
                  "messages": [{"role": "user", "content": f"Label {row['title']}: {row['body']}"}]}
        out.write(json.dumps({"custom_id": row["id"], "params": params}, ensure_ascii=False) + "\\n")
"""
PLAIN = "Label {{ title }}: {{ body }}"
JINJA = "Label {{ title | upper }}: {% if body | length > 9 %}{{ body | trim }}{% endif %}"
_PLAIN_WORDS = ("the", "of", "and", "to", "in", "lamp", "late", "refund", "invoice", "is", "for")
WORDS = {
    "plain": (*_PLAIN_WORDS, "price", "order"),
    "commas": (*_PLAIN_WORDS, "price,", "order"),
    "quotes and line breaks": (*_PLAIN_WORDS, '"price",', "order\n\n"),
}
BEYOND_ASCII = ("grün", "café", "東京", "заказ", "🎉")


def write_csv(path: Path, rows: int, count: int, words: tuple[str, ...]) -> None:
    """Rows of `count` of these words each; the same for the same numbers."""
    chance = random.Random(7)
    texts = [
        " ".join(
            chance.choices(words, k=count - 6) + chance.choices(words if number % 3 else BEYOND_ASCII, k=6)
        )
        for number in range(201)
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "category", "title", "body"])
        for number in range(rows):
            writer.writerow(
                [f"row-{number}", number % 9, f"Title {number}", f"{number} {texts[number % 201]}"]
            )


class Run(NamedTuple):
    """One run of a command: seconds by the clock and of processors, and the peak of its private memory in MB."""

    wall: float
    cpu: float
    mb: float


def run(command: list[str]) -> Run:
    """Run a command to its end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    peak = Peak(process.pid)
    if process.wait() != 0:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}")
    mb = peak.stop()
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Run(wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, mb)


def build(source: Path, out: Path, template: str) -> list[str]:
    """The command that builds, ids from a column."""
    return [
        *(sys.executable, "-m", "claude_batch_tui", "build", "csv", str(source), "--template", template),
        *(
            "--id-column",
            "id",
            "--model",
            "claude-haiku-4-5",
            "--max-tokens",
            "100",
            "-o",
            str(out),
            "--force",
        ),
    ]


def preview_seconds(source: Path) -> float:
    """Seconds to the first preview of a source, in a process that is warm."""
    code = (
        "import sys, time\n"
        "from claude_batch_tui.services.building.preview import preview\n"
        "from claude_batch_tui.sources.recipe import BuildSpec\n"
        "start = time.perf_counter()\n"
        f"preview(BuildSpec(kind='csv', path={str(source)!r}, template={PLAIN!r}, model='m', max_tokens=1), 0, 1)\n"
        "print(time.perf_counter() - start)"
    )
    return float(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    )


def keys_during_check(source: Path, folder: Path) -> list[float]:
    """Milliseconds from key to paint while the dashboard builds and checks."""
    environ = {f"CBTUI_{name}_DIR": str(folder / name.lower()) for name in ("DATA", "STATE", "CONFIG")}
    environ |= {"ANTHROPIC_API_KEY": "sk-ant-none", "ANTHROPIC_BASE_URL": "http://127.0.0.1:9"}
    form = {"source": str(source), "id_column": "id", "template": PLAIN}
    (folder / "data").mkdir(mode=0o700)
    save_draft(folder / "data", FormDraft({**form, "model": "claude-haiku-4-5", "max_tokens": "100"}))
    with PtyApp([sys.executable, "-m", "claude_batch_tui"], environ=environ) as app:
        app.wait_for("BATCHES")
        app.press("2", quiet=2)
        app.press("\x12", quiet=0.01)
        app.wait_for("Built", quiet=0)
        times: list[float] = []
        end = time.perf_counter() + 60
        while "Checked." not in app.text and time.perf_counter() < end:
            reaction = app.press("\t", quiet=0.02)  # the next field lights up, whatever else is painted
            if reaction.first_ms is not None:
                times.append(reaction.first_ms)
        return times


def compare(source: Path, out: Path, rounds: int) -> None:
    """Build and loop in turns; print their times and ratios."""
    ways = {
        "csv + json loop": [sys.executable, "-c", LOOP, str(source), str(out)],
        "build, plain template": build(source, out, PLAIN),
        "build, Jinja expressions": build(source, out, JINJA),
    }
    seen: dict[str, list[Run]] = {way: [] for way in ways}
    for _ in range(rounds):
        for way, command in ways.items():
            seen[way].append(run(command))
    base = seen["csv + json loop"]
    print(f"{'':<26} {'wall':>8} {'ratio':>8} {'cpu':>8} {'ratio':>8} {'peak':>10}")
    for way, runs in seen.items():
        wall, cpu = statistics.median(r.wall for r in runs), statistics.median(r.cpu for r in runs)
        wall_ratio = statistics.median(r.wall / b.wall for r, b in zip(runs, base, strict=True))
        cpu_ratio = statistics.median(r.cpu / b.cpu for r, b in zip(runs, base, strict=True))
        mb = max(r.mb for r in runs)
        print(f"{way:<26} {wall:6.2f} s {wall_ratio:6.2f} x {cpu:6.2f} s {cpu_ratio:6.2f} x {mb:7.1f} MB")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--rows", type=int, default=100_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        source, out = folder / "rows.csv", folder / "out.jsonl"
        for kind, words in WORDS.items():
            write_csv(source, options.rows, 170, words)
            print(f"{options.rows:,} rows, {kind}, {source.stat().st_size / 1e6:.0f} MB")
            compare(source, out, options.rounds)
        times = sorted(keys_during_check(source, folder))
        if times:
            print(
                f"keys while checking        {len(times)} keys, median {statistics.median(times):.1f} ms, worst {times[-1]:.1f} ms"
            )
        million = folder / "million.csv"
        write_csv(million, 1_000_000, 20, WORDS["commas"])
        whole = run(build(million, out, PLAIN))
        print(f"1,000,000 rows             {whole.wall:6.2f} s, peak {whole.mb:.1f} MB")
        out.unlink()
        with million.open("ab") as file:
            part = source.read_bytes()[: 1 << 26]
            while file.tell() < 1_000_000_000:
                file.write(part)
        print(f"first preview of 1 GB      {preview_seconds(million):6.3f} s")


if __name__ == "__main__":
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed package has its bytecode
    main()
