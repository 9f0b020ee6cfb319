"""How the dashboard draws on this terminal, decided from settings and environment, with a reason for each decision."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.errors import ConfigError

LEAST_SIZE = (60, 15)
"""Columns and rows the dashboard needs."""

DARK, LIGHT, ANSI = "cbtui-dark", "cbtui-light", "ansi-dark"
_THEMES = {"dark": DARK, "light": LIGHT, "ansi": ANSI}
_REMOTE = ("SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY")
_SLOW_FRAMES, _FAST_FRAMES = "10", "60"


def named_program(*variables: str) -> list[str]:
    """The command in the first of these variables that names one; empty where none does. Raises ConfigError."""
    import shlex  # late: the first frame needs none of it

    for variable in variables:
        value = os.environ.get(variable, "")
        try:
            command = shlex.split(value)
        except ValueError as error:
            raise ConfigError(
                f"${variable} ({value}) is no command: it ends within a quote, or on a backslash."
            ) from error
        if command and command[0]:
            return command
    return []


def terminal_encoding(encoding: str | None, environ: Mapping[str, str]) -> str:
    """What the terminal reads, where Python writes `encoding`. For Python LC_ALL=C is UTF-8, for a terminal it is not."""
    return "ascii" if environ.get("LC_ALL") in {"C", "POSIX"} else encoding or "ascii"


class Decision(msgspec.Struct, frozen=True):
    """What was decided about one item, and the reason as a phrase."""

    item: str
    value: str
    reason: str


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """How the dashboard draws on this terminal."""

    slow: bool
    """The frugal profile for thin links."""
    colors: str
    """truecolor, 256, 16 or none."""
    theme: str
    mouse: bool
    ascii: bool
    encoding: str = "utf-8"
    """What the terminal reads."""
    decisions: tuple[Decision, ...] = ()
    """Everything that was decided, in the order it is told."""

    @property
    def sentence(self) -> str:
        """The profile on one line."""
        pace = "slow" if self.slow else "fast"
        characters = "ASCII" if self.ascii else "Unicode"
        mouse = "on" if self.mouse else "off"
        return f"{pace} profile, {self.colors} colors, theme {self.theme}, {characters}, mouse {mouse}"


def decide_profile(config: Config, environ: Mapping[str, str], encoding: str = "utf-8") -> Profile:
    """The profile that follows from settings and environment; `encoding` is that of the terminal's stream."""
    if config.ascii is not False:
        encoding = terminal_encoding(encoding, environ)
    remote = next((name for name in _REMOTE if environ.get(name)), None)
    link = (
        Decision("link", "SSH", f"{remote} is set")
        if remote
        else Decision("link", "local", "no SSH_… is set")
    )
    pace = _pace(config, remote)
    slow = pace.value == "slow"
    colors = _colors(config, environ)
    theme = _theme(config, colors.value, slow=slow)
    mouse = _mouse(config, remote, environ)
    characters = _characters(config, encoding, environ)
    return Profile(
        slow=slow,
        colors=colors.value,
        theme=theme.value,
        mouse=mouse.value == "on",
        ascii=characters.value == "ASCII",
        encoding=encoding,
        decisions=(
            link,
            _multiplexer(environ),
            pace,
            colors,
            theme,
            characters,
            mouse,
            _frames(environ, slow=slow),
            Decision("sync output", "where offered", "mode 2026 is asked for at the start, used if answered"),
            _clipboard(config, environ),
        ),
    )


def osc9_decision(config: Config, environ: Mapping[str, str], way: str) -> Decision:
    """How an end is told by OSC 9, where `way` is what `services.notify.osc9_way` found."""
    item = "OSC 9"
    if "osc9" not in config.notify:
        return Decision(item, "off", f'the setting notify = "{config.notify}"')
    if config.osc9 == "off":
        return Decision(item, "off", 'the setting osc9 = "off"')
    if way == "no":
        if environ.get("TMUX"):
            return Decision(
                item, "off", "tmux lets it pass only with allow-passthrough on, to a terminal known"
            )
        return Decision(item, "off", 'the terminal is not known to take it; osc9 = "on" where it does')
    value = "on" if way == "plain" else f"through {way}"
    return Decision(item, value, 'the setting osc9 = "on"' if config.osc9 == "on" else "known to take it")


def _pace(config: Config, remote: str | None) -> Decision:
    if config.slow is not None:
        return Decision(
            "profile", "slow" if config.slow else "fast", f"the setting slow = {_toml(config.slow)}"
        )
    if remote:
        return Decision("profile", "slow", "over SSH; --no-slow for a fast link")
    return Decision("profile", "fast", "not over SSH; --slow for a thin link")


