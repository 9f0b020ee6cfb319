"""JSON as a tree that folds, with the path of every value: a list whose rows fold out."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.domain.results.json_tree import Path, path_words, pretty, scalar
from claude_batch_tui.tui.widgets.columns import Run, cells, cut, cut_mark
from claude_batch_tui.tui.widgets.json_rows import Folds, JsonRow, JsonRows, summary
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.tui.widgets.virtual_list import VirtualList

_MOVES = (
    "list.down",
    "list.up",
    "list.page-down",
    "list.page-up",
    "list.half-down",
    "list.half-up",
    "list.first",
    "list.last",
)
_DEEPEST_INDENT = 24


class JsonTree(VirtualList, inherit_bindings=False):
    """A value as rows: fold, unfold, copy a value or its path, search."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(each for each in VirtualList.BINDINGS if isinstance(each, Binding) and each.id in _MOVES),
        shown_key("json.toggle", "enter,space", "fold", "fold", "fold or unfold; more of a long one"),
        hidden_key("json.inner", "right,l", "inner", "unfold", "unfold, then go inside"),
        hidden_key("json.outer", "left,h", "outer", "fold", "fold, then go to what holds it"),
        hidden_key("json.unfold-all", "plus", "unfold_all", "unfold all", "unfold everything"),
        hidden_key("json.fold-all", "minus", "fold_all", "fold all", "fold everything"),
        shown_key("json.copy", "y", "copy_value", "copy value", "copy the value under the cursor"),
        shown_key(
            "json.copy-path",
            "Y",
            "copy_path",
            "copy path",
            "copy its path; of an answer, as a filter takes it",
        ),
        hidden_key("text.next", "n", "find_next(1)", "next match", "next match"),
        hidden_key("text.previous", "N", "find_next(-1)", "previous match", "previous match"),
    ]

    class Copied(Message):
        """A value or a path is to be copied."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Found(Message):
        """The current match is number `current` of `total`, from 1; 0 of 0 for none."""

        def __init__(self, current: int, total: int) -> None:
            super().__init__()
            self.current = current
            self.total = total

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002  Textual's name
        super().__init__(show_header=False, id=id, classes=classes)
        self.root = "$"
        """What paths begin with."""
        self._tree = JsonRows(None)
        self._matches: list[Path] = []
        self._match = -1
        self._words = ""

    @property
    def path(self) -> Path:
        """The path of the value under the cursor."""
        return self._at_cursor().path

    @property
    def path_words(self) -> str:
        """That path in words, begun by the root."""
        return self.root + path_words(self.path)[1:]

    def show(self, value: Any, *, root: str = "$", keep_place: bool = False) -> None:
        """Show another value: from its top, or where the cursor was, folded as the one before. `root` begins its paths."""
        path, offset = self.path, self.cursor_index - self._window.top
        self.root = root
        self._tree = JsonRows(value, self._tree.folds if keep_place else Folds())
        self._matches, self._match = [], -1
        self.set_source(self._tree)
        index = self._tree.row_of(path) if keep_place else 0
        self.go_to(index)
        self._scroll(index - offset - self._window.top if keep_place else 0)

    def find(self, words: str) -> None:
        """Search keys and values, folded ones too, in a thread, and go to the first match."""
        tree = self._tree

        def look() -> None:
            self.app.call_from_thread(self._show_matches, tree, words, tree.matches(words))

        self._words = words
        if words:
            self.run_worker(look, thread=True, exclusive=True, group="search")
        else:
            self._show_matches(tree, words, [])

    def _show_matches(self, tree: JsonRows, words: str, matches: list[Path]) -> None:
        if tree is not self._tree or words != self._words:
            return
        self._matches, self._match = matches, -1
        if matches:
            self.action_find_next(1)
        else:
            self.post_message(self.Found(0, 0))

    def action_find_next(self, step: int) -> None:
        """Go to the next or previous match, round the ends."""
        if self._matches:
            self._match = (self._match + step) % len(self._matches)
            index = self._tree.reveal(self._matches[self._match])
            self.rows_changed()
            self.go_to(index)
            self.post_message(self.Found(self._match + 1, len(self._matches)))

    def action_fold(self) -> None:
        """Unfold what is folded, fold what is not."""
        index = self.cursor_index
        self._tree.turn(index, is_open=not self._tree.is_unfolded(index))
        self._changed(index)

    def action_inner(self) -> None:
        """Unfold; what is unfolded already is entered."""
        index = self.cursor_index
        if self._tree.is_unfolded(index):
            self.go_to(index + 1)
        else:
            self._tree.turn(index, is_open=True)
            self._changed(index)

    def action_outer(self) -> None:
        """Fold; what is folded is left."""
        index = self.cursor_index
        if self._tree.is_unfolded(index):
            self._tree.turn(index, is_open=False)
            self._changed(index)
        else:
            self.go_to(self._tree.parent(index))

    def action_unfold_all(self) -> None:
        """Unfold everything, within reason."""
        self._tree.unfold_all()
        self._changed(self.cursor_index)

    def action_fold_all(self) -> None:
        """Fold everything but the outermost."""
        self._tree.fold_all()
        self._changed(0)

    def action_copy_value(self) -> None:
        """Copy the value under the cursor: a string as its text, anything else as JSON."""
        value = self._at_cursor().value
        self.post_message(self.Copied(value if isinstance(value, str) else pretty(value)))

    def action_copy_path(self) -> None:
        """Copy the path of the value under the cursor."""
        self.post_message(self.Copied(self.path_words))

    def _at_cursor(self) -> JsonRow:
        return self._tree.rows[min(self.cursor_index, len(self._tree.rows) - 1)]

    def _changed(self, index: int) -> None:
        self.rows_changed()
        self.go_to(index)

    def _row(self, index: int) -> Strip:
        row = self._tree.rows[index]
        is_cursor = index == self._window.cursor
        mark = " " if not row.folds else "-" if self._tree.is_unfolded(index) else "+"
        start = f"{'>' if is_cursor else ' '}{'  ' * min(row.depth, _DEEPEST_INDENT)}{mark} "
        runs = [Run(start, "dim")]
        if isinstance(row.key, str):
            runs.append(Run(f"{clean_line(scalar(row.key)[:200])[1:-1]}: ", "accent"))
        elif row.key is not None:
            runs.append(Run(f"{row.key}: ", "dim"))
        room = self.size.width - 1 - sum(cells(run.text) for run in runs)
        runs.append(Run(cut(summary(row), room, cut_mark(self)), _style(row)))
        if is_cursor:
            return self._strip([Run("".join(run.text for run in runs), "cursor")], " ")
        return self._strip(runs, " ")


def _style(row: JsonRow) -> str | None:
    if row.part is not None:
        return None
    if row.more or (row.folds and not isinstance(row.value, str)) or row.value is None:
        return "dim"
    return None if isinstance(row.value, str) else "good"
