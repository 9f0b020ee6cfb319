"""What Build does between the form and the question: build into a folder of its own, and check all of it."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import msgspec

from claude_batch_tui.config import Config
from claude_batch_tui.domain.requests.problem import Problem
from claude_batch_tui.engine.engine import Forecasted
from claude_batch_tui.runtime import check_file
from claude_batch_tui.services.building.build import BuildReport, build
from claude_batch_tui.services.building.check import CheckReport
from claude_batch_tui.services.building.progress import SourceProgress
from claude_batch_tui.services.building.requests_files import RequestsFiles
from claude_batch_tui.sources.recipe import BuildSpec


class Order(msgspec.Struct, frozen=True):
    """What is to be built: what the form means, and what was decided about its rows. A script in it is trusted."""

    spec: BuildSpec
    name: str | None
    betas: tuple[str, ...]
    left_out: frozenset[int]
    """The lines of rows left out by hand."""
    skip_bad_rows: bool

    def build(self, out: Path) -> Iterator[SourceProgress | BuildReport]:
        """Write the requests file; see `services.build.build`."""
        return build(
            self.spec,
            out=out,
            skip_bad_rows=self.skip_bad_rows,
            leave_out=self.left_out,
            name=self.name,
            betas=self.betas,
            trust_script=True,
        )


class Checked(msgspec.Struct, frozen=True):
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

    @property
    def problems(self) -> list[Problem]:
        """Those of a row, of build and check, in the order of their lines."""
        found = [*self.report.problems, *(self.found.draft.problems if self.found else ())]
        by_line = {(one.line, one.message): one for one in found if one.line is not None}
        return sorted(by_line.values(), key=lambda one: (one.line or 0, not one.is_error))


class DraftFolder:
    """Where checked drafts lie: each check builds into a folder of its own, and the newest shown is kept until it is sent."""

    def __init__(self, spool: Path) -> None:
        self._spool = spool
        self._kept: Path | None = None

    @contextlib.contextmanager
    def lent(self) -> Iterator[Path]:
        """The path of a requests file in a new folder, which is removed in the end unless it was kept."""
        folder = Path(tempfile.mkdtemp(prefix="draft-", dir=self._spool))
        try:
            yield folder / "requests.jsonl"
        finally:
            if self._kept != folder:
                shutil.rmtree(folder, ignore_errors=True)

    def keep(self, requests: Path) -> None:
        """Keep what was built there, and remove what was kept before."""
        self.drop()
        self._kept = requests.parent

    def drop(self) -> None:
        """Remove what was kept and not sent."""
        if self._kept is not None:
            shutil.rmtree(self._kept, ignore_errors=True)
            self._kept = None


def build_and_check(order: Order, out: Path, *, config: Config, now: datetime) -> Iterator[str | Checked]:
    """Build to `out`, and check that where there were no errors; for a thread.

    Words of progress, and at the end what was found. Leaving the loop early stops the work. Raises CbtuiErrors of the
    source, the form and the tables.
    """
    report = None
    for built in order.build(out):
        if isinstance(built, BuildReport):
            report = built
        else:
            yield _words("Built", built)
    if report is None:
        return
    if report.files is None:
        yield Checked(order.spec, report, None)
        return
    for update in check_file(out, config, now, betas=order.betas):
        if isinstance(update, CheckReport):
            yield Checked(order.spec, report, update)
        else:
            yield _words("Checked", update)


def _words(verb: str, progress: SourceProgress) -> str:
    share = f", {100 * progress.bytes_done // progress.total_bytes}%" if progress.total_bytes else ""
    return f"{verb} {progress.rows:,} rows{share}; ctrl+c stops"
