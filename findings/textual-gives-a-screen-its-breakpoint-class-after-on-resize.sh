#!/usr/bin/env bash
# Belief:   where `on_resize` of a screen runs, the screen has the breakpoint classes of the size that the event tells.
# Textual 8.2.8: the handler runs twice for a size; the first time the class is still that of the size before.
# Output:   80 narrow | 80 narrow | 120 narrow | 120 wide
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q textual==8.2.8
"$folder/venv/bin/python" - <<'PYTHON'
import asyncio
import sys

from textual.app import App
from textual.screen import Screen

seen = []


class Told(Screen):
    """A screen with a class for narrow terminals and one for wide ones."""

    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]

    def on_resize(self, event):
        seen.append(f"{event.size.width} {'wide' if self.has_class('-wide') else 'narrow'}")


class Resized(App):
    """Shows it at once."""

    def on_mount(self):
        self.push_screen(Told())


async def main():
    async with Resized().run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.resize_terminal(120, 24)
        await pilot.pause()


asyncio.run(main())
print(*seen, sep=" | ")
sys.exit(seen != ["80 narrow", "80 narrow", "120 narrow", "120 wide"])
PYTHON
