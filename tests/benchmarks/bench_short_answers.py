"""A million short answers, the commonest batch of all: this build beside another one, DuckDB, Polars and jq. Run by hand:

    .venv/bin/python tests/benchmarks/bench_short_answers.py OTHER/.venv/bin/python [--peers PYTHON] [--pairs 7]
        [--lines 1000000] [--only PART]

OTHER is an environment with an earlier build, PYTHON one with duckdb and polars, which are told all types; jq is on the PATH. Every command is a process of its own, sides take
turns, each ratio is the median of its pairs, by the clock and by processor time. A line has 400 bytes and a label.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

LABELS = ("positive", "negative", "neutral", "mixed")
_COLUMNS = (
    "{'custom_id': 'VARCHAR', 'result': 'STRUCT(type VARCHAR, message STRUCT(model VARCHAR, stop_reason VARCHAR, "
    "content STRUCT(type VARCHAR, text VARCHAR)[], "
    "usage STRUCT(input_tokens BIGINT, output_tokens BIGINT, cache_read_input_tokens BIGINT)), "
    "error STRUCT(error STRUCT(type VARCHAR, message VARCHAR)))'}"
)
_FROM = "from read_json('PATH', format='newline_delimited', columns=" + _COLUMNS + ")"
_GROUPS = (
    "select result.type, result.message.stop_reason, result.message.model, result.error.error.type, count(*), "
    "sum(result.message.usage.input_tokens), sum(result.message.usage.output_tokens), "
    "sum(result.message.usage.cache_read_input_tokens) " + _FROM + " group by all"
)
_MATCHES = "select custom_id " + _FROM + " where contains(result.message.content[1].text, 'nowhere')"
_POLARS = """
import polars as p
text, count = p.String, p.Int64
usage = p.Struct({"input_tokens": count, "output_tokens": count, "cache_read_input_tokens": count})
content = p.List(p.Struct({"type": text, "text": text}))
message = p.Struct({"model": text, "stop_reason": text, "content": content, "usage": usage})
error = p.Struct({"error": p.Struct({"type": text, "message": text})})
schema = {"custom_id": text, "result": p.Struct({"type": text, "message": message, "error": error})}
frame = p.scan_ndjson("PATH", schema=schema)
result = p.col("result").struct
message = result.field("message").struct
usage = message.field("usage").struct
"""
_POLARS_GROUPS = (
    _POLARS
    + """
groups = [result.field("type").alias("type"), message.field("stop_reason"), message.field("model")]
sums = [usage.field(name).sum() for name in ("input_tokens", "output_tokens", "cache_read_input_tokens")]
frame.group_by(groups).agg(p.len(), *sums).collect()
"""
)
_POLARS_MATCHES = (
    _POLARS
    + """
first = message.field("content").list.first().struct.field("text")
frame.filter(first.str.contains("nowhere", literal=True)).select("custom_id").collect()
"""
)
_JQ_GROUPS = (
    "reduce inputs as $line ({}; .[[$line.result.type, $line.result.message.stop_reason, $line.result.message.model]"
    ' | join(" ")] |= {count: (.count + 1), input: (.input + $line.result.message.usage.input_tokens),'
    " output: (.output + $line.result.message.usage.output_tokens)})"
)
_JQ_MATCHES = 'select(.result.message.content[0].text // "" | contains("nowhere")) | .custom_id'
_ROWS = (
    "select custom_id, result.type, result.message.content[1].text as response, result.error.error.message, "
    "result.message.stop_reason, result.message.model, result.message.usage.input_tokens, "
    "result.message.usage.output_tokens " + _FROM
)


def write(path: Path, lines: int) -> None:
    """Labels of 400 bytes a line; 1 % errored, half a percent expired, 1.5 % cut short. The same bytes each time."""
    dice = random.Random(7)
    with path.open("w", encoding="ascii") as file:
        for number in range(lines):
            kind = dice.random()
            head = f'{{"custom_id":"row-{number:07d}","result":{{"type":'
            if kind < 0.01:
                rest = (
                    '"errored","error":{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"},'
                    f'"request_id":"req_011C{number:07d}"}}}}}}\n'
                )
            elif kind < 0.015:
                rest = '"expired"}}\n'
            else:
                rest = (
                    '"succeeded","message":{"model":"claude-haiku-4-5-20251001",'
                    f'"id":"msg_01{number:022d}","type":"message","role":"assistant",'
                    f'"content":[{{"type":"text","text":"{dice.choice(LABELS)}"}}],'
                    f'"stop_reason":"{"max_tokens" if kind > 0.985 else "end_turn"}","stop_sequence":null,'
                    f'"usage":{{"input_tokens":{dice.randrange(80, 600)},"cache_creation_input_tokens":0,'
                    f'"cache_read_input_tokens":0,"output_tokens":{dice.randrange(2, 6)},"service_tier":"batch"}}}}}}}}\n'
                )
            file.write(head + rest)


class Used(NamedTuple):
    """What a process took: seconds, seconds of the processor with its children's, and the most memory of one of them."""

    clock: float
    processor: float
    peak_mb: float


class Side(NamedTuple):
    """One of those compared: a name and how it is run."""

    name: str
    run: Callable[[], Used]


def taken(words: Sequence[str], folder: Path, **environ: str) -> Used:
    """Run a command in a folder, with its output thrown away; where a package lies, `-m` would take that one."""
    started = time.perf_counter()
    process = subprocess.Popen(
        words, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env={**os.environ, **environ}
    )
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, usage = os.wait4(process.pid, 0)
    clock = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in {0, 1}:
        sys.exit(f"{' '.join(words)} ended with {process.returncode}: {said.decode()[-400:]}")
    return Used(clock, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)


