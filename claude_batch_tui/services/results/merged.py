"""The results of a run as one answer set: of every id the newest good answer, else the newest line of any kind.

Made of the results files of its batches as they are, with the bytes of none of them copied; kept until one changes.
"""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from claude_batch_tui.domain.results.merging import choose
from claude_batch_tui.domain.results.result import CLASSES
from claude_batch_tui.errors import SourceError, StoreError
from claude_batch_tui.services.results.local_files import bodies_of, read_results, rows_path, sent_ids_of
from claude_batch_tui.services.results.schema_validation import Sent, validate_schemas
from claude_batch_tui.store.files import written_whole
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.opening import open_indexed
from claude_batch_tui.store.results.run_file import (
    Chosen,
    known_run_file,
    piece_of,
    write_run_file,
)
from claude_batch_tui.store.store import Store
from claude_batch_tui.store.workspaces import Workspace

if TYPE_CHECKING:
    from numpy.typing import NDArray

_COMPLETE = CLASSES.index("complete")
_AT_ONCE = 5_000
_MOST_LINES = 1 << 40
"""Lines a source has at most, as far as their order goes."""


class Attempt(msgspec.Struct, frozen=True):
    """The results of one batch of a run: their file, the rows and the create body of its requests where those are here."""

    batch_id: str
    results: Path
    rows: Path | None = None
    sent: Sent = Sent()
    sent_ids: Collection[str] | None = None
    """The custom_ids that were sent; None where that is not known."""


class MergedResults(msgspec.Struct, frozen=True):
    """The file of a run's results, one of its rows where every batch has one, and how many ids there are of each ledger
    class.
    """

    results: Path
    rows: Path | None
    classes: dict[str, int]

    @property
    def is_good(self) -> bool:
        """Whether the answer kept of every id is good."""
        return set(self.classes) <= {"complete"}


def attempts_of(
    run_id: str, batch_ids: Sequence[str], *, store: Store, workspace: Workspace | None
) -> list[Attempt]:
    """What is here of these batches of a run, in their order. Raises StoreError where the results of one are not."""
    found: list[Attempt] = []
    for batch_id in batch_ids:
        path = read_results(batch_id, store=store, workspace=workspace)
        if path is None:
            raise StoreError(
                f"The results of {batch_id} are not whole on this machine: open {run_id} again to download them."
            )
        rows, sent = rows_path(batch_id, store), bodies_of([batch_id], store)
        found.append(Attempt(batch_id, path, rows, sent, sent_ids_of(batch_id, store)))
    return found


def whole_results(
    target_id: str, batch_ids: Sequence[str], *, store: Store, workspace: Workspace | None
) -> tuple[Path, Path | None]:
    """The results of a batch, or of these batches of a run, oldest first, which are put together; and their rows, where those
    are here. For a thread. Raises as `attempts_of` and `merged_results` do.
    """
    attempts = attempts_of(target_id, batch_ids, store=store, workspace=workspace)
    if [target_id] == [*batch_ids]:
        return attempts[0].results, attempts[0].rows
    places = store.locations
    merged = merged_results(target_id, attempts, places.results / "runs", places.cache)
    return merged.results, merged.rows


def merged_results(
    run_id: str, attempts: Sequence[Attempt], folder: Path, cache: Path | None, *, every: bool = False
) -> MergedResults:
    """The answer set of these batches of a run, oldest first, or `every` line of all of them; for a thread.

    Made in `folder` where it is not there for the files as they are. Raises SourceError where one cannot be read, and
    StoreError where the disk refuses.
    """
    path = folder / f"{run_id}{'.all' if every else ''}.run"
    rows = folder / f"{run_id}.rows.jsonl" if attempts and all(one.rows for one in attempts) else None
    try:
        pieces = [piece_of(one.results, one.batch_id, folder) for one in attempts]
        known = known_run_file(path, pieces)
        if known is None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            known = write_run_file(path, pieces, *_chosen(attempts, cache, every=every))
        if rows is not None:
            _write_rows([one.rows for one in attempts if one.rows is not None], rows)
    except OSError as error:
        raise StoreError(
            f"The results of {run_id} cannot be put together in {folder}: {error.strerror}. "
            "Those of its batches are whole; free some space and open it again."
        ) from error
    return MergedResults(path, rows, known.classes)


