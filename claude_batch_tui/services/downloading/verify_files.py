"""Reading every stored results file again: is it still what was verified when it was downloaded?"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path

from claude_batch_tui.domain.batches.tracked import ResultsState
from claude_batch_tui.domain.checkup import Check, bad, ok, warn
from claude_batch_tui.services.results.ledger import ledger_of
from claude_batch_tui.services.submitting.spool import sent_ids
from claude_batch_tui.store.inspection import StoredResults
from claude_batch_tui.store.results.index import ResultsIndex

_PIECE = 1 << 20


def verify_files(
    stored: tuple[StoredResults, ...], folder: Path, on_file: Callable[[int, str], None]
) -> Iterator[Check]:
    """A check for each file that is not what it was, one for all that are, one for files nobody wrote down.

    Reads every byte. `on_file` hears the number and id of each file before it is read.
    """
    good, size = 0, 0
    for number, each in enumerate(stored):
        on_file(number, each.batch_id)
        check = _verified(each)
        if check is None:
            good, size = good + 1, size + each.bytes
        else:
            yield check
    if good or not stored:
        yield ok("files", f"{good:,} of {len(stored):,} results files are as verified, {size / 1e6:,.1f} MB")
    known = {each.path.name for each in stored}
    if folder.exists():
        for path in sorted((*folder.glob("*.jsonl"), *folder.glob("*.jsonl.incomplete"))):
            if path.name not in known:
                advice = f"a dashboard that knows its batch reads it; to look at it: cbtui results {path}"
                yield warn("files", f"{path} is not in the store", advice)


def _verified(stored: StoredResults) -> Check | None:
    """What is wrong with one file, or None."""
    again = f"download it again while the API has it (29 days): cbtui results {stored.batch_id} -o FILE"
    try:
        digest, index = _read(stored.path)
    except FileNotFoundError:
        return bad("files", f"{stored.path} is gone", again, "store")
    except OSError as error:
        return bad("files", f"{stored.path}: {error.strerror}", "make it readable for you", "store")
    if digest != stored.sha256:
        told = f"{stored.path} has changed: {index.count:,} lines where {stored.lines:,} were verified"
        return bad("files", told, f"move it away, then {again}", "store")
    if stored.state is not ResultsState.COMPLETE:
        told = stored.problems.replace("\n", "; ") or "not whole"
        return warn("files", f"{stored.path} is kept as it came: {told}", again)
    sent = sent_ids(stored.submission) if stored.submission is not None else None
    problems = ledger_of(index, stored.expected, sent).problems()
    if problems:
        return bad("files", f"{stored.path} does not add up: {'; '.join(problems)}", again, "store")
    return None


def _read(path: Path) -> tuple[str, ResultsIndex]:
    digest, index = hashlib.sha256(), ResultsIndex()
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            digest.update(piece)
            index.feed(piece)
    index.finish()
    return digest.hexdigest(), index
