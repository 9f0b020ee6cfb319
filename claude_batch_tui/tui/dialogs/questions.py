"""Boxes over the screen, and the three that ask: agree, type a number, type a line."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import OptionList, Static

from claude_batch_tui.domain.plain_text import clean, clean_line
from claude_batch_tui.tui.dashboard import check_action
from claude_batch_tui.tui.widgets.columns import ascii_only
from claude_batch_tui.tui.widgets.inputs import LineInput
from claude_batch_tui.tui.widgets.key_line import KeyLine, hidden_key, shown_key
from claude_batch_tui.tui.widgets.lines import StatusLine
from claude_batch_tui.tui.widgets.roles import ROLE_CLASSES
from claude_batch_tui.tui.widgets.text_rows import labeled
from claude_batch_tui.tui.widgets.text_view import TextView

Result = TypeVar("Result")


class Box(ModalScreen[Result], Generic[Result]):
    """A dialog: subclasses give its content. Opaque, because a tinted one is painted twice over SSH."""

    COMPONENT_CLASSES = ROLE_CLASSES
    DEFAULT_CSS = """
    Box {
        align: center middle;
        background: $background;
        & > #box {
            width: 50%;
            min-width: 76;
            max-width: 100%;
            height: auto;
            max-height: 100%;
            padding: 1 2;
            border: solid $foreground;
            background: $background;
            &.-ascii { border: ascii $foreground; }
        }
        & > .foot { dock: bottom; height: auto; }
    }
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._box_title = clean_line(title)

    def compose(self) -> ComposeResult:
        """The box with its content, a line for messages, the keys."""
        box = Vertical(*self.content(), id="box", classes="-ascii" if ascii_only(self) else "")
        box.border_title = Content(self._box_title)
        yield box
        with Vertical(classes="foot"):
            yield StatusLine()
            yield KeyLine()

    def content(self) -> list[Widget]:
        """What is in the box."""
        raise NotImplementedError

    def reason_disabled(self, action: str, parameters: tuple[object, ...]) -> str | None:  # noqa: ARG002
        """Why an action cannot be done now, as the end of a sentence, or None where it can."""
        return None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What cannot be done now is greyed."""
        return check_action(self, super().check_action(action, parameters), action, parameters)


class _Body(TextView, can_focus=False):
    """What is said above the field or the choices: lines that go on under their own text."""

    DEFAULT_CSS = "_Body { height: auto; }"

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__([labeled(line) for each in lines for line in clean(each).split("\n")])

    @property
    def is_whole(self) -> bool:
        """Whether all of it is in sight."""
        return self.get_content_height(self.size, self.size, self.size.width) <= self.size.height


_SCROLLING: tuple[BindingType, ...] = (
    shown_key("confirm.down", "down,pagedown", "scroll(1)", "more", "the rest of what is said"),
    hidden_key("confirm.up", "up,pageup", "scroll(-1)", "back", "what was said before"),
)


class ConfirmDialog(Box[bool]):
    """`y` does it; esc, n, enter and q keep things as they are.

    `body` is plain lines. `yes` and `no` name the two outcomes: "Cancel 2 batches", "Keep running".
    """

    DEFAULT_CSS = """
    ConfirmDialog .choices { height: 1; margin-top: 1; }
    ConfirmDialog .choices > Static { width: 1fr; height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("confirm.yes", "y", "answer(True)", "yes", "do it"),
        shown_key("confirm.no", "escape,n,enter,q", "answer(False)", "no", "keep things as they are"),
        *_SCROLLING,
    ]

    def __init__(self, title: str, body: Sequence[str], *, yes: str, no: str = "Keep") -> None:
        super().__init__(title)
        self.asked_at = monotonic()
        """Keys typed before that are no answer."""
        self._body = body
        self._yes = clean_line(yes)
        self._no = clean_line(no)

    def content(self) -> list[Widget]:
        """What would happen, and the two choices."""
        return [
            _Body(self._body),
            Horizontal(
                Static(Content(f"> {self._no} (esc)"), markup=False, classes="no"),
                Static(Content(f"{self._yes} ({self.yes_key})"), markup=False, classes="yes"),
                classes="choices",
            ),
        ]

    @property
    def yes_key(self) -> str:
        """What says yes, in words."""
        return "y"

    def on_resize(self) -> None:
        """What answers stays in sight: a long text is scrolled above it."""
        answers = sum(
            each.outer_size.height + each.styles.margin.height for each in self.query("#box > Horizontal")
        )
        edges = self.query_one("#box").gutter.height + self.query_one(".foot").outer_size.height
        self.query_one(_Body).styles.max_height = max(self.size.height - answers - edges, 1)
        self.call_after_refresh(self.refresh_bindings)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is more only where it is not all in sight."""
        if action == "scroll" and (not self.is_mounted or self.query_one(_Body).is_whole):
            return False
        return super().check_action(action, parameters)

    def action_scroll(self, step: int) -> None:
        """The rest of what is said, or what was before."""
        self.query_one(_Body).action_page(step)

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)


class TypedConfirmDialog(ConfirmDialog, inherit_bindings=False):
    """A confirmation above the money limit: `expected` has to be typed, then enter; everything else keeps."""

    DEFAULT_CSS = """
    TypedConfirmDialog .typed { height: 1; margin-top: 1; }
    TypedConfirmDialog .typed > Static { width: auto; }
    TypedConfirmDialog .typed > LineInput { width: 24; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("confirm.no", "escape", "answer(False)", "not yet", "keep things as they are"),
        *_SCROLLING,
    ]

    def __init__(
        self,
        title: str,
        body: Sequence[str],
        *,
        yes: str,
        expected: str,
        label: str = "type",
        no: str = "Not yet",
    ) -> None:
        super().__init__(title, body, yes=yes, no=no)
        self._expected = expected
        self._label = clean_line(label)

    @property
    def yes_key(self) -> str:
        """What says yes, in words."""
        return f"{self._expected}, then enter"

    def content(self) -> list[Widget]:
        """What would happen, the field, and the two choices."""
        text, choices = super().content()
        field = LineInput(enter="when it is typed")
        return [
            text,
            Horizontal(Static(Content(f"{self._label}  "), markup=False), field, classes="typed"),
            choices,
        ]

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(LineInput).focus()

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        if self.is_typed(event.value, self._expected):
            self.dismiss(True)

    @staticmethod
    def is_typed(typed: str, expected: str) -> bool:
        """Whether the field reads what was asked for; separators of thousands do not matter."""
        return typed.replace(",", "").replace(" ", "") == expected.replace(",", "").replace(" ", "")


