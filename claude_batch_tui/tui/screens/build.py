"""Build: a file becomes requests, checked and priced, and then one confirmed batch.

source      ~/tickets.csv
template    Subject: {{ subject }} …
── preview of one request, or what the check found ──
"""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar

import msgspec
from textual import on, work
from textual.binding import BindingType
from textual.containers import Vertical
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input
from textual.worker import Worker, get_current_worker
from ulid import ULID

from claude_batch_tui.domain.problem import Problem
from claude_batch_tui.engine.engine import Forecasted
from claude_batch_tui.errors import CbtuiError, ScriptError
from claude_batch_tui.runtime import read_models, read_prices
from claude_batch_tui.services.drafts import FormDraft, load_draft, save_draft
from claude_batch_tui.services.prepare import (
    PROCESSING,
    BuildReport,
    BuildSpec,
    CheckReport,
    Preview,
    Progress,
    build,
    check,
    preview,
    sample_rows,
)
from claude_batch_tui.services.recipes import recipe_names, recipe_path, save_recipe
from claude_batch_tui.services.requests_files import RequestsFiles
from claude_batch_tui.services.spool import Outgoing
from claude_batch_tui.services.trying import Trial, Tried, trial
from claude_batch_tui.sources.kinds import guess_kind
from claude_batch_tui.sources.python_script import script_text
from claude_batch_tui.sources.recipe import Recipe, read_recipe
from claude_batch_tui.sources.whole_file import WholeFile
from claude_batch_tui.tui.dialogs.confirm import ConfirmDialog, TypedConfirmDialog
from claude_batch_tui.tui.dialogs.file_picker import FilePicker
from claude_batch_tui.tui.dialogs.input import InputDialog
from claude_batch_tui.tui.dialogs.submission import SubmissionDialog
from claude_batch_tui.tui.screens.build_form import (
    FIELDS,
    ROWS_HINTS,
    form_fields,
    spec_of,
    values_of,
    visible_fields,
    without_field,
)
from claude_batch_tui.tui.screens.build_keys import KEYS
from claude_batch_tui.tui.screens.build_words import (
    check_lines,
    confirm_lines,
    preview_lines,
    sample_lines,
    script_lines,
    steps_words,
    tried_lines,
)
from claude_batch_tui.tui.screens.frame import Frame
from claude_batch_tui.tui.widgets.field import Field
from claude_batch_tui.tui.widgets.text_view import TextView
from claude_batch_tui.tui.widgets.title_line import TabsLine
from claude_batch_tui.wording import cost_words, size

_PAUSE_BEFORE_PREVIEW = 0.2
_PAUSE_BEFORE_SAVING = 1.0
_PILOT = 10
_SAMPLES = 3


class Checked(msgspec.Struct, frozen=True):
    """What a check found, and the files it left where there were no errors. `cost` is what the API counted, later."""

    spec: BuildSpec
    report: BuildReport
    found: CheckReport | None
    cost: Forecasted | None = None

    @property
    def is_ready(self) -> bool:
        """True where it can be submitted."""
        return self.found is not None and not self.found.draft.has_errors

    @property
    def problems(self) -> list[Problem]:
        """Those of a row, of build and check, in the order of their lines."""
        found = [*self.report.problems, *(self.found.draft.problems if self.found else ())]
        by_line = {(one.line, one.message): one for one in found if one.line is not None}
        return sorted(by_line.values(), key=lambda one: (one.line or 0, not one.is_error))