def _colors(config: Config, environ: Mapping[str, str]) -> Decision:
    """What the terminal takes; the theme fits it, and Rich is told."""
    if config.color != "auto":
        return Decision("colors", config.color, f'the setting color = "{config.color}"')
    if environ.get("NO_COLOR"):
        return Decision("colors", "none", "NO_COLOR is set")
    # GNU screen 4 takes the parts of a color of 16 million for attributes: dim, blinking, black.
    in_screen = bool(environ.get("STY"))
    colorterm = "" if in_screen else environ.get("COLORTERM", "").strip().lower()
    if colorterm in {"truecolor", "24bit"}:
        return Decision("colors", "truecolor", f"COLORTERM={colorterm}")
    term = environ.get("TERM", "").strip().lower()
    more = "GNU screen takes no more" if in_screen else "COLORTERM does not say more"
    if term.rpartition("-")[2] in {"256color", "kitty"}:
        return Decision("colors", "256", f"TERM={term}, and {more}")
    if in_screen:
        return Decision(
            "colors", "16", f"TERM={term} in GNU screen; term screen-256color in ~/.screenrc for 256"
        )
    told = f"TERM={term}" if term else "TERM is not set"
    return Decision("colors", "16", f"{told} promises no more; --color 256 or truecolor where it has them")


def _theme(config: Config, colors: str, *, slow: bool) -> Decision:
    asked = _THEMES.get(config.theme or "", config.theme)
    if colors == "none" and not (asked or "").startswith("ansi-"):
        # Other themes paint grey where no color was asked for.
        return Decision("theme", ANSI, "the one kind that sends no color at all")
    if asked:
        return Decision("theme", asked, f'the setting theme = "{config.theme}"')
    if slow:
        return Decision("theme", ANSI, "the terminal's own colors are half the bytes")
    if colors == "16":
        return Decision("theme", ANSI, "16 colors: the terminal's own are readable")
    return Decision("theme", DARK, "the default; --theme light or ansi for others")


def _mouse(config: Config, remote: str | None, environ: Mapping[str, str]) -> Decision:
    if config.mouse is not None:
        return Decision(
            "mouse", "on" if config.mouse else "off", f"the setting mouse = {_toml(config.mouse)}"
        )
    if remote:
        return Decision("mouse", "off", "over SSH, where its reports cost; m turns it on")
    if environ.get("STY"):  # findings/screen-keeps-escape-back-while-the-mouse-is-reported.sh
        return Decision("mouse", "off", "GNU screen keeps esc back until the next key with it; m turns it on")
    return Decision("mouse", "on", "not over SSH; m turns it off to select text")


def _characters(config: Config, encoding: str, environ: Mapping[str, str]) -> Decision:
    if config.ascii is not None:
        return Decision(
            "characters", "ASCII" if config.ascii else "Unicode", f"the setting ascii = {_toml(config.ascii)}"
        )
    if encoding == "ascii" and (locale := environ.get("LC_ALL")):
        return Decision(
            "characters", "ASCII", f"LC_ALL={locale}; --no-ascii where it reads UTF-8 all the same"
        )
    if encoding.lower().replace("-", "").replace("_", "") != "utf8":
        return Decision("characters", "ASCII", f"the terminal's encoding here is {encoding}, not UTF-8")
    return Decision("characters", "Unicode", "the encoding is UTF-8; --ascii for a font without lines")


def _multiplexer(environ: Mapping[str, str]) -> Decision:
    if environ.get("TMUX"):
        return Decision("tmux", "yes", "TMUX is set; cbtui doctor looks at its options")
    if environ.get("STY"):
        return Decision("tmux", "no", "GNU screen: STY is set")
    return Decision("tmux", "no", "TMUX is not set")


def _frames(environ: Mapping[str, str], *, slow: bool) -> Decision:
    behind = "a terminal that is behind gets one new picture later"
    asked = environ.get("TEXTUAL_FPS", "")
    if asked.isdigit():
        return Decision("frames", f"at most {asked} a second", f"TEXTUAL_FPS is set; {behind}")
    if slow:
        return Decision("frames", f"at most {_SLOW_FRAMES} a second", f"the slow profile; {behind}")
    return Decision("frames", f"at most {_FAST_FRAMES} a second", f"the fast profile; {behind}")


def _clipboard(config: Config, environ: Mapping[str, str]) -> Decision:
    ways = {"tmux": "tmux", "native": "a native tool", "osc52": "OSC 52", "off": "off"}
    if config.clipboard != "auto":
        return Decision("clipboard", ways[config.clipboard], f'the setting clipboard = "{config.clipboard}"')
    if environ.get("TMUX"):
        return Decision("clipboard", "tmux", "its buffer, and the terminal outside where it allows that")
    if sys.platform == "darwin" and not environ.get("SSH_CONNECTION"):
        return Decision("clipboard", "a native tool", "pbcopy of this Mac")
    if environ.get("WAYLAND_DISPLAY") or environ.get("DISPLAY"):
        return Decision("clipboard", "a native tool", "a display is there; OSC 52 where no tool is installed")
    where = "through GNU screen, no display" if environ.get("STY") else "no tmux, no display"
    return Decision("clipboard", "OSC 52", f"{where}; what is too long goes to a file")


def _toml(value: bool) -> str:
    return "true" if value else "false"
