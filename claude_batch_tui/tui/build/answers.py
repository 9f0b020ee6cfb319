"""Answers of a run as the source of the next requests: the run is chosen, its answers are written as rows, the form takes them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from textual.worker import get_current_worker

from claude_batch_tui.domain.batches.merging import fold
from claude_batch_tui.domain.batches.tracked import ResultsState, TrackedBatch
from claude_batch_tui.domain.filters.language import parse
from claude_batch_tui.domain.filters.pattern import FilterError
from claude_batch_tui.engine.engine import Engine
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.services.building.models import read_prices
from claude_batch_tui.services.exporting.answer_rows import answers_path, write_answer_rows
from claude_batch_tui.services.filters.finding import find_all
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.services.results.merged import whole_results
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.tui.dialogs.picking import Choice, PickDialog
from claude_batch_tui.tui.dialogs.questions import InputDialog
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.wording.batches import outcome_counts
from claude_batch_tui.wording.values import ago

_MOST_RUNS = 200
_USUAL = "outcome=succeeded"
_NO_ANSWERS = "There is no run whose results are on this machine: s on the batches downloads them."


def ask_answers(screen: DashboardScreen, use: Callable[[Path], None]) -> None:
    """Have a run chosen among the newest whose results are here, and which of its answers; `use` gets the file of their rows."""
    runs = _runs(screen.snapshot.batches)
    if not runs:
        screen.say(_NO_ANSWERS)
        return
    now = screen.dashboard.now()

    def words(members: Sequence[TrackedBatch]) -> str:
        whole = fold(members[0].run_id or members[0].id, members)
        model = whole.model or ""
        return f"{outcome_counts(whole.batch.request_counts)}  {model}  {ago(now - whole.batch.created_at)}"

    choices = [Choice(key, _title(members), words(members)) for key, members in runs.items()]

    def chosen(key: str | None) -> None:
        if key is not None:
            _ask_which(screen, runs[key], use)

    screen.app.push_screen(PickDialog("Whose answers are the rows?", choices), chosen)


def _ask_which(screen: DashboardScreen, members: Sequence[TrackedBatch], use: Callable[[Path], None]) -> None:
    """Ask which of its answers, and write them."""

    def problem(text: str) -> str | None:
        try:
            parse(text)
        except FilterError as error:
            return str(error)
        return None

    def write(text: str | None) -> None:
        if text is not None:
            engine = screen.dashboard.engines.of(members[0].id)
            screen.run_worker(
                lambda: _write(screen, engine, members, text, use),
                thread=True,
                exclusive=True,
                group="answers",
            )

    body = [
        "A filter as on the Results screen; class=complete leaves out what is cut or refused.",
        "Templates name {{ answer }}, {{ json.label }}, {{ outcome }} and the columns of the source.",
    ]
    screen.app.push_screen(
        InputDialog(f"Which answers of {_title(members)}?", body, value=_USUAL, problem=problem), write
    )


def _write(
    screen: DashboardScreen,
    engine: Engine,
    members: Sequence[TrackedBatch],
    text: str,
    use: Callable[[Path], None],
) -> None:
    """Write the rows, in a thread, and hand them on."""
    worker, call = get_current_worker(), screen.app.call_from_thread
    title, run = _title(members), members[0].run_id or members[0].id
    target_id = run if len(members) > 1 else members[0].id
    target, config = answers_path(title, Path()), screen.dashboard.config
    try:
        ids = [tracked.id for tracked in reversed(members)]
        path, rows = whole_results(target_id, ids, store=engine.store, workspace=engine.workspace)
        with open_indexed(path, engine.store.locations.cache) as results:
            costs = EntryCosts(results.index, read_prices(config))
            positions = find_all(results, parse(text or _USUAL), costs)
            if not positions:
                call(screen.say, f"{title} has no such answers.")
                return
            for count in write_answer_rows(results, target_id, positions, target, rows):
                if worker.is_cancelled:
                    return
                call(screen.say, f"{count:,} of {len(positions):,} answers written …")
    except CbtuiError as error:
        call(screen.say, str(error), "error")
        return
    call(use, target)
    call(screen.say, f"{len(positions):,} answers of {title} are the rows: {target}")


def _runs(batches: Sequence[TrackedBatch]) -> dict[str, list[TrackedBatch]]:
    """The newest runs, and batches alone, of which results are here; the batches of each newest first."""
    found: dict[str, list[TrackedBatch]] = {}
    for tracked in batches:
        if tracked.results is ResultsState.COMPLETE:
            key = tracked.run_id or tracked.id
            if key in found or len(found) < _MOST_RUNS:
                found.setdefault(key, []).append(tracked)
    return found


def _title(members: Sequence[TrackedBatch]) -> str:
    """What the user calls it."""
    return fold(members[0].run_id or members[0].id, members).title
