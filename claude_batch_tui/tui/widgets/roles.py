"""What colors and attributes mean, once for all widgets: the roles, our two themes, and any theme made readable. See docs/visual.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, repeat
from typing import Final, NamedTuple

from rich.style import Style
from textual.color import Color
from textual.theme import Theme
from textual.widget import Widget

from claude_batch_tui.terminal import DARK, LIGHT

WORDS, DRAWINGS = 4.5, 3.0
"""Least contrast of what is read, and of lines, bars and other themes' own text, to what lies behind: WCAG 2.2, level AA."""


class _Role(NamedTuple):
    """How a role is painted: by a color where the theme is ours to color, by attributes alone where the terminal's is used."""

    color: str | None
    attributes: str = "none"
    terminal_attributes: str = "none"


_ROLES = {
    "strong": _Role(None, "bold", "bold"),
    "header": _Role("text-muted", "bold", "bold"),
    "dim": _Role("text-muted", terminal_attributes="dim"),
    "good": _Role("text-success"),
    "warn": _Role("text-warning", terminal_attributes="bold"),
    "bad": _Role("text-error", "bold", "bold underline"),
    "running": _Role("text-primary"),
    "accent": _Role("text-accent", "bold", "bold"),
    "code": _Role("text-accent"),
    "emphasis": _Role(None, "italic", "italic"),
    "added": _Role("text-success", "bold underline", "bold underline"),
    "removed": _Role("text-error", "bold strike", "bold strike"),
    "chosen": _Role(None, "reverse", "reverse"),
    "match": _Role(None, "underline bold", "underline bold"),
    "current-match": _Role(None, "reverse", "reverse"),
}


ROLE_CLASSES: Final = {f"role--{name}" for name in _ROLES}
"""Component classes of a screen, which has the roles of all its widgets: Textual styles each for itself, 0.2 ms a widget and role."""


def role_css() -> str:
    """Rules of the roles, for the style sheet of an app."""
    rules = []
    for name, role in _ROLES.items():
        color = f"color: ${role.color}; " if role.color else ""
        rules.append(f"Screen > .role--{name} {{ {color}text-style: {role.attributes}; }}")
        if role.color:
            rules.append(
                f"Screen:ansi > .role--{name} {{ color: ansi_default; text-style: {role.terminal_attributes}; }}"
            )
    return "\n".join(rules)


def role_style(widget: Widget, name: str) -> Style:
    """What a role changes of the style of the widget that paints it; nothing on a screen without `ROLE_CLASSES`."""
    return widget.screen.get_component_rich_style(f"role--{name}", partial=True, default=Style.null())


def role_on(base: Style, widget: Widget, name: str | None) -> Style:
    """A style of a widget with what a role changes of it; as it is where there is none."""
    return base if name is None else base + role_style(widget, name)


class _Palette(NamedTuple):
    background: str
    surface: str
    panel: str
    text: str
    muted: str
    good: str
    attention: str
    bad: str
    running: str
    accent: str
    line: str
    focus: str
    selection: str
    selected_text: str
    resting_selection: str


_DARK = _Palette(
    background="#14171a",
    surface="#1b1f23",
    panel="#22272c",
    text="#d8dee4",
    muted="#98a2ad",
    good="#86c294",
    attention="#dcbb6e",
    bad="#ea8d8d",
    running="#7fb4e6",
    accent="#d3a878",
    line="#6d7782",
    focus="#7fb4e6",
    selection="#2f4f70",
    selected_text="#ffffff",
    resting_selection="#2a3138",
)
_LIGHT = _Palette(
    background="#fbfbfa",
    surface="#f1f2f3",
    panel="#e6eaee",
    text="#1f2429",
    muted="#59626c",
    good="#1d6b36",
    attention="#7d5700",
    bad="#b3261e",
    running="#1a5fa8",
    accent="#8a4b08",
    line="#7d8791",
    focus="#1a5fa8",
    selection="#1a5fa8",
    selected_text="#ffffff",
    resting_selection="#dfe4e9",
)
# Of the sixteen, as Rich numbers them; those are left out that some usual palette makes too dark or too bright.
_DARK_16 = _Palette(
    background="#000000",
    surface="#000000",
    panel="#000000",
    text="#ffffff",
    muted="#aaaaaa",
    good="#55ff55",
    attention="#ffff55",
    bad="#ff5555",
    running="#55ffff",
    accent="#ffff55",
    line="#aaaaaa",
    focus="#55ffff",
    selection="#aaaaaa",
    selected_text="#000000",
    resting_selection="#000000",
)
_LIGHT_16 = _Palette(
    background="#ffffff",
    surface="#ffffff",
    panel="#ffffff",
    text="#000000",
    muted="#000000",
    good="#000000",
    attention="#aa00aa",
    bad="#aa0000",
    running="#0000aa",
    accent="#0000aa",
    line="#000000",
    focus="#0000aa",
    selection="#0000aa",
    selected_text="#ffffff",
    resting_selection="#ffffff",
)