def _chosen(
    attempts: Sequence[Attempt], cache: Path | None, *, every: bool
) -> tuple[list[Chosen], dict[str, int]]:
    """What is taken of each file, and the classes of what stands for its id."""
    import numpy as np  # late: 60 to 90 ms

    with ExitStack() as stack:
        files: list[ResultsFile] = []
        for one in attempts:
            file = stack.enter_context(open_indexed(one.results, cache))
            validate_schemas(file, one.sent, cache)
            files.append(file)
        indexes = [file.index for file in files]
        starts = [0, *np.cumsum([index.count for index in indexes]).tolist()]
        hashes = np.concatenate([_hashes(index) for index in indexes])
        classes = np.frombuffer(b"".join(bytes(index.classes) for index in indexes), np.uint8)
        nameless = hash(b"")
        named = hashes != nameless

        def custom_id(at: int) -> str:
            number = int(np.searchsorted(starts, at, side="right")) - 1
            return indexes[number].custom_id(at - starts[number])

        kept = choose(
            hashes,
            classes == _COMPLETE,
            named,
            lambda first, second: custom_id(first) == custom_id(second),
            keeps_nameless=not bool(named.all()) and _is_missing_some(attempts, indexes),
        )
        counts = np.bincount(classes[kept.mask], minlength=len(CLASSES)).tolist()
        taken = np.ones(len(hashes), bool) if every else kept.mask
        chosen = []
        for number, (one, index) in enumerate(zip(attempts, indexes, strict=True)):
            positions: NDArray[Any] = np.flatnonzero(taken[starts[number] : starts[number + 1]])
            of = kept.attempts[starts[number] : starts[number + 1]][positions]
            chosen.append(Chosen(one.results, one.batch_id, index, positions, of))
        return chosen, {name: count for name, count in zip(CLASSES, counts, strict=True) if count}


def _hashes(index: ResultsIndex) -> NDArray[Any]:
    """The hash of every id, by which ids are told apart; some thousands at once."""
    import numpy as np  # late: 60 to 90 ms

    found = array("q")
    for start in range(0, index.count, _AT_ONCE):
        found.extend(map(hash, index.ids_between(start, min(start + _AT_ONCE, index.count))))
    return np.frombuffer(found, np.int64) if found else np.zeros(0, np.int64)


def _is_missing_some(attempts: Sequence[Attempt], indexes: Sequence[ResultsIndex]) -> bool:
    """Whether lines without an id may be the answer to something: unless all that was sent has answers elsewhere."""
    sent = [one.sent_ids for one in attempts]
    if any(ids is None for ids in sent):
        return True
    answered = {custom_id for index in indexes for custom_id in index.all_ids()}
    return any(custom_id not in answered for ids in sent for custom_id in ids or ())


class _RowHead(msgspec.Struct):
    custom_id: str
    source: str = ""
    line: int = 0


def _write_rows(paths: Sequence[Path], target: Path) -> None:
    """One file of the rows of all batches, every custom_id once, as its newest batch has it, in the order of the source.

    It is made anew where one of theirs is newer. Raises OSError, and SourceError where one is no rows file.
    """
    stamp = msgspec.json.encode([piece_of(path, "", target.parent) for path in paths])
    place = target.with_name(f"{target.name}.of")
    if target.exists() and place.exists() and place.read_bytes() == stamp:
        return
    known: set[str] = set()
    sources: dict[str, int] = {}
    places: list[tuple[int, int, int, int]] = []
    decode = msgspec.json.Decoder(_RowHead).decode
    with ExitStack() as stack:
        files = [stack.enter_context(path.open("rb")) for path in paths]
        for number in reversed(range(len(files))):
            at = 0
            for line in files[number]:
                try:
                    head = decode(line)
                except (msgspec.DecodeError, UnicodeDecodeError) as error:
                    raise SourceError(
                        f"{paths[number]} is no rows file, as `cbtui build` writes them: {error}."
                    ) from error
                if head.custom_id not in known:
                    known.add(head.custom_id)
                    source = sources.setdefault(head.source, len(sources))
                    places.append((-source * _MOST_LINES + head.line, number, at, len(line)))
                at += len(line)
        places.sort()
        with written_whole(target) as out:
            for _, number, at, size in places:
                files[number].seek(at)
                out.write(files[number].read(size).rstrip(b"\n") + b"\n")
    with written_whole(place) as file:
        file.write(stamp)
