"""Draws the pictures of the README from the running dashboard on a simulated week: `python screenshots/take.py`."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).parent
SIZE = (120, 34)
WIDE = (160, 44)


async def settle(pilot: object, seconds: float = 0.6) -> None:
    await pilot.pause(seconds)  # type: ignore[attr-defined]


async def take_history(app, pilot) -> None:
    """The history once the results of everything that ended are here."""
    ended = [tracked.id for tracked in app.snapshot.batches if tracked.batch.has_ended]
    for batch_id in ended:
        app.engines.of(batch_id).download(batch_id)
    for _ in range(600):
        await settle(pilot, 0.1)
        if sum(tracked.cost_actual is not None for tracked in app.snapshot.batches) >= len(ended):
            break
    await pilot.resize_terminal(*WIDE)
    await pilot.press("T")
    await settle(pilot, 1.5)
    app.save_screenshot("history.svg", str(HERE))
    await pilot.press("q")
    await pilot.resize_terminal(*SIZE)
    await settle(pilot)


async def take(folder: Path) -> None:
    from claude_batch_tui.config import load
    from claude_batch_tui.simulator import Simulator
    from claude_batch_tui.terminal import Profile
    from claude_batch_tui.tui.app import DashboardApp

    tickets = folder / "tickets.csv"
    tickets.write_text(
        "ticket,lang,subject,body\n"
        'T-88212,en,Export,"The export to CSV stops after 1,000 rows."\n'
        'T-88213,de,Rechnung doppelt,"Hallo, mir wurde die Rechnung 4711 zweimal abgebucht."\n'
        "T-88214,fr,Mot de passe,Je ne reçois pas le courriel.\n"
    )
    profile = Profile(slow=False, colors="truecolor", theme="cbtui-dark", mouse=False, ascii=False)
    with Simulator(demo=True, speed=20) as simulator:
        config, _ = load({"base_url": simulator.base_url, "data_dir": str(folder / "data")})
        app = DashboardApp(config, profile=profile, api_key=simulator.key)
        app.engines.start()
        try:
            async with app.run_test(size=SIZE) as pilot:
                for _ in range(100):
                    await settle(pilot, 0.1)
                    if len(app.snapshot.batches) > 20:
                        break
                await pilot.press("j")
                await settle(pilot)
                app.save_screenshot("batches.svg", str(HERE))
                await take_history(app, pilot)
                big = next(
                    b
                    for b in app.snapshot.batches
                    if b.batch.has_ended and b.batch.request_counts.total == 10_000
                )
                app.open_batch(big.id)
                await settle(pilot, 3.0)
                await pilot.press("e")
                await settle(pilot)
                app.save_screenshot("results.svg", str(HERE))
                await pilot.press("2")
                await settle(pilot)
                fields = {
                    "source": str(tickets),
                    "id_column": "ticket",
                    "prompt_column": "body",
                    "template": "Subject: {{ subject }} - {{ body }}",
                    "system": "You label support tickets. Answer with one word: billing, bug, other.",
                    "model": "claude-haiku-4-5",
                    "max_tokens": "64",
                }
                from claude_batch_tui.tui.build.form import Field

                for name, value in fields.items():
                    app.screen.query_one(f"#{name}", Field).value = value
                app.screen.query_one("#source", Field).value = "tickets.csv"
                os.chdir(folder)
                await settle(pilot, 1.0)
                await pilot.press("ctrl+r")
                await settle(pilot, 1.5)
                app.save_screenshot("build.svg", str(HERE))
        finally:
            app.engines.stop()


def main() -> None:
    os.environ["TZ"] = "UTC"
    time.tzset()
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(take(Path(folder)))


if __name__ == "__main__":
    main()
