"""The draft that is open on the Build screen: what was typed, the rows left out, what a check found. No screen in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from datetime import datetime
from functools import cached_property
from pathlib import Path

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.domain.requests.draft import Problem
from claude_batch_tui.engine.engine import Forecasted
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.home import expand_home
from claude_batch_tui.services.building.build import BuildReport, build
from claude_batch_tui.services.building.check import CheckReport, check_file
from claude_batch_tui.services.building.problem_groups import ProblemGroup, grouped, in_source
from claude_batch_tui.services.building.progress import SourceProgress
from claude_batch_tui.services.building.recipes import FormDraft, load_draft, save_draft
from claude_batch_tui.services.building.requests_files import RequestsFiles
from claude_batch_tui.sources.patience import Patience
from claude_batch_tui.sources.recipe import BuildSpec, SourceKind
from claude_batch_tui.sources.source_file import WholeFile
from claude_batch_tui.store.workspaces import hint_of
from claude_batch_tui.tui.build.fields import FIELDS, betas_of, kind_of, spec_of


class Checked(msgspec.Struct, frozen=True, dict=True):
    """What a check found, and the files it left where there were no errors. `cost` is what the API counted, later."""

    spec: BuildSpec
    report: BuildReport
    found: CheckReport | None
    cost: Forecasted | None = None

    @property
    def files(self) -> RequestsFiles | None:
        """The requests file and its like, or None where nothing was written because of errors."""
        return self.report.files

    @property
    def is_ready(self) -> bool:
        """True where it can be submitted."""
        return self.found is not None and not self.found.draft.has_errors

    @property
    def requests(self) -> int:
        """How many requests the draft has; 0 where there is none."""
        return self.found.draft.requests if self.found else 0

    @cached_property
    def groups(self) -> tuple[ProblemGroup, ...]:
        """What is wrong, of build and check, by cause."""
        if self.found is None:
            return grouped(self.report.problems, self.report.counts)
        known = {(one.code, one.line) for one in self.report.problems}
        more = [one for one in self.found.draft.problems if (one.code, one.line) not in known]
        return grouped([*self.report.problems, *more], {**self.found.draft.counts, **self.report.counts})

    @cached_property
    def problems(self) -> list[Problem]:
        """Those of a row, of build and check, in the order of their lines."""
        found = [one for group in self.groups for one in group.problems]
        by_line = {(one.line, one.message): one for one in found if one.line is not None}
        return sorted(by_line.values(), key=lambda one: (one.line or 0, not one.is_error))


class DraftFolders:
    """Where checked drafts lie: each check builds into a folder of its own, and the newest taken is kept until it is sent."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._kept: Path | None = None

    @contextlib.contextmanager
    def new(self) -> Iterator[Path]:
        """The path of a requests file in a new folder, which is removed in the end unless it was kept."""
        folder = Path(tempfile.mkdtemp(prefix="draft-", dir=self._spool))
        try:
            yield folder / "requests.jsonl"
        finally:
            if self._kept != folder:
                shutil.rmtree(folder, ignore_errors=True)

    def keep(self, files: RequestsFiles | None) -> None:
        """Keep what was built there, and remove what was kept before."""
        self.drop()
        self._kept = files.requests.parent if files is not None else None

    def drop(self) -> None:
        """Remove what was kept and not sent."""
        if self._kept is not None:
            shutil.rmtree(self._kept, ignore_errors=True)
            self._kept = None


