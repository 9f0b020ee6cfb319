"""kill -9 at random moments of everything that pays, fetches, reads or writes, and the same command again.

Each round has a data folder and a simulator of its own, in which other people create batches of the same size, half of them with
the same ids, while the command runs. After the kill the command is given again until it is done.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from claude_batch_tui.simulator import ALL_ANSWERED, Fault, Rates, Simulator
from forked import CommandLines, Ended, command_lines

_MODEL = "claude-haiku-4-5"
_TRIES = 10
_WRONG = ("paid_twice", "not_paid", "taken_from_others", "rows_wrong", "unreadable", "not_done")


class Report(NamedTuple):
    """What so many kills left; all but the first four are to be nothing."""

    rounds: int
    killed: int
    """Commands that had not ended by themselves before."""
    undisturbed: float
    after_a_kill: float
    """Seconds until `list` has shown all, medians: in a folder where nothing was killed, and after the kill and its repair."""
    paid_twice: int
    not_paid: int
    taken_from_others: int
    rows_wrong: int
    """Results or exports with a row missing or twice."""
    unreadable: int
    """Folders in which `list` did not show every batch."""
    not_done: int
    """Commands that were given again and again, and did not do what they are for."""
    notes: list[str]

    @property
    def wrong(self) -> int:
        """How often the promise was not kept."""
        return sum(getattr(self, name) for name in _WRONG)

    @property
    def is_good(self) -> bool:
        """Whether the promise was kept, and the first screen after a kill came within 1.5 of an undisturbed one."""
        return not self.wrong and self.after_a_kill <= 1.5 * self.undisturbed

    @property
    def words(self) -> str:
        """What is to be nothing, in words."""
        return (
            f"{self.paid_twice} paid twice, {self.not_paid} not paid, {self.taken_from_others} taken from others, "
            f"{self.rows_wrong} with rows lost or doubled, {self.unreadable} unreadable, {self.not_done} not done"
        )


def at_once() -> bool:
    """Begun as soon as it is started: the kill may come before anything else."""
    return True


class World:
    """A simulator, a data folder and command lines to kill, with what was found wrong."""

    def __init__(
        self, folder: Path, simulator: Simulator, lines: CommandLines, chance: random.Random
    ) -> None:
        self.folder, self.simulator, self.lines, self.chance = folder, simulator, lines, chance
        self.foreign: set[str] = set()
        self.wrong = dict.fromkeys(_WRONG, 0)
        self.killed = 0
        self.notes: list[str] = []

    @property
    def data(self) -> Path:
        return self.folder / "data"

    def note(self, what: str, said: str) -> None:
        """Count what went wrong, with the words for it."""
        self.wrong[what] += 1
        self.notes.append(f"{what}: {said}")

    def requests(self, count: int) -> Path:
        """A requests file whose words no other file has."""
        path = self.folder / "requests.jsonl"
        word = self.chance.randbytes(4).hex()
        path.write_text("".join(_line(number, f"{word} {number}") for number in range(count)))
        return path

    def run(self, *words: Any) -> Ended:
        """A command to its end."""
        return self.lines.run(*words)

    def kill(self, *words: Any, within: float, begun: Callable[[], Any] | None = None) -> None:
        """Start a command, wait until it has begun, with its first request where nothing else says so, then at most so many
        seconds more, and kill it.
        """
        asked = len(self.simulator.log)
        begun = begun or (lambda: len(self.simulator.log) > asked)
        process = self.lines.start(*words)
        deadline = time.monotonic() + 30
        while not begun() and process.is_alive() and time.monotonic() < deadline:
            time.sleep(0.002)
        time.sleep(self.chance.uniform(0, within))
        self.killed += process.is_alive()
        process.kill()
        process.wait()

    def others(self, count: int) -> contextlib.AbstractContextManager[None]:
        """Other people create batches of that size, half with our ids, for as long as it lasts."""
        return _others(self, count)

    def end_all(self) -> None:
        """Let every batch end."""
        self.simulator.batches.finish()

    def submitted(self, *words: Any) -> None:
        """Give a command that pays again until it is done, settling what was found in the list."""
        for _ in range(_TRIES):
            self.end_all()
            again = self.run(*words)
            done = "sent" in again.stderr or "retried already" in again.stderr
            if again.returncode in {0, 1} or (again.returncode == 2 and done):
                return
            if again.returncode == 75:
                self.end_all()
                for word in again.stdout.split():
                    if word.startswith("msgbatch_"):
                        self.run("watch", word)
        self.note("not_done", f"after {_TRIES} tries: {again.returncode} {again.stderr[-300:]}")

    def paid(self, times: int) -> None:
        """What was paid for, and that none of it is another's."""
        # A body whose sender died before all of it had come makes no batch.
        made = len({batch.id for batch in self.simulator.batches.all()} - self.foreign)
        if made > times:
            self.note("paid_twice", f"{made} batches")
        elif made < times:
            self.note("not_paid", f"{made} batches")
        listed = self.listed()
        own = {batch["id"] for batch in listed.values() if batch.get("run_id")}
        if taken := own & self.foreign:
            self.note("taken_from_others", " ".join(taken))

    def one_run(self) -> None:
        """That what is not another's is all of one run."""
        runs = {batch["run_id"] for batch in self.listed().values() if batch["id"] not in self.foreign}
        if len(runs) != 1:
            self.note("paid_twice", f"{len(runs)} runs")

    def listed(self) -> dict[str, dict[str, Any]]:
        """The batches that `list` shows, which are to be all there are."""
        told = self.run("list", "--json")
        found = {batch["id"]: batch for line in told.stdout.splitlines() for batch in [json.loads(line)]}
        missing = {batch.id for batch in self.simulator.batches.all()} - set(found)
        if told.returncode != 0 or missing:
            self.note("unreadable", f"{told.returncode} {len(missing)} missing {told.stderr[-200:]}")
        return found

    def rows(self, path: Path, count: int) -> None:
        """That a file of results has every row once."""
        ids = (
            [json.loads(line)["custom_id"] for line in path.read_text().splitlines()] if path.exists() else []
        )
        if len(ids) != count or len(set(ids)) != count:
            self.note("rows_wrong", f"{len(ids)} rows, {len(set(ids))} ids of {count}")


