"""What can be done with batches and runs from their list: each function asks what it has to, then tells the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from claude_batch_tui.domain.batches.batch import BatchState
from claude_batch_tui.domain.batches.batch_list import BatchRow, in_parts
from claude_batch_tui.domain.batches.tracked import DownloadState, LinkState, ResultsState, TrackedBatch
from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.home import expand_home
from claude_batch_tui.store import submissions
from claude_batch_tui.tui.screen import DashboardScreen
from claude_batch_tui.tui.widgets.lines import LetterMenu
from claude_batch_tui.wording.batches import STATE_WORDS, outcome_counts
from claude_batch_tui.wording.submissions import foreign_cancel_words
from claude_batch_tui.wording.values import counted, counted_batches, duration

if TYPE_CHECKING:
    from claude_batch_tui.domain.money.pricing import PriceTable
    from claude_batch_tui.services.keeping.pruning import Forgettable, Removable
    from claude_batch_tui.services.results.variants import VariantFile

_T = TypeVar("_T")

# Dialogs are imported when they are opened: the first frame does not wait for them.

_LISTED = 6
_MOST_WORKSPACES = 9
"""As many as digits can choose; the others are in the palette."""
_CANCELING = (
    "Requests already finished are kept and billed. Requests in flight may still finish. It shows “canceling” until "
    "the API ends the batch. This cannot be undone; unfinished requests would need a new batch."
)


def cancel_batches(
    screen: DashboardScreen, targets: Sequence[TrackedBatch], done: Callable[[], None]
) -> None:
    """Cancel those that still run, after asking."""
    running = [tracked for tracked in targets if tracked.batch.processing_status == "in_progress"]
    now = screen.dashboard.now()

    def words(tracked: TrackedBatch) -> str:
        batch = tracked.batch
        return f"{batch.request_counts.total:,} requests, running {duration(now - batch.created_at)}"

    def cancel() -> None:
        for tracked in running:
            screen.dashboard.engines.of(tracked.id).cancel(tracked.id)
        done()
        screen.say(f"{_several(running)}: cancel sent …")

    body = [*_listed(running, words), "", _CANCELING]
    engines = screen.dashboard.engines
    foreign = sum(submissions.of_batch(engines.of(one.id).store, one.id) is None for one in running)
    if foreign:
        body.append(foreign_cancel_words(foreign))
    _confirm(screen, f"Cancel {counted_batches(len(running))}", body, cancel, no="Keep running")


def delete_batches(
    screen: DashboardScreen, targets: Sequence[TrackedBatch], done: Callable[[], None]
) -> None:
    """Delete those that have ended from the API, after their number of requests was typed."""
    from claude_batch_tui.tui.dialogs.questions import TypedConfirmDialog, if_agreed

    ended = [tracked for tracked in targets if tracked.batch.has_ended]
    unsaved = sum(tracked.results is ResultsState.NONE for tracked in ended)
    body = _listed(ended, lambda tracked: outcome_counts(tracked.batch.request_counts))
    body += ["", "The batch and its results are removed from the API for everybody."]
    if unsaved:
        body.append(f"The results of {unsaved} were never downloaded and would be lost.")
    requests = sum(tracked.batch.request_counts.total for tracked in ended)
    dialog = TypedConfirmDialog(
        f"Delete {counted_batches(len(ended))} from the API?",
        [*body, "", "Type the number of requests to delete."],
        yes=f"Delete {counted_batches(len(ended))}",
        expected=str(requests),
        label=f"requests ({requests:,})",
        no="Keep",
    )

    def delete() -> None:
        for tracked in ended:
            screen.dashboard.engines.of(tracked.id).delete(tracked.id)
        done()

    screen.app.push_screen(dialog, if_agreed(delete, lambda: screen.say("Nothing was deleted.")))


def prune_files(screen: DashboardScreen) -> None:
    """Look what can be removed of this machine's files, and remove it after asking."""
    from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, TypedConfirmDialog, if_agreed
    from claude_batch_tui.wording.values import size

    engine, app = screen.dashboard.engines.home, screen.app

    def ask(found: list[Removable]) -> None:
        if not found:
            screen.say("There is nothing to remove.")
            return
        total = sum(each.bytes for each in found)
        unexported = sum(len(each.paths) for each in found if each.needs_asking)
        body = [f"{size(each.bytes):>9}  {len(each.paths):>6,} files  {each.what}" for each in found]
        title, yes = f"Free {size(total)} on this machine?", "Remove"

        def remove() -> None:
            engine.prune(found)

        if unexported:
            body += [
                "",
                "Results that were never exported are lost. Type the number of their files to remove all.",
            ]
            dialog: ConfirmDialog = TypedConfirmDialog(
                title, body, yes=yes, expected=str(unexported), label=f"files ({unexported:,})", no="Keep"
            )
        else:
            dialog = ConfirmDialog(title, body, yes=yes)
        app.push_screen(dialog, if_agreed(remove))

    _asked(screen, engine.removable, ask)


