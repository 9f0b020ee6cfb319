"""Opens settings, store and API once, and closes them after. The only place where the parts are put together."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import importlib
import os
import random
import sys
import threading
from collections.abc import AsyncIterator, Callable, Collection, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from claude_batch_tui.config import Config, own_key
from claude_batch_tui.domain.batches.tracked import (
    Download,
    DownloadState,
    ResultsState,
    Submission,
    SubmissionState,
    TrackedBatch,
)
from claude_batch_tui.errors import CbtuiError, ConfigError, NotFoundError, SourceError
from claude_batch_tui.store import batches, scopes, submissions, usage
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.scopes import Scope
from claude_batch_tui.store.store import Store

# What services need is imported where they are called: a first frame, and a list from the store, wait for none of it.
if TYPE_CHECKING:
    from claude_batch_tui.api.protocol import BatchesApi
    from claude_batch_tui.domain.money.pricing import Cost, OutputHistory, PriceTable
    from claude_batch_tui.domain.money.spend import Spend
    from claude_batch_tui.domain.requests.models import Models
    from claude_batch_tui.services.building.check import CheckReport, CheckUpdate
    from claude_batch_tui.services.downloading.download import IndexMade
    from claude_batch_tui.services.downloading.receiving import Downloaded, Step
    from claude_batch_tui.services.results.schema_validation import Sent
    from claude_batch_tui.services.submit import Guard, SubmitUpdate


class Runtime:
    """The parts of one run of the program."""

    def __init__(self, config: Config, *, api_key: str | None = None) -> None:
        self.config = config
        self.locations = Locations(config.data_dir)
        self.store = Store(self.locations)
        self.now: Callable[[], datetime] = lambda: datetime.now(UTC)
        if self.store.is_new:
            from claude_batch_tui.store.rebuild import rebuild

            rebuild(self.store, self.now())
        self.sleep = asyncio.sleep
        self.random = random.random
        self._api_key = api_key
        self._api: BatchesApi | None = None
        self._retired: list[BatchesApi] = []
        """Kept open for calls that still use them."""
        self._connecting = asyncio.Lock()
        self.scope: Scope | None = scopes.recall(self.store.database, self.hint)

    @property
    def hint(self) -> str:
        """What tells this user's scope before the first answer. Not a secret."""
        return hint_of(self.config, self._api_key)

    @property
    def api(self) -> BatchesApi:
        """The API, once `connect` has been awaited."""
        if self._api is None:
            raise RuntimeError("connect() comes first")
        return self._api

    async def connect(self) -> BatchesApi:
        """Import the SDK in a thread and make its clients. Raises ConfigError where there are no credentials."""
        # One at a time: poller and submitter may both be the first.
        async with self._connecting:
            if self._api is None:
                self._api = await open_api(self.config, self._api_key)
            return self.api

    def renew(self) -> None:
        """Have the next call make new connections: those from before a sleep of the machine may be dead."""
        if self._api is not None:
            self._retired.append(self._api)
            self._api = None

    def prices(self) -> PriceTable:
        """The price table, with the user's own `prices.toml` of the config folder over it."""
        return read_prices(self.config)

    def in_flight(self) -> float:
        """What the batches that have not ended may cost at most, in US dollars."""
        if self.scope is None:
            return 0.0
        return usage.at_most_in_flight(self.store.database, self.scope.scope_id)

    def history(self, model: str | None, source: str | None) -> OutputHistory | None:
        """How long answers were in earlier batches like this one, as far as their results are known here."""
        if self.scope is None or model is None:
            return None
        from claude_batch_tui.domain.money.pricing import output_history

        earlier = usage.usage_like(self.store.database, self.scope.scope_id, model=model, source=source)
        return output_history(earlier)

    async def forecast(self, path: Path, report: CheckReport, *, source: str | None) -> CheckReport:
        """The report with its input counted by the API and its answers as long as in earlier batches like it."""
        from claude_batch_tui.domain.money.pricing import cost_forecast
        from claude_batch_tui.services.building.check import CheckReport
        from claude_batch_tui.services.building.count_tokens import count_input

        counted = await count_input(path, api=await self.connect())
        known = cost_forecast(
            report.draft.models,
            self.prices(),
            counted=counted,
            history=self.history(report.draft.model, source),
        )
        return CheckReport(report.draft, known)

    def checked(self, path: Path, betas: tuple[str, ...]) -> CheckReport:
        """The check that comes before every submission; see `check_file`. Blocks."""
        from claude_batch_tui.services.building.check import report_of  # late, as in `forecast`

        return report_of(check_file(path, self.config, self.now(), betas=betas, api_key=self._api_key))

    def over_limits(self, at_most: Cost) -> str | None:
        """Why a submission asks for its count to be typed, as a phrase; None where it does not."""
        from claude_batch_tui.domain.money.confirmation import over_limits

        return over_limits(at_most, self.in_flight(), self.config)

    def models(self) -> Models:
        """What is known of the models: the built-in table, and what the API said last."""
        return read_models(self.config, self.now(), self._api_key)

    async def refresh_models(self) -> bool:
        """Ask the API for its models once a day; True where something new was learned."""
        from claude_batch_tui.services.building.models import refreshed_models

        api = await self.connect()
        return await refreshed_models(api, self.config.data_dir, self.hint, self.now())

    async def resolve(self, word: str) -> TrackedBatch:
        """The one batch `word` means: an id, a run of one batch, or a name. Looked up in the store, then the API.

        Raises NotFoundError where there is none, and ConfigError where there are several.
        """
        found = await self.resolve_all(word)
        if len(found) > 1:
            raise ConfigError(f"{word} is a run of {len(found)} batches: use the id of one.")
        return found[0]

    async def resolve_all(self, word: str) -> tuple[TrackedBatch, ...]:
        """All batches `word` means; see `resolve`."""
        return self.resolve_here(word) or (await self.retrieve(word),)

    def resolve_here(self, word: str) -> tuple[TrackedBatch, ...]:
        """All batches of the store that `word` means, none where it knows none."""
        if self.scope is None:
            return ()
        ids = batches.ids_of(self.store.database, self.scope.scope_id, word)
        known = (batches.find(self.store.database, self.scope.scope_id, batch_id) for batch_id in ids)
        return tuple(batch for batch in known if batch is not None)

    def known_scope(self) -> Scope:
        """The scope everything resolved belongs to. Raises NotFoundError before anything was heard."""
        if self.scope is None:
            raise NotFoundError("No batch of this workspace is known here yet: `cbtui list` asks for them.")
        return self.scope

    def known(self, batch_ids: Sequence[str]) -> tuple[TrackedBatch, ...]:
        """Batches as the store has them."""
        return batches.find_all(self.store.database, self.known_scope().scope_id, batch_ids)

    async def retrieve(self, batch_id: str) -> TrackedBatch:
        """One batch as the API has it now, written down. Raises NotFoundError with what to do."""
        from claude_batch_tui.services.scope import scope_of
        from claude_batch_tui.services.watching.watch import retrieve_patiently

        api = await self.connect()
        ours = submissions.of_batch(self.store, batch_id)
        try:
            batch, facts = await retrieve_patiently(
                batch_id,
                api=api,
                ours_since=ours.sent_at if ours else None,
                now=self.now,
                sleep=self.sleep,
            )
        except NotFoundError as error:
            raise NotFoundError(
                f"{error} It may belong to another workspace: this is {api.credential} at {api.base_url}.",
                status=error.status,
                error_type=error.error_type,
                request_id=error.request_id,
            ) from error
        self.scope = scope_of(self.store, api, facts, self.hint, self.now())
        batches.merge(self.store.database, self.scope.scope_id, [batch], seen=True, at=self.now())
        tracked = batches.find(self.store.database, self.scope.scope_id, batch_id)
        if tracked is None:
            raise NotFoundError(f"The API answered for {batch_id} with another batch, {batch.id}.")
        return tracked

    def recall_scope(self) -> None:
        """Read the scope an answer has made known meanwhile."""
        self.scope = scopes.recall(self.store.database, self.hint)

    def rows_path(self, batch_id: str) -> Path | None:
        """The rows file of a batch we submitted, or None."""
        submission = submissions.of_batch(self.store, batch_id)
        if submission is None or submission.rows_path is None:
            return None
        path = Path(submission.rows_path)
        return path if path.exists() else None

    def sent(self, batch_id: str) -> Collection[str] | None:
        """The custom_ids sent for a batch, in their order; None where it was made elsewhere or the spool is lost."""
        from claude_batch_tui.services.spool import sent_places

        submission = submissions.of_batch(self.store, batch_id)
        return sent_places(submission) if submission is not None else None

    async def send(
        self, submission: Submission, guard: Guard = lambda _: None
    ) -> AsyncIterator[SubmitUpdate]:
        """Send a prepared submission; see `services.submit.send`. What never left leaves nothing in the spool, and what
        was to be sent again and did not leave is absent as before.
        """
        from claude_batch_tui.services.reconcile import put_back
        from claude_batch_tui.services.spool import discard
        from claude_batch_tui.services.submit import send

        is_new = submissions.find(self.store, submission.submission_id) is None
        try:
            api = await self.connect()
            async for update in send(
                submission,
                api=api,
                store=self.store,
                hint=self.hint,
                now=self.now,
                sleep=self.sleep,
                random=self.random,
                guard=guard,
            ):
                yield update
        except BaseException as error:  # the end of the program, too, may come before anything is sent
            known = submissions.find(self.store, submission.submission_id)
            if not is_new:
                put_back(submission, error, store=self.store, now=self.now())
            elif isinstance(error, CbtuiError) and (known is None or known.state is SubmissionState.PREPARED):
                discard(submission)
            raise

    async def look(self, submission: Submission) -> Submission:
        """Look once for a submission whose answer was lost; see `services.reconcile.look`."""
        from claude_batch_tui.services import reconcile

        api = await self.connect()
        return await reconcile.look(
            submission,
            api=api,
            store=self.store,
            hint=self.hint,
            now=self.now(),
            settle=self.config.settle,
        )

    async def settled(self, submission: Submission) -> AsyncIterator[Submission]:
        """Look until it is known, or absent; see `services.reconcile.settled`."""
        from claude_batch_tui.services import reconcile

        api = await self.connect()
        async for looked in reconcile.settled(
            submission,
            api=api,
            store=self.store,
            hint=self.hint,
            now=self.now,
            sleep=self.sleep,
            settle=self.config.settle,
        ):
            yield looked

    async def download(
        self,
        tracked: TrackedBatch,
        stopped: Callable[[], bool],
        index_made: IndexMade = lambda _index, _path: None,
    ) -> AsyncIterator[Download]:
        """Download a batch's results in a thread and write down what became of them; progress is yielded.

        Results that are here, and of which nothing is written down, are read first: the API is asked where they are
        not whole.
        """
        if self.is_unread(tracked):
            async for update in self.settle(tracked, stopped, index_made):
                yield update
            if update.state is not DownloadState.PROBLEMS:
                return
        from claude_batch_tui.services.downloading.download import download

        api = await self.connect()
        folder, draw = self.locations.results, self.random

        def steps(sent: frozenset[str] | None, stop: Callable[[], bool]) -> Iterator[Step]:
            return download(
                tracked.batch,
                api=api,
                folder=folder,
                sent_ids=sent,
                stopped=stop,
                random=draw,
                index_made=index_made,
            )

        async for update in self._recorded(tracked, stopped, steps):
            yield update

    async def settle(
        self,
        tracked: TrackedBatch,
        stopped: Callable[[], bool],
        index_made: IndexMade = lambda _index, _path: None,
    ) -> AsyncIterator[Download]:
        """Read results that are here, and of which nothing is written down; the API is not asked.

        Raises StoreError where another process is just doing that.
        """
        from claude_batch_tui.services.downloading.download import index_leftovers

        folder = self.locations.results

        def steps(sent: frozenset[str] | None, stop: Callable[[], bool]) -> Iterator[Step]:
            return index_leftovers(
                tracked.batch, folder=folder, sent_ids=sent, stopped=stop, index_made=index_made
            )

        async for update in self._recorded(tracked, stopped, steps):
            yield update

    async def _recorded(
        self,
        tracked: TrackedBatch,
        stopped: Callable[[], bool],
        steps: Callable[[frozenset[str] | None, Callable[[], bool]], Iterator[Step]],
    ) -> AsyncIterator[Download]:
        """Take the steps in a thread; what they end with is told when it is written down."""
        from claude_batch_tui.services.downloading.recording import record_download
        from claude_batch_tui.services.spool import sent_ids
        from claude_batch_tui.services.threads import in_thread, iterate_in_thread

        ours = submissions.of_batch(self.store, tracked.id)
        sent = await in_thread(lambda: sent_ids(ours)) if ours else None
        stop = threading.Event()
        taken = steps(sent, lambda: stop.is_set() or stopped())
        async for step in iterate_in_thread(taken, on_close=stop.set, name="cbtui-download"):
            if step.finished is not None and self.scope is not None:
                record_download(
                    tracked,
                    await self._judged(tracked, step.finished),
                    await self._spend(step.finished.path),
                    store=self.store,
                    scope_id=self.scope.scope_id,
                    now=self.now(),
                )
            yield step.update

    def is_unread(self, tracked: TrackedBatch) -> bool:
        """Whether results are here under their name, of which nothing is written down."""
        from claude_batch_tui.store.results.file import results_path

        path = results_path(self.locations.results, tracked.id)
        return tracked.results is ResultsState.NONE and tracked.batch.has_ended and path.exists()

    async def measure_spend(self, tracked: TrackedBatch, results: Path) -> Spend | None:
        """Write down what a batch cost by its results, in a thread; None where prices or file cannot be read."""
        from claude_batch_tui.store import spends

        spend = await self._spend(results)
        if self.scope is not None and spend is not None:
            spends.record(self.store.database, self.scope.scope_id, tracked.id, spend, self.now())
        return spend

    async def _spend(self, results: Path) -> Spend | None:
        from claude_batch_tui.services.results.costs import spend_of
        from claude_batch_tui.services.threads import in_thread

        try:
            # A table of the user's that cannot be used must not lose a download; `check` and `build` say what is wrong.
            prices = self.prices()
            return await in_thread(lambda: spend_of(results, prices, self.locations.cache))
        except (ConfigError, SourceError):
            return None

    async def _judged(self, tracked: TrackedBatch, finished: Downloaded) -> Downloaded:
        """The same with the answers held against the schemas they were asked for."""
        from claude_batch_tui.services.results.schema_validation import validated_classes
        from claude_batch_tui.services.threads import in_thread

        sent, cache = self.asked([tracked.id]), self.locations.cache
        try:
            classes = await in_thread(lambda: validated_classes(finished.path, sent, cache))
        except (OSError, ValueError, SourceError):  # what was downloaded is written down all the same
            return finished
        return msgspec.structs.replace(finished, classes=classes)

    def results_file(self, batch_id: str) -> Path | None:
        """The results file of a batch on this machine, or None; an incomplete one only where there is no other."""
        from claude_batch_tui.store.results.file import results_path

        path = results_path(self.locations.results, batch_id)
        incomplete = path.with_name(path.name + ".incomplete")
        return next((found for found in (path, incomplete) if found.exists()), None)

    def read_results(self, batch_id: str) -> Path | None:
        """The results file of a batch that was read to its end and written down, or None; it may be an incomplete one."""
        from claude_batch_tui.store.downloads import recorded_path
        from claude_batch_tui.store.results.file import results_path

        if self.scope is None:
            return None
        recorded = recorded_path(self.store.database, self.scope.scope_id, batch_id)
        if recorded is None:
            return None
        # The name alone counts: the data folder may have been moved.
        path = results_path(self.locations.results, batch_id)
        path = path.with_name(path.name + ".incomplete") if recorded.suffix == ".incomplete" else path
        return path if path.exists() else None

    def body_path(self, batch_id: str) -> Path | None:
        """The create body of a batch we submitted, or None."""
        submission = submissions.of_batch(self.store, batch_id)
        path = Path(submission.body_path) if submission else None
        return path if path is not None and path.exists() else None

    def asked(self, batch_ids: Sequence[str]) -> Sent:
        """The files that say what was asked for in these batches."""
        from claude_batch_tui.services.results.schema_validation import Sent

        bodies = [self.body_path(batch_id) for batch_id in batch_ids]
        known = tuple(body for body in bodies if body is not None)
        return Sent(known, knows_all=len(known) == len(bodies))

    async def close(self) -> None:
        """Give everything back."""
        self.renew()
        for api in self._retired:
            await api.close()
        self.store.close()


