"""Looking at the store without changing it: a damaged file stays where it is, a missing one is not made."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

import msgspec

from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.tracked import ResultsState, Submission
from claude_batch_tui.store.locations import Locations
from claude_batch_tui.store.migrations import APPLICATION_ID, STEPS


class StoredResults(msgspec.Struct, frozen=True):
    """A results file as it was written down. `expected` and `submission` are None where they are not known."""

    batch_id: str
    state: ResultsState
    path: Path
    bytes: int
    lines: int
    sha256: str
    problems: str
    expected: RequestCounts | None
    submission: Submission | None


class Inspection(msgspec.Struct, frozen=True):
    """What is in the store. `problems` are phrases; with any, the other fields may be empty."""

    problems: tuple[str, ...] = ()
    schema: int = 0
    batches: int = 0
    open_submissions: int = 0
    results: tuple[StoredResults, ...] = ()

    @property
    def is_newer(self) -> bool:
        """Whether a newer cbtui has written it."""
        return self.schema > len(STEPS)


def inspect(path: Path) -> Inspection:
    """Check the file and read what is to be verified. A busy or damaged file is a problem, never an error."""
    try:
        # Opened for writing, though nothing is written: what a crash has left half done must be rolled back to be read.
        with contextlib.closing(
            sqlite3.connect(
                f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=5.0, isolation_level=None
            )
        ) as connection:
            connection.row_factory = sqlite3.Row
            return _inspect(connection, Locations(path.absolute().parent))
    except (sqlite3.Error, msgspec.DecodeError) as error:
        return Inspection(problems=(str(error),))


def _inspect(connection: sqlite3.Connection, data: Locations) -> Inspection:
    schema = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if int(connection.execute("PRAGMA application_id").fetchone()[0]) != APPLICATION_ID:
        return Inspection(problems=("it is not a store of cbtui",))
    found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)") if row[0] != "ok"]
    found += [
        f"a row of {row[0]} refers to nothing" for row in connection.execute("PRAGMA foreign_key_check")
    ]
    if found or schema > len(STEPS):
        return Inspection(problems=tuple(found[:5]), schema=schema)
    return Inspection(
        schema=schema,
        batches=connection.execute("SELECT count(*) FROM batch WHERE deleted_at IS NULL").fetchone()[0],
        open_submissions=connection.execute(
            "SELECT count(*) FROM submission WHERE state IN ('unknown', 'absent', 'conflict')"
        ).fetchone()[0],
        results=tuple(_stored(row, data) for row in connection.execute(_RESULTS)),
    )


_RESULTS = """
    SELECT d.*, b.facts AS batch_facts,
        (SELECT facts FROM submission s WHERE s.batch_id = d.batch_id LIMIT 1) AS submission_facts
    FROM download d LEFT JOIN batch b ON b.scope_id = d.scope_id AND b.batch_id = d.batch_id
    ORDER BY d.finished_at
"""


def _stored(row: sqlite3.Row, data: Locations) -> StoredResults:
    """A row, with its files where this data folder has them: it may have been moved."""
    batch = msgspec.json.decode(row["batch_facts"], type=Batch) if row["batch_facts"] else None
    sent = row["submission_facts"]
    submission = msgspec.json.decode(sent, type=Submission) if sent else None
    if submission is not None:
        body = str(data.spool / Path(submission.body_path).name)
        submission = msgspec.structs.replace(submission, body_path=body)
    return StoredResults(
        batch_id=row["batch_id"],
        state=ResultsState(row["state"]),
        path=data.results / Path(row["path"]).name,
        bytes=row["bytes"],
        lines=row["lines"],
        sha256=row["sha256"],
        problems=row["problems"] or "",
        expected=batch.request_counts if batch is not None and batch.has_ended else None,
        submission=submission,
    )
