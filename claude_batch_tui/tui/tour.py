"""The tour: five steps that teach the loop by doing it, each done by the real key on what is really there.

── tour 2 of 5: submit ──
 enter asks with count and cost, and y sends it.                   esc leaves the tour
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from textual.content import Content
from textual.screen import Screen
from textual.timer import Timer
from textual.widgets import Static

from claude_batch_tui.domain.batches.batch import BatchState
from claude_batch_tui.domain.batches.tracked import Snapshot, TrackedBatch
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.columns import ascii_only
from claude_batch_tui.tui.widgets.lines import StatusLine

if TYPE_CHECKING:
    from claude_batch_tui.tui.app import DashboardApp

_NOT_GOOD = (BatchState.ENDED_WITH_ERRORS, BatchState.ENDED_FLAWED, BatchState.ENDED_EXPIRED)


class Step(NamedTuple):
    """One step: its name, what to press (ids of keys in braces stand for the keys), and whether it is done."""

    name: str
    words: Callable[[Tour], str]
    is_done: Callable[[Tour], bool]


class TourStrip(Static):
    """Says the step, above the status line of the screen that is shown."""

    DEFAULT_CSS = """
    TourStrip { height: auto; padding: 0 1; color: $foreground; background: $background; border-top: heavy $border;
        border-title-color: $foreground; border-title-background: $background; border-title-style: bold; }
    TourStrip:ansi { border-top: heavy ansi_default; border-title-color: ansi_default;
        border-title-background: ansi_default; }
    """

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._shown = ("", "")

    def show(self, title: str, words: str) -> None:
        """Say something; what is said already costs nothing."""
        if self._shown != (title, words):
            self._shown = (title, words)
            self.border_title = title
            self.update(Content(words))


_LOOKED_EVERY = 0.3
_BUILD = 0


class Tour:
    """The tour of one app. While it is on it looks now and then whether the step is done, and paints where it is."""

    def __init__(self, app: DashboardApp) -> None:
        self.app = app
        self._timer: Timer | None = None
        self._at: int | None = None
        """The step; -1 while it is offered, None while there is no tour."""
        self._known: frozenset[str] = frozenset()
        self._saved = 0

    @property
    def is_on(self) -> bool:
        """Whether it is on the screen."""
        return self._at is not None

    @property
    def snapshot(self) -> Snapshot:
        """What is known of the batches."""
        return self.app.snapshot

    def offer(self, *, always: bool) -> None:
        """Offer it, once on this machine: where nothing is known yet, or `always`."""
        from claude_batch_tui.services.tour import is_offered, note_offered

        state_dir = self.app.config.state_dir
        if self.is_on or is_offered(state_dir) or (self.snapshot.batches and not always):
            return
        note_offered(state_dir)
        self._at = -1
        self._begin_to_look()

    def begin(self) -> None:
        """Begin, or begin again; asked for during the tour it goes on to the next step."""
        if self._at is not None and 0 <= self._at < len(STEPS):
            self._go_to(self._at + 1)
        else:
            self._go_to(0)
        self._begin_to_look()

    def takes_escape(self) -> bool:
        """Leave the tour; False where escape is something else's: a dialog's, a field's, or there is no tour."""
        screen = self.app.screen
        if not self.is_on or not isinstance(screen, DashboardScreen):
            return False
        if self.app.is_typing:
            return False
        was_offered = self._at == -1
        self._at = None
        self._show()
        self.app.say(f"{'No tour now' if was_offered else 'The tour is over'}. ^t begins it at any time.")
        return True

    def _begin_to_look(self) -> None:
        if self._timer is None:
            self._timer = self.app.set_interval(_LOOKED_EVERY, self._look)
        self._show()

    def _look(self) -> None:
        """Go on where the step is done, and say it on the screen that is shown."""
        if self._at is None:
            if self._timer is not None:
                self._timer.stop()
                self._timer = None
            return
        if 0 <= self._at < len(STEPS) and STEPS[self._at].is_done(self):
            self._go_to(self._at + 1)
        else:
            self._show()

    def key(self, id: str) -> str:  # noqa: A002  Textual's name
        """The key of an action as the user has it, by its id."""
        from claude_batch_tui.tui.widgets.key_line import key_name  # with the first step

        return key_name(self.app.first_key(id), ascii_only=self.app.ascii_only)

    def fresh(self) -> list[TrackedBatch]:
        """Batches that were sent from here since the step began."""
        return [
            tracked for tracked in self.snapshot.batches if tracked.run_id and tracked.id not in self._known
        ]

    def worst(self) -> TrackedBatch | None:
        """The newest ended batch of ours of which something is not good, and nothing was sent again."""
        now, every = self.app.now(), self.snapshot.batches
        healed = {one.run_id for one in every if one.is_retry}
        ours = (one for one in every if one.run_id and one.run_id not in healed)
        return next((one for one in ours if one.state(now) in _NOT_GOOD), None)

    def has_saved(self) -> bool:
        """Whether a file was saved since the step began."""
        return self.app.saved > self._saved

    def _go_to(self, step: int) -> None:
        if (
            self._at != _BUILD or step != _BUILD + 1
        ):  # what is sent before the strip has gone on counts as sent
            self._known = frozenset(tracked.id for tracked in self.snapshot.batches)
        self._at = step
        self._saved = self.app.saved
        self._show()

    def _show(self) -> None:
        """Say the step on the screen that is shown; nowhere where there is no tour."""
        for screen in self.app.screen_stack:
            if isinstance(screen, DashboardScreen) and screen.is_mounted:
                self._show_on(screen)

    def _show_on(self, screen: Screen[None]) -> None:
        strips = screen.query(TourStrip)
        if self._at is None:
            strips.remove()
            return
        strip = strips.first() if strips else None
        if strip is None:
            below = screen.query(StatusLine)
            if not below:  # its widgets are being made
                return
            strip = TourStrip()
            screen.mount(strip, before=below.first())
        title, words = self._words(self._at)
        strip.show(title, words.replace(" · ", " - ") if ascii_only(screen) else words)

    def _words(self, at: int) -> tuple[str, str]:
        if at < 0:
            return (
                "New here?",
                f"{self.key('app.tour')} takes a tour of five steps, two minutes · esc: not now",
            )
        if at >= len(STEPS):
            more = f"{self.key('app.palette')} finds every action by name, {self.key('app.help')} has the keys of a screen"
            return "Tour: done", f"That was the loop. {more} · esc closes this"
        step = STEPS[at]
        leaving = f"{self.key('app.tour')} skips the step, esc leaves the tour"
        return f"Tour {at + 1} of {len(STEPS)}: {step.name}", f"{step.words(self)}\n{leaving}"