def back_up(screen: DashboardScreen) -> None:
    """Ask where to, and write all that is kept into one file."""
    from claude_batch_tui.tui.dialogs.questions import InputDialog

    engine = screen.dashboard.engines.home

    def problem(text: str) -> str | None:
        path = expand_home(text)
        if not text or path.exists() or not path.parent.is_dir():
            return "A file that is not there yet, in a folder that is."
        return None

    def write(text: str | None) -> None:
        if text:
            screen.say("Backing up ...")
            engine.backup(expand_home(text).absolute())

    body = [
        "Store, journal, what was sent and what came back, as one tar file. `cbtui backup --help` says how to bring it back."
    ]
    dialog = InputDialog(
        "Back up to", body, value=f"cbtui-{screen.dashboard.now():%Y-%m-%d}.tar.gz", problem=problem
    )
    screen.app.push_screen(dialog, write)


def forget_batches(
    screen: DashboardScreen, targets: Sequence[TrackedBatch], *, on_server: bool, done: Callable[[], None]
) -> None:
    """Forget batches that have ended on this machine, and on the server where wished, after their count was typed."""
    from claude_batch_tui.tui.dialogs.questions import TypedConfirmDialog, if_agreed
    from claude_batch_tui.wording.values import size

    engine = screen.dashboard.engines.of(targets[0].id)

    def ask(found: Forgettable) -> None:
        requests = sum(tracked.batch.request_counts.total for tracked in targets)
        what = counted_batches(len(targets))
        body = _listed(targets, lambda tracked: outcome_counts(tracked.batch.request_counts))
        body += [
            "",
            f"{len(found.paths):,} files, {size(found.bytes)}, of bodies, rows and results are removed here.",
        ]
        if on_server:
            body.append("The batches and their results are removed from the API for everybody.")
        if found.unexported:
            body.append(f"The results of {found.unexported} were never exported and would be lost.")
        dialog = TypedConfirmDialog(
            f"Forget {what}{' here and on the server' if on_server else ' on this machine'}?",
            [*body, "", "Type the number of requests to forget them."],
            yes=f"Forget {what}",
            expected=str(requests),
            label=f"requests ({requests:,})",
            no="Keep",
        )

        def forget() -> None:
            engine.forget(found, on_server=on_server)
            done()

        screen.app.push_screen(dialog, if_agreed(forget))

    _asked(screen, partial(engine.forgettable, [tracked.id for tracked in targets]), ask)


def _asked(screen: DashboardScreen, ask: Callable[[], Future[_T]], then: Callable[[_T], None]) -> None:
    """Wait in a thread for what the engine finds out, and go on with it; what goes wrong is said."""

    def wait() -> None:
        try:
            found = ask().result()
        except CbtuiError as error:
            screen.app.call_from_thread(screen.say, str(error), "error")
        else:
            screen.app.call_from_thread(then, found)

    screen.run_worker(wait, thread=True, group="asked")


