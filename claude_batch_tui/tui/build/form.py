"""The form of Build on the screen: a field for each key of the recipe, what is wrong with it below, what is known beside it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from textwrap import wrap
from typing import ClassVar

from rich.segment import Segment
from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import VerticalScroll
from textual.events import Click, Key
from textual.message import Message
from textual.strip import Strip
from textual.suggester import Suggester, SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, TextArea

from claude_batch_tui.domain.plain_text import clean_line
from claude_batch_tui.sources.recipe import SourceKind
from claude_batch_tui.tui.build.advice import Note
from claude_batch_tui.tui.build.editors import FieldEditor, FieldInput, PathSuggester
from claude_batch_tui.tui.build.fields import (
    FIELDS,
    FOLDED,
    FieldSpec,
    Section,
    begun_variable,
    kind_of,
    label_of,
    visible_fields,
)
from claude_batch_tui.tui.widgets.columns import Run, ascii_only, cells, cut, cut_mark, fit
from claude_batch_tui.tui.widgets.key_line import shown_key
from claude_batch_tui.tui.widgets.lines import OneLine
from claude_batch_tui.tui.widgets.roles import role_on

_LABEL = 14
_NOTE_ROWS = 3
_TEMPLATES = ("template", "system")


class Field(Widget):
    """A label, what is typed, what is known of it at the right, and below it what is wrong. Its value is the text, or None."""

    DEFAULT_CSS = f"""
    Field {{
        height: auto;
        background: $background;
        & > FieldInput, & > FieldEditor {{ margin: 0 1 0 {_LABEL}; width: 1fr; }}
        &#template > FieldEditor {{ min-height: 3; }}
    }}
    """
    _FACT = 26

    def __init__(self, spec: FieldSpec, value: str = "") -> None:
        super().__init__(id=spec.name)
        self.spec = spec
        self._fact = ""
        self._note: Note | None = None
        self.typed: FieldInput | FieldEditor
        """What is typed into."""
        if spec.form == "text":
            self.typed = FieldEditor(value, placeholder=spec.hint)
        else:
            self.typed = FieldInput(value, placeholder=spec.hint, suggester=_suggester(spec))

    def compose(self) -> ComposeResult:
        """What is typed into, of a field that is shown: most are seldom. The rest is drawn around it."""
        if self.display:
            yield self.typed

    def reveal(self) -> None:
        """Show it, with what is typed into."""
        self.display = True
        if self.is_attached and not self.typed.is_attached:
            self.mount(self.typed)

    @property
    def value(self) -> str | None:
        """What is typed, or None for nothing."""
        text = self.typed.value
        return (text if self.spec.form == "text" else text.strip()) if text.strip() else None

    @value.setter
    def value(self, text: str) -> None:
        self.typed.value = text
        if not self.typed.is_attached:
            self.post_message(BuildForm.Changed())  # nobody else tells of it

    def suggest(self, choices: Sequence[str]) -> None:
        """Complete what is typed by these."""
        if isinstance(self.typed, FieldInput) and self.spec.form != "path":
            self.typed.suggester = SuggestFromList(choices, case_sensitive=False)

    def tell(self, fact: str, note: Note | None) -> None:
        """Say what is known of the value, and what is wrong with it."""
        if (fact, note) != (self._fact, self._note):
            self._fact, self._note = fact, note
            self._make_room()
            self.refresh()

    @property
    def said(self) -> str:
        """What stands below the field and beside it."""
        return " ".join(filter(None, (self._note.text if self._note else "", self._fact)))

    def on_resize(self) -> None:
        """The note has another width."""
        self._make_room()

    def render_line(self, y: int) -> Strip:
        """Label and fact in the first row, the note in the last ones."""
        width, mark = self.size.width, cut_mark(self)
        if y == 0:
            role = "strong" if self.typed.has_focus else "dim"
            label = Segment(fit(f" {label_of(self.spec.name)}", _LABEL), role_on(self.rich_style, self, role))
            fact = Segment(cut(self._fact, self._FACT, mark), role_on(self.rich_style, self, "dim"))
            room = max(width - _LABEL - cells(fact.text) - 1, 0)
            return Strip([label, Segment(" " * room, self.rich_style), fact, Segment(" ", self.rich_style)])
        lines = self._note_lines()
        number = y - (self.size.height - len(lines))
        if self._note is not None and number >= 0:
            text = Segment(
                cut(lines[number], width - _LABEL - 1, mark), role_on(self.rich_style, self, self._note_role)
            )
            indent = Segment(" " * _LABEL, self.rich_style)
            return Strip([indent, text]).adjust_cell_length(width, self.rich_style)
        return Strip.blank(width, self.rich_style)

    def on_descendant_focus(self) -> None:
        """The label of the field one is in stands out."""
        self.refresh()

    def on_descendant_blur(self) -> None:
        """And only of that."""
        self.refresh()

    def on_click(self, event: Click) -> None:
        """A click on the label is one on the field."""
        event.stop()
        self.typed.focus()

    @property
    def _note_role(self) -> str:
        return "bad" if self._note is not None and self._note.is_error else "warn"

    def _note_lines(self) -> list[str]:
        """The note in the room there is, cut where it would be too high."""
        room = self.size.width - _LABEL - 1
        if self._note is None or room < 10:
            return []
        sign = ("x " if ascii_only(self) else "✗ ") if self._note.is_error else "! "
        lines = wrap(clean_line(f"{sign}{self._note.text}"), room)
        return (
            lines
            if len(lines) <= _NOTE_ROWS
            else [*lines[: _NOTE_ROWS - 1], " ".join(lines[_NOTE_ROWS - 1 :])]
        )

    def _make_room(self) -> None:
        """Leave what is typed into as much as fact and note do not take."""
        right = cells(self._fact[: self._FACT]) + 2 if self._fact and self.spec.form != "text" else 1
        self.typed.styles.margin = (0, right, len(self._note_lines()), _LABEL)


class FormLine(OneLine, can_focus=True):
    """A line of the form that nothing is typed into: letters do nothing here, and are no keys of the screen either."""

    text: str = ""
    """What it says."""

    def tell(self, words: str) -> None:
        """Say what is known now."""
        self.text = words
        self.repaint()

    def check_consume_key(self, key: str, character: str | None = None) -> bool:
        """Letters end here."""
        return key != "space" and character is not None and character.isprintable()

    def on_key(self, event: Key) -> None:
        """Letters end here."""
        if event.is_printable and event.key != "space":
            event.stop()
            event.prevent_default()


class Fold(FormLine):
    """`▸ reading   utf-8 · comma`: fields that are seldom needed, folded; enter opens them, and shuts them."""

    DEFAULT_CSS = """
    Fold:focus { background: $block-cursor-blurred-background; text-style: bold; }
    Fold:ansi:focus { background: ansi_default; text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("fold.turn", "enter,space,right,left", "turn", "open / shut", "open or shut these fields"),
        shown_key("fold.down", "down", "screen.field(1)", "next", "the next field", show=False),
        shown_key("fold.up", "up", "screen.field(-1)", "previous", "the field before", show=False),
    ]

    class Turned(Message):
        """It was opened or shut."""

    def __init__(self, section: Section) -> None:
        super().__init__(id=f"fold-{section}")
        self.section = section
        self.is_open = False
        """Whether its fields are shown."""

    def runs(self, width: int) -> Sequence[Run]:
        """The sign, the name, what is known."""
        signs = ("-", "+") if ascii_only(self) else ("▾", "▸")
        name = fit(f" {signs[not self.is_open]} {FOLDED[self.section]}", _LABEL)
        return [Run(name, "strong"), Run(cut(self.text, width - _LABEL - 1, cut_mark(self)), "dim")]

    def on_click(self) -> None:
        """A click is enter."""
        self.action_turn()

    def action_turn(self) -> None:
        """Open or shut."""
        self.is_open = not self.is_open
        self.repaint()
        self.post_message(self.Turned())


