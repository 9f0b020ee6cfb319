"""What every screen of the dashboard stands on: terminal, colors, the keys that work everywhere, messages."""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from time import monotonic
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events
from textual.actions import ActionParseResult
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.command import CommandPalette, Provider
from textual.content import Content
from textual.css.query import NoMatches
from textual.dom import DOMNode
from textual.geometry import Size
from textual.notifications import SeverityLevel
from textual.screen import ModalScreen
from textual.theme import Theme
from textual.widgets import Input, Static

from claude_batch_tui.config import Config
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.terminal import LEAST_SIZE, Profile, decide_profile
from claude_batch_tui.tui.dashboard import reason_disabled
from claude_batch_tui.tui.terminal import terminal_app
from claude_batch_tui.tui.widgets.key_line import active_hints, hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import Kind, StatusLine
from claude_batch_tui.tui.widgets.roles import is_readable, our_themes, readable, role_css

if TYPE_CHECKING:
    from claude_batch_tui.tui.dialogs.help import HelpPage
    from claude_batch_tui.tui.terminal.app import TerminalApp
else:
    TerminalApp = terminal_app()


LEAST = Size(*LEAST_SIZE)


def fits(size: Size) -> bool:
    """Whether there is room to work."""
    return size.width >= LEAST.width and size.height >= LEAST.height


