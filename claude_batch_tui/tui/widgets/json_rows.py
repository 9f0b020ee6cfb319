"""The rows of a JSON tree that folds: only what is unfolded exists as rows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, islice
from typing import Any, NamedTuple

from claude_batch_tui.domain.results.json_tree import Key, Path, children, is_open, scalar, walk
from claude_batch_tui.tui.widgets.columns import Cell
from claude_batch_tui.tui.widgets.text_rows import TextRows

AT_ONCE = 1000
"""Rows one unfolding adds at most; the last of them unfolds the next."""

OPEN_AT_FIRST = 400
"""A value is unfolded at first, outer parts before inner ones, until there are about so many rows."""

LONG = 60
"""Strings of more characters fold out over several rows."""

TEXT_WIDTH = 72
MOST_MATCHES = 10_000


class JsonRow(NamedTuple):
    """A row: a value under its key, a line of a long string (`part`), or what unfolds the rest from `more` on."""

    number: int
    depth: int
    path: Path
    key: Key | None
    value: Any
    part: str | None = None
    more: int = 0

    @property
    def folds(self) -> bool:
        """True where there is something inside to show."""
        if self.part is not None or self.more:
            return False
        return is_open(self.value) or (
            isinstance(self.value, str) and (len(self.value) > LONG or "\n" in self.value)
        )


class Folds:
    """What the user has folded and unfolded, by path, so that the next value is shown in the same way."""

    def __init__(self) -> None:
        self.by_path: dict[Path, bool] = {}
        """True for what was unfolded."""
        self.all: bool | None = None
        """True after everything was unfolded, False after it was folded."""

    def set_all(self, *, is_open: bool) -> None:
        """From now on everything is unfolded, or folded."""
        self.all, self.by_path = is_open, {}


class JsonRows:
    """A row source over one value. Row keys are numbers given once, so the cursor stays while others fold."""

    def __init__(self, root: Any, folds: Folds | None = None) -> None:
        self.root = root
        self.rows: list[JsonRow] = [JsonRow(0, 0, (), None, root)]
        self.folds = Folds() if folds is None else folds
        self._numbers = count(1)
        self._open: set[int] = set()
        self._open_outer()
        self._fold_as_before()

    def row_count(self) -> int:
        """How many rows are visible."""
        return len(self.rows)

    def key(self, index: int) -> str:
        """The row's number."""
        return str(self.rows[index].number)

    def cells(self, index: int) -> Sequence[Cell | str]:
        """The row as one text."""
        return (summary(self.rows[index]),)

    def is_unfolded(self, index: int) -> bool:
        """Whether a row shows what is inside it."""
        return self.rows[index].number in self._open

    def unfold(self, index: int) -> None:
        """Show what is inside a row, or the rest that a row stands for."""
        row = self.rows[index]
        if row.more:
            self.rows[index : index + 1] = self._inside(row.depth - 1, row.path, row.value, row.more)
        elif row.folds and row.number not in self._open:
            self._open.add(row.number)
            self.rows[index + 1 : index + 1] = self._inside(row.depth, row.path, row.value, 0)

    def fold(self, index: int) -> None:
        """Hide what is inside a row."""
        row = self.rows[index]
        if row.number in self._open:
            self._open.discard(row.number)
            del self.rows[index + 1 : self._end(index)]

    def turn(self, index: int, *, is_open: bool) -> None:
        """Fold or unfold a row as the user wants it, which is remembered for the next value."""
        row = self.rows[index]
        if row.folds:
            self.folds.by_path[row.path] = is_open
        self.unfold(index) if is_open else self.fold(index)

    def row_of(self, path: Path) -> int:
        """The visible row of a value, else of the nearest that holds it."""
        while path:
            for index, row in enumerate(self.rows):
                if row.path == path and row.part is None and not row.more:
                    return index
            path = path[:-1]
        return 0

    def fold_all(self) -> None:
        """Fold everything but the outermost."""
        self.folds.set_all(is_open=False)
        self.rows = self.rows[:1]
        self._open.clear()
        self.unfold(0)

    def unfold_all(self) -> None:
        """Unfold values, not texts, until there are ten times as many rows as one unfolding adds."""
        self.folds.set_all(is_open=True)
        index = 0
        while index < len(self.rows) < AT_ONCE * 10:
            if is_open(self.rows[index].value):
                self.unfold(index)
            index += 1

    def parent(self, index: int) -> int:
        """The row that a row is inside of; itself for the outermost."""
        depth = self.rows[index].depth
        while index and self.rows[index].depth >= depth:
            index -= 1
        return index

    def reveal(self, path: Path) -> int:
        """Unfold all that a value is inside of; the row of the value."""
        index = 0
        for number in range(len(path)):
            self.unfold(index)
            at, depth, wanted = index + 1, self.rows[index].depth + 1, path[: number + 1]
            while at < len(self.rows):
                row = self.rows[at]
                if row.depth == depth and row.more:
                    self.unfold(at)
                    continue
                if row.depth == depth and row.path == wanted and row.part is None:
                    break
                at += 1
            index = at
        return index

    def matches(self, words: str) -> list[Path]:
        """Paths of the values that contain words in their key or text, capitals or not."""
        wanted = words.casefold()
        found = (
            path
            for path, value in walk(self.root)
            if (path and wanted in str(path[-1]).casefold() and isinstance(path[-1], str))
            or (
                not is_open(value)
                and wanted in (value if isinstance(value, str) else scalar(value)).casefold()
            )
        )
        return list(islice(found, MOST_MATCHES))

    def _inside(self, depth: int, path: Path, value: Any, start: int) -> list[JsonRow]:
        below = depth + 1
        if isinstance(value, str):
            text = TextRows(value)
            text.lay_out(TEXT_WIDTH, wrap=True)
            total = text.reach(start + AT_ONCE + 1)
            rows = [
                JsonRow(next(self._numbers), below, path, None, value, part=text.shown(text.row(number)))
                for number in range(start, min(total, start + AT_ONCE))
            ]
        else:
            total = len(value)
            rows = [
                JsonRow(next(self._numbers), below, (*path, key), key, child)
                for key, child in islice(children(value), start, start + AT_ONCE)
            ]
        if total > start + AT_ONCE:
            rows.append(JsonRow(next(self._numbers), below, path, None, value, more=start + AT_ONCE))
        return rows

    def _end(self, index: int) -> int:
        """The first row after all that is inside a row."""
        depth = self.rows[index].depth
        end = index + 1
        while end < len(self.rows) and self.rows[end].depth > depth:
            end += 1
        return end

    def _fold_as_before(self) -> None:
        """Fold and unfold what the user did in a value before this one."""
        kept = self.folds.by_path
        if self.folds.all is not None:
            self.unfold_all() if self.folds.all else self.fold_all()
            self.folds.by_path = kept
        for path in sorted(kept, key=len):
            index = self.row_of(path)
            if self.rows[index].path == path:
                self.unfold(index) if kept[path] else self.fold(index)

    def _open_outer(self) -> None:
        """Unfold level by level."""
        depth = 0
        while True:
            level = [
                index
                for index, row in enumerate(self.rows)
                if row.depth == depth and is_open(row.value) and row.part is None and not row.more
            ]
            if not level:
                return
            for index in reversed(level):
                if len(self.rows) + len(self.rows[index].value) > OPEN_AT_FIRST and index:
                    return
                self.unfold(index)
            depth += 1


def summary(row: JsonRow) -> str:
    """What stands after the key: a value in short."""
    if row.part is not None:
        return row.part
    if row.more:
        if isinstance(row.value, str):
            return "… the text goes on: enter shows more"
        return f"… {len(row.value) - row.more:,} more: enter shows them"
    value = row.value
    if isinstance(value, dict) and value:
        return f"{{{len(value):,}}}"
    if isinstance(value, list) and value:
        return f"[{len(value):,}]"
    return scalar(value[:2000] if isinstance(value, str) else value)
