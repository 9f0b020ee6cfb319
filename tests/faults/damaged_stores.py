"""A data folder damaged in many ways: nothing is paid again, nothing ends in a traceback, names and runs are back.

`run(rounds, seed)` is the long form; `tests/store/test_damaged_stores.py` runs some of it. One history is made against
a simulator, and copied for every round: its store, journal, bodies or results are cut, zeroed, emptied, flipped,
replaced by an older or a newer one, removed, or left by a rebuild that was killed. Then commands are run on it.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from claude_batch_tui.cli.main import main
from claude_batch_tui.simulator import ALL_ANSWERED, Fault, Simulator

CREATE = {"method": "POST", "path": r"/batches$"}
OPEN = "import sys; from claude_batch_tui.config import load; from claude_batch_tui.runtime import Runtime; Runtime(load({'data_dir': sys.argv[1]})[0])"
OURS = (
    "name",
    "run_id",
    "tags",
    "note",
    "model",
    "source",
    "cost_at_most",
    "cost_actual",
    "results",
    "hidden",
)
LINE = (
    '{{"custom_id":"{1}{0}","params":{{"model":"claude-haiku-4-5","max_tokens":9,'
    '"messages":[{{"role":"user","content":"{1}{0}"}}]}}}}\n'
)


class Report(NamedTuple):
    """What so many damaged data folders showed; all but the first two are to be nothing."""

    rounds: int
    commands: int
    paid_again: int
    tracebacks: int
    unreadable: int
    """Stores on which `list` did not show the batches."""
    lost: int
    """Stores on which names, runs, tags, notes, costs or results were not back."""
    failures: tuple[str, ...]
    """Round, damage and what was seen, of the first twenty."""


class Damage(NamedTuple):
    """What was done to a data folder, and whether all that is ours can be had back after it."""

    words: str
    is_whole: bool


class Ended(NamedTuple):
    """What a command line left."""

    code: int
    out: str
    err: str


class World:
    """A simulator, the history made against it, and a data folder to run commands on."""

    def __init__(self, simulator: Simulator, folder: Path) -> None:
        self.simulator, self.folder = simulator, folder
        self.data, self.whole, self.older = folder / "data", folder / "whole", folder / "older"
        self.commands = 0
        self.ids: dict[str, str] = {}

    def cbtui(self, *words: object) -> Ended:
        """Run a command line on the data folder, in this process."""
        self.commands += 1
        out, err = io.TextIOWrapper(io.BytesIO(), "utf-8"), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            try:
                code = main([str(word) for word in words], lambda _: 0)
            except SystemExit as stop:
                code = int(stop.code or 0)
            out.flush()
        return Ended(code, out.buffer.getvalue().decode(), err.getvalue())

    def requests(self, name: str, count: int = 3) -> Path:
        """A requests file."""
        path = self.folder / f"{name}.jsonl"
        path.write_text("".join(LINE.format(number, name) for number in range(count)))
        return path

    def make_history(self) -> None:
        """Everything a data folder can hold: sent, named, tagged, noted, hidden, adopted, deleted, unknown."""
        for name in ("first", "second", "gone"):
            ended = self.cbtui("submit", self.requests(name), "--yes", "--name", name)
            self.ids[name] = ended.out.strip()
        self.cbtui("tag", self.ids["first"], "+eval", "+draft")
        self.cbtui("tag", self.ids["first"], "-draft")
        self.cbtui("watch", *self.ids.values())
        for name in ("first", "gone"):
            self.cbtui("results", self.ids[name], "-o", self.folder / f"{name}.saved.jsonl")
        shutil.copytree(self.data, self.older)
        self.cbtui("delete", self.ids["gone"], "--yes")
        self.cbtui("note", self.ids["second"], "ask", "Ana")
        self.cbtui("hide", self.ids["second"])
        self.cbtui("name", self.ids["second"], "renamed")
        foreign = self.simulator.batches.add(4, age=3600, duration=60)
        self.cbtui("adopt", foreign.id, "--name", "theirs")
        self.simulator.faults.next(Fault(**CREATE, after_work=True, status=500))
        self.simulator.faults.always(Fault(method="GET", path=r"/batches$", skip=1, status=503))
        self.cbtui("submit", self.requests("lost", 5), "--yes", "--name", "lost")
        self.simulator.faults.clear()
        shutil.copytree(self.data, self.whole)

    def restore(self) -> None:
        """The data folder as the history left it."""
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self.whole, self.data)

    def known(self) -> dict[str, dict[str, object]] | None:
        """What `list` says is ours, by batch; None where it did not list."""
        ended = self.cbtui("list", "--json", "--hidden", "--limit", 50)
        if ended.code:
            return None
        rows = [json.loads(line) for line in ended.out.splitlines()]
        return {row["id"]: {name: row[name] for name in OURS} for row in rows}


def cut(path: Path, chance: random.Random) -> None:
    """Leave the beginning."""
    os.truncate(path, chance.randrange(path.stat().st_size))


def zeroed(path: Path, chance: random.Random) -> None:
    """Zeros where something stood."""
    _overwrite(path, chance, bytes)


def flipped(path: Path, chance: random.Random) -> None:
    """Other bytes where something stood."""
    _overwrite(path, chance, chance.randbytes)


def emptied(path: Path, _: random.Random) -> None:
    """Nothing in it."""
    path.write_bytes(b"")


def missing(path: Path, _: random.Random) -> None:
    """Not there."""
    path.unlink()


def _overwrite(path: Path, chance: random.Random, filling: Callable[[int], bytes]) -> None:
    size = path.stat().st_size
    length = min(size, chance.choice([64, 512, 4096, 20_000]))
    with path.open("r+b") as file:
        file.seek(chance.randrange(max(size - length, 1)))
        file.write(filling(length))


WAYS = (cut, zeroed, flipped, emptied, missing)


def damage(world: World, chance: random.Random) -> Damage:
    """Do one thing to the data folder."""
    kind, weight = zip(*_KINDS.items(), strict=True)
    return chance.choices(kind, weight)[0](world, chance)


def _store(world: World, chance: random.Random) -> Damage:
    way = chance.choice(WAYS)
    way(world.data / "store.db", chance)
    return Damage(f"store {way.__name__}", is_whole=True)


def _older(world: World, _: random.Random) -> Damage:
    shutil.copy(world.older / "store.db", world.data / "store.db")
    return Damage("store older", is_whole=True)


def _newer(world: World, _: random.Random) -> Damage:
    with contextlib.closing(sqlite3.connect(world.data / "store.db")) as connection:
        connection.execute("ALTER TABLE batch ADD COLUMN of_a_later_version TEXT")
        connection.execute("PRAGMA user_version = 99")
    return Damage("store newer", is_whole=True)


def _half_rebuilt(world: World, chance: random.Random) -> Damage:
    store = world.data / "store.db"
    store.unlink()
    process = subprocess.Popen([sys.executable, "-c", OPEN, str(world.data)])
    deadline = time.monotonic() + 20
    while not store.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.001)
    time.sleep(chance.random() * 0.05)
    process.kill()
    process.wait()
    return Damage("store mid-rebuild", is_whole=True)


def _schema(world: World, chance: random.Random) -> Damage:
    table = chance.choice(["name", "submission", "batch", "download", "scope", "notification", "cost"])
    with contextlib.closing(sqlite3.connect(world.data / "store.db")) as connection:
        connection.execute(f"DROP TABLE {table}")
    return Damage(f"store without {table}", is_whole=True)


def _hot(world: World, chance: random.Random) -> Damage:
    content = b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7" + chance.randbytes(5000)
    (world.data / "store.db-journal").write_bytes(content)
    return Damage("store with a rollback journal of something else", is_whole=True)


def _journal(world: World, chance: random.Random) -> Damage:
    way = chance.choice(WAYS)
    way(world.data / "journal.jsonl", chance)
    return Damage(f"journal {way.__name__}", is_whole=True)


def _older_journal(world: World, _: random.Random) -> Damage:
    shutil.copy(world.older / "journal.jsonl", world.data / "journal.jsonl")
    return Damage("journal older", is_whole=True)


def _file(world: World, chance: random.Random) -> Damage:
    folder, way = chance.choice(["spool", "results"]), chance.choice(WAYS)
    path = chance.choice(sorted(path for path in (world.data / folder).iterdir() if path.is_file()))
    way(path, chance)
    return Damage(f"{folder}, a {path.suffix} {way.__name__}", is_whole=path.suffix != ".jsonl")


def _folders(world: World, _: random.Random) -> Damage:
    for name in ("locks", "cache", "results"):
        shutil.rmtree(world.data / name, ignore_errors=True)
    return Damage("folders missing", is_whole=False)


def _both(world: World, chance: random.Random) -> Damage:
    return Damage(f"{_store(world, chance).words}, and {_journal(world, chance).words}", is_whole=False)


_KINDS = {
    _store: 10,
    _older: 1,
    _newer: 1,
    _half_rebuilt: 2,
    _schema: 2,
    _hot: 1,
    _journal: 3,
    _older_journal: 1,
    _file: 3,
    _folders: 1,
    _both: 4,
}


def run(rounds: int, seed: int, *, tell: Callable[[str], None] = lambda _: None) -> Report:
    """Damage a data folder in so many ways, each in a copy of its own, and run commands on it."""
    chance = random.Random(seed)
    paid, tracebacks, unreadable, lost = 0, 0, 0, 0
    failures: list[str] = []
    with _world() as world:
        world.make_history()
        before = world.known()
        assert before is not None
        assert {row["name"] for row in before.values()} == {"first", "renamed", "theirs", None}
        for number in range(rounds):
            world.restore()
            done = damage(world, chance)
            tell(f"{number + 1} of {rounds}: {done.words}")
            creates = len(world.simulator.log.creates)
            seen = [
                world.cbtui(
                    "results", world.ids["first"], "-o", world.folder / "again.saved.jsonl", "--force"
                )
            ]
            after = world.known()
            orders = (
                ("submit", world.folder / "first.jsonl", "--yes"),
                ("submit", world.folder / "second.jsonl", "--yes"),
                ("list",),
                ("status", world.ids["first"]),
                ("status", "--short"),
                ("history",),
                ("doctor", "--files"),
                ("submit", world.folder / "lost.jsonl", "--yes"),
            )
            seen += [world.cbtui(*words) for words in orders]
            wrong = []
            if len(world.simulator.log.creates) != creates:
                paid += len(world.simulator.log.creates) - creates
                wrong.append("paid again")
            if found := [
                each for each in seen if "Traceback" in each.err or "because of a bug in it" in each.err
            ]:
                tracebacks += 1
                wrong.append(found[0].err.rstrip().rpartition("\n")[2])
            if after is None:
                if done.words != "store newer":
                    unreadable += 1
                    wrong.append("list: " + (world.cbtui("list").err.strip() or "nothing"))
            elif done.is_whole and (differences := _differences(before, after)):
                lost += 1
                wrong.append(f"lost {differences}")
            if wrong:
                failures.append(f"{number + 1}, {done.words}: {'; '.join(wrong)}")
        return Report(rounds, world.commands, paid, tracebacks, unreadable, lost, tuple(failures[:20]))


def _differences(before: dict[str, dict[str, object]], after: dict[str, dict[str, object]]) -> str:
    return ", ".join(
        f"{row['name'] or batch_id} {name}: {value!r} → {after.get(batch_id, {}).get(name)!r}"
        for batch_id, row in before.items()
        for name, value in row.items()
        if after.get(batch_id, {}).get(name) != value
    )


@contextlib.contextmanager
def _world() -> Iterator[World]:
    """A simulator that the environment points at, and folders of our own."""
    kept = dict(os.environ)
    with (
        tempfile.TemporaryDirectory() as name,
        Simulator(speed=10_000, seed=7, rates=ALL_ANSWERED) as simulator,
    ):
        folder = Path(name)
        os.environ |= {
            "ANTHROPIC_BASE_URL": simulator.base_url,
            "ANTHROPIC_API_KEY": simulator.key,
            "CBTUI_SETTLE": "0.2",
            "CBTUI_DATA_DIR": str(folder / "data"),
            "CBTUI_STATE_DIR": str(folder / "state"),
            "CBTUI_CONFIG_DIR": str(folder / "config"),
        }
        try:
            yield World(simulator, folder)
        finally:
            os.environ.clear()
            os.environ.update(kept)


if __name__ == "__main__":
    report = run(int(sys.argv[1]), int(sys.argv[2]), tell=lambda words: print(words, flush=True))
    print("\n".join(report.failures))
    print({name: value for name, value in report._asdict().items() if name != "failures"})