def hide_batches(screen: DashboardScreen, targets: Sequence[TrackedBatch], done: Callable[[], None]) -> None:
    """Hide batches on this machine, or bring back those that all are hidden; several after asking."""
    ids = [tracked.id for tracked in targets]
    hides = any(tracked.hidden_at is None for tracked in targets)

    def hide() -> None:
        screen.dashboard.engines.hide(ids, hidden=hides)
        done()
        what = _several(targets)
        screen.say(f"{what}: hidden on this machine; H shows it." if hides else f"{what}: back.")

    if len(ids) == 1:
        hide()
        return
    verb = "Hide" if hides else "Bring back"
    body = [*_listed(targets, lambda _: ""), "", "Only this list changes; the API keeps them."]
    _confirm(screen, f"{verb} {counted_batches(len(ids))}", body, hide)


def adopt_batches(screen: DashboardScreen, targets: Sequence[TrackedBatch], done: Callable[[], None]) -> None:
    """Make one run of those that have none, under a name that is asked for."""
    ids = [tracked.id for tracked in targets if tracked.run_id is None]

    def adopt(name: str) -> None:
        screen.dashboard.engines.of(ids[0]).adopt(ids, name or None)
        done()

    together = "They become one run. " if len(ids) > 1 else ""
    body = f"{together}What was sent is not known of batches made elsewhere. A name, if you like:"
    _ask(screen, f"Adopt {counted_batches(len(ids))}", body, adopt)


def tag_batches(screen: DashboardScreen, targets: Sequence[TrackedBatch]) -> None:
    """Type the tags of batches that have the same ones, or what to add and take away where they differ."""
    from claude_batch_tui.services.watching.labels import tag_changes

    ids = [tracked.id for tracked in targets]
    before = set(targets[0].tags)
    is_same = len({tracked.tags for tracked in targets}) == 1

    def change(text: str) -> None:
        words = text.replace(",", " ").split()
        add, remove = tag_changes(words)
        if is_same:
            wanted = {word.removeprefix("+") for word in words}
            add, remove = sorted(wanted - before), sorted(before - wanted)
        screen.dashboard.engines.tag(ids, add=add, remove=remove)

    def problem(text: str) -> str | None:
        try:
            tag_changes(text.replace(",", " ").split())
        except ConfigError as error:
            return str(error)
        return None

    title = f"Tags of {counted_batches(len(ids))}"
    if is_same:
        body, value = (
            "Commas or blanks between tags. tag=NAME finds them.",
            "".join(f"{tag}, " for tag in sorted(before)),
        )
    else:
        body, value = "+NAME adds to all of them, -NAME takes away.", ""
    _ask(screen, title, body, change, value=value, problem=problem, replaces=False)


def rename_row(screen: DashboardScreen, row: BatchRow) -> None:
    """Type the name of a batch or run."""
    title = "Name this run" if row.members else "Name this batch"
    body = "Kept on this machine; the API has no names."

    def rename(name: str) -> None:
        screen.dashboard.engines.of(row.key).rename(row.key, name or None)

    _ask(screen, title, body, rename, value=row.tracked.name or "")


def note_row(screen: DashboardScreen, row: BatchRow) -> None:
    """Type the note on a batch or run."""
    body = "Kept on this machine; the filter note:word finds it."

    def note(text: str) -> None:
        screen.dashboard.engines.of(row.key).note(row.key, text or None)

    _ask(screen, f"Note on {row.tracked.title}", body, note, value=row.tracked.note or "")


def add_batch(screen: DashboardScreen) -> None:
    """Track a batch whose id is typed, of the workspace that is shown."""

    def add(batch_id: str) -> None:
        if batch_id:
            screen.dashboard.engines.home.add(batch_id)

    body = "It must be in the workspace of this key."
    _ask(screen, "Track a batch by its id", body, add, placeholder="msgbatch_…")


def ask_workspace(screen: DashboardScreen, letters: LetterMenu, what: str, then: Callable[[], None]) -> None:
    """Ask which workspace something is for, show that one alone, and go on there."""
    names = screen.dashboard.engines.watched[:_MOST_WORKSPACES]

    def choose(name: str) -> None:
        screen.dashboard.action_show_workspace(name)
        then()

    choices = "   ".join(f"{number} {clean_line(name)}" for number, name in enumerate(names, 1))
    letters.ask(
        f"{what} in which workspace?  {choices}",
        {str(number): partial(choose, name) for number, name in enumerate(names, 1)},
    )


