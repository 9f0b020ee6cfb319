"""Bytes and times of the virtual list against Textual's DataTable, at 80×24 in truecolor.

    python tests/benchmarks/bench_terminal_bytes.py [--rounds 5]

Both run in turns with the same columns and rows. Goals: idle 0, one cell 400, cursor 1,100, page 4,000 bytes;
20 of 200 rows changed at most 0.15 × DataTable; a cursor key 0.8 ×, a page key 0.4 × a DataTable of 1,000 rows,
and the same with 1,000,000 rows as with 1,000.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path
from typing import ClassVar

if len(sys.argv) < 2 or sys.argv[1] not in {"list", "table"}:
    from pty_app import PtyApp

COLUMNS = [("S", 1), ("NAME / ID", 26), ("REQS", 7), ("RESULT OR TIME USED", 20), ("AGE", 5), ("LEFT", 6)]
KEYS = {"cursor": "\x1b[B", "page": "\x1b[6~", "one cell": "c", "20 rows": "r"}
GOALS = {"idle": 0, "one cell": 400, "cursor": 1_100, "page": 4_000}


def row(number: int, changes: int) -> tuple[str, ...]:
    """The cells of a row after so many changes."""
    elapsed = number % 19
    bar = "┆" + "▒" * elapsed + "·" * (18 - elapsed) + "┆"
    return ("●", f"nightly-eval-{number}", f"{number * 37 % 100_000:,}", bar, f"0:{changes % 60:02}", "23:19")


class Rows:
    """A source of made-up rows."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.changes: dict[int, int] = {}

    def change(self, index: int) -> None:
        """Make one row look different."""
        self.changes[index] = self.changes.get(index, 0) + 1

    def row_count(self) -> int:
        """How many rows there are."""
        return self.count

    def key(self, index: int) -> str:
        """The number as a key."""
        return str(index)

    def cells(self, index: int) -> tuple[object, ...]:
        """The cells, the state in color."""
        from claude_batch_tui.tui.widgets.columns import Cell

        state, *others = row(index, self.changes.get(index, 0))
        return (Cell(state, "accent"), *others)

    def find(self, key: str) -> int:
        """The row of a key."""
        return int(key)


def run_list(rows: int) -> None:
    """The app with our list, on our driver."""
    from textual.app import App

    from claude_batch_tui.tui.terminal.driver import TerminalDriver
    from claude_batch_tui.tui.widgets.columns import Column
    from claude_batch_tui.tui.widgets.roles import our_themes
    from claude_batch_tui.tui.widgets.virtual_list import VirtualList

    class ListApp(App):
        BINDINGS: ClassVar = [("c", "cell"), ("r", "rows")]

        def compose(self):
            columns = [Column(title, width if title != "NAME / ID" else None) for title, width in COLUMNS]
            self.source = Rows(rows)
            yield VirtualList(columns, self.source)

        def on_mount(self):
            [dark, _] = our_themes("truecolor")
            self.register_theme(dark)
            self.theme = dark.name
            self.query_one(VirtualList).focus()

        def action_cell(self):
            self.source.change(10)
            self.query_one(VirtualList).rows_changed()

        def action_rows(self):
            for index in range(0, 200, 10):
                self.source.change(index)
            self.query_one(VirtualList).rows_changed()

    ListApp(driver_class=TerminalDriver).run(mouse=False)


def run_table(rows: int) -> None:
    """The same on Textual's table and driver."""
    from textual.app import App
    from textual.widgets import DataTable

    class TableApp(App):
        BINDINGS: ClassVar = [("c", "cell"), ("r", "rows")]

        def compose(self):
            yield DataTable(cursor_type="row")

        def on_mount(self):
            table = self.query_one(DataTable)
            for title, width in COLUMNS:
                table.add_column(title, width=width, key=title)
            for number in range(rows):
                table.add_row(*row(number, 0), key=str(number))
            self.changes = {}
            table.focus()

        def change(self, index):
            self.changes[index] = self.changes.get(index, 0) + 1
            self.query_one(DataTable).update_cell(str(index), "AGE", row(index, self.changes[index])[4])

        def action_cell(self):
            self.change(10)

        def action_rows(self):
            for index in range(0, 200, 10):
                self.change(index)

    TableApp().run(mouse=False)


def measure(kind: str, rows: int) -> dict[str, tuple[float, float]]:
    """Bytes and milliseconds of each key, medians of one run."""
    with PtyApp([sys.executable, __file__, kind, str(rows)], environ={"TEXTUAL_ANIMATIONS": "none"}) as app:
        started = app.wait_for("nightly-eval-5")
        found = {"start": (0.0, started * 1000), "idle": (float(app.idle(2)[0]), 0.0)}
        for name in ("one cell", "20 rows", "cursor", "page"):
            reactions = [app.press(KEYS[name]) for _ in range(5)]
            sizes = [reaction.bytes for reaction in reactions]
            times = [reaction.first_ms or 0.0 for reaction in reactions]
            found[name] = (statistics.median(sizes), statistics.median(times))
    return found


def main() -> None:
    """Measure in turns, print medians and ratios; exit code 1 where a goal is missed."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3)
    rounds = arguments.parse_args().rounds
    kinds = [("list", 1_000), ("list", 1_000_000), ("table", 1_000)]
    runs: dict[tuple[str, int], list[dict[str, tuple[float, float]]]] = {kind: [] for kind in kinds}
    for _ in range(rounds):
        for kind in kinds:
            runs[kind].append(measure(*kind))
    print(f"{'':10}" + "".join(f"{f'{name} {rows:,}':>24}" for name, rows in kinds) + f"{'goal':>8}")
    missed = False
    for action in runs[kinds[0]][0]:
        line = f"{action:10}"
        for kind in kinds:
            size = statistics.median(run[action][0] for run in runs[kind])
            took = statistics.median(run[action][1] for run in runs[kind])
            line += f"{size:>12,.0f} B {took:>7.1f} ms"
        goal = GOALS.get(action)
        worst = max(statistics.median(run[action][0] for run in runs[kind]) for kind in kinds[:2])
        is_missed = goal is not None and worst > goal
        missed = missed or is_missed
        print(line + (f"{goal:>8,}" if goal is not None else "") + ("  MISSED" if is_missed else ""))
    sys.exit(int(missed))


if __name__ == "__main__":
    if len(sys.argv) > 2 and sys.argv[1] in {"list", "table"}:
        sys.path.insert(0, str(Path(__file__).parents[2]))
        (run_list if sys.argv[1] == "list" else run_table)(int(sys.argv[2]))
    else:
        main()