def _build_words(tour: Tour) -> str:
    from claude_batch_tui.services.building.recipes import (
        recipe_names,
    )  # late, as all that the tour alone needs

    names = recipe_names(tour.app.config.config_dir)
    saved = f", or {tour.key('build.reuse')} takes a recipe ({clean_line(names[0])})" if names else ""
    return (
        f"{tour.key('batches.new')} opens Build, esc leaves a field. {tour.key('build.files')} chooses a file{saved}."
        f" Then {tour.key('build.check')} checks every row."
    )


def _is_built(tour: Tour) -> bool:
    from claude_batch_tui.tui.build.screen import BuildScreen  # late: the first frame waits for none of it

    screen = tour.app.screen
    if tour.fresh():
        return True
    if not isinstance(screen, BuildScreen) or screen.background.is_busy:
        return False
    return screen.draft.checked is not None and screen.draft.checked.is_ready


def _submit_words(tour: Tour) -> str:
    return (
        f"Everything can be sent. {tour.key('build.check')} once more asks, with count, size and cost; y sends it."
        " What you agree to is on disk before it leaves."
    )


def _watch_words(tour: Tour) -> str:
    return (
        "The cursor is on your batch: its bar is the time used, against how long batches like it took."
        f" {tour.key('batches.next-tab')} shows its timeline."
    )


def _is_watched(tour: Tour) -> bool:
    from claude_batch_tui.tui.batches.screen import BatchesScreen

    screen = tour.app.screen
    return isinstance(screen, BatchesScreen) and screen.detail.tab == "timeline"


def _retry_words(tour: Tour) -> str:
    worst, key = tour.worst(), tour.key("batches.retry")
    if worst is None:
        return (
            f"Once a batch has ended, {key} lists what is not good by cause, and sends again what you choose."
        )
    return (
        f"Go to {clean_line(worst.title)}, of which some is not good. {key} lists why, by cause: space chooses,"
        " enter prices it, y sends it."
    )


def _export_words(tour: Tour) -> str:
    return (
        f"On a batch that has ended, enter opens its results. {tour.key('results.save')} saves them, your columns"
        " beside each answer."
    )


STEPS: tuple[Step, ...] = (
    Step("build", _build_words, _is_built),
    Step("submit", _submit_words, lambda tour: bool(tour.fresh())),
    Step("watch", _watch_words, _is_watched),
    Step("see why, and retry", _retry_words, lambda tour: any(one.is_retry for one in tour.fresh())),
    Step("export", _export_words, Tour.has_saved),
)
