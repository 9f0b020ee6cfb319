"""An entry as lines to read: its answer or error, the request that caused it, the row it was made from; and those views in the tabs of the inspector."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

from claude_batch_tui.domain.requests.draft import SourceRow
from claude_batch_tui.domain.results.answer import Kind, Piece, pieces
from claude_batch_tui.domain.results.failures import advice
from claude_batch_tui.domain.results.json_tree import decode_json, is_open, pretty
from claude_batch_tui.domain.results.result import Outcome, Result
from claude_batch_tui.services.results.answers import NO_DOCUMENT, answer_document
from claude_batch_tui.services.results.browse import Reading
from claude_batch_tui.tui.widgets.text_rows import AnyLine, StyledLine, StyledText, TextRows
from claude_batch_tui.wording.results import stop_words, usage_words
from claude_batch_tui.wording.values import fine_money

_STYLES = {
    Kind.TEXT: None,
    Kind.THINKING: "dim",
    Kind.CALL: None,
    Kind.RESULT: None,
    Kind.CITATION: "dim",
    Kind.MEDIA: None,
    Kind.UNKNOWN: "dim",
}


def text_lines(reading: Reading, max_tokens: int | None) -> list[AnyLine]:
    """The answer as people read it, or what came instead of it. `max_tokens` is what the request asked for."""
    result = reading.result
    match result.outcome:
        case Outcome.SUCCEEDED:
            return [*((words, "warn") for words in misfit_words(reading)), *answer_lines(result, max_tokens)]
        case Outcome.ERRORED:
            kind, message = result.error
            lines: list[AnyLine] = [
                (f"error    {kind or '(without a type)'}", "bad"),
                (f"message  {message or '(without a message)'}", None),
                *(StyledLine(f"         {line}", hang=" " * 9) for line in result.error_details),
                StyledLine(f"advice   {advice(kind, message)}", hang=" " * 9),
                ("billed   no", "dim"),
            ]
            outer = result.body.get("error")
            if isinstance(outer, dict) and outer.get("request_id"):
                lines.append((f"request  {outer['request_id']}", "dim"))
        case Outcome.EXPIRED:
            lines = [("expired before it was tried: the batch ran out of its 24 hours. Not billed.", "warn")]
            lines.append(("advice   It can be sent again as it is.", None))
        case Outcome.CANCELED:
            lines = [("canceled before it was tried. Not billed.", "warn")]
            lines.append(("advice   It can be sent again as it is.", None))
        case Outcome.UNPARSED:
            lines = [
                ("This line cannot be read as a result; it is shown as it is.", "bad"),
                (str(result.body.get("raw", "")), None),
            ]
        case other:
            lines = [
                (f"An outcome this version does not know: {other or '(none)'}", "warn"),
                (pretty(result.body), None),
            ]
    if reading.row is not None:
        lines.append((f"row      line {reading.row.line:,} of {reading.row.source}", "dim"))
    return lines


def answer_lines(result: Result, max_tokens: int | None) -> list[AnyLine]:
    """An answer: what is unusual about it first, then its pieces, then where it was cut."""
    found = pieces(result.message.get("content"))
    lines: list[AnyLine] = [(words, "warn") for words in remarks(result)]
    for piece in found:
        lines += piece_lines(piece)
    if not found:
        lines.append(("(an empty answer)", "warn"))
    end = cut_words(result, max_tokens)
    return [*lines, ("", None), (end, "warn")] if end else lines


def misfit_words(reading: Reading) -> list[str]:
    """What of an answer does not fit the schema its request asked for, where something does not."""
    misfit = reading.misfit
    return [] if misfit is None else [f"does not fit its schema at {misfit.path}: {misfit.words}"]


def remarks(result: Result) -> list[str]:
    """What to know before reading: a refusal and its explanation, an answer that is only thinking, an odd end."""
    message = result.message
    reason = message.get("stop_reason")
    said: list[str] = []
    if reason == "refusal":
        details = message.get("stop_details")
        details = details if isinstance(details, dict) else {}
        why = ", ".join(str(details[name]) for name in ("category", "explanation") if details.get(name))
        said.append(f"refused: {why}" if why else "refused")
    elif reason not in (
        "end_turn",
        "stop_sequence",
        "tool_use",
        "max_tokens",
        "model_context_window_exceeded",
    ):
        said.append(stop_words(str(reason) if reason else None))
    found = pieces(message.get("content"))
    if found and all(piece.kind is Kind.THINKING for piece in found):
        said.append("only thinking, no answer")
    return said


def cut_words(result: Result, max_tokens: int | None) -> str | None:
    """Where an answer was cut, or None."""
    reason = result.message.get("stop_reason")
    if reason not in ("max_tokens", "model_context_window_exceeded"):
        return None
    limit = f"max_tokens{f'={max_tokens}' if max_tokens is not None else ''}"
    by = limit if reason == "max_tokens" else "the end of the model's context"
    return f"… cut here by {by}: the answer may be incomplete"


def piece_lines(piece: Piece) -> list[AnyLine]:
    """One piece of a message under its title."""
    style = _STYLES[piece.kind]
    if piece.kind is Kind.CITATION:
        return [(f"   {piece.title}: {piece.text}", style)]
    head: list[AnyLine] = []
    if piece.title:
        head.append((f"── {piece.title} ──", "dim" if piece.kind is Kind.THINKING else "accent"))
    return [*head, (piece.text, style)] if piece.text or not head else head


def foot_words(reading: Reading, max_tokens: int | None) -> str:
    """The line under an entry: how it ended, which attempt of a run it is, tokens, cost, model, ids."""
    result, origin = reading.result, reading.origin
    attempt = [] if origin is None else [f"attempt {origin.attempt}", origin.batch_id]
    message = result.message
    if result.outcome != Outcome.SUCCEEDED:
        return " · ".join([str(result.outcome) or "unknown", *attempt])
    usage = message.get("usage")
    parts = [
        stop_words(_reason(result), max_tokens),
        *attempt,
        "no price known" if reading.cost is None else fine_money(reading.cost),
        usage_words(usage) if isinstance(usage, dict) else "no usage",
    ]
    parts += [str(message[name]) for name in ("model", "id") if message.get(name)]
    return " · ".join(part for part in parts if part)


def _reason(result: Result) -> str | None:
    reason = result.message.get("stop_reason")
    return str(reason) if reason else None


def decoded(data: bytes) -> Any | None:
    """A line or request as JSON values, or None where it is none."""
    try:
        return decode_json(data)
    except ValueError:
        return None


def max_tokens_of(request: bytes | None) -> int | None:
    """`max_tokens` of a request as it was sent, or None."""
    value = decoded(request) if request else None
    params = value.get("params") if isinstance(value, dict) else None
    limit = params.get("max_tokens") if isinstance(params, dict) else None
    return limit if isinstance(limit, int) else None


def request_lines(request: bytes | None) -> list[AnyLine]:
    """A request as it was sent: settings first, then what the model was told."""
    if request is None:
        return [("What was sent is not known here: the batch was made elsewhere.", "dim")]
    value = decoded(request)
    params = value.get("params") if isinstance(value, dict) else None
    if not isinstance(params, dict):
        return [(request.decode("utf-8", "replace"), None)]
    lines: list[AnyLine] = []
    for name, setting in params.items():
        if name not in ("system", "messages", "tools"):
            lines.append((f"{name}: {setting if isinstance(setting, str) else pretty(setting)}", None))
    if "system" in params:
        lines += _section("system", params["system"])
    lines += _message_lines(params)
    if "tools" in params:
        lines += [("", None), ("── tools ──", "accent"), (pretty(params["tools"]), "dim")]
    return lines


def prompt_lines(request: bytes | None) -> list[AnyLine] | None:
    """What the model was told, as it stands beside the answer: messages first, since the system prompt seldom differs.

    None where it is not known.
    """
    value = decoded(request) if request is not None else None
    params = value.get("params") if isinstance(value, dict) else None
    if not isinstance(params, dict):
        return None
    lines = _message_lines(params)
    if "system" in params:
        lines += _section("system", params["system"])
    return lines[1:]


def _message_lines(params: dict[str, Any]) -> list[AnyLine]:
    lines: list[AnyLine] = []
    messages = params.get("messages")
    for message in messages if isinstance(messages, list) else [messages]:
        if isinstance(message, dict):
            lines += _section(str(message.get("role")), message.get("content"))
        else:
            lines += [("", None), (pretty(message), "dim")]
    return lines


def row_lines(row: SourceRow | None) -> list[AnyLine]:
    """The source row of an entry, a column a line."""
    if row is None:
        return [("The row it was made from is not known here.", "dim")]
    lines: list[AnyLine] = [(f"── line {row.line:,} of {row.source}, id {row.id} ──", "accent")]
    for name, value in row.row.items():
        lines.append((f"{name}: {value if isinstance(value, str) else pretty(value)}", None))
    return lines


def _section(role: str, content: Any) -> list[AnyLine]:
    lines: list[AnyLine] = [("", None), (f"── {role} ──", "accent")]
    for piece in pieces(content):
        lines += piece_lines(piece)
    return lines


TABS = ("answer", "markdown", "raw", "request", "row")
"""The views of an entry: a JSON answer as a tree and any other as text; rendered; the whole line; what was sent; its row."""
FIRST_LINES = 200
"""Lines of rendered Markdown after which the first part is shown; each further part is four times as long."""


class View(NamedTuple):
    """What a tab shows: rows to read, or `tree`, a tuple of the one value to show, which is the answer where it
    `is_answer`. `copied` gives what `y` takes; `note` is what to know of a tree before it is read.
    """

    rows: TextRows
    copied: Callable[[], str]
    tree: tuple[Any] | None = None
    is_answer: bool = False
    note: str = ""


NOTHING = View(TextRows(""), str)


def views(reading: Reading, tab: str, max_tokens: int | None) -> Iterator[View]:
    """What a tab shows of an entry; where that takes long, its beginning first."""
    match tab:
        case "markdown" if reading.result.outcome == Outcome.SUCCEEDED:
            yield from _markdown(reading, max_tokens)
        case "raw":
            yield _json(reading.line)
        case "request":
            request = reading.request
            rows = TextRows(request_lines(request))
            value = decoded(request) if request is not None else None
            yield View(rows, lambda: rows.text if value is None else pretty(value))
        case "row":
            rows = TextRows(row_lines(reading.row))
            yield View(rows, lambda: rows.text)
        case _:
            yield _answer(reading, max_tokens)


def _answer(reading: Reading, max_tokens: int | None) -> View:
    """The answer: JSON as a tree, where there is nothing else to read beside it."""
    result = reading.result
    document = answer_document(reading.line)
    said = [each for each in pieces(result.message.get("content")) if each.kind is not Kind.THINKING]
    if document is not NO_DOCUMENT and is_open(document) and len(said) == 1:
        notes = [*misfit_words(reading), *remarks(result)]
        notes += [words] if (words := cut_words(result, max_tokens)) else []
        text = result.text
        return View(NOTHING.rows, lambda: text or pretty(document), (document,), True, " · ".join(notes))
    rows = TextRows(text_lines(reading, max_tokens))
    return View(rows, lambda: result.text or rows.text)


def _json(line: bytes) -> View:
    value = decoded(line)
    if value is not None:
        return View(NOTHING.rows, lambda: pretty(value), (value,))
    raw = line.decode("utf-8", "replace")
    said = "This line is no JSON that can be read; it is shown as it is."
    return View(TextRows([(said, "bad"), (raw, None)]), lambda: raw)


def _markdown(reading: Reading, max_tokens: int | None) -> Iterator[View]:
    """The answer rendered, its sources numbered and listed at the end."""
    from claude_batch_tui.tui.widgets.markdown_lines import markdown_lines  # late: the first rows need none

    result = reading.result
    text, others, sources = _told_apart(pieces(result.message.get("content")))
    styled = StyledText([(words, "warn") for words in (*misfit_words(reading), *remarks(result))])
    for piece in others:
        styled.add(piece_lines(piece))
    enough = FIRST_LINES
    for part in markdown_lines(text):
        styled.add(part)
        if styled.count > enough:
            yield View(TextRows(styled), lambda: result.text or text)
            enough = styled.count * 4
    if not text:
        styled.add([("(no text in this answer)", "warn")])
    if sources:
        styled.add([("", None), ("── sources ──", "accent")])
        styled.add((f"[{number}] {each.title}: {each.text}", "dim") for number, each in enumerate(sources, 1))
    end = cut_words(result, max_tokens)
    if end:
        styled.add([("", None), (end, "warn")])
    yield View(TextRows(styled), lambda: result.text or text)


def _told_apart(found: Sequence[Piece]) -> tuple[str, list[Piece], list[Piece]]:
    """The text of an answer with numbers where it cites; all that is no text; its sources."""
    texts: list[str] = []
    others: list[Piece] = []
    sources: list[Piece] = []
    for piece in found:
        if piece.kind is Kind.TEXT:
            texts.append(piece.text)
        elif piece.kind is Kind.CITATION:
            sources.append(piece)
            texts.append(f" [{len(sources)}]")
        else:
            others.append(piece)
    return "".join(texts), others, sources