class BuildDraft:
    """One draft, from the form to its submission. Whatever changes it forgets the check of what it was before.

    `changes` counts that, and each stop: what was begun at an earlier count is of another draft, and is not taken.
    """

    def __init__(self, config: Config) -> None:
        settings = {"model": config.model or "", "max_tokens": str(config.max_tokens or "")}
        self._defaults = {name: value for name, value in settings.items() if value}
        self.values: Mapping[str, str] = self._defaults
        """What is typed, by field, without what is empty."""
        self.left_out: frozenset[int] = frozenset()
        """The lines of rows left out by hand."""
        self.skips_bad_rows = False
        """Whether rows with an error are left out; until something is typed."""
        self.checked: Checked | None = None
        """What a check found of the draft as it is now."""
        self.changes = 0
        self.pilot_run: str | None = None
        """The run of the pilot that was sent of this source."""
        self.problem_number = -1
        """The place among the problems of the check; -1 before the first was asked for."""
        self.agreed_guesses: tuple[str, ...] = ()
        """What reading the source rests on, as far as it was agreed to."""
        self.folders = DraftFolders(config.data_dir / "spool")
        self.api_version = config.api_version
        """The anthropic-version that the draft is to be sent under."""
        self._data_dir = config.data_dir
        self._trusted: str | None = None
        """The sha256 of the script that may run."""

    # What is drafted.

    @property
    def source(self) -> str | None:
        """The source as it was typed."""
        return self.values.get("source")

    @property
    def source_path(self) -> Path:
        """Where the source is; the current folder where none is named."""
        return expand_home(self.source or "")

    @property
    def source_kind(self) -> SourceKind | None:
        """What kind of source it is, said or by its name; None where none is named."""
        return kind_of(self.values)

    @property
    def names_a_source(self) -> bool:
        """True where the source can be read: a file, or files of a folder or a pattern."""
        are_several = self.source_kind in {"documents", "parquet"}
        return self.source is not None and (self.source_path.is_file() or are_several)

    @property
    def name(self) -> str | None:
        """The user's name for the batch."""
        return self.values.get("name")

    @property
    def betas(self) -> tuple[str, ...]:
        """Beta headers of the batch."""
        return betas_of(self.values)

    def spec(self, *, complete: bool = False) -> BuildSpec:
        """The build that is meant. Raises ConfigError for what is wrong, or missing where it has to be `complete`."""
        return spec_of(self.values, complete=complete)

    # Changing it.

    def change(self, values: Mapping[str, str]) -> bool:
        """Take what is typed now; True where it is of another source, of which no row was left out and no pilot sent."""
        if values == self.values:
            return False
        is_other = values.get("source") != self.source
        self.values = dict(values)
        self.skips_bad_rows = False
        self.outdate()
        if is_other:
            self.left_out, self.pilot_run = frozenset(), None
        return is_other

    def renew(self) -> None:
        """Have it checked again, with its bad rows, although nothing else is typed."""
        self.skips_bad_rows = False
        self.outdate()

    def clear(self) -> None:
        """Begin anew: the settings' model and limit stay, nothing is kept on disk."""
        self.change(self._defaults)
        self.left_out = frozenset()
        self.forget()

    def turn_row(self, line: int) -> bool:
        """Leave the row of a line out, or take it in again; True where it is out now."""
        self.left_out ^= {line}
        self.outdate()
        return line in self.left_out

    def skip_bad_rows(self) -> None:
        """Leave out every row with an error."""
        self.skips_bad_rows, self.checked = True, None

    def outdate(self) -> None:
        """Forget the check of the draft before."""
        self.checked = None
        self.changes += 1

    # On disk, between two runs of the dashboard.

    def load(self) -> bool:
        """Come back to what was typed before the terminal was closed; False where nothing was."""
        kept = load_draft(self._data_dir)
        if kept is None:
            return False
        self.change({name: text for name, text in kept.fields.items() if name in FIELDS})
        self.left_out = frozenset(kept.left_out)
        return True

    def save(self) -> None:
        """Keep what is typed."""
        save_draft(self._data_dir, FormDraft(dict(self.values), tuple(sorted(self.left_out))))

    def forget(self) -> None:
        """Keep nothing."""
        save_draft(self._data_dir, FormDraft())

    # Its check.

    def untrusted_script(self) -> WholeFile | None:
        """The script that would run and was not agreed to as it is now, or None."""
        if self.source_kind != "custom" or not self.source_path.is_file():
            return None
        script = WholeFile(str(self.source_path))
        return None if script.sha256() == self._trusted else script

    def trust(self, sha256: str) -> None:
        """Let the script with this hash run."""
        self._trusted = sha256

    def take(self, checked: Checked, changes: int) -> bool:
        """Take what a check found that was begun after so many `changes`; False where the draft is another by now."""
        if changes != self.changes:
            return False
        self.folders.keep(checked.files)
        self.checked, self.problem_number = checked, -1
        return True

    def take_cost(self, counted: Checked) -> bool:
        """Take the check that was taken, with what the API counted since; False where that check counts no more."""
        if self.checked is None or self.checked.report is not counted.report:
            return False
        self.checked = counted
        return True

    def next_problem(self, step: int) -> Problem | None:
        """The problem so many places on, the first one at first; None where there is none."""
        problems = self.checked.problems if self.checked else []
        if not problems:
            return None
        number = self.problem_number
        self.problem_number = (number + step) % len(problems) if number >= 0 else 0
        return problems[self.problem_number]

    def sent(self) -> None:
        """All of it was sent: there is nothing to come back to."""
        self.checked, self.pilot_run = None, None
        self.forget()


