"""Which rows of a long list are visible and where its cursor is: arithmetic only."""

from __future__ import annotations


class ListWindow:
    """A cursor and a first visible row over `count` rows, `height` of which fit."""

    def __init__(self) -> None:
        self.count = 0
        self.height = 1
        self.top = 0
        self.cursor = 0

    @property
    def last_top(self) -> int:
        """The first visible row when scrolled to the end."""
        return max(self.count - self.height, 0)

    @property
    def overflows(self) -> bool:
        """True where not all rows fit."""
        return self.count > self.height

    def shows(self, index: int) -> bool:
        """True where the row is visible."""
        return self.top <= index < self.top + self.height

    def move_cursor(self, index: int) -> None:
        """Put the cursor on the row nearest to `index`, and scroll just enough to see it."""
        self.cursor = min(max(index, 0), max(self.count - 1, 0))
        self.reveal()

    def move_page(self, pages: float) -> None:
        """Move cursor and rows together; the cursor keeps its line on the screen."""
        rows = int(max(self.height - 1, 1) * pages) or (1 if pages > 0 else -1)
        self.scroll(rows)
        self.move_cursor(self.cursor + rows)

    def scroll(self, rows: int) -> None:
        """Move the visible rows and leave the cursor where it is."""
        self.top = min(max(self.top + rows, 0), self.last_top)

    def reveal(self) -> None:
        """Scroll just enough to see the cursor."""
        if self.cursor < self.top:
            self.top = self.cursor
        elif self.cursor >= self.top + self.height:
            self.top = self.cursor - self.height + 1
        self.top = min(max(self.top, 0), self.last_top)

    def resize(self, height: int) -> None:
        """Take a new height and keep the cursor in sight if it was."""
        was_visible = self.shows(self.cursor)
        self.height = max(height, 1)
        if was_visible:
            self.reveal()
        else:
            self.scroll(0)

    def change_rows(self, count: int, cursor: int) -> None:
        """Take a new number of rows. The row under the cursor stays on its line, unless the list is at its top."""
        was_visible = self.shows(self.cursor)
        if self.top:
            self.top += cursor - self.cursor
        self.count = count
        self.cursor = min(max(cursor, 0), max(count - 1, 0))
        self.scroll(0)
        if was_visible:
            self.reveal()

    def thumb(self) -> range:
        """The lines on which a position mark is drawn."""
        if not self.overflows:
            return range(0)
        size = max(self.height * self.height // self.count, 1)
        first = round(self.top * (self.height - size) / self.last_top)
        return range(first, first + size)
