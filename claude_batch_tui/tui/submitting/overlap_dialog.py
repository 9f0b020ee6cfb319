"""What to do where some of the requests were sent before: send only the others, all once more, or nothing."""

from __future__ import annotations

from typing import ClassVar

import msgspec
from textual.binding import BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from claude_batch_tui.domain.batches.tracked import Overlap
from claude_batch_tui.domain.plain_text import clean
from claude_batch_tui.services.submitting.order import Rest, SendOrder
from claude_batch_tui.tui.dialogs.questions import Box
from claude_batch_tui.tui.widgets.key_line import shown_key
from claude_batch_tui.wording.submissions import overlap_lines


class OverlapDialog(Box[SendOrder | None]):
    """Gives the order with what was chosen, or None where nothing is to be sent. The cost is asked about after it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("overlap.new", "n", "new", "only the others", "send only what was not sent before"),
        shown_key("overlap.join", "j", "join", "join", "send only the others, into the run shown first"),
        shown_key("overlap.again", "a", "again", "all again", "send all once more: paid once more"),
        shown_key("overlap.close", "escape,enter,q", "close", "send nothing", "send nothing"),
    ]

    def __init__(self, order: SendOrder, overlap: Overlap) -> None:
        super().__init__("Sent before")
        self._order = order
        self._overlap = overlap

    def content(self) -> list[Widget]:
        """What was sent, where, for how much; and the choices."""
        found = self._overlap
        lines = [*overlap_lines(found), ""]
        if self.reason_disabled("new", ()) is None:
            lines.append(f"n  sends only the other {found.others:,}.")
        if self.reason_disabled("join", ()) is None:
            lines.append(f"j  sends them into {found.runs[0].title}: one run, one set of answers.")
        lines += [f"a  sends all {found.of:,} once more.", "", "The cost is asked about next."]
        return [Static(Content(clean("\n".join(lines))), markup=False)]

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Only others can be sent, and only where it is known which they are."""
        if action in ("new", "join"):
            if not self._overlap.others:
                return "all of them were sent"
            if self._overlap.unknown:
                return "it is not known yet whether some were sent: U on Batches"
            if action == "join" and self._order.part is not None:
                return "only the whole of a file can join a run"
        return super().reason_disabled(action, parameters)

    def action_new(self) -> None:
        """Only the others."""
        self.dismiss(msgspec.structs.replace(self._order, new_only=True))

    def action_join(self) -> None:
        """Only the others, into the run with the most of what was sent."""
        part = Rest(self._overlap.runs[0].run_id)
        self.dismiss(msgspec.structs.replace(self._order, new_only=True, part=part))

    def action_again(self) -> None:
        """All of them."""
        self.dismiss(msgspec.structs.replace(self._order, again=True))

    def action_close(self) -> None:
        """Nothing."""
        self.dismiss(None)