_COUNTED_WITHIN = 30.0
"""Seconds the API has to count the input; without its count the cost is known more roughly."""

Count = Callable[[Path, CheckReport, str | None], Future[Forecasted]]
"""Has the API count the input of a requests file, made from a source."""


def write_draft(
    draft: BuildDraft, target: Path, stopped: Callable[[], bool] = lambda: False
) -> Generator[str | Checked]:
    """Write the requests file of a draft; a script in it is trusted.

    An iterator for a thread: words of progress, then what the build reports. Leaving it early stops the work; a script
    or a query that gives nothing is stopped when `stopped` says so. Raises CbtuiErrors of the source and the form.
    """
    spec = draft.spec(complete=True)
    updates = build(
        spec,
        out=target,
        skip_bad_rows=draft.skips_bad_rows,
        leave_out=draft.left_out,
        name=draft.name,
        betas=draft.betas,
        trust_script=True,
        patience=Patience(stopped=stopped),
        api_version=draft.api_version,
    )
    for update in updates:
        if isinstance(update, SourceProgress):
            yield _progress_words("Built", update)
        else:
            yield Checked(spec, update, None)


def check_draft(
    draft: BuildDraft,
    *,
    config: Config,
    now: datetime,
    count: Count,
    stopped: Callable[[], bool] = lambda: False,
) -> Generator[str | Checked]:
    """Write a draft into a folder of ours, and check that where there were no errors.

    As `write_draft`, then what was found, and the same once more where the API could count the input. The files are
    gone in the end, unless the draft took what was found.
    """
    with draft.folders.new() as out:
        for built in write_draft(draft, out, stopped):
            if isinstance(built, str) or built.files is None:
                yield built
                continue
            for update in check_file(out, config, now, hint=hint_of(config, os.environ), betas=draft.betas):
                if isinstance(update, SourceProgress):
                    yield _progress_words("Checked", update)
                else:
                    checked = msgspec.structs.replace(built, found=in_source(update, built.files.rows))
                    yield checked
                    yield from _counted(checked, out, count)


def _counted(checked: Checked, requests: Path, count: Count) -> Iterator[Checked]:
    """The same with its cost as the API counts it, where it can be submitted and the API answers in time."""
    if checked.found is None or not checked.is_ready:
        return
    try:
        cost = count(requests, checked.found, checked.spec.path).result(timeout=_COUNTED_WITHIN)
    except (CbtuiError, TimeoutError, CancelledError):
        return
    yield msgspec.structs.replace(checked, cost=cost, found=cost.report)


def _progress_words(verb: str, progress: SourceProgress) -> str:
    share = f", {100 * progress.bytes_done // progress.total_bytes}%" if progress.total_bytes else ""
    return f"{verb} {progress.rows:,} rows{share}; ctrl+c stops"
