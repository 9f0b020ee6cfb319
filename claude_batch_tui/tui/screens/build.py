"""Build: a file becomes requests, checked and priced, and then one confirmed batch.

source      ~/tickets.csv
prompt      Subject: {{ subject }} …
── preview of one request, or what the check found ──
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, cast

import msgspec
from textual import on, work
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input
from textual.worker import get_current_worker
from ulid import ULID

from claude_batch_tui.errors import CbtuiError, ConfigError
from claude_batch_tui.runtime import read_prices
from claude_batch_tui.services.prepare import (
    BuildReport,
    BuildSpec,
    CheckReport,
    Preview,
    Progress,
    build,
    check,
    preview,
)
from claude_batch_tui.services.requests_files import RequestsFiles
from claude_batch_tui.services.spool import Outgoing
from claude_batch_tui.sources.recipe import SourceKind
from claude_batch_tui.tui.dialogs.confirm import ConfirmDialog, TypedConfirmDialog
from claude_batch_tui.tui.dialogs.input import InputDialog
from claude_batch_tui.tui.dialogs.submission import SubmissionDialog
from claude_batch_tui.tui.screens.build_words import check_lines, confirm_lines, preview_lines
from claude_batch_tui.tui.screens.frame import Frame
from claude_batch_tui.tui.widgets.field import Field, PathSuggester
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.title_line import TabsLine
from claude_batch_tui.wording import size

_PAUSE_BEFORE_PREVIEW = 0.2


class Checked(msgspec.Struct, frozen=True):
    """What a check found, and the files it left where there were no errors."""

    spec: BuildSpec
    report: BuildReport
    found: CheckReport | None


class BuildScreen(Frame):
    """The form, and beside or below it the preview or the check."""

    help_title: ClassVar[str] = "Build"
    number: ClassVar[int] = 2
    AUTO_FOCUS = "#source Input"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "check",
            "check",
            id="build.check",
            tooltip="build and check everything; then submit (asks)",
        ),
        Binding("J", "row(1)", "next row", id="build.next", tooltip="preview the next row"),
        Binding(
            "K", "row(-1)", "previous row", id="build.previous", show=False, tooltip="preview the row before"
        ),
        Binding(
            "right_square_bracket,left_square_bracket",
            "json",
            "text/JSON",
            id="build.json",
            tooltip="preview as text or as JSON",
        ),
        Binding(
            "X",
            "leave_out",
            "leave out errors",
            id="build.leave-out",
            show=False,
            tooltip="leave out all rows with errors",
        ),
        Binding(
            "w", "write", "write file", id="build.write", tooltip="write the requests file instead of sending"
        ),
        Binding("q", "back", "back", id="build.back", tooltip="back to the batches; the form is kept"),
        Binding(
            "escape",
            "leave_field",
            "leave field",
            id="build.leave-field",
            tooltip="out of the field, then back",
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._row = 0
        self._as_json = False
        self._skip_bad_rows = False
        self._checked: Checked | None = None
        self._preview: Preview | None = None
        self._timer: Timer | None = None
        self._folder: Path | None = None
        self._is_busy = False

    def parts(self) -> Iterable[Widget]:
        """Form and preview."""
        config = self.dashboard.config
        yield Vertical(
            Field(
                "source",
                placeholder="a CSV, TSV, text or requests file",
                suggester=PathSuggester(),
                id="source",
            ),
            Field(
                "prompt col",
                placeholder="a column name or number; guessed where it is plain",
                id="prompt_column",
            ),
            Field("id column", placeholder="a column with ids of yours; else by position", id="id_column"),
            Field(
                "template",
                placeholder="e.g. Summarise: {{ body }}   (left out: the prompt column)",
                id="template",
            ),
            Field("system", placeholder="the system prompt, may name columns too", id="system"),
            Field("model", value=config.model or "", placeholder="e.g. claude-haiku-4-5", id="model"),
            Field("max_tokens", value=str(config.max_tokens or ""), placeholder="e.g. 1024", id="max_tokens"),
            Field("name", placeholder="a name of yours for the batch; the API has none", id="name"),
            id="form",
        )
        yield TextView(_WELCOME, id="detail")

    def on_unmount(self) -> None:
        """Remove what was built and not sent."""
        self._drop_files()

    def title_left(self) -> str:
        """The source."""
        source = self._field("source")
        return Path(source).name if source else "new batch"

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:
        """Some keys need a source, or a check."""
        if not self.is_mounted:
            return None
        if action in ("row", "json", "check", "write") and not self._field("source"):
            return "name a source first"
        if action == "leave_out" and (self._checked is None or not self._checked.report.errors):
            return "no row has an error"
        return super().reason_disabled(action, parameters)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._checked = None
        self._skip_bad_rows = False
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(_PAUSE_BEFORE_PREVIEW, self._read_preview)
        self.refresh_bindings()

    @on(Input.Submitted)
    def _submitted(self) -> None:
        self.action_check()

    def action_leave_field(self) -> None:
        """Out of a field; from there back to the batches."""
        if isinstance(self.focused, Input):
            self.query_one("#detail").focus()
        else:
            self.action_back()

    def action_row(self, step: int) -> None:
        """Preview another row."""
        self._row = max(self._row + step, 0)
        self._read_preview()

    def action_json(self) -> None:
        """Preview as text or as JSON."""
        self._as_json = not self._as_json
        self._show_preview()

    def action_leave_out(self) -> None:
        """Leave out every row with an error, and check again."""
        self._skip_bad_rows = True
        self._checked = None
        self.action_check()

    def action_check(self) -> None:
        """Build and check; when that was done and all is well, ask whether to submit."""
        if self._is_busy:
            self.say("Still at work; ctrl+c stops it.")
        elif (
            self._checked is not None
            and self._checked.found is not None
            and not self._checked.found.draft.has_errors
        ):
            self._ask()
        else:
            self._check()

    def action_write(self) -> None:
        """Write the requests file instead of sending."""

        def write(target: str | None) -> None:
            if target:
                self._write(Path(target).expanduser())

        source = Path(self._field("source") or "requests")
        dialog = InputDialog(
            "Write the requests file",
            ["Nothing is sent. `cbtui submit FILE` sends it later."],
            value=str(source.with_name(f"{source.stem}.requests.jsonl")),
        )
        self.app.push_screen(dialog, write)

    def cancel_running(self) -> bool:
        """What ctrl+c stops first."""
        if not self._is_busy:
            return False
        self.workers.cancel_group(self, "check")
        self._is_busy = False
        self.say("Stopped; nothing was written.")
        return True

    @work(thread=True, exclusive=True, group="preview")
    def _read_preview(self) -> None:
        """Render one request in a thread."""
        worker = get_current_worker()
        try:
            shown = preview(self._spec(), self._row, 1)
        except CbtuiError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._show_trouble, str(error))
            return
        if worker.is_cancelled:
            return
        if not shown.requests and self._row:
            self._row -= 1
            return
        self._preview = shown
        self.app.call_from_thread(self._show_preview)

    @work(thread=True, exclusive=True, group="check")
    def _check(self) -> None:
        """Build into a folder of our own and check all of it, in a thread."""
        worker = get_current_worker()
        self._is_busy = True
        try:
            spec = self._spec(complete=True)
            self._drop_files()
            spool = self.dashboard.config.data_dir / "spool"
            self._folder = Path(tempfile.mkdtemp(prefix="draft-", dir=spool))
            out = self._folder / "requests.jsonl"
            report: BuildReport | None = None
            for update in build(spec, out=out, skip_bad_rows=self._skip_bad_rows):
                if worker.is_cancelled:
                    return
                if isinstance(update, Progress):
                    self._say_progress("Built", update)
                else:
                    report = update
            found: CheckReport | None = None
            if report is not None and report.files is not None:
                for step in check(out, prices=read_prices(self.dashboard.config)):
                    if worker.is_cancelled:
                        return
                    if isinstance(step, Progress):
                        self._say_progress("Checked", step)
                    else:
                        found = step
            if report is not None:
                self.app.call_from_thread(self._show_check, Checked(spec, report, found))
        except CbtuiError as error:
            self.app.call_from_thread(self._show_trouble, str(error))
        finally:
            self._is_busy = False

    @work(thread=True, exclusive=True, group="check")
    def _write(self, target: Path) -> None:
        """Build into a file of the user."""
        self._is_busy = True
        try:
            for update in build(self._spec(complete=True), out=target, skip_bad_rows=self._skip_bad_rows):
                if not isinstance(update, BuildReport):
                    continue
                if update.files is None:
                    self.app.call_from_thread(self._show_check, Checked(self._spec(), update, None))
                else:
                    words = f"{update.requests:,} requests, {size(update.bytes)}, written to {target}"
                    self.app.call_from_thread(self.say, words)
        except CbtuiError as error:
            self.app.call_from_thread(self._show_trouble, str(error))
        finally:
            self._is_busy = False

    def _ask(self) -> None:
        """The question that is paid."""
        checked = self._checked
        if checked is None or checked.found is None or checked.report.files is None:
            return
        cost, draft = checked.found.at_most, checked.found.draft
        limit = self.dashboard.config.confirm_above
        outgoing = self._outgoing(checked, checked.report.files)
        body = confirm_lines(checked.found, outgoing.name, self.snapshot)
        title = f"Submit {draft.requests:,} requests?  This is paid."
        if cost.unpriced or cost.open_ended or cost.batch > limit:
            why = (
                "It is not known what this costs"
                if cost.unpriced or cost.open_ended
                else f"Over your limit of ${limit:,.2f}"
            )
            dialog: ConfirmDialog = TypedConfirmDialog(
                title,
                [*body, "", f"{why}: type the number of requests to confirm."],
                yes="Submit",
                expected=str(draft.requests),
                label="requests",
            )
        else:
            dialog = ConfirmDialog(title, body, yes="Submit", no="Not yet")
        self.app.push_screen(dialog, lambda agreed: self._submit(outgoing) if agreed else None)

    def _submit(self, outgoing: Outgoing) -> None:
        def send(*, again: bool) -> str:
            token = str(ULID())
            self.dashboard.engine.submit(token, outgoing, again=again)
            return token

        def created(batch_id: str | None) -> None:
            if batch_id:
                self._checked = None
                self.dashboard.show_created(batch_id)

        dialog = SubmissionDialog(token=send(again=False), send_same_again=lambda: send(again=True))
        self.app.push_screen(dialog, created)

    def _outgoing(self, checked: Checked, files: RequestsFiles) -> Outgoing:
        found = checked.found
        cost = found.at_most if found else None
        stem = Path(checked.spec.path).stem
        return Outgoing(
            requests=files.requests,
            rows=files.rows,
            name=self._field("name") or f"{stem}-{self.dashboard.now().astimezone():%Y-%m-%d}",
            model=found.draft.model if found else None,
            source=checked.spec.path,
            cost_at_most=None if cost is None or cost.unpriced else cost.batch,
            prices_as_of=cost.as_of.isoformat() if cost else None,
        )

    def _spec(self, *, complete: bool = False) -> BuildSpec:
        """What the form says. Raises ConfigError for what is missing where it has to be `complete`."""
        source = self._field("source")
        if source is None:
            raise ConfigError("Name a source: a CSV, TSV, text or requests file.")
        path = Path(source).expanduser()
        kind = _kind(path)
        model, tokens = self._field("model"), self._field("max_tokens")
        if kind == "jsonl":
            return BuildSpec(kind="jsonl", path=str(path))
        if complete and model is None:
            raise ConfigError("Name a model, e.g. claude-haiku-4-5.")
        if tokens is not None and not tokens.isdigit():
            raise ConfigError(f"max_tokens is a whole number, not {tokens!r}.")
        if complete and tokens is None:
            raise ConfigError("Say how long an answer may be: max_tokens, e.g. 1024.")
        return BuildSpec(
            kind=kind,
            path=str(path),
            prompt_column=self._field("prompt_column") if kind == "csv" else None,
            template=self._field("template"),
            system=self._field("system"),
            model=model or "(no model yet)",
            max_tokens=int(tokens) if tokens else 1,
            id_column=self._field("id_column") if kind == "csv" else None,
            split_by="line",
        )

    def _field(self, name: str) -> str | None:
        return self.query_one(f"#{name}", Field).value

    def _say_progress(self, verb: str, progress: Progress) -> None:
        share = f", {100 * progress.bytes_done // progress.total_bytes}%" if progress.total_bytes else ""
        self.app.call_from_thread(
            self.say, f"{verb} {progress.rows:,} rows{share}; ctrl+c stops", seconds=5.0
        )

    def _show_preview(self) -> None:
        if self._preview is None or self._checked is not None:
            return
        lines = preview_lines(self._preview, self._row, as_json=self._as_json)
        self.query_one("#detail", TextView).show(lines)
        self._show_place("preview")

    def _show_check(self, checked: Checked) -> None:
        self._checked = checked
        lines = check_lines(checked.report, checked.found)
        self.query_one("#detail", TextView).show(lines)
        self._show_place("checked")
        self.refresh_bindings()
        if checked.found is not None and not checked.found.draft.has_errors:
            self.query_one("#detail").focus()
            self.say("Checked. enter asks whether to submit; nothing has been sent.")
        else:
            self.say("Nothing has been sent: mend the errors, or X leaves those rows out.", kind="error")

    def _show_trouble(self, sentence: str) -> None:
        self.query_one("#detail", TextView).show([("", None), (f" {sentence}", "bad")])
        self._show_place("")

    def _show_place(self, words: str) -> None:
        self.query_one(TabsLine).show(right=words)
        self.show_snapshot(self.snapshot)

    def _drop_files(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


_WELCOME = """
 Name a file, and see the first request here while you type.

   .csv .tsv     a row is a request; the columns are {{ names }} in template and system
   .txt .md      a line is a request; its text is {{ prompt }}
   .jsonl        ready requests: {"custom_id": …, "params": …}

 enter checks all of it and says what it costs at most. Nothing is sent before you agree.
"""


def _kind(path: Path) -> SourceKind:
    """The kind of source, by the ending of its name."""
    kinds = {".csv": "csv", ".tsv": "csv", ".tab": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}
    return cast("SourceKind", kinds.get(path.suffix.lower(), "text"))