class Build:
    """A build of cbtui, with folders of its own."""

    def __init__(self, name: str, python: str, folder: Path) -> None:
        self.name, self.python, self.folder = name, python, folder
        folder.mkdir()

    def run(self, *words: str, unindexed: bool = False) -> Used:
        """A command of it; first without an index of the file where that is asked for."""
        if unindexed:
            shutil.rmtree(self.folder / "data" / "cache", ignore_errors=True)
        places = {
            f"CBTUI_{kind.upper()}_DIR": str(self.folder / kind) for kind in ("data", "config", "state")
        }
        return taken([self.python, "-m", "claude_batch_tui", *words], self.folder, **places)

    @property
    def index_bytes(self) -> int:
        """How large the index is that it keeps."""
        return max(
            (path.stat().st_size for path in (self.folder / "data" / "cache").glob("*.index")), default=0
        )


def compare(name: str, sides: Sequence[Side], pairs: int) -> None:
    """Run all sides in turns, and print the first beside each other one."""
    found: dict[str, list[Used]] = {side.name: [] for side in sides}
    for number in range(pairs):
        for side in sides if number % 2 else reversed(sides):
            found[side.name].append(side.run())
    first = found[sides[0].name]
    for side in sides:
        clock, processor, peak = (statistics.median(column) for column in zip(*found[side.name], strict=True))
        line = f"{name:<28} {side.name:<8} {clock:7.2f} s {processor:7.2f} s cpu {peak:6.0f} MB"
        if side is not sides[0]:
            by_clock, by_cpu = (
                statistics.median(
                    one[at] / other[at] for one, other in zip(first, found[side.name], strict=True)
                )
                for at in (0, 1)
            )
            line += f"   {sides[0].name} takes {by_clock:.2f} by the clock, {by_cpu:.2f} by processor time"
        print(line, flush=True)


class Bench(NamedTuple):
    """The file of answers, the two builds, and the Python with DuckDB and Polars where there is one."""

    path: Path
    builds: tuple[Build, Build]
    peers: str | None

    def both(self, *words: str, unindexed: bool = False) -> list[Side]:
        """A command over the file, of both builds."""
        return [
            Side(
                build.name,
                partial(build.run, words[0], str(self.path), *words[1:], unindexed=unindexed),
            )
            for build in self.builds
        ]

    def export(self, ending: str) -> list[Side]:
        """The file exported in a format, of both builds."""
        return [
            Side(build.name, partial(self._written, build, f"{build.folder}{ending}"))
            for build in self.builds
        ]

    def _written(self, build: Build, target: str) -> Used:
        Path(target).unlink(missing_ok=True)
        return build.run("export", str(self.path), "-o", target)

    def query(self, sql: str) -> list[Side]:
        """A query of DuckDB."""
        code = f"import duckdb; duckdb.sql({sql!r})"
        return self._peer("duckdb", code if sql.startswith("copy") else f"{code}.fetchall()")

    def _peer(self, name: str, code: str) -> list[Side]:
        if not self.peers:
            return []
        words = [self.peers, "-c", code.replace("PATH", str(self.path))]
        return [Side(name, partial(taken, words, self.path.parent))]

    def _jq(self, program: str, *options: str) -> list[Side]:
        found = shutil.which("jq")
        words = [found or "", *options, program, str(self.path)]
        return [Side("jq", partial(taken, words, self.path.parent))] if found else []

    def parts(self) -> dict[str, list[Side]]:
        """What is measured, by name."""
        copy = f"copy ({_ROWS}) to '{self.path.parent}/duck.csv' (header)"
        few = ("--where", "outcome!=succeeded or class=truncated")
        return {
            "stats, never opened": [
                *self.both("results", "--stats", unindexed=True),
                *self.query(_GROUPS),
                *self._peer("polars", _POLARS_GROUPS),
                *self._jq(_JQ_GROUPS, "-n"),
            ],
            "stats, indexed": self.both("results", "--stats"),
            "where, never opened": [
                *self.both("results", "--where", "text:nowhere", unindexed=True),
                *self.query(_MATCHES),
                *self._peer("polars", _POLARS_MATCHES),
                *self._jq(_JQ_MATCHES),
            ],
            "where 3 %, indexed": self.both("results", *few),
            "stats of 3 %, indexed": self.both("results", "--stats", *few),
            "export csv": [*self.export(".csv"), *self.query(copy)],
            "export flat": self.export(".flat.jsonl"),
            "export sqlite": self.export(".db"),
            "export parquet": self.export(".parquet"),
        }


def main() -> None:
    """Measure part by part."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("other")
    parser.add_argument("--peers")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--only", default="")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        path = folder / "short.jsonl"
        write(path, args.lines)
        this = Build("this", sys.executable, folder / "this")
        other = Build("other", args.other, folder / "other")
        for name, sides in Bench(path, (this, other), args.peers).parts().items():
            if args.only in name:
                for build in (this, other):
                    build.run("results", str(path), "--stats")
                compare(name, sides, args.pairs)
        for build in (this, other):
            build.run("results", str(path), "--stats")
        sizes = this.index_bytes, other.index_bytes
        print(
            f"index, bytes an entry: {sizes[0] / args.lines:.1f} and {sizes[1] / args.lines:.1f}, "
            f"{sizes[0] / sizes[1]:.2f}"
        )


if __name__ == "__main__":
    main()
