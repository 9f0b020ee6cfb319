"""What the screens of the dashboard share: their title, tabs, messages and keys around what is a screen's own.

cbtui  BATCHES   3 running                     ● live · polled 17:01:20 · …a1b2
[1 Batches] 2 Build  3 Results                                  sort: age
list
── detail ──
a message
enter open  / filter  ...
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import ClassVar

from textual import events
from textual.binding import BindingType
from textual.reactive import Reactive
from textual.screen import Screen
from textual.widget import Widget

from claude_batch_tui.domain.batches.tracked import LinkState, Snapshot
from claude_batch_tui.tui.dashboard import Dashboard, check_action, dashboard_of
from claude_batch_tui.tui.widgets.inputs import FilterBar
from claude_batch_tui.tui.widgets.key_line import hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import Kind, TabsLine, TitleLine
from claude_batch_tui.tui.widgets.roles import ROLE_CLASSES
from claude_batch_tui.wording.progress import link_words, links_words

_FRAME_WRITTEN = 0.05
"""Seconds the writing thread is left alone: importing the SDK would hold the first frame back."""
_MODES = ("batches", "build", "results")
_WELL = (LinkState.LIVE, LinkState.IDLE)
_LINK_STYLES = {
    LinkState.LIVE: "good",
    LinkState.OFFLINE: "bad",
    LinkState.REFUSED: "bad",
    LinkState.NO_CREDENTIALS: "bad",
    LinkState.PAUSED: "warn",
}


class DashboardScreen(Screen[None]):
    """A screen of the dashboard, in one of its three modes or over one of them.

    A subclass composes itself: a TitleLine first, a StatusLine and a KeyLine last. It says in `title_left` what stands
    beside its name, in `reason_disabled` which keys are greyed and why, and overrides `draw_snapshot` to show more of it.
    """

    COMPONENT_CLASSES = ROLE_CLASSES
    help_title: ClassVar[str] = ""
    pane_titles: ClassVar[Mapping[str, str]] = {}
    """What stands in the borders, by id, where there is room for borders."""
    AUTO_FOCUS = "#list"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 — an instance variable in Textual
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-high")]  # noqa: RUF012 — the same
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("frame.back", "q,escape", "back", "back", "one step back; leaves at the top"),
        # With priority, so that keys typed ahead land in the field that tab leads to.
        hidden_key(
            "frame.next",
            "tab",
            "next_pane",
            "next pane",
            "the next pane or field; in a filter: complete",
            priority=True,
        ),
        hidden_key(
            "frame.previous",
            "shift+tab",
            "previous_pane",
            "previous pane",
            "the pane or field before",
            priority=True,
        ),
    ]

    focused = Reactive[Widget | None](None, repaint=False)
    """Textual's, but what gains and loses the focus is painted anew, not all of the screen."""

    _was_shown = False

    @property
    def dashboard(self) -> Dashboard:
        """The app, with its type."""
        return dashboard_of(self)

    @property
    def snapshot(self) -> Snapshot:
        """The newest snapshot."""
        return self.dashboard.snapshot

    @property
    def is_wide(self) -> bool:
        """Whether there is room for panes with borders. Textual gives the class of that only after `on_resize`."""
        return self.app.size.width >= self.HORIZONTAL_BREAKPOINTS[-1][0]

    def on_compose(self) -> None:
        """Have the classes of this size before there are widgets: Textual sets them at the first resize, and styles all anew."""
        sides = (
            (self.HORIZONTAL_BREAKPOINTS, self.app.size.width),
            (self.VERTICAL_BREAKPOINTS, self.app.size.height),
        )
        self.add_class(
            *(max(each for each in breakpoints or () if each[0] <= room)[1] for breakpoints, room in sides)
        )

    def on_resize(self) -> None:
        """The title has another width to fill, and panes have titles where they have borders."""
        for name, title in self.pane_titles.items():
            self.query_one(f"#{name}").border_title = title if self.is_wide else ""
        self.call_after_refresh(self._show_all)

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Show what happened meanwhile. Widgets that were made just now have their styles."""
        event.refresh_styles = self._was_shown
        self._was_shown = True
        self.show_snapshot(self.snapshot)

    def on_tabs_line_chosen(self, message: TabsLine.Chosen) -> None:
        """A click on a tab."""
        self.dashboard.action_show(_MODES[message.number - 1])

    def title_left(self) -> str:
        """What the title says beside the screen's name."""
        return ""

    def show_snapshot(self, snapshot: Snapshot) -> None:
        """Show the engine's newest snapshot; a screen that has no widgets yet shows it as soon as it has."""
        if self.is_mounted:
            self.draw_snapshot(snapshot)

    def draw_snapshot(self, snapshot: Snapshot) -> None:
        """Draw a snapshot; all widgets are there. Here in the title: how the connection is."""
        link = snapshot.link
        ascii_only = self.dashboard.ascii_only
        words = (
            links_words(snapshot.links, ascii_only=ascii_only)
            if snapshot.links
            else link_words(link, ascii_only=ascii_only)
        )
        names_trouble = any(each.state not in _WELL for each in snapshot.links.values())
        if snapshot.credential and self.size.width >= 70 and not names_trouble:
            separator = " - " if ascii_only else " · "
            words += separator + snapshot.credential.removeprefix("key ")
            if self.size.width >= 150:
                if snapshot.workspace_id:
                    words += f"{separator}workspace {snapshot.workspace_id}"
                if snapshot.base_url and snapshot.base_url != "https://api.anthropic.com":
                    words += f"{separator}{snapshot.base_url}"
        if self.dashboard.config.read_only:
            words = f"read-only{' - ' if ascii_only else ' · '}{words}"
        self.query_one(TitleLine).show(left=self.title_left(), right=words, right_style=_link_style(snapshot))

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:  # noqa: ARG002
        """Why an action cannot be done now, as the end of a sentence, or None where it can."""
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What cannot be done now is greyed."""
        return check_action(self, super().check_action(action, parameters), action, parameters)

    def say(self, text: str, kind: Kind = "note", seconds: float | None = None) -> None:
        """Tell the user something."""
        self.dashboard.say(text, kind, seconds)

    @property
    def tab_words(self) -> str:
        """What tab does, where it is not known without being said: it stands in the key line then."""
        return (
            "complete" if any(bar.has_focus_within and bar.completes for bar in self.query(FilterBar)) else ""
        )

    def action_next_pane(self) -> None:
        """To the next pane or field. Out of a filter only enter and esc lead: there it completes."""
        if not self._completed(1):
            self.focus_next()

    def action_previous_pane(self) -> None:
        """To the pane or field before; in a filter, to the choice before."""
        if not self._completed(-1):
            self.focus_previous()

    def _completed(self, step: int) -> bool:
        """Whether a filter has the keys, which is then completed as far as it can be."""
        bar = next((bar for bar in self.query(FilterBar) if bar.has_focus_within), None)
        if bar is None:
            return False
        if not bar.complete(step):
            self.say("Nothing completes this. Enter goes to the list.", seconds=2.0)
        return True

    def action_back(self) -> None:
        """One step back: the batches."""
        self.dashboard.action_show("batches")

    def _show_all(self) -> None:
        """Show what is known in the room there is; once that is on the terminal, the engine may begin to work."""
        if not self.is_mounted:
            self.call_after_refresh(self._show_all)
            return
        self.draw_snapshot(self.snapshot)
        self.set_timer(_FRAME_WRITTEN, self.dashboard.begin)

    def _update_focus_styles(self, focused: Widget | None = None, blurred: Widget | None = None) -> None:
        """Textual's, but for the panes around them alone: no style of what is in a pane asks whether the pane has the focus.

        Textual does it for all in the pane, which is 35 ms for the fields of a form.
        """
        around = chain.from_iterable(each.ancestors_with_self for each in (focused, blurred) if each)
        panes = {each for each in around if each._has_focus_within}  # noqa: SLF001  as Textual's own does
        self.app.stylesheet.update_nodes(panes, animate=True)

    def _compositor_refresh(self) -> None:
        """Textual's, but what would not be shown is not drawn: it is once the app's batch of changes has ended."""
        if self.app._batch_count:  # noqa: SLF001  as Textual's own screen does
            self.refresh()
        else:
            super()._compositor_refresh()


def _link_style(snapshot: Snapshot) -> str | None:
    """How bad it is; of several workspaces, how bad the worst is."""
    styles = [_LINK_STYLES.get(link.state) for link in snapshot.links.values() or (snapshot.link,)]
    return next((style for style in ("bad", "warn", "good") if style in styles), None)
