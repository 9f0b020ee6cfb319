"""What is painted, cell by cell, against what lies behind it: the contrast of WCAG 2.2."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

from rich.color import ColorSystem

from claude_batch_tui.tui.widgets.roles import our_themes

WORDS, DRAWINGS = 4.5, 3.0
_PALETTES = {
    "VGA": "000000 aa0000 00aa00 aa5500 0000aa aa00aa 00aaaa aaaaaa"
    " 555555 ff5555 55ff55 ffff55 5555ff ff55ff 55ffff ffffff",
    "xterm": "000000 cd0000 00cd00 cdcd00 0000ee cd00cd 00cdcd e5e5e5"
    " 7f7f7f ff0000 00ff00 ffff00 5c5cff ff00ff 00ffff ffffff",
    "Tango": "000000 cc0000 4e9a06 c4a000 3465a4 75507b 06989a d3d7cf"
    " 555753 ef2929 8ae234 fce94f 729fcf ad7fa8 34e2e2 eeeeec",
    "Windows": "0c0c0c c50f1f 13a10e c19c00 0037da 881798 3a96dd cccccc"
    " 767676 e74856 16c60c f9f1a5 3b78ff b4009e 61d6d6 f2f2f2",
}
"""The sixteen colors as usual terminals come with them."""


def _triplets(palette):
    return [tuple(bytes.fromhex(color)) for color in palette.split()]


def _luminance(triplet):
    red, green, blue = (
        part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4
        for part in triplet
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@lru_cache(100_000)
def contrast(one, other):
    """The ratio of two colors as triplets, 1 to 21."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def is_drawing(character):
    """Whether a character is part of a line, bar or chart and is not read."""
    return "\u2500" <= character <= "\u25ff" or "\u2800" <= character <= "\u28ff" or character in "-|+#"


def painted(app):
    """What is on the screen in pieces of one style: line number, text, style."""
    for y, strip in enumerate(app.screen._compositor.render_strips()):
        for segment in strip:
            if segment.style is not None and segment.text.strip():
                yield y, segment.text, segment.style


def too_faint(app, *, words=WORDS, drawings=DRAWINGS, colors="truecolor"):
    """Sentences about the pieces that stand out too little, in `truecolor`, `256` or `16` colors of usual terminals."""
    found = []
    for y, text, style in painted(app):
        least = drawings if all(is_drawing(each) for each in text if not each.isspace()) else words
        for name, front, back in _shown(style, colors):
            ratio = contrast(back, front)
            if ratio < least:
                found.append(
                    f"{name} {y}: {text.strip()!r} {front} on {back} is {ratio:.1f} : 1, needed {least}"
                )
    return found


def colored(app):
    """The pieces painted in any color but the terminal's own two."""
    return [
        f"{y}: {text!r} {style}"
        for y, text, style in painted(app)
        if any(color is not None and not color.is_default for color in (style.color, style.bgcolor))
    ]


@lru_cache(10_000)
def _shown(style, colors):
    """As the terminals of a kind show a style: a name, the front and the back."""
    front, back = (style.bgcolor, style.color) if style.reverse else (style.color, style.bgcolor)
    if colors != "16":
        if colors == "256":
            front, back = (each.downgrade(ColorSystem.EIGHT_BIT) for each in (front, back))
        return [(colors, tuple(front.get_truecolor()), tuple(back.get_truecolor()))]
    numbers = [each.downgrade(ColorSystem.STANDARD).number for each in (front, back)]
    return [
        (name, *(_triplets(palette)[number] for number in numbers)) for name, palette in _PALETTES.items()
    ]


def themes_of_16():
    """Our two themes as they are where there are sixteen colors, under names of their own."""
    return [replace(theme, name=f"{theme.name}-16") for theme in our_themes("16")]


async def faint_in_every_look(pilot):
    """What is too faint of the frame that is shown, in our two themes in every number of colors, and in the terminal's own."""
    app = pilot.app
    before = app.theme
    for theme in themes_of_16():
        app.register_theme(theme)
    found = []
    for theme in ("cbtui-light-16", "cbtui-dark-16", "cbtui-light", "ansi-dark", "cbtui-dark"):
        app.theme = theme
        await pilot.pause()
        if theme == "ansi-dark":
            found += colored(app)
        else:
            for colors in ("16",) if theme.endswith("16") else ("truecolor", "256"):
                found += [f"{theme}, {each}" for each in too_faint(app, colors=colors)]
    app.theme = before
    await pilot.pause()
    return found
