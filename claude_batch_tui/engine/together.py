"""Several engines as one: each wish goes to the engine of the workspace it is about."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.domain.together import mixed, together
from claude_batch_tui.domain.tracked import Snapshot, TrackedBatch
from claude_batch_tui.engine.engine import Engine

if TYPE_CHECKING:
    from claude_batch_tui.domain.history import History
    from claude_batch_tui.domain.story import SentRequests, Story
    from claude_batch_tui.engine.engine import Forecasted
    from claude_batch_tui.services.check import CheckReport
    from claude_batch_tui.services.judging import Sent
    from claude_batch_tui.services.run_results import RunResults
    from claude_batch_tui.services.trying import Trial, Tried
    from claude_batch_tui.store.results_index import ResultsIndex


class Together:
    """Engines by the names of their workspaces, wherever a face takes one engine.

    What is about a batch, run or submission goes to the engine that knows it. What is about none of them, as a new
    submission, goes to `home`. Batches given in one call are of one workspace, unless it says otherwise.
    A retry is paid, so it is asked of the one engine that knows its batch: `home` may not stand in for that.
    """

    def __init__(self, engines: Mapping[str, Engine]) -> None:
        self._engines = engines
        self.home = next(iter(engines.values()))
        """The engine of what is about no batch."""
        self._parts: list[tuple[TrackedBatch, ...]] = []
        self._batches: tuple[TrackedBatch, ...] = ()
        self._places: tuple[tuple[TrackedBatch, ...], dict[str, str]] = (), {}
        """Batches, and the workspace of each of them and of their runs."""

    @property
    def snapshot(self) -> Snapshot:
        """The newest word of all of them."""
        snapshots = {name: engine.snapshot for name, engine in self._engines.items()}
        parts = [snapshot.batches for snapshot in snapshots.values()]
        if len(parts) != len(self._parts) or any(
            now is not before for now, before in zip(parts, self._parts, strict=True)
        ):
            self._parts, self._batches = parts, mixed(parts)
        return together(snapshots, self._batches)

    def of(self, target_id: str) -> Engine:
        """The engine that knows a batch or run, else that of home."""
        # For any thread: what another one looks at meanwhile is not changed, but replaced.
        batches, places = self._places
        if batches is not self._batches:
            batches, places = self._batches, {}
            for tracked in batches:
                for key in (tracked.id, tracked.run_id):
                    if key is not None and tracked.workspace is not None:
                        places.setdefault(key, tracked.workspace)
            self._places = batches, places
        return self._engines.get(places.get(target_id, ""), self.home)

    # What is about all of them.

    def refresh(self) -> None:
        """Poll all, in their turn."""
        for engine in self._engines.values():
            engine.refresh()

    def pause(self, paused: bool) -> None:
        """Stop polling all, or go on."""
        for engine in self._engines.values():
            engine.pause(paused)

    def load_older(self) -> None:
        """Fetch the next page of older batches of each that has one."""
        for engine in self._engines.values():
            if engine.snapshot.has_older:
                engine.load_older()

    def history(self, days: int, now: datetime) -> Future[History]:
        """What the batches of all of them in the last days say together."""
        scopes = {engine.scope_id for engine in self._engines.values()} - {None}
        return self.home.history(days, now, [each for each in scopes if each is not None])

    # What is about batches of several of them.

    def tag(self, batch_ids: Sequence[str], *, add: Sequence[str], remove: Sequence[str]) -> None:
        """Give batches tags, and take tags away; in each workspace for itself."""
        for engine, ids in self._shared_out(batch_ids):
            engine.tag(ids, add=add, remove=remove)

    def hide(self, batch_ids: Sequence[str], *, hidden: bool) -> None:
        """Put batches away on this machine, or bring them back; in each workspace for itself."""
        for engine, ids in self._shared_out(batch_ids):
            engine.hide(ids, hidden=hidden)

    # What is about one batch, or several of one workspace.

    def download(self, batch_id: str) -> None:
        """Download the results of an ended batch."""
        self.of(batch_id).download(batch_id)

    def stop_download(self, batch_id: str) -> None:
        """Stop a download."""
        self.of(batch_id).stop_download(batch_id)

    def cancel(self, batch_id: str) -> None:
        """Ask the API to cancel a batch."""
        self.of(batch_id).cancel(batch_id)

    def delete(self, batch_id: str) -> None:
        """Delete an ended batch from the API."""
        self.of(batch_id).delete(batch_id)

    def mark_seen(self, batch_id: str) -> None:
        """The user has looked at an ended batch."""
        self.of(batch_id).mark_seen(batch_id)

    def rename(self, target_id: str, name: str | None) -> None:
        """Name a batch or a run."""
        self.of(target_id).rename(target_id, name)

    def note(self, target_id: str, text: str | None) -> None:
        """Write a note on a batch or a run."""
        self.of(target_id).note(target_id, text)

    def adopt(self, batch_ids: Sequence[str], name: str | None) -> None:
        """Make one run of batches made elsewhere, all of one workspace."""
        self.of(batch_ids[0]).adopt(batch_ids, name)

    def growing(self, batch_id: str) -> tuple[ResultsIndex, Path] | None:
        """The index and file of a download that is under way."""
        return self.of(batch_id).growing(batch_id)

    def asked(self, batch_ids: Sequence[str]) -> Sent:
        """The files that say what was asked for in these batches, of one workspace; reads the disk."""
        return (self.of(batch_ids[0]) if batch_ids else self.home).asked(batch_ids)

    @property
    def cache(self) -> Path:
        """The folder of what can be made again; the same for all."""
        return self.home.cache

    def results_file(self, batch_id: str) -> Path | None:
        """The results of a batch on this machine, or None."""
        return self.of(batch_id).results_file(batch_id)

    def read_results(self, batch_id: str) -> Path | None:
        """The results of a batch on this machine that were read to their end, or None."""
        return self.of(batch_id).read_results(batch_id)

    def run_results(self, run_id: str, batch_ids: Sequence[str]) -> RunResults:
        """The results of these batches of a run in one file."""
        return self.of(run_id).run_results(run_id, batch_ids)

    def rows_path(self, batch_id: str) -> Path | None:
        """The rows file of a batch we submitted, or None."""
        return self.of(batch_id).rows_path(batch_id)

    def sent(self, batch_id: str) -> Collection[str] | None:
        """The custom_ids sent for a batch, or None."""
        return self.of(batch_id).sent(batch_id)

    def request_as_sent(self, batch_id: str, custom_id: str) -> bytes | None:
        """A request of a batch we submitted, or None."""
        return self.of(batch_id).request_as_sent(batch_id, custom_id)

    def story(self, batch_ids: Sequence[str]) -> Future[Story | None]:
        """What is remembered of a batch, or of several as one run."""
        return self.of(batch_ids[0]).story(batch_ids)

    def first_requests(self, batch_ids: Sequence[str], count: int) -> SentRequests | None:
        """The first requests of the first of these batches that we submitted, or None."""
        return self.of(batch_ids[0]).first_requests(batch_ids, count)

    # What is about a submission that is open.

    def look_again(self, submission_id: str) -> None:
        """Look for an open submission once."""
        self._of_submission(submission_id).look_again(submission_id)

    def attach(self, submission_id: str, batch_id: str) -> None:
        """The user says which batch a submission made."""
        self._of_submission(submission_id).attach(submission_id, batch_id)

    def send_again(self, submission_id: str, token: str) -> None:
        """The user says an absent submission may be sent again."""
        self._of_submission(submission_id).send_again(submission_id, token)

    def abandon(self, submission_id: str) -> None:
        """The user gives a submission up."""
        self._of_submission(submission_id).abandon(submission_id)

    # What is about nothing there is yet.

    def add(self, batch_id: str) -> None:
        """Fetch one batch by its id and show it."""
        self.home.add(batch_id)

    def forecast(self, path: Path, report: CheckReport, source: str | None) -> Future[Forecasted]:
        """Have the API count the input of a checked draft."""
        return self.home.forecast(path, report, source)

    def try_request(self, chosen: Trial) -> Future[Tried]:
        """Send one request at once."""
        return self.home.try_request(chosen)

    def _of_submission(self, submission_id: str) -> Engine:
        """The engine of the workspace it was sent to."""
        for engine in self._engines.values():
            if any(one.submission_id == submission_id for one in engine.snapshot.submissions):
                return engine
        return self.home

    def _shared_out(self, batch_ids: Sequence[str]) -> list[tuple[Engine, list[str]]]:
        """Batches by the engine that knows them."""
        found: dict[int, tuple[Engine, list[str]]] = {}
        for batch_id in batch_ids:
            engine = self.of(batch_id)
            found.setdefault(id(engine), (engine, []))[1].append(batch_id)
        return list(found.values())
