"""Rows for a list, of whatever a test has."""

from __future__ import annotations


class Listed:
    """Rows of a sequence that changes as a whole, with functions for keys and cells."""

    def __init__(self, key, cells, items=()):
        self._key = key
        self._cells = cells
        self.items = items

    def row_count(self):
        return len(self.items)

    def key(self, index):
        return self._key(self.items[index])

    def cells(self, index):
        return self._cells(self.items[index])

    def find(self, key):
        return next((index for index, item in enumerate(self.items) if self._key(item) == key), None)