def read_prices(config: Config) -> PriceTable:
    """The built-in price table with the user's own over it. Raises ConfigError for a table we cannot read."""
    from importlib.resources import files  # 8 ms that most commands need not pay

    from claude_batch_tui.domain.money.pricing import load_prices

    own = config.config_dir / "prices.toml"
    built_in = (files("claude_batch_tui.domain") / "prices.toml").read_bytes()
    return load_prices(built_in, own.read_bytes() if own.exists() else None)


def built_in_prices() -> PriceTable:
    """The price table without the user's own."""
    from importlib.resources import files

    from claude_batch_tui.domain.money.pricing import load_prices

    return load_prices((files("claude_batch_tui.domain") / "prices.toml").read_bytes())


def read_models(config: Config, now: datetime, api_key: str | None = None) -> Models:
    """What is known of the models without asking anybody."""
    from claude_batch_tui.services.building.models import known_models

    return known_models(config.data_dir, hint_of(config, api_key), now)


def check_file(
    path: Path, config: Config, now: datetime, *, betas: tuple[str, ...] = (), api_key: str | None = None
) -> Iterator[CheckUpdate]:
    """Check a requests file by all that is known here of prices, models and time; see `services.check`.

    Raises SourceError for a file and ConfigError for a price table that cannot be read.
    """
    from claude_batch_tui.services.building.check import PROCESSING, check  # late, as in `Runtime.forecast`

    return check(
        path,
        prices=read_prices(config),
        models=read_models(config, now, api_key),
        betas=betas,
        api_version=config.api_version,
        deadline=(now + PROCESSING).date(),
    )


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without garbage collections, and with what is there at the end passed over by later ones. For a first import.

    Modules stay, and a full collection that looks at those of the SDK and of Textual stops every thread for 0.1 s.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def hint_of(config: Config, api_key: str | None = None) -> str:
    """What tells a user's scope before the first answer: address, profile, end of the key. Not a secret."""
    return scopes.hint_of(config, os.environ, api_key)


async def open_api(config: Config, api_key: str | None = None) -> BatchesApi:
    """The API alone. Raises ConfigError where there are no credentials."""
    from claude_batch_tui.services.threads import in_thread

    api_key = api_key or own_key(config)
    # Imported here and in a thread: it costs about a second and 85 MB, and a screen may be waiting.
    is_loaded = "claude_batch_tui.api.client" in sys.modules
    with contextlib.nullcontext() if is_loaded else _uncollected():
        module = await in_thread(lambda: importlib.import_module("claude_batch_tui.api.client"))
        api: BatchesApi = await in_thread(lambda: module.AnthropicApi(config, api_key=api_key))
    return api


@contextlib.asynccontextmanager
async def open_runtime(config: Config, *, api_key: str | None = None) -> AsyncIterator[Runtime]:
    """A runtime that is closed afterwards. Raises StoreError where the data folder cannot be used."""
    runtime = Runtime(config, api_key=api_key)
    try:
        yield runtime
    finally:
        await runtime.close()