def paid_question(title: str, body: Sequence[str], *, count: int, why: str | None, yes: str) -> ConfirmDialog:
    """The question before requests are sent; `why`, a phrase, has their count typed and not only `y` pressed."""
    title = f"{title}  This is paid."
    if why is None:
        return ConfirmDialog(title, body, yes=yes, no="Not yet")
    return TypedConfirmDialog(
        title,
        [*body, "", f"Note: {why}. Type the number of requests to confirm."],
        yes=yes,
        expected=str(count),
        label="requests",
    )


def if_agreed(
    work: Callable[[], object], otherwise: Callable[[], object] | None = None
) -> Callable[[bool | None], None]:
    """What to do with the answer to a confirmation: the work after a yes, else nothing, or what is `otherwise` done."""

    def answered(yes: bool | None) -> None:
        if yes:
            work()
        elif otherwise is not None:
            otherwise()

    return answered


class _Choices(OptionList):
    """What can be taken instead of being typed."""

    DEFAULT_CSS = """
    _Choices { height: auto; max-height: 33vh; border: none; padding: 0; background: $background; margin-bottom: 1; }
    _Choices:focus { border: none; background-tint: transparent; }
    _Choices > .option-list--option { text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def __init__(self, words: Sequence[str]) -> None:
        super().__init__(*map(clean_line, words), markup=False)
        self._words = [clean_line(word) for word in words]

    def show(self, typed: str) -> None:
        """Those that have in them what is typed."""
        self.clear_options()
        self.add_options([word for word in self._words if typed.strip().lower() in word.lower()])


class InputDialog(Box[str | None]):
    """Gives the typed line without blanks around it, or None. `problem` says what is wrong with it, or None.

    `choices` stand below the field: those that have in them what is typed; down goes there, enter takes one. What is typed
    first `replaces` the value, or is added to it.
    """

    DEFAULT_CSS = """
    InputDialog LineInput { margin: 1 0; text-style: underline; }
    InputDialog .problem { height: auto; color: $text-error; text-style: bold; }
    InputDialog:ansi .problem { color: ansi_default; text-style: bold underline; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        shown_key("input.leave", "escape", "leave", "leave", "leave without an answer"),
        hidden_key("input.down", "down", "down", "choose", "to what can be chosen"),
    ]

    def __init__(
        self,
        title: str,
        body: Sequence[str] = (),
        *,
        value: str = "",
        placeholder: str = "",
        problem: Callable[[str], str | None] = lambda _: None,
        choices: Sequence[str] = (),
        replaces: bool = True,
    ) -> None:
        super().__init__(title)
        self._choices = choices
        self._body = body
        self._value = value
        self._placeholder = placeholder
        self._problem = problem
        self._replaces = replaces

    def content(self) -> list[Widget]:
        """What is asked, the field, and what is wrong with it."""
        return [
            _Body(self._body),
            LineInput(self._value, self._placeholder, replaces=self._replaces),
            *([_Choices(self._choices)] if self._choices else []),
            Static("", markup=False, classes="problem"),
        ]

    def on_mount(self) -> None:
        """Type at once."""
        self.query_one(LineInput).focus()

    @on(LineInput.Changed)
    def _typed(self, event: LineInput.Changed) -> None:
        if self._choices:
            self.query_one(_Choices).show(event.value)

    @on(OptionList.OptionSelected)
    def _chosen(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self._answer(str(event.option.prompt))

    @on(LineInput.Submitted)
    def _submitted(self, event: LineInput.Submitted) -> None:
        event.stop()
        self._answer(event.value.strip())

    def action_down(self) -> None:
        """From the field to what can be chosen."""
        choices = self.query(_Choices)
        if choices and choices.first().option_count:
            choices.first().highlighted = 0
            choices.first().focus()

    def _answer(self, value: str) -> None:
        problem = self._problem(value)
        if problem is None:
            self.dismiss(value)
        else:
            self.query_one(".problem", Static).update(Content(clean_line(problem)))

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)
