"""`python -m tests.faults [PART ...] [--quick] [--seed N]`: every part, or those named, with what each showed as a table.

It makes folders of its own, talks to simulators on this machine alone, and ends with 1 where a promise was not kept.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

# A part imports what it needs: the whole is heavy, and one of them has to work while another is being changed.


class Shown(NamedTuple):
    """What a part showed, in a line of the table, and whether the promise was kept."""

    promise: str
    figure: str
    is_good: bool


def _kills(quick: bool, seed: int) -> Iterator[Shown]:
    from faults import kills

    report = kills.run(14 if quick else 560, seed, tell=lambda line: print("   ", line, flush=True))
    for note in report.notes:
        print("   ", note)
    times = f"{report.after_a_kill / report.undisturbed:.2f} of an undisturbed start"
    figure = f"{report.rounds:,} rounds, {report.killed:,} killed: {report.words}; a true list after {times}"
    yield Shown(f"kill -9 of {', '.join(kills.SCENARIOS)}", figure, report.is_good)


def _runs(quick: bool, seed: int) -> Iterator[Shown]:
    from faults import kills

    report = kills.run(3 if quick else 30, seed, lambda line: print("   ", line), ["run"])
    for note in report.notes:
        print("   ", note)
    figure = f"{report.rounds:,} runs, killed {report.killed:,} times: {report.words}"
    yield Shown("`cbtui run`, killed at random moments and given again", figure, not report.wrong)


def _faults(quick: bool, seed: int) -> Iterator[Shown]:
    from faults import canary

    some = (
        ("none", "HTTP 529", "web page", "created, then reset")
        if quick
        else (*canary.FAULTS, *canary.ELSEWHERE)
    )
    report = canary.run(some, tell=lambda line: print("   ", line))
    for leak in report.leaks[:20]:
        print("   ", leak)
    figure = (
        f"{report.faults} faults × {len(canary.VERBS)} command lines, {report.bytes_printed / 1e6:.1f} MB printed,"
        f" {report.files:,} files: {len(report.leaks)} keys, tracebacks or silent ends"
    )
    yield Shown("every fault on every verb, with a key to look for", figure, not report.leaks)


def _stores(quick: bool, seed: int) -> Iterator[Shown]:
    from faults import damaged_stores

    report = damaged_stores.run(20 if quick else 200, seed, tell=lambda line: print("   ", line))
    wrong = {name: count for name, count in report._asdict().items() if isinstance(count, int)}
    figure = ", ".join(f"{count:,} {name.replace('_', ' ')}" for name, count in wrong.items())
    for failure in report.failures[:20]:
        print("   ", failure)
    yield Shown("damaged stores", figure, not report.failures)


def _instances(quick: bool, seed: int) -> Iterator[Shown]:
    from faults import instances

    report = instances.run(15 if quick else 300, seed)
    for note in report.notes:
        print("   ", note)
    figure = (
        f"{report.seconds:.0f} s, {report.commands:,} commands, {report.submitted:,} submitted, {report.polls:,} polls:"
        f" {report.paid_twice} paid twice, {report.failed} failed, {report.damaged} stores damaged"
    )
    yield Shown("eight instances on one store", figure, report.is_good)


def _fuzz(quick: bool, seed: int) -> Iterator[Shown]:
    from faults import fuzz

    for figures in fuzz.run(500 if quick else fuzz.LONG_COUNT, seed):
        print("   ", figures, flush=True)
        yield Shown(f"fuzzed: {figures.parser}", str(figures), not figures.found)


def _soak(quick: bool, seed: int) -> Iterator[Shown]:
    from faults import soak

    report = soak.run(2 if quick else 24, 30 if quick else 300, seed)
    first, last = report.all_there, report.at_the_end
    figure = (
        f"{report.hours:.0f} h, {report.batches} batches, {report.polls:,} polls: {first.memory:.0f} → {last.memory:.0f} MB,"
        f" {first.descriptors} → {last.descriptors} descriptors, {first.tasks} → {last.tasks} tasks"
    )
    yield Shown("a day on a clock that is moved", figure, report.is_good)


PARTS: dict[str, Callable[[bool, int], Iterator[Shown]]] = {
    "kills": _kills,
    "runs": _runs,
    "faults": _faults,
    "stores": _stores,
    "instances": _instances,
    "fuzz": _fuzz,
    "soak": _soak,
}


def main() -> int:
    """Run the parts asked for; 1 where a promise was not kept."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART", help=", ".join(PARTS))
    parser.add_argument("--quick", action="store_true", help="a few rounds of each")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    shown: list[tuple[str, float, Shown]] = []
    with _own_folders():
        for name in args.parts or PARTS:
            began = time.monotonic()
            print(f"== {name}", flush=True)
            for line in PARTS[name](args.quick, args.seed):
                shown.append((name, time.monotonic() - began, line))
                print(
                    "  ", "good" if line.is_good else "NOT GOOD", line.promise, "|", line.figure, flush=True
                )
    print("\n| promise | figure | kept |\n|---|---|---|")
    for _, _, line in shown:
        print(f"| {line.promise} | {line.figure} | {'yes' if line.is_good else 'NO'} |")
    return int(not all(line.is_good for _, _, line in shown))


@contextlib.contextmanager
def _own_folders() -> Iterator[None]:
    """Home, config, data and state are temporary, and no setting of the environment leaks in."""
    kept = dict(os.environ)
    with tempfile.TemporaryDirectory() as home:
        for name in [name for name in os.environ if name.startswith(("ANTHROPIC_", "CBTUI_", "XDG_"))]:
            del os.environ[name]
        os.environ |= {"HOME": home} | {
            f"CBTUI_{kind}_DIR": f"{home}/{kind.lower()}" for kind in ("DATA", "STATE", "CONFIG")
        }
        try:
            yield
        finally:
            os.environ.clear()
            os.environ.update(kept)
