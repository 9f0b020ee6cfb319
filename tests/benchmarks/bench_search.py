"""Finding in a million results, beside ripgrep and other tools on the same file in the same run. Run by hand:

    .venv/bin/python tests/benchmarks/bench_search.py [--lines 1000000] [--rounds 5] [text common index keys stream peers]

`text`: a rare word in the answers, each hit confirmed in the decoded answer, against `rg` for the same word; exact and
ignoring case; and the time of the first hit. Goal: no slower than ripgrep. Every round has a new map of the file and
a new process of `rg`, then (`again`) the same search on the map that is there; sides take turns, medians of seconds by
the clock and of the processor are compared; the file is warm in the page cache.
`common`: a word that most answers hold, beside decoding every answer. Goal: no slower.
`index`: outcome (goal 50 ms), a rare part of an id (100 ms), cost, a glob, sorting, over the whole file.
`keys`: milliseconds until a key is painted while a filter that has to decode every answer runs (`text~`): letters of
the filter itself, the cursor, pages, the inspector's tabs. Goal: 100 ms at the 99th percentile.
`stream`: `results FILE --where` on a file that was never opened: seconds to the first line, and to the end.
`peers`: what toolong, lnav, visidata and DuckDB take for the same word; those that cannot be found are skipped with a
word. `--bin DIR` has them: `uv venv DIR/.. && uv pip install --python DIR/python toolong visidata duckdb`, and
`apt-get install ripgrep lnav`. toolong 1.5 brings a Textual of its own time, so DIR is never the project's venv.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from array import array
from pathlib import Path
from statistics import median
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parent))
from bench_big_batch import rss_anon_mb
from bench_results import dashboard, timed, write
from pty_app import PtyApp

from claude_batch_tui.domain.filters.language import parse
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.filters.finding import Finder
from claude_batch_tui.services.filters.sorting import in_order, parse_sort
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.opening import open_indexed

EXACT, SMALL = "Zanzibar", "zanzibar"
PLANTED = 50_000
"""The word stands in one of so many answers."""
_EARLY = 100
SLOWEST = 600.0


def write_with_words(path: Path, lines: int) -> None:
    """The results of `bench_results` with the word in a few answers, over other text of the same length."""
    write(path, lines)
    with path.open("r+b") as file:
        at = 0
        for number, line in enumerate(file):
            if number == _EARLY or number % PLANTED == PLANTED // 2:
                place = line.find(b'"text":"')
                if place > 0:
                    end = line.index(b" ", place + 8 + len(EXACT))
                    start = place + 8
                    file_at = at + start
                    word = (EXACT if number % (2 * PLANTED) < PLANTED else SMALL).encode()
                    position = file.tell()
                    os.pwrite(file.fileno(), word.ljust(end - start), file_at)
                    file.seek(position)
            at += len(line)


def search(finder: Finder, text: str) -> tuple[float, float, int]:
    """Seconds in all, seconds to the first hit, hits."""
    started = time.perf_counter()
    first = 0.0
    positions = array("I")
    for found in finder.find(parse(text)):
        positions = found.positions
        if positions and not first:
            first = time.perf_counter() - started
    return time.perf_counter() - started, first, len(positions)


class Spent(NamedTuple):
    """Seconds by the clock, and of the processor (user and system)."""

    clock: float
    cpu: float


def ripgrep(path: Path, *arguments: str) -> Spent:
    """A process of its own, output thrown away."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    clock = timed(
        lambda: subprocess.run(["rg", "-c", *arguments, path], stdout=subprocess.DEVNULL, check=False)
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return Spent(clock, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def bench_text(results: ResultsFile, costs: EntryCosts, path: Path, rounds: int) -> None:
    """Ours and ripgrep in turns."""
    has_rg = shutil.which("rg") is not None
    if not has_rg:
        print("ripgrep is not installed: only our own figures follow (apt-get install ripgrep)")
    for text, arguments in (
        (f"text:{EXACT}", [EXACT]),
        (f"text:{SMALL}", ["-i", SMALL]),
        ("text:nowhere-Q", ["nowhere-Q"]),
    ):
        ours: list[Spent] = []
        theirs: list[Spent] = []
        firsts: list[float] = []
        again: list[Spent] = []
        hits = 0
        for _ in range(rounds):
            finder = Finder(results, costs)
            cpu = time.process_time()
            whole, first, hits = search(finder, text)
            ours.append(Spent(whole, time.process_time() - cpu))
            firsts.append(first)
            finder.forget()
            cpu = time.process_time()
            whole, _, _ = search(finder, text)
            again.append(Spent(whole, time.process_time() - cpu))
            if has_rg:
                theirs.append(ripgrep(path, *arguments))
        words = f"{text:<15} {_figures(ours)}, first hit {median(firsts) * 1e3:.1f} ms, {hits:,} hits"
        words += f"; again {_figures(again)}"
        if theirs:
            clock = median(one.clock for one in ours) / median(one.clock for one in theirs)
            cpu = median(one.cpu for one in ours) / median(one.cpu for one in theirs)
            words += f"; rg {' '.join(arguments)} {_figures(theirs)}: {clock:.2f} and {cpu:.2f} times"
        print(words)
    finder = Finder(results, costs)
    *_, _last = finder.find(parse(f"text:{EXACT[:4]}"))
    print(f"a further character: {timed(lambda: list(finder.find(parse(f'text:{EXACT}')))) * 1e3:.1f} ms")


def bench_common(results: ResultsFile, costs: EntryCosts, rounds: int) -> None:
    """A word that most answers hold, beside a pattern that is looked for in every decoded answer."""
    spent: dict[str, list[Spent]] = {"text:Rechnung": [], "text~Rechnung": []}
    hits = 0
    for _ in range(rounds):
        for text, times in spent.items():
            cpu = time.process_time()
            whole, _, hits = search(Finder(results, costs), text)
            times.append(Spent(whole, time.process_time() - cpu))
    word, decoded = spent.values()
    clock, cpu = (median(one[at] for one in word) / median(one[at] for one in decoded) for at in (0, 1))
    print(
        f"text:Rechnung   {_figures(word)}, {hits:,} hits; text~Rechnung {_figures(decoded)}: {clock:.2f} and {cpu:.2f} times"
    )


def _figures(spent: list[Spent]) -> str:
    clock, cpu = median(one.clock for one in spent), median(one.cpu for one in spent)
    return f"{clock * 1e3:.0f} ms (processor {cpu * 1e3:.0f})"


def bench_index(results: ResultsFile, costs: EntryCosts, lines: int, rounds: int) -> None:
    """Filters and orders that need the index alone; the first use of numpy and of the costs is apart."""
    list(Finder(results, costs).find(parse("in>0")))
    print(f"costs of all entries, once: {timed(costs.total) * 1e3:.0f} ms")
    rare = f"{lines // 2:07d}"
    for text in (
        "outcome=errored",
        f"id:{rare}",
        "id:1",
        "id=ticket-000*",
        "class=truncated and out>500",
        "cost>0.004",
    ):
        figures = [search(Finder(results, costs), text) for _ in range(rounds)]
        print(
            f"{text:<28} {median(figure[0] for figure in figures) * 1e3:6.1f} ms  {figures[0][2]:,} entries"
        )
    everything = array("I", range(results.index.count))
    for name in ("out:desc", "cost:desc", "custom_id", "outcome"):
        sort = parse_sort(name)

        def order(sort=sort) -> object:
            return in_order(everything, sort, results, costs)

        print(f"sorted by {name:<18} {median(timed(order) for _ in range(rounds)) * 1e3:6.1f} ms")


def bench_keys(path: Path, folder: Path) -> None:
    """Keys in a terminal while every answer is decoded and asked, in an app that has indexed the file."""
    with dashboard(folder, "open", str(path)) as app:
        app.wait_until(lambda: "entries" in app.text and "…" not in app.text.splitlines()[2], seconds=300.0)
        for what, keys, before in (
            ("a letter of the filter", list("text~invoice|zz"), "/"),
            ("the cursor", ["j", "k"] * 30, "\r"),
            ("a page", ["\x1b[6~", "\x1b[5~"] * 30, ""),
            ("next tab of the inspector", ["]"] * 20, ""),
        ):
            if before:
                app.press(before, quiet=0.3)
            painted = [_painted(app, key) for key in keys]
            painted.sort()
            at99 = painted[min(len(painted) - 1, round(len(painted) * 0.99))]
            print(
                f"{what:<28} median {median(painted):5.0f} ms, 99th percentile {at99:5.0f}, worst {painted[-1]:5.0f}"
                f" of {len(painted)}   goal 100 ms"
            )
        print("the search goes on" if "…" in app.text else "the search has ENDED meanwhile: take more lines")


def _painted(app: PtyApp, key: str) -> float:
    """Milliseconds until the row with the cursor, the filter or the chosen tab is another one on the screen."""

    def seen() -> list[str]:
        lines = app.text.splitlines()
        return [line for line in lines if line.startswith((">", " /")) or " markdown" in line]

    before, started = seen(), time.perf_counter()
    app.send(key)
    while seen() == before and time.perf_counter() - started < 1.0:
        app.next_burst(0.05, quiet=0.0)
    seconds = time.perf_counter() - started
    app.idle(0.03)
    return seconds * 1e3


def bench_stream(path: Path) -> None:
    """Each in a process of its own with folders of its own, so that no index is there."""
    for text in (f"text:{EXACT}", "outcome=expired"):
        for limit in ((), ("--limit", "3")):
            with tempfile.TemporaryDirectory() as home:
                command = [sys.executable, "-m", "claude_batch_tui", "--data-dir", home, "results", str(path)]
                started = time.perf_counter()
                with subprocess.Popen([*command, "--where", text, *limit], stdout=subprocess.PIPE) as process:
                    assert process.stdout is not None
                    process.stdout.readline()
                    first = time.perf_counter() - started
                    lines = 1 + process.stdout.read().count(b"\n")
                whole = time.perf_counter() - started
            print(f"{' '.join([text, *limit]):<28} first line {first:5.2f} s, all {lines:,} {whole:5.2f} s")


def bench_peers(path: Path, folder: Path) -> None:
    """The same word by other tools, each in a process of its own, output thrown away."""
    duckdb = (
        "import duckdb,sys;print(duckdb.sql(f\"select count(*) from read_json('{sys.argv[1]}',"
        "columns={{custom_id:'VARCHAR',result:'JSON'}}, maximum_object_size=67108864)"
        f" where contains(result::VARCHAR,'{EXACT}')\").fetchall())"
    )
    python = shutil.which("python", path=str(folder)) or ""
    commands: dict[str, list[str]] = {
        "ripgrep": ["rg", "-c", EXACT, str(path)],
        "lnav, headless": ["lnav", "-n", "-c", f":filter-in {EXACT}", str(path)],
        "DuckDB": [python, "-c", duckdb, str(path)],
        "visidata, batch": [
            *(str(folder / "vd"), "-b", "-f", "jsonl", str(path), "-o", "-"),
            *("--play", "/dev/null"),
        ],
    }
    for name, command in commands.items():
        if not command[0] or shutil.which(command[0]) is None:
            print(f"{name:<16} is not installed: skipped")
            continue
        started = time.perf_counter()
        try:
            done = subprocess.run(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                stdin=subprocess.DEVNULL,
                timeout=SLOWEST,
                check=False,
            )
        except subprocess.TimeoutExpired:
            print(f"{name:<16} more than {SLOWEST:.0f} s")
            continue
        seconds = time.perf_counter() - started
        print(f"{name:<16} {seconds:7.2f} s  (exit {done.returncode}, {len(done.stdout):,} bytes of output)")
    toolong = folder / "tl"
    if toolong.exists():
        bench_toolong(path, toolong)
    else:
        print("toolong          is not installed: skipped")


def bench_toolong(path: Path, command: Path) -> None:
    """It finds on its screen only: the first screen, a page, and from the end up through all places of the word."""
    with path.open("rb") as file:
        lines = sum(piece.count(b"\n") for piece in iter(lambda: file.read(1 << 20), b""))
    places = [number for number in range(lines) if number % PLANTED == PLANTED // 2]
    with PtyApp([str(command), str(path)], columns=200) as app:
        first = app.wait_for("ticket-", seconds=60.0, quiet=0.0)
        app.wait_for(f"ticket-{lines - 1:07d}", seconds=60.0, quiet=2.0)
        memory = rss_anon_mb(app.pid)
        app.type("\x06")  # what follows in one burst would go to the list
        app.type(EXACT)
        started = time.perf_counter()
        for place in reversed(places):
            app.send("\x1b[A")
            if not app.see(f"ticket-{place:07d}", 60.0):
                sys.exit(f"toolong does not come to entry {place:,}:\n{app.text}")
        seconds = time.perf_counter() - started
        app.press("\x1b", quiet=0.5)
        page = app.press("\x1b[6~", quiet=0.5)
    print(
        f"toolong          {seconds:7.2f} s  to {len(places)} places, ignoring case; first screen {first:.2f} s, "
        f"a page {page.last_ms or 0:.0f} ms and {page.bytes:,} bytes at 200x24, RssAnon {memory:.0f} MB"
    )


def main() -> None:
    """All parts, or those named."""
    parser = argparse.ArgumentParser()
    parser.add_argument("parts", nargs="*", default=["text", "common", "index", "keys", "stream", "peers"])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--file", type=Path, help="keep the file here, and use it where it is")
    parser.add_argument("--bin", type=Path, default=Path(sys.executable).parent)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.file or Path(folder) / "results.jsonl"
        if not path.exists():
            write_with_words(path, arguments.lines)
        print(f"{path.stat().st_size / 1e9:.2f} GB")
        if {"text", "common", "index"} & {*arguments.parts}:
            with open_indexed(path, Path(folder)) as results:
                costs = EntryCosts(results.index, built_in_prices())
                if "text" in arguments.parts:
                    bench_text(results, costs, path, arguments.rounds)
                if "common" in arguments.parts:
                    bench_common(results, costs, arguments.rounds)
                if "index" in arguments.parts:
                    bench_index(results, costs, arguments.lines, arguments.rounds)
        if "keys" in arguments.parts:
            bench_keys(path, Path(folder))
        if "stream" in arguments.parts:
            bench_stream(path)
        if "peers" in arguments.parts:
            bench_peers(path, arguments.bin)


if __name__ == "__main__":
    main()