def decide_submission(screen: DashboardScreen) -> None:
    """Decide about the oldest submission of unknown outcome, if there is one."""
    from claude_batch_tui.tui.submitting.dialog import SubmissionDialog

    submission = next(iter(screen.snapshot.submissions), None)
    if submission is not None:
        screen.app.push_screen(SubmissionDialog(submission_id=submission.submission_id))


def open_results(screen: DashboardScreen, row: BatchRow) -> None:
    """Show the results of a batch, or of all batches of a run that have any as one; where there are none, say why."""
    dashboard, tracked = screen.dashboard, row.tracked
    readable = [each for each in in_parts(row.members or (tracked,)) if _has_results(each, screen)]
    if not readable:
        screen.say(_why_no_results(row, screen))
        return
    for each in readable:
        if not each.seen:
            dashboard.engines.of(each.id).mark_seen(each.id)
    if not row.members:
        dashboard.open_batch(tracked.id)
        return
    if len(readable) < len(row.members):
        screen.say(
            f"Results of {len(readable)} of {counted_batches(len(row.members))}: the others have none."
        )
    readable.sort(key=lambda each: each.batch.created_at)
    dashboard.open_run(row.key, [each.id for each in readable], tracked.title)


def compare_rows(screen: DashboardScreen, rows: Sequence[BatchRow]) -> None:
    """Compare the results of two batches or runs, or of the runs of one sweep, where all are on this machine."""
    from claude_batch_tui.services.building.models import read_prices
    from claude_batch_tui.tui.results.compare import CompareScreen

    for row in rows:
        for tracked in row.members or (row.tracked,):
            if tracked.results is not ResultsState.COMPLETE and _has_results(tracked, screen):
                screen.say(f"{tracked.title}: its results are not on this machine yet; s downloads them.")
                return
    config, cache = screen.dashboard.config, screen.dashboard.engines.home.store.locations.cache

    def prices() -> PriceTable:
        return read_prices(config)

    if len(rows) == 1:
        from claude_batch_tui.tui.results.sweep import SweepRun, SweepScreen  # late: few have a sweep

        runs = [
            SweepRun(
                _variant(each),
                partial(_files_of, screen, each),
                partial(open_results, screen, each),
            )
            for each in rows[0].variants
            if any(one.results is not ResultsState.NONE for one in each.members or (each.tracked,))
        ]
        if len(runs) > 1:
            screen.app.push_screen(SweepScreen(rows[0].tracked.title, runs, cache, prices))
        else:
            screen.say("Fewer than two runs of this sweep have results yet.")
    elif any(row.variants for row in rows):
        screen.say("A sweep is compared by itself, run by run: mark two of its runs, or none.")
    else:
        left, right = ((row.tracked.title, lambda row=row: _files_of(screen, row).results) for row in rows)
        screen.app.push_screen(CompareScreen.of_paths(left, right, cache, prices))


def _variant(row: BatchRow) -> str:
    sweep = row.tracked.sweep
    return sweep.variant if sweep is not None else row.tracked.title


def _files_of(screen: DashboardScreen, row: BatchRow) -> VariantFile:
    """The results of a batch or a run, and their rows, for a thread: those of a run are put together first."""
    from claude_batch_tui.services.results.merged import whole_results
    from claude_batch_tui.services.results.variants import VariantFile

    engine = screen.dashboard.engines.of(row.key)
    members = in_parts(row.members or (row.tracked,))
    ids = [each.id for each in members if each.results is not ResultsState.NONE]
    return VariantFile(
        _variant(row), *whole_results(row.key, ids, store=engine.store, workspace=engine.workspace)
    )


