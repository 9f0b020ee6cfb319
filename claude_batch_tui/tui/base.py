"""What every screen of the dashboard stands on: terminal, colors, the keys that work everywhere, messages."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Mapping, Sequence
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.actions import ActionParseResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.filter import LineFilter, Monochrome, NoColor
from textual.notifications import SeverityLevel
from textual.widgets import Input

from claude_batch_tui.config import Config
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.terminal import Profile, decide_profile
from claude_batch_tui.tui.dialogs.too_small import TooSmallNotice, fits
from claude_batch_tui.tui.disabled import reason_disabled
from claude_batch_tui.tui.terminal.driver import TerminalDriver
from claude_batch_tui.tui.terminal.pacing import PacedApp
from claude_batch_tui.tui.terminal.safety import AsciiFilter
from claude_batch_tui.tui.terminal.stylesheet import ThriftyStylesheet
from claude_batch_tui.tui.themes import CALM_DARK
from claude_batch_tui.tui.widgets.key_names import active_hints
from claude_batch_tui.tui.widgets.status_line import Kind, StatusLine

if TYPE_CHECKING:
    from claude_batch_tui.tui.dialogs.help import HelpPage

LEAVE_SECONDS = 2.0
"""How long the first ctrl+c waits for the second."""


def _actions() -> type[Provider]:
    from claude_batch_tui.tui.dialogs.palette import ActionProvider  # the first frame waits for no dialog

    return ActionProvider


class CbtuiApp(PacedApp[None]):
    """The app without its screens. `ascii_only` and `profile` say how to draw; `say` is the way to tell the user.

    A screen may define `cancel_running() -> bool` (what ctrl+c stops first) and `palette_actions() -> dict` (names
    of actions without a key); `help_title` names it in help.
    """

    TITLE = "cbtui"
    COMMANDS: ClassVar[set[Any]] = {_actions}
    CSS = """
    Screen { background: $background; color: $foreground; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("colon", "command_palette", "cmd", id="app.palette", tooltip="every action by name"),
        Binding("question_mark", "help", "help", id="app.help", tooltip="this help"),
        Binding(
            "f1",
            "help",
            "help",
            id="app.help",
            show=False,
            priority=True,
            tooltip="this help",
        ),
        Binding(
            "m",
            "toggle_mouse",
            "mouse",
            id="app.mouse",
            show=False,
            tooltip="mouse on or off (off: select text)",
        ),
        Binding(
            "ctrl+l",
            "redraw",
            "redraw",
            id="app.redraw",
            show=False,
            priority=True,
            tooltip="redraw the screen",
        ),
        Binding(
            "ctrl+z",
            "suspend_process",
            "suspend",
            id="app.suspend",
            show=False,
            priority=True,
            tooltip="to the shell",
        ),
        Binding(
            "ctrl+c",
            "interrupt",
            "stop",
            id="app.interrupt",
            show=False,
            priority=True,
            tooltip="stop; twice: leave",
        ),
        Binding("ctrl+q", "quit", "quit", id="app.quit", show=False, priority=True, system=True),
    ]

    def __init__(
        self, config: Config, profile: Profile | None = None, environ: Mapping[str, str] = os.environ
    ) -> None:
        super().__init__(crash_log=config.state_dir / "crash.log", driver_class=TerminalDriver)
        self.config = config
        self.profile = profile or decide_profile(config, environ)
        self.ascii_only = self.profile.ascii
        self.messages: deque[tuple[str, Kind]] = deque(maxlen=200)
        """What was said, oldest first."""
        self._environ = environ
        self._interrupted_at = -LEAVE_SECONDS
        self.animation_level = "none"
        self.register_theme(CALM_DARK)
        if self.profile.theme not in self.available_themes:
            names = ", ".join(["dark", "light", "ansi", *sorted(self.available_themes)])
            raise ConfigError(f"Unknown theme {self.profile.theme!r}. Known: {names}.")
        self.theme = self.profile.theme
        self.stylesheet = ThriftyStylesheet(variables=self.get_css_variables())

    # What screens call.

    def say(self, text: str, kind: Kind = "note", seconds: float | None = None) -> None:
        """Tell the user something in the status line of the screen that has one."""
        self.messages.append((text, kind))
        for screen in reversed(self.screen_stack):
            try:
                line = screen.query_one(StatusLine)
            except NoMatches:
                continue
            line.say(text, kind, seconds)
            return

    def copy(self, text: str) -> None:
        """Copy text and say by which way it went."""
        from claude_batch_tui.tui import clipboard

        work = partial(
            clipboard.copy,
            text,
            setting=self.config.clipboard,
            state_dir=self.config.state_dir,
            write_terminal=self._write_terminal,
            environ=self._environ,
        )
        self.run_worker(lambda: self.call_from_thread(self.say, work()), thread=True, group="copy")

    def set_terminal_title(self, title: str) -> None:
        """Set the title of the terminal's window or tmux pane."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.set_title(title)

    def help_pages(self) -> Sequence[HelpPage]:
        """The other screens' keys, for the second page of help."""
        return ()

    def help_foot(self) -> Sequence[str]:
        """Lines under the keys."""
        return (
            "Greyed keys tell you why when pressed. Change keys: [keys] in config.toml",
            self.profile.sentence,
            *(f"  {each.item:<12} {each.value}: {each.reason}" for each in self.profile.decisions),
            str(self.config.config_dir / "config.toml"),
        )

    # What Textual calls.

    def get_line_filters(self) -> Sequence[LineFilter]:
        """Where no color is wanted none is sent, and where ASCII is wanted nothing of ours is more than that."""
        filters = list(super().get_line_filters())
        if self.no_color:
            filters = [NoColor(), *(each for each in filters if not isinstance(each, (Monochrome, NoColor)))]
        if self.ascii_only:
            filters.append(AsciiFilter())
        return filters

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: SeverityLevel = "information",
        timeout: float | None = None,
        markup: bool = False,  # noqa: ARG002  markup is never parsed
    ) -> None:
        """A message in the status line: a notice over the screen costs 14 kB to show and remove."""
        text = clean_line(f"{title}: {message}" if title else message)
        self.say(text, "note" if severity == "information" else "error", timeout)

    async def run_action(
        self,
        action: str | ActionParseResult,
        default_namespace: DOMNode | None = None,
        namespaces: Mapping[str, DOMNode] | None = None,
    ) -> bool:
        """Do an action, or say why it cannot be done now."""
        if await super().run_action(action, default_namespace, namespaces):
            return True
        target, name, parameters = self._parse_action(action, default_namespace or self, namespaces)
        reason = reason_disabled(target, name, parameters)
        if reason is None:
            return False
        self.say(f"{name.replace('_', ' ')}: {reason}")
        return True

    def on_mount(self) -> None:
        """Paint after a suspension; the mouse as the settings have it."""
        self.app_resume_signal.subscribe(self, lambda _: self.refresh())

    def on_resize(self, event: events.Resize) -> None:
        """Show or take away the notice for small terminals."""
        is_shown = isinstance(self.screen, TooSmallNotice)
        if not fits(event.size) and not is_shown:
            self.push_screen(TooSmallNotice())
        elif fits(event.size) and is_shown:
            self.pop_screen()

    def action_interrupt(self) -> None:
        """Stop what can be stopped; else the first time say how to leave, the second time leave."""
        if self._stop_something():
            return
        now = monotonic()
        if now - self._interrupted_at <= LEAVE_SECONDS:
            self.exit(return_code=130)
        else:
            self._interrupted_at = now
            self.say("Press ctrl+c again to leave.", seconds=LEAVE_SECONDS)

    def action_redraw(self) -> None:
        """Paint everything anew."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.repaint()
        self.refresh()

    def action_toggle_mouse(self) -> None:
        """Turn mouse reporting on or off."""
        if isinstance(self._driver, TerminalDriver):
            self._driver.set_mouse(not self._driver.mouse)
            self.say("Mouse on." if self._driver.mouse else "Mouse off: select text as your terminal does.")

    def action_command_palette(self) -> None:
        """Show every action by name."""
        from claude_batch_tui.tui.dialogs.palette import Palette

        if not isinstance(self.screen, (CommandPalette, TooSmallNotice)):
            self.push_screen(Palette(id="--command-palette"))

    def action_help(self) -> None:
        """Show the keys that work on this screen."""
        from claude_batch_tui.tui.dialogs.help import HelpDialog, HelpPage

        if isinstance(self.screen, (HelpDialog, CommandPalette, TooSmallNotice)):
            return
        title = getattr(self.screen, "help_title", type(self.screen).__name__)
        hints = active_hints(self.screen.active_bindings.values(), ascii_only=self.ascii_only)
        self.push_screen(HelpDialog(HelpPage(title, hints), self.help_pages, self.help_foot()))

    def start(self) -> int:
        """Run until the user leaves; the exit code."""
        self.run(mouse=self.profile.mouse)
        return self.return_code or 0

    def _stop_something(self) -> bool:
        """What ctrl+c means before it means leaving: empty the input, or stop the screen's work."""
        focused = self.focused
        if isinstance(focused, Input) and focused.value:
            focused.value = ""
            return True
        cancel = getattr(self.screen, "cancel_running", None)
        return bool(cancel is not None and cancel())

    def _write_terminal(self, data: str) -> None:
        if self._driver is not None:
            self._driver.write(data)
