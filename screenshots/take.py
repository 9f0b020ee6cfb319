"""Draws the pictures of the documents from the demo, the same every time: `python screenshots/take.py`.

    python screenshots/take.py --all DIR [--sizes 80x24,120x40,200x50] [--themes cbtui-dark,cbtui-light]

draws every screen in every size and theme into a folder, to be looked at.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
from drawing import Painted, animation, paint, picture

from claude_batch_tui.cli.demo_history import remembered
from claude_batch_tui.config import load
from claude_batch_tui.simulator import Simulator
from claude_batch_tui.terminal import Profile
from claude_batch_tui.tui.app import DashboardApp

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 30, 9, 12, 40, tzinfo=UTC)
SIZES, THEMES = "80x24,120x40,200x50", "cbtui-dark,cbtui-light"
_WAITS, _WORKS = 60.0, 10.0


class Stage:
    """The dashboard on the demo, with a clock that stands still until it is moved."""

    def __init__(self, app: DashboardApp, pilot: Any, clock: list[datetime]) -> None:
        self.app, self.pilot, self._clock = app, pilot, clock

    async def until(self, holds: Callable[[], object]) -> None:
        """Until something is so, and nothing is at work any more."""
        end = time.monotonic() + _WAITS
        while not holds():
            if time.monotonic() > end:
                raise TimeoutError(f"never so: {self.app.screen}, {list(self.app.messages)[-3:]}")
            await self.pilot.pause(0.05)
        await self.rest()

    async def rest(self) -> None:
        """Until nothing is at work."""
        await self.pilot.pause(0.2)
        end = time.monotonic() + _WORKS
        while any(worker.is_running for worker in self.app.workers) and time.monotonic() < end:
            await self.pilot.pause(0.05)
        await self.pilot.pause(0.2)

    async def press(self, *keys: str) -> None:
        """Press keys, and let what follows from each come."""
        for key in keys:
            await self.pilot.press(key)
            await self.rest()

    async def go_to(self, name: str) -> None:
        """The cursor of the list of batches onto the one of that name."""
        self.app.screen.go_to(next(one.id for one in self.app.snapshot.batches if one.name == name))
        await self.rest()

    async def dialog(self, name: str) -> None:
        """Until a dialog is there."""
        await self.until(lambda: type(self.app.screen).__name__ == name)

    async def home(self) -> None:
        """Back to the batches, at the top of the list."""
        while len(self.app.screen_stack) > 1:
            await self.press("escape")
        self.app.action_show("batches")
        await self.rest()
        await self.press("g")

    def later(self, minutes: float) -> None:
        """Move the clock, and look at the API."""
        self._clock[0] += timedelta(minutes=minutes)
        self.app.engines.home.refresh()

    def painted(self) -> Painted:
        """What is on the screen."""
        for screen in self.app.screen_stack:  # what was said before is no part of a picture
            for line in screen.query("StatusLine"):
                line.clear()
        return paint(self.app)


@contextlib.contextmanager
def _removed(folder: Path) -> Iterator[None]:
    try:
        yield
    finally:
        shutil.rmtree(folder)


@contextlib.asynccontextmanager
async def stage(size: tuple[int, int], theme: str) -> AsyncIterator[Stage]:
    """The dashboard on a fresh demo."""
    clock = [NOW]
    profile = Profile(slow=False, colors="truecolor", theme=theme, mouse=False, ascii=False)
    data = Path(tempfile.gettempdir()) / "cbtui-pictures"  # the pictures name it, and the port
    data.mkdir()
    with _removed(data), Simulator(demo=True, port=18_765, now=lambda: clock[0]) as simulator:
        sources = data / "files"
        sources.mkdir()
        config = load({"data_dir": str(data), "state_dir": str(data), "config_dir": str(data / "config")})[0]
        config = msgspec.structs.replace(config, base_url=simulator.base_url, keep=False)
        remembered(simulator, config, sources).write_files()
        os.chdir(sources)
        app = DashboardApp(config, profile=profile, api_key=simulator.key)
        app.now = lambda: clock[0]
        app.engines.start()
        runtime = app.engines.home._runtime  # noqa: SLF001  its clock and its chances stand still, too
        runtime.now, runtime.random = app.now, lambda: 0.5
        app.engines.home._board._now = app.now  # noqa: SLF001
        try:
            async with app.run_test(size=size) as pilot:
                one = Stage(app, pilot, clock)
                await one.until(lambda: app.snapshot.credential and app.snapshot.link.polled_at)
                yield one
        finally:
            app.engines.stop()
            os.chdir(HERE)


async def batches(one: Stage) -> None:
    """The list, with the cursor on what ended badly."""
    await one.go_to("ticket facts")


async def timeline(one: Stage) -> None:
    """When it ended, against batches like it."""
    await one.go_to("ticket facts")
    await one.press("right_square_bracket")


async def history(one: Stage) -> None:
    """Everything, drawn."""
    await one.press("T")


async def costs(one: Stage) -> None:
    """What it cost."""
    await one.press("dollar_sign")


async def build(one: Stage) -> None:
    """The form, filled from a recipe, and checked."""
    await preview(one)
    await one.press("enter")
    await one.until(lambda: one.app.screen.draft.checked and not one.app.screen.background.is_busy)


async def preview(one: Stage) -> None:
    """The form, filled from a recipe."""
    await one.press("n", "escape", "R")
    await one.dialog("PickDialog")
    await one.press("enter")
    await one.until(lambda: getattr(one.app.screen, "draft", None) and one.app.screen.draft.source)


async def question(one: Stage) -> None:
    """What a yes pays for."""
    await build(one)
    await one.press("enter")
    await one.dialog("ConfirmDialog")


async def results(one: Stage) -> None:
    """Answers as JSON, and one of them in full."""
    await open_results(one, "ticket facts")


async def open_results(one: Stage, name: str) -> None:
    """The results of a batch."""
    await one.go_to(name)
    await one.press("enter")
    await one.until(lambda: name in one.app.screen.title_left())


async def statistics(one: Stage) -> None:
    """The results in numbers."""
    await results(one)
    await one.press("S")


async def saving(one: Stage) -> None:
    """Where the results are saved."""
    await open_results(one, "label eval, haiku")
    await one.press("s")
    await one.dialog("SaveDialog")


async def triage(one: Stage) -> None:
    """What is not good, by cause."""
    await one.go_to("ticket facts")
    await one.press("R")
    await one.dialog("RetryDialog")


async def compare(one: Stage) -> None:
    """Two batches side by side."""
    for name in ("label eval, haiku", "label eval, sonnet"):
        await one.go_to(name)
        await one.press("space")
    await one.press("equals_sign")


async def help_(one: Stage) -> None:
    """The keys of the list."""
    await one.press("question_mark")


async def palette(one: Stage) -> None:
    """Every action by name."""
    await one.press("colon", *"exp")


async def tour(one: Stage) -> None:
    """The first step of the tour."""
    await one.press("ctrl+t")


SCREENS = (
    batches, timeline, history, costs, preview, build, question, results, statistics, saving, triage, compare, help_, palette,
    tour,
)  # fmt: skip


async def loop(one: Stage) -> list[Painted]:
    """The loop, from a file to answers joined with it."""
    frames = []

    def shot() -> None:
        frames.append(one.painted())

    shot()
    await preview(one)
    shot()
    await one.press("enter")
    await one.until(lambda: one.app.screen.draft.checked and not one.app.screen.background.is_busy)
    shot()
    await one.press("enter")
    await one.dialog("ConfirmDialog")
    shot()
    await one.press("y")
    await one.until(lambda: any(each.name == "support tickets" for each in one.app.snapshot.batches))
    shot()
    one.later(9)
    await one.until(
        lambda: any(
            each.name == "support tickets" and each.batch.has_ended for each in one.app.snapshot.batches
        )
    )
    await one.go_to("ticket facts")
    shot()
    await one.press("R")
    await one.dialog("RetryDialog")
    shot()
    await one.press("escape")
    await open_results(one, "ticket facts")
    shot()
    await one.press("s")
    await one.dialog("SaveDialog")
    shot()
    return frames


async def take_all(folder: Path, sizes: str, themes: str) -> None:
    """Every screen in every size and theme."""
    for theme in themes.split(","):
        for size in sizes.split(","):
            columns, rows = map(int, size.split("x"))
            for screen in SCREENS:
                async with stage((columns, rows), theme) as one:
                    await screen(one)
                    name = f"{screen.__name__.strip('_')}-{size}-{theme.removeprefix('cbtui-')}.svg"
                    (folder / name).write_text(picture(one.painted()))


async def take() -> None:
    """The pictures of the documents."""
    for screen, size in (
        (batches, (120, 34)),
        (results, (120, 34)),
        (history, (160, 44)),
    ):
        async with stage(size, "cbtui-dark") as one:
            await screen(one)
            (HERE / f"{screen.__name__}.svg").write_text(picture(one.painted()))
    async with stage((100, 30), "cbtui-dark") as one:
        (HERE / "loop.svg").write_text(animation(await loop(one), 2.5))


def main() -> None:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--all", type=Path, metavar="DIR")
    parser.add_argument("--sizes", default=SIZES)
    parser.add_argument("--themes", default=THEMES)
    options = parser.parse_args()
    os.environ["TZ"] = "UTC"
    time.tzset()
    os.environ.pop("NO_COLOR", None)
    if options.all is None:
        asyncio.run(take())
    else:
        options.all.mkdir(parents=True, exist_ok=True)
        asyncio.run(take_all(options.all.absolute(), options.sizes, options.themes))


if __name__ == "__main__":
    main()
