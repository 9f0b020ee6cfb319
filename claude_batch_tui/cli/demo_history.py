"""What the machine that sent the runs of the demo remembers of them: requests, names, tags, notes, results and files.

It is written before the dashboard opens, in two steps, by the functions that write it in earnest: first what a list
shows, then the results, while the dashboard draws its first frame. Only the disk is waited for less: nothing of a demo has to
survive a power cut.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.domain.batches.batch import Batch
from claude_batch_tui.domain.batches.tracked import Submission, SubmissionState, Sweep
from claude_batch_tui.domain.money.spend import Spend
from claude_batch_tui.domain.requests.draft import SourceRow
from claude_batch_tui.services.building.models import read_prices
from claude_batch_tui.services.building.recipes import agree_to, save_named
from claude_batch_tui.services.downloading.download import index_leftovers
from claude_batch_tui.services.downloading.receiving import Downloaded
from claude_batch_tui.services.downloading.recording import record_download
from claude_batch_tui.services.results.costs import spend_where_priced
from claude_batch_tui.services.submitting.reconcile import record_created
from claude_batch_tui.services.submitting.spool import Outgoing, freeze, sent_ids
from claude_batch_tui.services.watching.notify import claim_ends
from claude_batch_tui.simulator.demo_workspace import DemoBatch, Work
from claude_batch_tui.simulator.results import chunks
from claude_batch_tui.sources.recipe import BuildSpec, Recipe
from claude_batch_tui.store import batches, downloads, labels, polls, submissions, workspaces
from claude_batch_tui.store.journal import Journal
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.results.file import results_path
from claude_batch_tui.store.store import Store

if TYPE_CHECKING:
    from claude_batch_tui.simulator import Simulator

_NOT_SENT_YET = "tickets-w49.csv"
_ELSEWHERE = "answers-of-another-tool.jsonl"
_TOKENS = 95, 3
"""Of a request and an answer of the routine, about."""
_HEARD = timedelta(seconds=20)
"""How long after something happened a poll has told of it."""


class DemoHistory:
    """Writes what is remembered of the batches of `fill` at this address and workspace."""

    def __init__(
        self,
        made: Sequence[DemoBatch],
        config: Config,
        *,
        sources: Path,
        base_url: str,
        workspace_id: str,
        hint: str,
        seed: int,
        now: datetime,
    ) -> None:
        self._made = made
        self._config = config
        self._sources = sources
        self._arriving = config.data_dir / "arriving"
        """Where results are until they are written down: in their own folder the dashboard would read them itself."""
        self._seed = seed
        self._now = now
        self._store = Store(Locations(config.data_dir))
        self._prices = read_prices(config)
        self._journal = _Journal(self._store.locations.journal)
        self._store.journal = self._journal
        self._workspace = workspaces.remember(self._store.database, base_url, workspace_id, None, hint, now)

    def write_list(self) -> None:
        """Write down what a list shows: what was sent, under which name, and what polls have told of it."""
        sent: dict[str, Submission] = {}
        with self._store.database.change():
            for made in sorted(self._made, key=lambda one: one.batch.created_at):
                self._remember(made, sent)
            polls.record_poll(
                self._store.database, self._workspace.scope_id, self._now, 0.2, len(self._made), None
            )
            self._store.database.mark()
        self._journal.write()

    def write_files(self) -> None:
        """Write the requests as they were sent, the results that were downloaded with what they cost, and the sources."""
        sent = [made for made in self._made if made.work.name and made.work.keeps_bodies]
        ended = [made for made in self._made if made.part.is_here and made.batch.has_ended(self._now)]
        self._arriving.mkdir()
        with ThreadPoolExecutor(4) as pool:  # the disk takes longer than the rest
            frozen = [one for one in pool.map(self._freeze, sent) if one is not None]
            with self._store.database.change():
                for one in frozen:
                    submissions.advance(self._store, one, expected=one.state, at=self._now)
            downloaded = list(pool.map(self._download, ended))
        with self._store.database.change():
            for made, (finished, spend) in zip(ended, downloaded, strict=True):
                self._record(made, finished, spend)
        self._arriving.rmdir()
        self._journal.write()
        self._write_sources()
        self._store.close()

    def _sent(self, made: DemoBatch) -> Submission:
        """What was sent, without its body: `_freeze` adds that, and for some `prune` has taken it meanwhile."""
        work, part, batch = made.work, made.part, made.batch
        number, parts, count = work.parts.index(part) + 1, len(work.parts), len(made.indexes)
        is_split = parts > 1 and all(one.kind == "submit" for one in work.parts)
        name = f"{work.name} {number}/{parts}" if is_split else work.name
        submission_id = f"sub_{batch.id.removeprefix('msgbatch_')}"
        request = len(work.request(made.indexes[0]))
        return Submission(
            submission_id=submission_id,
            run_id=f"run_{self._seed:08d}{self._made.index(made) - number + 1:018d}",
            state=SubmissionState.PREPARED,
            requests=count,
            body_bytes=work.megabytes * 1_000_000 * count // work.rows or count * request,
            sha256=submission_id,
            body_path=str(self._store.locations.spool / f"{submission_id}.body.json"),
            rows_path=None,
            name=name if part.kind == "submit" else f"{name} {part.kind}",
            model=work.model,
            source=work.source,
            cost_at_most=count * self._usd(work, request // 2, work.max_tokens),
            prices_as_of=self._prices.as_of.isoformat(),
            created_at=batch.created_at,
            attempt=1,
            sent_at=batch.created_at,
            kind=part.kind,
            part=number if is_split else 1,
            parts=parts if is_split else 1,
            sweep=Sweep(f"sweep_{self._seed:08d}", *work.sweep) if work.sweep else None,
        )

    def _freeze(self, made: DemoBatch) -> Submission | None:
        """Put what was sent into the spool, under the name of its submission, which is given as it is then."""
        spool, sent = self._store.locations.spool, submissions.of_batch(self._store, made.batch.id)
        if sent is None:
            return None
        requests, rows = spool / f"{made.batch.id}.jsonl", spool / f"{made.batch.id}.rows.jsonl"
        requests.write_bytes(b"".join(made.work.request(index) + b"\n" for index in made.indexes))
        rows.write_bytes(b"".join(_source_row(made.work, index) + b"\n" for index in made.indexes))
        (frozen,) = freeze(Outgoing(requests, rows), store=self._store, now=sent.created_at)
        for path in (requests, rows):
            path.unlink()
        named = {}
        for path in spool.glob(f"{frozen.submission_id}.*"):
            named[str(path)] = str(
                path.rename(spool / path.name.replace(frozen.submission_id, sent.submission_id))
            )
        return msgspec.structs.replace(
            sent,
            body_bytes=frozen.body_bytes,
            sha256=frozen.sha256,
            rows_path=named[frozen.rows_path or ""],
        )

    def _usd(self, work: Work, tokens_in: float, tokens_out: float) -> float:
        """What one request costs in a batch."""
        price, factor = self._prices.find(work.model), self._prices.batch_factor
        return 0.0 if price is None else factor * (price.input * tokens_in + price.output * tokens_out) / 1e6

    def _remember(self, made: DemoBatch, sent: dict[str, Submission]) -> None:
        """One batch: its submission, what polls told of it while it ran, and that its end was told."""
        batch, scope_id, database = made.batch, self._workspace.scope_id, self._store.database
        at = batch.created_at
        report = self._report(made, at)
        if made.work.name:
            ours = self._sent(made)
            if made.part.kind == "retry":
                first = next(one for one in sent.values() if one.run_id == ours.run_id)
                ours = msgspec.structs.replace(ours, retry_of=(first.submission_id,))
            submissions.insert(self._store, ours)
            sent[batch.id] = record_created(
                ours, report, store=self._store, workspace=self._workspace, at=at, provisional=False
            )
            self._label(made, sent[batch.id])
        if batch.is_archived(self._now):
            batches.merge(database, scope_id, [self._report(made, self._now)], seen=True)
            return
        heard = min(at + _HEARD, self._now)
        batches.merge(database, scope_id, [self._report(made, heard)], seen=True, at=heard)
        if batch.has_ended(self._now):
            ended = batch.end().at
            batches.merge(database, scope_id, [self._report(made, self._now)], seen=True, at=ended + _HEARD)
            claim_ends(self._store, scope_id, ended + _HEARD)
            if not made.part.is_here and made.work.source == "tickets.csv":
                self._spend(made)

    def _report(self, made: DemoBatch, at: datetime) -> Batch:
        """What the API says of a batch at a time."""
        body = made.batch.body(at, self._workspace.base_url, live_counts=False)
        return msgspec.convert(body, Batch, strict=False)

    def _spend(self, made: DemoBatch) -> None:
        """What a batch cost whose results were here once."""
        count = made.batch.tally.counts(256, None).succeeded
        usd = count * self._usd(made.work, *_TOKENS)
        spend = Spend(
            usd=usd, standard=2 * usd, uncached=usd, unpriced=0, succeeded=count, input_tokens=count * _TOKENS[0],
            cache_read_tokens=0, cache_written_tokens=0, output_tokens=count * _TOKENS[1], models=(made.work.model,),
            unpriced_models=(), as_of=self._prices.as_of,
        )  # fmt: skip
        downloads.record_spend(
            self._store.database, self._workspace.scope_id, made.batch.id, spend, made.batch.end().at
        )

    def _label(self, made: DemoBatch, sent: Submission) -> None:
        """Tags and notes; a run of several batches has name and note itself."""
        work, at, several = made.work, made.batch.created_at, len(made.work.parts) > 1
        labels.tag(self._store, self._workspace, [made.batch.id], add=work.tags, remove=(), now=at)
        if made.part is not work.parts[0]:
            return
        if work.note:
            labels.note(
                self._store, self._workspace, sent.run_id if several else made.batch.id, work.note, at
            )
        if several:
            labels.name(self._store, self._workspace, sent.run_id, work.name, at)

    def _download(self, made: DemoBatch) -> tuple[Downloaded | None, Spend | None]:
        """Write the results of a batch as the API gives them, index and price them."""
        path = results_path(self._arriving, made.batch.id)
        path.write_bytes(b"".join(chunks(made.batch, self._seed)))
        sent = submissions.of_batch(self._store, made.batch.id)
        ids = sent_ids(sent) if sent is not None else None
        report = self._report(made, self._now)
        steps = index_leftovers(report, folder=self._arriving, sent_ids=ids, stopped=lambda: False)
        finished = [step.finished for step in steps][-1]
        return finished, spend_where_priced(path, self._config, self._store.locations.cache)

    def _record(self, made: DemoBatch, finished: Downloaded | None, spend: Spend | None) -> None:
        scope_id, folder = self._workspace.scope_id, self._store.locations.results
        tracked = batches.find(self._store.database, scope_id, made.batch.id)
        if tracked is not None and finished is not None:
            for path in self._arriving.glob(f"{made.batch.id}*"):
                path.rename(folder / path.name)
            record_download(
                tracked,
                msgspec.structs.replace(finished, path=results_path(folder, made.batch.id)),
                spend,
                store=self._store,
                scope_id=scope_id,
                now=made.batch.end().at + 3 * _HEARD,
            )

    def _write_sources(self) -> None:
        """The files that the runs were made from, the next one, and a recipe."""
        folder = self._sources
        works = {
            made.work.source: made.work for made in self._made if made.work.name and made.work.keeps_bodies
        }
        tickets = works["tickets-w48.csv"]
        next_week = tickets._replace(seed=49, rows=60, source=_NOT_SENT_YET)
        for work in (*works.values(), next_week):
            with (folder / work.source).open("w", encoding="utf-8", newline="") as file:
                columns = work.columns(0)
                writer = csv.DictWriter(file, ["id", *columns], lineterminator="\n")
                writer.writeheader()
                writer.writerows(
                    {"id": work.custom_id(index), **work.columns(index)} for index in range(work.rows)
                )
        other = next(made for made in self._made if made.work.name.startswith("nightly"))
        (folder / _ELSEWHERE).write_bytes(b"".join(chunks(other.batch, self._seed)))
        spec = BuildSpec(
            kind="csv", path=str(folder / _NOT_SENT_YET), template=tickets.template, system=tickets.system,
            model=tickets.model, max_tokens=tickets.max_tokens, id_column="id",
        )  # fmt: skip
        recipe = Recipe(spec=spec, name="support tickets")
        agree_to(save_named(recipe, self._config.config_dir, recipe.name or ""), self._config.state_dir)


def remembered(simulator: Simulator, config: Config, sources: Path) -> DemoHistory:
    """The history of a simulator's demo, its list written: sources into their folder, the data into the one above."""
    folder = sources.parent
    config = msgspec.structs.replace(
        config,
        base_url=simulator.base_url,
        profile=None,
        workspace=None,
        data_dir=folder,
        config_dir=folder / "config",
    )
    history = DemoHistory(
        simulator.demo,
        config,
        sources=sources,
        base_url=simulator.base_url,
        workspace_id=simulator.batches.default.workspace_id,
        hint=workspaces.hint_of(config, {}, simulator.key),
        seed=simulator.batches.behaviour.seed,
        now=simulator.batches.now(),
    )
    history.write_list()
    return history


def _source_row(work: Work, index: int) -> bytes:
    custom_id = work.custom_id(index)
    columns = {"id": custom_id, **work.columns(index)}
    return msgspec.json.encode(SourceRow(custom_id, custom_id, work.source, index + 2, columns))


class _Journal(Journal):
    """A journal whose facts are written together, and not waited for."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self._file = path
        self._lines: list[bytes] = []

    def append(self, kind: str, at: datetime, **facts: Any) -> None:
        """Keep one fact until `write`."""
        self._lines.append(msgspec.json.encode({"kind": kind, "at": at, **facts}) + b"\n")

    def write(self) -> None:
        """Write what was kept."""
        with self._file.open("ab") as file:
            file.writelines(self._lines)
        self._lines.clear()