class BuildScreen(Frame):
    """The form, and beside or below it the preview or the check."""

    help_title: ClassVar[str] = "Build"
    number: ClassVar[int] = 2
    AUTO_FOCUS = "#source Input"
    BINDINGS: ClassVar[list[BindingType]] = KEYS

    def __init__(self) -> None:
        super().__init__()
        self._row = 0
        self._source: str | None = None
        self._as_json = False
        self._skip_bad_rows = False
        self._left_out: frozenset[int] = frozenset()
        self._checked: Checked | None = None
        self._problem = -1
        self._preview: Preview | None = None
        self._preview_timer: Timer | None = None
        self._save_timer: Timer | None = None
        self._folder: Path | None = None
        self._base: Recipe | None = None
        self._pilot_run: str | None = None
        self._trusted: str | None = None
        self._is_busy = False

    def parts(self) -> Iterable[Widget]:
        """Form and preview."""
        yield Vertical(*form_fields(self.dashboard.config), id="form")
        yield TextView(_WELCOME, id="detail")

    def on_mount(self) -> None:
        """Come back to what was typed before the terminal was closed."""
        super().on_mount()
        self._show_fields()
        draft = load_draft(self.dashboard.config.data_dir)
        if draft is not None:
            self._source, self._left_out = draft.fields["source"], frozenset(draft.left_out)
            self._fill(draft.fields)
            self.say(f"The draft of {Path(draft.fields['source']).name} is back; C empties the form.")

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
        needs_source = (
            "row",
            "json",
            "check",
            "write",
            "edit",
            "try_row",
            "save_recipe",
            "leave_out_row",
            "clear",
        )
        if action in needs_source and not self._field("source"):
            return "name a source first"
        if action in ("try_row", "leave_out_row") and not (self._preview and self._preview.requests):
            return "there is no row to preview"
        if action == "leave_out" and (self._checked is None or not self._checked.report.errors):
            return "no row has an error"
        if action == "problem" and not (self._checked and self._checked.problems):
            return "a check has to find problems first"
        if action == "pilot" and not (self._checked and self._checked.is_ready):
            return "check first (enter)"
        if action == "reuse" and not recipe_names(self.dashboard.config.config_dir):
            return "no recipe is saved; s saves one"
        return super().reason_disabled(action, parameters)

    @on(Input.Changed)
    def _typed(self) -> None:
        self._checked = None
        self._skip_bad_rows = False
        self._show_fields()
        for timer in (self._preview_timer, self._save_timer):
            if timer is not None:
                timer.stop()
        self._preview_timer = self.set_timer(_PAUSE_BEFORE_PREVIEW, self._read_preview)
        self._save_timer = self.set_timer(_PAUSE_BEFORE_SAVING, self._save)
        self.refresh_bindings()

    @on(Input.Changed, "#source Input")
    def _other_source(self) -> None:
        source = self._field("source")
        if source != self._source:
            self._source, self._row, self._left_out, self._pilot_run = source, 0, frozenset(), None

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        source = self.query_one("#source", Field)
        if event.input.parent is source and not self._is_file(source.value):
            self.action_files()
        else:
            self.action_check()

    def action_leave_field(self) -> None:
        """Out of a field; from there back to the batches."""
        if isinstance(self.focused, Input):
            self.query_one("#detail").focus()
        else:
            self.action_back()

    def action_back(self) -> None:
        """Back to the batches; what was typed is kept, on disk too."""
        self._save()
        super().action_back()

    def action_files(self) -> None:
        """Choose the source by walking through folders."""
        given = Path(self._field("source") or ".").expanduser()
        folder = given if given.is_dir() else given.parent

        def chosen(path: str | None) -> None:
            if path is not None:
                self.query_one("#source", Field).value = path
                self.query_one("#detail").focus()

        start = folder if folder.is_dir() else Path()
        self.app.push_screen(FilePicker(start, self.dashboard.now()), chosen)

    def action_row(self, step: int) -> None:
        """Preview another row."""
        self._row = max(self._row + step, 0)
        self._read_preview()

    def action_problem(self, step: int) -> None:
        """Preview the row of the next problem."""
        problems = self._checked.problems if self._checked else []
        if problems:
            self._problem = (self._problem + step) % len(problems) if self._problem >= 0 else 0
            problem = problems[self._problem]
            self.say(
                f"{self._problem + 1} of {len(problems)}: {problem.message}",
                kind="error" if problem.is_error else "note",
            )
            self._read_preview(line=problem.line)

    def action_json(self) -> None:
        """Preview as text or as JSON."""
        self._as_json = not self._as_json
        self._show_preview()

    def action_leave_out_row(self) -> None:
        """Leave the row of the preview out, or take it in again; a check has to follow."""
        if self._preview is None or not self._preview.requests:
            return
        line = self._preview.requests[0].line
        self._left_out ^= {line}
        self._checked = None
        self._save()
        word = "left out" if line in self._left_out else "in again"
        self.say(
            f"The row of line {line:,} is {word}; {len(self._left_out):,} left out by hand. enter checks again."
        )
        self._show_preview()
        self.refresh_bindings()

    def action_leave_out(self) -> None:
        """Leave out every row with an error, and check again."""
        self._skip_bad_rows = True
        self._checked = None
        self.action_check()

    def action_clear(self) -> None:
        """Empty the form; the settings' model and limit stay."""
        config = self.dashboard.config
        self._base, self._left_out, self._preview = None, frozenset(), None
        self._fill({"model": config.model or "", "max_tokens": str(config.max_tokens or "")})
        save_draft(config.data_dir, FormDraft())
        self.query_one("#detail", TextView).show(_WELCOME)
        self.query_one("#source", Field).focus_input()

    def action_check(self) -> None:
        """Build and check; when that was done and all is well, ask whether to submit."""
        if self._is_busy:
            self.say("Still at work; ctrl+c stops it.")
        elif self._checked is not None and self._checked.is_ready:
            self._ask()
        else:
            self._trust_and_check()

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

    def action_edit(self) -> None:
        """The template in $EDITOR, with the dashboard out of the way."""
        editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        field = self.query_one("#template", Field)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "template.txt"
            path.write_text((field.value or "").replace("\\n", "\n"), encoding="utf-8")
            try:
                with self.app.suspend():
                    subprocess.run([*editor, str(path)], check=False)  # noqa: S603  the user's own editor
            except OSError as error:
                self.say(f"$EDITOR ({editor[0]}) cannot be started: {error.strerror}.", kind="error")
                return
            text = path.read_text(encoding="utf-8").removesuffix("\n")
        field.value = text.replace("\n", "\\n")
        self.app.refresh(layout=True)

    def action_try_row(self) -> None:
        """Send the row of the preview alone, at once, after asking."""
        shown = self._preview.requests[0] if self._preview and self._preview.requests else None
        if shown is None or shown.request is None:
            self.say(
                "This row cannot be sent: " + (shown.problem if shown and shown.problem else "it is none.")
            )
            return
        try:
            request = shown.request.replace("·".encode(), b"x")  # the tag of a preview is no legal id
            chosen = trial(request, read_prices(self.dashboard.config), f"line {shown.line}")
            spec_of(self._values(), complete=True)
        except CbtuiError as error:
            self.say(str(error), kind="error")
            return
        body = [
            f"row       line {shown.line:,}, {shown.custom_id or ''}",
            f"to        {self.snapshot.credential or ''} {self.snapshot.base_url or ''}",
            f"cost      {cost_words(chosen.forecast.at_most)}, the standard price: twice that of a batch",
            "",
            "It is sent once; a lost answer is not asked for again.",
        ]

        def send(agreed: bool | None) -> None:
            if agreed:
                self._try(chosen)

        self.app.push_screen(
            ConfirmDialog("Send this row alone?  This is paid.", body, yes="Send", no="Not now"), send
        )

    def action_pilot(self) -> None:
        """Ask how large the sample is, and then as for any submission."""
        total = self._checked.found.draft.requests if self._checked and self._checked.found else 0

        def problem(text: str) -> str | None:
            fits = text.isdigit() and 0 < int(text) < total
            return None if fits else f"A number from 1 to {total - 1:,}."

        def ask(text: str | None) -> None:
            if text:
                self._ask(pilot=int(text))

        dialog = InputDialog(
            "Pilot: how many requests?",
            ["A random sample goes first, as a batch of its own. The rest goes without it."],
            value=str(min(_PILOT, max(total - 1, 1))),
            problem=problem,
        )
        self.app.push_screen(dialog, ask)

    def action_save_recipe(self) -> None:
        """Save the form under a name."""
        folder = self.dashboard.config.config_dir

        def save(name: str | None) -> None:
            if not name:
                return
            try:
                recipe = Recipe(
                    spec=self._spec(), name=self._field("name"), betas=self._base.betas if self._base else ()
                )
                path = recipe_path(folder, name)
                path.parent.mkdir(parents=True, exist_ok=True)
                save_recipe(recipe, path, force=True)
                self.say(f"Recipe saved: {path}. `cbtui build --recipe` runs it, R fills the form from it.")
            except (CbtuiError, OSError) as error:
                self.say(str(error), kind="error")
            self.refresh_bindings()

        stem = Path(self._field("source") or "recipe").stem
        self.app.push_screen(InputDialog("Save as a recipe", ["A name of yours:"], value=stem), save)

    def action_reuse(self) -> None:
        """Fill the form from a saved recipe."""
        folder = self.dashboard.config.config_dir
        names = recipe_names(folder)

        def fill(name: str | None) -> None:
            if not name:
                return
            try:
                self._base = read_recipe(str(recipe_path(folder, name)))
                self._fill(values_of(self._base))
            except CbtuiError as error:
                self.say(str(error), kind="error")
                return
            kept = without_field(self._base)
            also = f"; it also says {', '.join(kept)}" if kept else ""
            self.say(f"Filled from the recipe {name}{also}.")

        def problem(text: str) -> str | None:
            return None if text in names else f"There is no recipe {text!r}."

        dialog = InputDialog(
            "Reuse a recipe", [f"Saved: {', '.join(names)}"], value=names[0] if names else "", problem=problem
        )
        self.app.push_screen(dialog, fill)

    def cancel_running(self) -> bool:
        """What ctrl+c stops first."""
        if not self._is_busy:
            return False
        self.workers.cancel_group(self, "check")
        self._is_busy = False
        self.say("Stopped; nothing was written.")
        return True

    @work(thread=True, exclusive=True, group="preview")
    def _read_preview(self, line: int | None = None) -> None:
        """Render one request in a thread."""
        worker = get_current_worker()
        try:
            spec = self._spec()
            if spec.kind == "custom":
                text = (
                    script_text(spec.path)
                    if Path(spec.path).is_file()
                    else f"{spec.path}: there is no such file."
                )
                if not worker.is_cancelled:
                    self.app.call_from_thread(self._show_script, text)
                return
            shown = preview(spec, self._row, 1, line=line)
        except CbtuiError as error:
            if not worker.is_cancelled:
                self.app.call_from_thread(self._show_trouble, "\n".join([str(error), *self._sampled()]))
            return
        if worker.is_cancelled:
            return
        if not shown.requests and self._row:
            self._row -= 1
            return
        self._preview = shown
        self._row = shown.first
        self.app.call_from_thread(self._show_preview, is_problem=line is not None)

    def _sampled(self) -> list[str]:
        """The columns of the source with values of its first rows, where it has any."""
        try:
            columns, rows = sample_rows(self._spec(), _SAMPLES)
        except CbtuiError:
            return []
        return ["", *sample_lines(columns, rows)]

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
            report = self._built(worker, spec, out)
            if report is None:
                return
            found = self._found(worker, out) if report.files is not None else None
            if worker.is_cancelled:
                return
            checked = Checked(spec, report, found)
            self.app.call_from_thread(self._show_check, checked)
            if checked.is_ready and found is not None:
                self._count_cost(checked, out, found)
        except ScriptError as error:
            self.app.call_from_thread(self._show_trouble, f"{error}\n\n{error.traceback}")
        except CbtuiError as error:
            self.app.call_from_thread(self._show_trouble, str(error))
        finally:
            self._is_busy = False

    def _built(self, worker: Worker[None], spec: BuildSpec, out: Path) -> BuildReport | None:
        """Build; None where it was stopped."""
        updates = build(
            spec,
            out=out,
            skip_bad_rows=self._skip_bad_rows,
            leave_out=self._left_out,
            name=self._field("name"),
            betas=self._betas,
            trust_script=True,  # asked for before
        )
        for update in updates:
            if worker.is_cancelled:
                return None
            if isinstance(update, BuildReport):
                return update
            self._say_progress("Built", update)
        return None

    def _found(self, worker: Worker[None], out: Path) -> CheckReport | None:
        """Check what was built; None where it was stopped."""
        config, now = self.dashboard.config, self.dashboard.now()
        updates = check(
            out,
            prices=read_prices(config),
            models=read_models(config, now),
            betas=self._betas,
            api_version=config.api_version,
            deadline=(now + PROCESSING).date(),
        )
        for update in updates:
            if worker.is_cancelled:
                return None
            if isinstance(update, CheckReport):
                return update
            self._say_progress("Checked", update)
        return None

    @property
    def _betas(self) -> tuple[str, ...]:
        """Beta headers of the recipe the form was filled from."""
        return self._base.betas if self._base else ()

    @work(thread=True, exclusive=True, group="check")
    def _write(self, target: Path) -> None:
        """Build into a file of the user."""
        self._is_busy = True
        try:
            updates = build(
                self._spec(complete=True),
                out=target,
                skip_bad_rows=self._skip_bad_rows,
                leave_out=self._left_out,
                name=self._field("name"),
                trust_script=self._trusted is not None,
            )
            for update in updates:
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

    def _count_cost(self, checked: Checked, out: Path, found: CheckReport) -> None:
        """Have the API count the input, and show the better figures when they are there. In the check's thread."""
        try:
            cost = self.dashboard.engine.forecast(out, found, checked.spec.path).result(timeout=30)
        except (CbtuiError, TimeoutError):
            return
        self.app.call_from_thread(self._show_cost, checked, cost)

    def _show_cost(self, checked: Checked, cost: Forecasted) -> None:
        if self._checked is checked:
            self._checked = msgspec.structs.replace(checked, cost=cost, found=cost.report)
            self.query_one("#detail", TextView).show(check_lines(checked.report, cost.report, cost.in_flight))

    @work(thread=True, exclusive=True, group="try")
    def _try(self, chosen: Trial) -> None:
        """Send one row and show its answer."""
        self.app.call_from_thread(self.say, "Sent; waiting for the answer …", seconds=60.0)
        try:
            answer = self.dashboard.engine.try_request(chosen).result()
        except CbtuiError as error:
            self.app.call_from_thread(self.say, str(error), kind="error")
            return
        self.app.call_from_thread(self._show_tried, answer)

    def _show_tried(self, answer: Tried) -> None:
        self.query_one("#detail", TextView).show(tried_lines(answer))
        self._show_place("tried")
        self.query_one("#detail").focus()
        self.say("This is the answer. J and K go on with the preview.")

    def _trust_and_check(self) -> None:
        """A script runs only after it was shown and agreed to."""
        path = Path(self._field("source") or "").expanduser()
        if guess_kind(str(path)) != "custom" or not path.is_file():
            self._check()
            return
        script = WholeFile(str(path))
        digest = script.sha256()
        if digest == self._trusted:
            self._check()
            return

        def agreed(yes: bool | None) -> None:
            if yes:
                self._trusted = digest
                self._check()

        body = [
            f"{path.name}: {script.size:,} bytes, sha256 {digest[:16]}…",
            "Its build_requests() runs as you, in a process of its own.",
            "Read it in the preview first.",
        ]
        self.app.push_screen(ConfirmDialog("Run this script?", body, yes="Run it", no="Not now"), agreed)

    def _ask(self, pilot: int | None = None) -> None:
        """The question that is paid."""
        checked = self._checked
        if checked is None or checked.found is None or checked.report.files is None:
            return
        cost, draft = checked.found.at_most, checked.found.draft
        outgoing = self._outgoing(checked, checked.report.files, pilot)
        config, in_flight = self.dashboard.config, checked.cost.in_flight if checked.cost else 0.0
        body = confirm_lines(checked.found, outgoing.name, self.snapshot, in_flight)
        count = draft.requests
        if pilot is not None:
            count = pilot
            body.append(
                f"pilot     {pilot:,} of {draft.requests:,} requests, at about {pilot / draft.requests:.1%} of the cost"
            )
        elif self._pilot_run is not None:
            body.append("pilot     what the pilot sent is left out, and not paid twice")
        title = f"Submit {count:,} requests?  This is paid."
        share = count / max(draft.requests, 1)
        why = None
        if cost.unpriced or cost.open_ended:
            why = "It is not known what this costs"
        elif cost.batch * share > config.confirm_above:
            why = f"Over your limit of ${config.confirm_above:,.2f}"
        elif cost.batch * share + in_flight > config.confirm_in_flight:
            why = f"With what is in flight over your limit of ${config.confirm_in_flight:,.2f}"
        if why is not None:
            dialog: ConfirmDialog = TypedConfirmDialog(
                title,
                [*body, "", f"{why}: type the number of requests to confirm."],
                yes="Submit",
                expected=str(count),
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
            if not batch_id:
                return
            if outgoing.pilot is not None:
                tracked = self.snapshot.find(batch_id)
                self._pilot_run = tracked.run_id if tracked else None
            else:
                self._checked, self._pilot_run = None, None
                save_draft(self.dashboard.config.data_dir, FormDraft())
            self.dashboard.show_created(batch_id)

        dialog = SubmissionDialog(token=send(again=False), send_same_again=lambda: send(again=True))
        self.app.push_screen(dialog, created)

    def _outgoing(self, checked: Checked, files: RequestsFiles, pilot: int | None) -> Outgoing:
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
            betas=self._betas,
            pilot=pilot,
            rest_of=None if pilot is not None else self._pilot_run,
        )

    def _spec(self, *, complete: bool = False) -> BuildSpec:
        """What the form says."""
        return spec_of(self._values(), base=self._base.spec if self._base else None, complete=complete)

    def _values(self) -> dict[str, str | None]:
        values = {name: self._field(name) for name in FIELDS}
        for name in ("template", "system"):
            # A field is one line: a newline is typed as two characters.
            if (text := values[name]) is not None and not text.startswith("@"):
                values[name] = text.replace("\\n", "\n")
        return values

    def _field(self, name: str) -> str | None:
        return self.query_one(f"#{name}", Field).value

    def _fill(self, values: Mapping[str, str]) -> None:
        """Set all fields; those that are not named are emptied."""
        for name in FIELDS:
            text = values.get(name, "")
            self.query_one(f"#{name}", Field).value = text.replace("\n", "\\n")

    def _show_fields(self) -> None:
        """Show the fields that mean something for this source, and what `rows` means for it."""
        kind = (
            guess_kind(str(Path(self._field("source") or "").expanduser()))
            if self._field("source")
            else "csv"
        )
        visible = visible_fields(kind)
        for name in FIELDS:
            self.query_one(f"#{name}", Field).display = name in visible
        self.query_one("#rows Input", Input).placeholder = ROWS_HINTS.get(kind, "")

    def _save(self) -> None:
        """Keep the draft on disk."""
        fields = {name: value for name in FIELDS if (value := self._field(name)) is not None}
        save_draft(self.dashboard.config.data_dir, FormDraft(fields, tuple(sorted(self._left_out))))

    @staticmethod
    def _is_file(source: str | None) -> bool:
        return source is not None and (
            Path(source).expanduser().is_file() or guess_kind(str(Path(source).expanduser())) == "documents"
        )

    def _say_progress(self, verb: str, progress: Progress) -> None:
        share = f", {100 * progress.bytes_done // progress.total_bytes}%" if progress.total_bytes else ""
        self.app.call_from_thread(
            self.say, f"{verb} {progress.rows:,} rows{share}; ctrl+c stops", seconds=5.0
        )

    def _show_preview(self, *, is_problem: bool = False) -> None:
        if self._preview is None or (self._checked is not None and not is_problem):
            return
        shown = self._preview
        is_out = bool(shown.requests) and shown.requests[0].line in self._left_out
        lines = preview_lines(shown, self._row, as_json=self._as_json, is_out=is_out)
        self.query_one("#detail", TextView).show(lines)
        self._show_place("preview")
        self.refresh_bindings()

    def _show_script(self, text: str) -> None:
        self.query_one("#detail", TextView).show(script_lines(text))
        self._show_place("preview")

    def _show_check(self, checked: Checked) -> None:
        self._checked = checked
        self._problem = -1
        lines = check_lines(checked.report, checked.found)
        self.query_one("#detail", TextView).show(lines)
        self._show_place("checked")
        self.refresh_bindings()
        if checked.found is not None and not checked.found.draft.has_errors:
            self.query_one("#detail").focus()
            self.say("Checked. enter asks whether to submit; nothing has been sent.")
        else:
            self.query_one("#detail").focus()
            self.say("Nothing has been sent. e goes to the rows, x leaves one out, X all.", kind="error")

    def _show_trouble(self, sentence: str) -> None:
        first, *rest = sentence.split("\n")
        lines = [("", None), (f" {first}", "bad"), *((f" {line}", None) for line in rest)]
        self.query_one("#detail", TextView).show(lines)
        self._show_place("")

    def _show_place(self, place: str) -> None:
        checked = self._checked
        words = steps_words(
            place,
            has_source=self._field("source") is not None,
            is_ready=checked is not None and checked.is_ready,
            ascii_only=self.dashboard.ascii_only,
        )
        self.query_one(TabsLine).show(right=words)
        self.show_snapshot(self.snapshot)

    def _drop_files(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


_WELCOME = """
 Name a file, and see the first request here while you type. enter in an empty field, or o, lists files.

   .csv .tsv .json .parquet   a row is a request; the columns are {{ names }} in template and system
   .txt .md                   a line or a paragraph is a request; its text is {{ text }}
   a folder, *.pdf            a file is a request: text, PDF, images
   .db .sqlite                a row of a query is a request
   .py                        build_requests() gives the requests
   .jsonl                     ready requests: {"custom_id": …, "params": …}

 enter checks all of it and says what it costs at most. Nothing is sent before you agree.
"""