def leave(screen: DashboardScreen) -> None:
    """Leave the dashboard, after asking once while something of this process is running: a submission, a download.

    Without a key it ends with the sentence and the exit code a command would end with.
    """
    from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, if_agreed

    snapshot = screen.snapshot

    def go() -> None:
        link = snapshot.link
        if link.state is LinkState.NO_CREDENTIALS:
            screen.app.exit(return_code=2, message=link.error)
        else:
            screen.app.exit()

    running = _running_here(screen)
    if not running:
        go()
        return
    dialog = ConfirmDialog("Leave while this is running?", running, yes="Leave", no="Stay")
    screen.app.push_screen(dialog, if_agreed(go))


def _running_here(screen: DashboardScreen) -> list[str]:
    """What would stop with this process, and what becomes of it: a line each."""
    snapshots = screen.dashboard.engines.snapshots
    states = (DownloadState.WAITING, DownloadState.RUNNING)
    downloads = sum(each.state in states for snapshot in snapshots for each in snapshot.downloads.values())
    sending = [
        each for snapshot in snapshots for each in snapshot.submitting.values() if not each.is_finished
    ]
    lines = []
    held = sum(each.held for each in sending)
    if held:
        lines.append(
            f"{counted(held, 'request')} wait here and would not be sent; submitting the same again goes on with them."
        )
    sending = [each for each in sending if not each.held]
    if sending:
        what = "what is being sent may be created all the same, and is found in the list the next time"
        lines.append(f"{counted(len(sending), 'submission')}: {what}.")
    if downloads:
        lines.append(f"{counted(downloads, 'download')}: it starts over the next time you open the batch.")
    return [*lines, "Batches go on at the API; cbtui need not stay open for them."] if lines else []


def _has_results(tracked: TrackedBatch, screen: DashboardScreen) -> bool:
    """Whether they are on this machine, or can be had."""
    return tracked.results is not ResultsState.NONE or tracked.batch.results_readable(screen.dashboard.now())


def _why_no_results(row: BatchRow, screen: DashboardScreen) -> str:
    title, state = row.tracked.title, row.tracked.state(screen.dashboard.now())
    if row.members:
        return f"No batch of {title} has results that can be read."
    if state in (BatchState.ARCHIVED, BatchState.GONE):
        return f"{title}: {STATE_WORDS[state]}."
    return f"{title} has not ended: results can be read when it has."


def _ask(
    screen: DashboardScreen,
    title: str,
    body: str,
    use: Callable[[str], None],
    *,
    value: str = "",
    placeholder: str = "",
    problem: Callable[[str], str | None] = lambda _: None,
    replaces: bool = True,
) -> None:
    """Have a line typed, and use it, an empty one too; leaving without an answer does nothing."""
    from claude_batch_tui.tui.dialogs.questions import InputDialog

    def answered(text: str | None) -> None:
        if text is not None:
            use(" ".join(text.split()))

    dialog = InputDialog(
        clean_line(title), [body], value=value, placeholder=placeholder, problem=problem, replaces=replaces
    )
    screen.app.push_screen(dialog, answered)


def _confirm(
    screen: DashboardScreen, what: str, body: Sequence[str], do: Callable[[], None], *, no: str = "Keep"
) -> None:
    """Do it once it was agreed to."""
    from claude_batch_tui.tui.dialogs.questions import ConfirmDialog, if_agreed

    dialog = ConfirmDialog(f"{what}?", body, yes=what, no=no)
    screen.app.push_screen(dialog, if_agreed(do, lambda: screen.say("Nothing was changed.")))


def _several(targets: Sequence[TrackedBatch]) -> str:
    """The one by its title, several by their number."""
    return targets[0].title if len(targets) == 1 else counted_batches(len(targets))


def _listed(targets: Sequence[TrackedBatch], words: Callable[[TrackedBatch], str]) -> list[str]:
    """The first of them with a few words each, and how many more there are; of several workspaces each says which."""
    several = len({tracked.profile for tracked in targets}) > 1

    def title(tracked: TrackedBatch) -> str:
        return f"{tracked.profile}: {tracked.title}" if several else tracked.title

    lines = [f"{title(tracked)}   {words(tracked)}".rstrip() for tracked in targets[:_LISTED]]
    if len(targets) > _LISTED:
        lines.append(f"… and {len(targets) - _LISTED} more")
    return lines