def _line(number: int, text: str, **more: Any) -> str:
    params = {"model": _MODEL, "max_tokens": 9, **more, "messages": [{"role": "user", "content": text}]}
    return json.dumps({"custom_id": f"r{number}", "params": params}) + "\n"


@contextlib.contextmanager
def _beside(work: Callable[[], None], stop: threading.Event) -> Iterator[None]:
    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


@contextlib.contextmanager
def _others(world: World, count: int) -> Iterator[None]:
    # Longer than what is asked here under the same ids, so that input tokens tell the batches apart: where nothing does, a
    # batch stays provisional, for a person to decide.
    stop, chance = threading.Event(), random.Random(world.chance.random())

    def create() -> None:
        while not stop.wait(chance.uniform(0.02, 0.4)) and len(world.foreign) < 12:
            same = chance.random() < 0.5
            made = [
                json.loads(_line(n if same else n + 900, f"other {n} {chance.random()}" + " and more" * 40))
                for n in range(count)
            ]
            world.foreign.add(world.simulator.batches.add(made).id)

    with _beside(create, stop):
        yield


def submit(world: World) -> None:
    """A submission: from before its first look at the list to after its answer."""
    count = world.chance.randint(3, 20)
    words = ["submit", world.requests(count), "--yes", "--resend-if-absent"]
    world.simulator.faults.next(Fault(method="POST", path=r"/batches$", delay=world.chance.uniform(0, 0.5)))
    with world.others(count):
        world.kill(*words, within=0.8)
        world.submitted(*words)
    world.paid(1)


def prime(world: World) -> None:
    """A prime and the others of its run, killed at any moment: before, while and after the prime is waited for."""
    count, word = world.chance.randint(6, 20), world.chance.randbytes(40).hex()
    control = {"type": "ephemeral", "ttl": "1h"}
    system = [{"type": "text", "text": f"{word} " * 700, "cache_control": control}]
    path = world.folder / "shared.jsonl"
    path.write_text("".join(_line(number, f"{word} {number}", system=system) for number in range(count)))
    words = ["submit", path, "--prime", "--yes", "--resend-if-absent"]
    world.simulator.faults.always(Fault(method="POST", path=r"/batches$", delay=world.chance.uniform(0, 0.5)))
    with world.others(1), _ending(world):
        for _ in range(world.chance.randint(1, 3)):
            world.kill(*words, begun=at_once, within=2.0)
        world.submitted(*words)
    world.paid(2)
    world.one_run()


def in_flight(world: World) -> None:
    """A batch that waits here for its place, killed at any moment: before, while and after it waits."""
    world.run("submit", world.requests(3), "--yes")
    (first,) = world.simulator.batches.all()
    first.duration = timedelta(seconds=world.chance.uniform(0.5, 3))
    count = world.chance.randint(4, 9)
    words = ["submit", world.requests(count), "--yes", "--in-flight", "1", "--resend-if-absent"]
    for _ in range(world.chance.randint(1, 2)):
        world.kill(*words, begun=at_once, within=3)
    world.submitted(*words)
    world.paid(2)
    if any(one is not first and one.created_at < first.end().at for one in world.simulator.batches.all()):
        world.note("paid_twice", "a second batch while one was in flight")