class TooSmallNotice(ModalScreen[None]):
    """Says what is needed and what there is; goes by itself when there is room again."""

    DEFAULT_CSS = """
    TooSmallNotice { align: center middle; background: $background; }
    TooSmallNotice > Static { width: auto; height: auto; text-align: center; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("notice.quit", "q", "app.quit", "quit", "leave"),
    ]

    def compose(self) -> ComposeResult:
        """The notice."""
        yield Static(self._sentence(self.app.size), markup=False)

    def on_resize(self, event: events.Resize) -> None:
        """Show the new size."""
        self.query_one(Static).update(self._sentence(event.size))

    @staticmethod
    def _sentence(size: Size) -> Content:
        return Content(
            f"Terminal too small\n\n{size.width} × {size.height}, needed {LEAST.width} × {LEAST.height}\n\n"
            "make it larger, or q to leave\nwork goes on meanwhile"
        )


_MADE_SECONDS = 0.5
LEAVE_SECONDS = 2.0
"""How long the first ctrl+c waits for the second."""


def _actions() -> type[Provider]:
    from claude_batch_tui.tui.dialogs.palette import ActionProvider  # the first frame waits for no dialog

    return ActionProvider


class CbtuiApp(TerminalApp):
    """The app without its screens. `ascii_only` and `profile` say how to draw; `say` is the way to tell the user.

    A screen may define `cancel_running() -> bool` (what ctrl+c stops first) `palette_actions() -> dict` (names
    of actions without a key), and `palette_choices() -> dict` (the same, found by typing only); `help_title` names it in help.
    """

    TITLE = "cbtui"
    COMMANDS: ClassVar[set[Any]] = {_actions}
    CSS = f"""
    Screen {{ background: $background; color: $foreground; }}
    Input:ansi > .input--cursor {{ color: ansi_default; background: ansi_default; }}
    {role_css()}
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("app.palette", "colon", "command_palette", "cmd", "every action by name"),
        shown_key("app.help", "question_mark", "help", "help", "this help"),
        hidden_key("app.help", "f1", "help", "help", "this help", priority=True),
        hidden_key("app.mouse", "m", "toggle_mouse", "mouse", "mouse on or off (off: select text)"),
        hidden_key("app.redraw", "ctrl+l", "redraw", "redraw", "redraw the screen", priority=True),
        hidden_key("app.suspend", "ctrl+z", "suspend_process", "suspend", "to the shell", priority=True),
        hidden_key("app.interrupt", "ctrl+c", "interrupt", "stop", "stop; twice: leave", priority=True),
        Binding("ctrl+q", "quit", "quit", id="app.quit", show=False, priority=True, system=True),
    ]

    _theme_of_variables: Theme | None = None

    def __init__(
        self, config: Config, profile: Profile | None = None, environ: Mapping[str, str] = os.environ
    ) -> None:
        self.profile = profile or decide_profile(config, environ)
        super().__init__(
            theme=self.profile.theme,
            themes=our_themes(self.profile.colors),
            ascii_only=self.profile.ascii,
            crash_log=config.state_dir / "crash.log",
        )
        self.config = config
        self.messages: deque[tuple[str, Kind]] = deque(maxlen=200)
        """What was said, oldest first."""
        self._environ = environ
        self._interrupted_at = -LEAVE_SECONDS

    def call_from_thread(self, callback: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Textual's, but what a thread has to show once the dashboard is closing is left out: its widgets are going."""

        def show() -> Any:
            return callback(*args, **kwargs) if self.is_running else None

        return super().call_from_thread(show)

    # What screens call.

    def say(self, text: str, kind: Kind = "note", seconds: float | None = None) -> None:
        """Tell the user something in the status line of the screen that has one."""
        self.messages.append((text, kind))
        if (line := self._status_line) is not None:
            line.say(text, kind, seconds)

    def tell(self, text: str, kind: Kind = "note") -> None:
        """Say what happened by itself there; the answer to a key that was pressed just now stays before it."""
        self.messages.append((text, kind))
        if (line := self._status_line) is not None:
            line.tell(text, kind)

    @property
    def _status_line(self) -> StatusLine | None:
        for screen in reversed(self.screen_stack):
            with suppress(NoMatches):
                line: StatusLine = screen.query_one(StatusLine)
                return line
        return None

    def copy(self, text: str) -> None:
        """Copy text and say by which way it went."""
        from claude_batch_tui.tui import clipboard  # late, as dialogs: the first frame needs none

        work = partial(
            clipboard.copy,
            text,
            setting=self.config.clipboard,
            state_dir=self.config.state_dir,
            write_terminal=self.write_terminal,
            environ=self._environ,
        )
        self.run_worker(lambda: self.call_from_thread(self.say, work()), thread=True, group="copy")

    def palette_actions(self) -> dict[str, str]:
        """The themes that can be read, and a way out from everywhere."""
        ours = [theme.name for theme in our_themes(self.profile.colors)]
        known = self.available_themes
        themes = [name for name in dict.fromkeys([*ours, *known]) if is_readable(known[name])]
        ways = {f"theme {name}": f"take_theme({name!r})" for name in themes if name != self.theme}
        return {"settings: where they are": "help", "quit": "quit", **ways}

    def action_take_theme(self, name: str) -> None:
        """Draw in another theme until the end of this run."""
        self.theme = name
        self.say(f'Theme {name}. To keep it: theme = "{name}" in config.toml')

    def help_pages(self) -> Sequence[HelpPage]:
        """The other screens' keys, for the second page of help."""
        return ()

    def help_foot(self) -> Sequence[str]:
        """Lines under the keys."""
        return (
            "Greyed keys tell you why when pressed. ^t: a tour of five steps. Change keys: [keys] in config.toml",
            self.profile.sentence,
            *(f"  {each.item:<12} {each.value}: {each.reason}" for each in self.profile.decisions),
            str(self.config.config_dir / "config.toml"),
        )

    # What Textual calls.

    def get_css_variables(self) -> dict[str, str]:
        """The theme's, each role readable on what lies behind it; made once for each theme that is taken."""
        if self.has_themes and self._theme_of_variables is not self.current_theme:
            self._theme_of_variables = self.current_theme
            self.theme_variables = readable(super().get_css_variables())
        return self.theme_variables

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

    async def on_event(self, event: events.Event) -> None:
        """Keys act in the order in which they were typed, on what is there by then; one typed before a question stood on the
        screen is no answer to it.
        """
        if isinstance(event, events.Key):
            await self._parts_made()
            if event.time < getattr(self.screen, "asked_at", 0.0) or self.takes_key(event):
                return
        await super().on_event(event)

    def takes_key(self, event: events.Key) -> bool:  # noqa: ARG002  for those who take one
        """Whether a key ends here, before the screen has it."""
        return False

    async def _parts_made(self) -> None:
        """What is typed ahead waits for the screen it is meant for, and for the field there."""
        screen, until = self.screen, monotonic() + _MADE_SECONDS
        if not screen.is_mounted:
            while screen.focused is None and monotonic() < until:  # noqa: ASYNC110  no event tells of the focus
                await asyncio.sleep(0.005)

    async def _check_bindings(self, key: str, priority: bool = False) -> bool:
        """Textual's, but a key that is not typed into a field acts at once: passed on to the widget, it acts after the next."""
        if await super()._check_bindings(key, priority):
            return True
        is_text = self.is_typing or getattr(self.screen, "awaits_letter", False)
        return priority and not is_text and await super()._check_bindings(key)

    @property
    def is_typing(self) -> bool:
        """Whether keys go into a field."""
        # By name: the first frame does not wait for the editor of several lines.
        kinds = {kind.__name__ for kind in type(self.focused).__mro__}
        return not kinds.isdisjoint({"Input", "TextArea"})

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
        self.repaint_terminal()

    def action_toggle_mouse(self) -> None:
        """Turn mouse reporting on or off."""
        is_on = self.toggle_mouse()
        if is_on is not None:
            self.say("Mouse on." if is_on else "Mouse off: select text as your terminal does.")

    def action_command_palette(self) -> None:
        """Show every action by name."""
        from claude_batch_tui.tui.dialogs.palette import Palette  # the same

        if not isinstance(self.screen, (CommandPalette, TooSmallNotice)):
            self.push_screen(Palette(id="--command-palette"))

    def action_help(self) -> None:
        """Show the keys that work on this screen."""
        from claude_batch_tui.tui.dialogs.help import HelpDialog, HelpPage  # the same

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
