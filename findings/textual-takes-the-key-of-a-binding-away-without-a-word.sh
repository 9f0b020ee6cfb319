#!/usr/bin/env bash
# Belief:   a keymap that gives one binding the key of another is refused, or does both.
# Textual 8.2.8: the other binding is gone, without a word, though it has an id and the key given up is free.
# Output:   a: nothing | b: one | left: b one
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
from textual.binding import Binding


class Two(App):
    """Two actions, with a key each."""

    BINDINGS = [Binding("a", "one", id="one"), Binding("b", "two", id="two")]
    did = "nothing"

    def action_one(self):
        self.did = "one"

    def action_two(self):
        self.did = "two"


async def main():
    app = Two()
    app.set_keymap({"one": "b"})
    seen = []
    async with app.run_test() as pilot:
        for key in "ab":
            app.did = "nothing"
            await pilot.press(key)
            seen.append(f"{key}: {app.did}")
        actions = {key: each.binding.action for key, each in app.screen.active_bindings.items()}
        seen.append("left: " + ", ".join(f"{key} {action}" for key, action in actions.items() if action in ("one", "two")))
    return seen


seen = asyncio.run(main())
print(*seen, sep=" | ")
sys.exit(seen != ["a: nothing", "b: one", "left: b one"])
PYTHON