class CostLine(FormLine):
    """` check   about $0.41, at most $1.99 for 2,400 requests`: the last of the form, what it costs as it stands; enter checks."""

    DEFAULT_CSS = """
    CostLine { dock: bottom; }
    CostLine:focus { background: $block-cursor-background; color: $block-cursor-foreground; }
    CostLine:ansi:focus { background: ansi_default; color: ansi_default; text-style: reverse; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("cost.check", "enter", "screen.check", "check", "build and check everything"),
        shown_key("cost.up", "up", "screen.field(-1)", "previous", "the field before", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="cost")

    def runs(self, width: int) -> Sequence[Run]:
        """The name, and what it costs."""
        words = self.text or "enter checks every row and says what it costs"
        return [
            Run(fit(" check", _LABEL), "strong"),
            Run(cut(words, width - _LABEL - 1, cut_mark(self)), None),
        ]

    def on_click(self) -> None:
        """A click is enter."""
        self.screen.call_later(self.screen.run_action, "check")


def _suggester(spec: FieldSpec) -> Suggester | None:
    if spec.form == "path":
        return PathSuggester()
    return SuggestFromList(spec.choices, case_sensitive=False) if spec.choices else None


class BuildForm(VerticalScroll, can_focus=False, inherit_bindings=False):
    """The fields from top to bottom, with `values` typed into them at first."""

    DEFAULT_CSS = """
    BuildForm {
        background: $background;
    }
    """

    class Changed(Message):
        """Something is typed otherwise."""

        def can_replace(self, message: Message) -> bool:
            """While typing runs ahead one is enough."""
            return isinstance(message, BuildForm.Changed)

    def __init__(self, values: Mapping[str, str]) -> None:
        super().__init__(id="form")
        self._first = values
        self._kind: SourceKind = kind_of(values) or "csv"
        self._needless: Collection[str] = frozenset()
        self._fields = {name: Field(spec, values.get(name, "")) for name, spec in FIELDS.items()}
        self._folds = {section: Fold(section) for section in FOLDED}
        self._show_fields(values)

    def compose(self) -> ComposeResult:
        """All fields in the order of the table; `adapt` hides those without a meaning."""
        section = None
        for name, field in self._fields.items():
            if field.spec.section != section:
                section = FIELDS[name].section
                if section in self._folds:
                    yield self._folds[section]
            yield field

    @property
    def values(self) -> dict[str, str]:
        """What is typed, by field, without what is empty."""
        return {name: value for name, field in self._fields.items() if (value := field.value) is not None}

    def field(self, name: str) -> Field:
        """A field by its name."""
        return self._fields[name]

    @property
    def here(self) -> Field | None:
        """The field that is typed into, or None."""
        return next((field for field in self._fields.values() if field.typed is self.screen.focused), None)

    @property
    def begun(self) -> str:
        """The name in the variable that is begun at the caret, as far as it is typed."""
        if self.here is None:
            return ""
        line, at = _at_caret(self.here.typed)
        before, _ = begun_variable(line[:at], "")
        return line[at - before : at].lstrip("{- ")

    def set(self, name: str, text: str) -> None:
        """Type into a field."""
        self._fields[name].value = text

    def fill(self, values: Mapping[str, str]) -> None:
        """Set all fields; those that are not named are emptied."""
        for name in FIELDS:
            self.set(name, values.get(name, ""))
        for section, fold in self._folds.items():
            fold.is_open = fold.is_open or any(FIELDS[name].section == section for name in values)

    def adapt(self, kind: SourceKind | None) -> None:
        """Show the fields that mean something for a kind of source, of folded ones those that say something."""
        self._kind = kind or "csv"
        self._show_fields(self.values)

    def _show_fields(self, values: Mapping[str, str]) -> None:
        visible = visible_fields(self._kind, values)
        for name, field in self._fields.items():
            fold = self._folds.get(field.spec.section)
            is_needless = (fold is not None and not fold.is_open) or name in self._needless
            if name in visible and (name in values or not is_needless):
                field.reveal()
            else:
                field.display = False

    def insert(self, column: str) -> bool:
        """Put a column at the caret, in place of a variable that is begun there, of the template, or of the editor one is in or was in last; False where there is none."""
        field = self.here or self._fields["template"]
        if field.spec.name not in {*_TEMPLATES, "id_template"} or not field.display:
            field = self._fields["template"]
        if not field.display:
            return False
        marked, typed = f"{{{{ {column} }}}}", field.typed
        line, at = _at_caret(typed)
        before, after = begun_variable(line[:at], line[at:])
        if isinstance(typed, FieldEditor):
            row, _ = typed.cursor_location
            typed.replace(marked, (row, at - before), (row, at + after), maintain_selection_offset=False)
        else:
            typed.replace(marked, at - before, at + after)
        self.screen.set_focus(field.typed)
        return True

    def tell(self, facts: Mapping[str, str], notes: Mapping[str, Note], folds: Mapping[str, str]) -> None:
        """Say beside and below the fields what is known of them, and what is said while fields are folded."""
        for name, field in self._fields.items():
            field.tell(facts.get(name, ""), notes.get(name))
        self.tell_folded(folds)

    def leave_out(self, needless: Collection[str]) -> None:
        """Hide the fields that the model refuses, while nothing is in them."""
        if needless != self._needless:
            self._needless = needless
            self.adapt(self._kind)

    def tell_folded(self, folds: Mapping[str, str]) -> None:
        """Say what is known while fields are folded."""
        for section, fold in self._folds.items():
            fold.tell(folds.get(section, ""))

    def mark(self, names: Collection[str] | None, columns: Sequence[str], models: Sequence[str]) -> None:
        """Mark the variables of the templates by what there is, and complete columns and models."""
        for name in _TEMPLATES:
            editor = self._fields[name].typed
            if isinstance(editor, FieldEditor):
                editor.mark(names)
        for field in self._fields.values():
            if field.spec.form == "column":
                field.suggest(columns)
        self._fields["model"].suggest(models)

    def focus_field(self, name: str) -> None:
        """Type into a field; the fold it is in is opened."""
        fold = self._folds.get(FIELDS[name].section)
        if fold is not None and not fold.is_open:
            fold.action_turn()
            self.adapt(self._kind)
        self.screen.set_focus(self._fields[name].typed)

    @on(Input.Changed)
    @on(TextArea.Changed)
    def _typed(self, event: Message) -> None:
        event.stop()
        self.post_message(self.Changed())

    @on(Fold.Turned)
    def _turned(self, event: Fold.Turned) -> None:
        event.stop()
        self.adapt(self._kind)


def _at_caret(typed: FieldEditor | Input) -> tuple[str, int]:
    """The line that the caret is in, and where it is there."""
    if isinstance(typed, FieldEditor):
        row, at = typed.cursor_location
        return typed.document.get_line(row), at
    return typed.value, typed.cursor_position