def our_themes(colors: str) -> list[Theme]:
    """The dark and the light theme in as many colors as there are: `truecolor`, `256` or `16`."""
    dark, light = (_DARK_16, _LIGHT_16) if colors == "16" else (_DARK, _LIGHT)
    return [_theme(DARK, dark, is_dark=True), _theme(LIGHT, light, is_dark=False)]


def _theme(name: str, palette: _Palette, *, is_dark: bool) -> Theme:
    return Theme(
        name=name,
        primary=palette.running,
        secondary=palette.muted,
        accent=palette.accent,
        success=palette.good,
        warning=palette.attention,
        error=palette.bad,
        foreground=palette.text,
        background=palette.background,
        surface=palette.surface,
        panel=palette.panel,
        dark=is_dark,
        variables={
            "text-muted": palette.muted,
            "text-disabled": palette.muted,
            "text-success": palette.good,
            "text-warning": palette.attention,
            "text-error": palette.bad,
            "text-primary": palette.running,
            "text-accent": palette.accent,
            "border": palette.focus,
            "border-blurred": palette.line,
            "block-cursor-background": palette.selection,
            "block-cursor-foreground": palette.selected_text,
            "block-cursor-blurred-background": palette.resting_selection,
            "block-cursor-blurred-foreground": palette.text,
            "input-cursor-background": palette.text,
            "input-cursor-foreground": palette.background,
            "input-selection-background": palette.selection,
            "input-selection-foreground": palette.selected_text,
        },
    )


_TEXTS = (
    "text-muted",
    "text-disabled",
    "text-success",
    "text-warning",
    "text-error",
    "text-primary",
    "text-accent",
)
_LINES = ("border", "border-blurred")
_SELECTIONS = (
    ("block-cursor-foreground", "block-cursor-background"),
    ("input-selection-foreground", "input-selection-background"),
)


def readable(variables: Mapping[str, str]) -> dict[str, str]:
    """A theme's variables with every role opaque, and as far from what lies behind as it has to be.

    Textual's `auto 60%` loses its share where a style is laid over another, and then shines. A theme of the terminal's
    own colors is left with its two: nobody knows what the others are there, and roles are attributes.
    """
    made = dict(variables)
    background = Color.parse(variables["background"])
    if background.ansi is not None:
        return {name: _of_the_terminal(value) for name, value in variables.items()} | _ATTRIBUTES
    text = _opaque(variables["foreground"], background, background)
    resting = _opaque(variables["block-cursor-blurred-background"], background, text)
    behind = (background, _opaque(variables["panel"], background, text))
    made["foreground"] = text.hex
    for name, least in chain(zip(_TEXTS, repeat(WORDS)), zip(_LINES, repeat(DRAWINGS))):
        made[name] = _apart(_opaque(variables[name], background, text), behind, least).hex
    made["block-cursor-blurred-background"] = resting.hex
    made["block-cursor-blurred-foreground"] = _apart(text, (resting,), WORDS).hex
    for front, back in _SELECTIONS:
        ground = _opaque(variables[back], background, text)
        made[front], made[back] = (
            _apart(_opaque(variables[front], ground, text), (ground,), WORDS).hex,
            ground.hex,
        )
    return made


_ATTRIBUTES = {
    "block-cursor-text-style": "reverse",
    "block-cursor-blurred-text-style": "bold",
    "input-cursor-text-style": "reverse",
}


def _of_the_terminal(value: str) -> str:
    return "ansi_default" if value.startswith("ansi_") else value


def is_readable(theme: Theme) -> bool:
    """Whether a theme's text stands out from its background enough to be offered."""
    variables = theme.to_color_system().generate()
    background, text = Color.parse(variables["background"]), Color.parse(variables["foreground"])
    return background.ansi is not None or contrast(background + text, background) >= DRAWINGS


def contrast(one: Color, other: Color) -> float:
    """How far two opaque colors are apart, 1 to 21, as WCAG has it."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(color: Color) -> float:
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color.normalized
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _opaque(value: str, background: Color, text: Color) -> Color:
    """A color as it looks on the background. Themes write `#81a1c1 35%` too, and `auto 60%` for that share of the text's."""
    name, _, percent = value.partition(" ")
    share = float(percent.rstrip("%")) / 100 if percent else 1.0
    color = text if name == "auto" else background + Color.parse(name)
    return background.blend(color, share)


def _apart(color: Color, behind: Iterable[Color], least: float) -> Color:
    """The color, moved towards white or black until it stands out from all of these."""
    grounds = tuple(behind)
    end = Color.parse("#ffffff" if _luminance(grounds[0]) < 0.18 else "#000000")
    for step in range(21):
        moved = color.blend(end, step / 20)
        if all(contrast(moved, ground) >= least for ground in grounds):
            return moved
    return end