def retry(world: World) -> None:
    """A retry of what errored."""
    count = 12
    for number in range(5):
        world.simulator.decide(f"r{number}", "errored")
    world.run("submit", world.requests(count), "--yes")
    world.simulator.batches.forced.clear()
    world.end_all()
    batch = world.simulator.batches.all()[0].id
    world.run("results", batch, "-o", world.folder / "first.jsonl")
    words = ["retry", batch, "--yes", "--resend-if-absent"]
    with world.others(5):
        world.kill(*words, within=0.6)
        world.submitted(*words)
    world.paid(2)
    world.one_run()


def whole_run(world: World) -> None:
    """From a recipe to its answers, with a retry of what errored, killed up to three times at any moment."""
    count, word = 12, world.chance.randbytes(40).hex()
    rows = "".join(f"r{number},{word} {number}\n" for number in range(count))
    (world.folder / "rows.csv").write_text(f"id,text\n{rows}")
    recipe = world.folder / "recipe.toml"
    recipe.write_text(
        'version = 1\n[source]\nkind = "csv"\npath = "rows.csv"\n[request]\nprompt_column = "text"\n'
        f'id_column = "id"\n[params]\nmodel = "{_MODEL}"\nmax_tokens = 4000\n'
    )
    for number in range(5):
        world.simulator.decide(f"r{number}", "errored")
    world.simulator.faults.always(Fault(method="POST", path=r"/batches$", delay=world.chance.uniform(0, 0.6)))
    out = world.folder / "answers.jsonl"
    words = ["run", recipe, "-o", out, "--yes", "--resend-if-absent", "--interval", "1"]
    with world.others(count), _ending(world):
        for _ in range(world.chance.randint(1, 3)):
            world.kill(*words, begun=at_once, within=1.8)
        for _ in range(_TRIES):
            again = world.run(*words)
            if again.returncode != 75:
                break
    if again.returncode != 0:
        world.note("not_done", f"run ended with {again.returncode}")
    world.rows(out, count)
    world.paid(2)
    world.one_run()
    if world.notes:
        creates = [(entry.at.isoformat(), entry.status) for entry in world.simulator.log.creates]
        world.notes.append(f"creates {creates}; the last run said {again.stderr[-1500:]}")


@contextlib.contextmanager
def _ending(world: World) -> Iterator[None]:
    """Batches end soon; once one of ours is there, what is created later errs no more."""
    stop = threading.Event()

    def end() -> None:
        while not stop.wait(0.1):
            world.end_all()
            if any(entry.status == 200 for entry in world.simulator.log.creates):
                world.simulator.batches.forced.clear()

    with _beside(end, stop):
        yield


def watch(world: World) -> None:
    """Watching a batch to its end."""
    batch = world.simulator.batches.add(20, duration=1.0)
    world.kill("watch", batch.id, within=0.5)
    world.end_all()
    again = world.run("watch", batch.id)
    if again.returncode != 0 or f"{batch.id} ended" not in again.stdout:
        world.note("not_done", f"watch ended with {again.returncode}: {again.stderr[-200:]}")
    world.listed()


def download(world: World) -> None:
    """A download, at any byte of it."""
    batch = world.simulator.batches.add(400, age=3600, duration=60)
    world.simulator.faults.always(Fault(path=r"/results$", drip=20_000, drip_seconds=0.02))
    out = world.folder / "out.jsonl"
    part = world.data / "results" / f"{batch.id}.jsonl.part"
    world.kill("results", batch.id, "-o", out, begun=part.exists, within=0.3)
    world.simulator.faults.clear()
    if out.exists():
        world.rows(out, 400)
        out.unlink()
    world.run("results", batch.id, "-o", out)
    world.rows(out, 400)
    world.listed()


def index(world: World) -> None:
    """The reading of results that are here."""
    batch = world.simulator.batches.add(6_000, age=3600, duration=60)
    out = world.folder / "out.jsonl"
    named = world.data / "results" / f"{batch.id}.jsonl"
    world.kill("results", batch.id, "-o", out, begun=named.exists, within=0.1)
    world.run("results", batch.id, "--force", "-o", out)
    world.rows(out, 6_000)
    world.listed()


def export(world: World) -> None:
    """An export, which has its name when it is whole."""
    batch = world.simulator.batches.add(4_000, age=3600, duration=60)
    world.run("results", batch.id, "-o", world.folder / "first.jsonl")
    out = world.folder / f"answers.{world.chance.choice(['csv', 'sqlite', 'jsonl'])}"
    before = set(world.folder.iterdir())
    world.kill(
        "export", batch.id, "-o", out, begun=lambda: len(set(world.folder.iterdir()) - before), within=0.2
    )
    again = world.run("export", batch.id, "--force", "-o", out)
    if "4,000 of 4,000" not in again.stderr:
        world.note("rows_wrong", f"export said {again.stderr[-200:]}")
    if left := [path.name for path in world.folder.iterdir() if ".part" in path.name]:
        world.note("rows_wrong", f"left behind: {left}")
    world.listed()


def rebuild(world: World) -> None:
    """The rebuilding of a store that was lost, from the journal."""
    requests = world.requests(5)
    world.run("submit", requests, "--yes", "--name", "kept")
    for path in world.data.glob("store*"):
        path.unlink()
    world.kill("list", begun=lambda: any(world.data.glob("store*")), within=0.15)
    again = world.run("submit", requests, "--yes")
    if again.returncode != 2:
        world.note("unreadable", f"the same file again: {again.returncode} {again.stderr[-200:]}")
    named = [batch for batch in world.listed().values() if "kept" in json.dumps(batch)]
    if not named:
        world.note("unreadable", "the name is not back")
    world.paid(1)


def prune(world: World) -> None:
    """The deleting of what is past its time here."""
    for _ in range(8):
        world.simulator.batches.add(40, age=3 * 86_400, duration=60)
    world.run(
        "results", *[batch.id for batch in world.simulator.batches.all()], "-o", world.folder / "all.jsonl"
    )
    words = ["prune", "--keep-days", "1", "--unexported", "--yes"]
    world.kill(*words, begun=at_once, within=0.25)
    again = world.run(*words)
    left = [path.name for path in (world.data / "results").glob("*.jsonl")]
    if again.returncode != 0 or left:
        world.note("not_done", f"prune ended with {again.returncode}, left {left}: {again.stderr[-200:]}")
    out = world.folder / "out.jsonl"
    batch = world.simulator.batches.all()[0]
    world.run("results", batch.id, "-o", out)
    world.rows(out, 40)
    world.listed()


SCENARIOS: dict[str, Callable[[World], None]] = {
    "submit": submit,
    "prime": prime,
    "in_flight": in_flight,
    "retry": retry,
    "run": whole_run,
    "watch": watch,
    "download": download,
    "index": index,
    "export": export,
    "rebuild": rebuild,
    "prune": prune,
}


@contextlib.contextmanager
def _world(lines: CommandLines, seed: int, name: str) -> Iterator[World]:
    rates = Rates() if name == "index" else ALL_ANSWERED
    with tempfile.TemporaryDirectory() as folder, Simulator(seed=seed, rates=rates) as simulator:
        os.environ.update(
            ANTHROPIC_BASE_URL=simulator.base_url,
            ANTHROPIC_API_KEY=simulator.key,
            CBTUI_SETTLE="1.0",
            CBTUI_POLL_INTERVAL="1",
        )
        for kind in ("data", "state", "config"):
            os.environ[f"CBTUI_{kind.upper()}_DIR"] = f"{folder}/{kind}"
        yield World(Path(folder), simulator, lines, random.Random(f"{seed}/{name}"))


def _seconds_of_list(world: World) -> float:
    begun = time.monotonic()
    world.run("list")
    return time.monotonic() - begun


def run(
    rounds: int,
    seed: int = 1,
    tell: Callable[[str], None] = lambda _: None,
    names: Sequence[str] = tuple(SCENARIOS),
) -> Report:
    """Kill so many commands, of each of these kinds in turn; `tell` hears how far it is."""
    wrong: dict[str, int] = {}
    killed, notes, quiet, disturbed = 0, [], [], []
    for number in range(rounds):
        name = names[number % len(names)]
        with _world(command_lines(), seed * 100_000 + number, name) as world:
            world.run("list")
            quiet.append(_seconds_of_list(world))
            SCENARIOS[name](world)
            disturbed.append(_seconds_of_list(world))
            killed += world.killed
            for what, count in world.wrong.items():
                wrong[what] = wrong.get(what, 0) + count
            said = [f"round {number}, {name}: {note}" for note in world.notes]
            notes += said
            for note in said:
                tell(note)
        if (number + 1) % 40 == 0:
            tell(f"{number + 1} rounds, {killed} killed, wrong: {sum(wrong.values())}")
    return Report(
        rounds, killed, statistics.median(quiet), statistics.median(disturbed), **wrong, notes=notes[:20]
    )
