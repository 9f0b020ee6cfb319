"""Finding in answers: whatever a filter is, it lets through what a slow and simple one would."""

from __future__ import annotations

import json

import pytest
import regex
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claude_batch_tui.domain.filters.language import Both, Condition, Either, Not, parse
from claude_batch_tui.domain.filters.text_match import fold, ignores_case
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.filters import finding
from claude_batch_tui.services.filters.finding import Finder, find_all, worth_showing
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.store.results.file import ResultsFile
from claude_batch_tui.store.results.index import ResultsIndex
from claude_batch_tui.store.results.opening import open_indexed

PRICES = built_in_prices()


def costs_of(results):
    return EntryCosts(results.index, PRICES)


def entry(custom_id, text, *, model="claude-haiku-4-5", **more):
    message = {
        "content": [{"type": "text", "text": part} for part in text.split("\v")],
        "model": model,
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 1_000_000, "output_tokens": 0},
    }
    return {"custom_id": custom_id, "result": {"type": "succeeded", "message": message | more}}


def error(custom_id, kind, message):
    body = {"type": "error", "error": {"type": kind, "message": message}}
    return {"custom_id": custom_id, "result": {"type": "errored", "error": body}}


@pytest.fixture
def file_of(tmp_path):
    """A function that makes an open results file of entries, escaped or raw."""
    made = []

    def make(entries, *, ascii_only=(False,)):
        path = tmp_path / f"{len(made)}.jsonl"
        lines = [
            json.dumps(each, ensure_ascii=ascii_only[n % len(ascii_only)]) for n, each in enumerate(entries)
        ]
        path.write_bytes(b"".join(line.encode("utf-8", "surrogatepass") + b"\n" for line in lines))
        made.append(open_indexed(path))
        return made[-1]

    yield make
    for results in made:
        results.close()


def ids(results, text):
    found = find_all(results, parse(text), costs_of(results))
    return [results.index.custom_id(position) for position in found]


def test_a_small_word_ignores_case_and_a_capital_makes_it_exact(file_of):
    results = file_of(
        [entry("a", "Refund it"), entry("b", "refund"), entry("c", "REFUND"), entry("d", "fund")]
    )
    assert ids(results, "text:refund") == ["a", "b", "c"]
    assert ids(results, "text:Refund") == ["a"]
    assert ids(results, 'text~"(?i)^refund$"') == ["b", "c"]
    assert ids(results, 'text="refund"') == ["b"]
    assert ids(results, "text!=refund") == ["a", "c", "d"]


def test_words_are_found_in_answers_and_errors_and_nowhere_else(file_of):
    results = file_of(
        [
            entry("in-model", "x", model="refund"),
            entry("refund", "x"),
            entry("in-thinking", "x", content=[{"type": "thinking", "thinking": "refund"}]),
            error("in-error", "api_error", "no refund"),
            entry("in-answer", "a refund"),
        ]
    )
    assert ids(results, "text:refund") == ["in-error", "in-answer"]


@pytest.mark.parametrize("ascii_only", [True, False])
@pytest.mark.parametrize(
    ("needle", "text"),
    [
        ("größe", "die GRÖSSE nicht, die GRÖßE schon"),
        ("退款", "请求退款 (账单)"),
        ('say \\"no\\"', 'they say "no"'),
        ("c:\\\\temp", "in C:\\TEMP\\x"),
        ("😀", "well 😀"),
        ("возврат", "ВОЗВРАТ"),
        ("a/b<c>&", "A/B<c>&"),
        ("σοφός", "ΣΟΦΌΣ"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_escaped_and_raw_spellings_of_an_answer_are_the_same(file_of, needle, text, ascii_only):
    results = file_of([entry("no", "other"), entry("yes", text)], ascii_only=[ascii_only])
    assert ids(results, f'text:"{needle}"') == ["yes"]


def test_paths_look_into_answers_that_are_json(file_of):
    results = file_of(
        [
            entry("a", '{"label": "billing", "score": 0.9, "tags": ["x", "y"]}'),
            entry("b", '```json\n{"label": "Bug", "score": 1e-1}\n```'),
            entry("c", "label: billing"),
            entry(
                "d", "", content=[{"type": "tool_use", "name": "t", "input": {"label": "billing", "n": 5}}]
            ),
            entry("e", '{"label": null, "a b": {"c": [{"d": true}]}}'),
        ]
    )
    assert ids(results, "json:$.label=billing") == ["a", "d"]
    assert ids(results, "json:$.label!=billing") == ["b", "e"]
    assert ids(results, "json:$.label:bu") == ["b"]
    assert ids(results, "json:$.label=null") == ["e"]
    assert ids(results, "json:$.score>=0.1") == ["a", "b"]
    assert ids(results, "json:$.score=0.10") == ["b"]
    assert ids(results, "json:$.tags[*]=y") == ["a"]
    assert ids(results, "json:$.tags[-1]~^y$") == ["a"]
    assert ids(results, 'json:$["a b"].c[0].d=true') == ["e"]
    assert ids(results, "json:$.n=5.0") == ["d"]
    assert ids(results, "not json:$.label") == ["c"]


def test_a_lone_surrogate_in_an_answer_hides_nothing_of_it(file_of):
    results = file_of([entry("a", '{"v": "\ud800 x"}'), entry("b", "y")], ascii_only=[True])
    assert list(find_all(results, parse("text:x"), costs_of(results))) == [0]
    assert list(find_all(results, parse("json:$.v:x"), costs_of(results))) == [0]


def test_an_unknown_price_is_never_matched(file_of):
    results = file_of([entry("a", "x"), entry("b", "x", model="unknown"), error("c", "api_error", "no")])
    assert ids(results, "cost>0.4") == ["a"]
    assert ids(results, "cost<=0.5") == ["a", "c"]
    assert ids(results, "cost=0") == ["c"]


def test_ids_are_globs_unless_quoted(file_of):
    results = file_of([entry("T-90", "x"), entry("T-91", "x"), entry("T-9*", "x")])
    assert ids(results, "id=T-9?") == ["T-90", "T-91", "T-9*"]
    assert ids(results, "id=T-*1") == ["T-91"]
    assert ids(results, 'id="T-9*"') == ["T-9*"]
    assert ids(results, "id!=T-[0-9]0") == ["T-91", "T-9*"]
    assert ids(results, "id~^T.91$") == ["T-91"]


alphabet = st.sampled_from('aAkKsSiI: \u212a\u0130ıſßéÉσςΣ退\u2028😀"\\/<\n\x1bb')
texts = st.text(alphabet, max_size=6)
needles = st.text(alphabet, min_size=1, max_size=3)
patterns = st.sampled_from(
    [
        "a+b",
        "(?i)ks",
        "[ab]k",
        "é?a",
        "^A",
        "k{2}",
        "a|b",
        r"\\",
        r"(ab)*k",
        r"[]a]s",
        r"[\]]?ab",
        "(?i)I",
        "s.",
    ]
)
leaves = (
    st.builds(Condition, st.just("text"), st.sampled_from([":", "="]), needles)
    | st.builds(Condition, st.just("text"), st.just("~"), patterns)
    | st.builds(Condition, st.just("id"), st.just(":"), st.sampled_from("123"))
    | st.builds(Condition, st.just("cost"), st.just(">"), st.just("0.1"))
    | st.builds(Condition, st.just("json"), st.sampled_from(["=", ":"]), needles, st.just("$.v"))
)
filters = st.recursive(
    leaves,
    lambda inner: st.builds(Not, inner) | st.builds(Both, inner, inner) | st.builds(Either, inner, inner),
    max_leaves=4,
)


def naive(wanted, number, text, value):
    match wanted:
        case Not(inner):
            return not naive(inner, number, text, value)
        case Both(left, right):
            return naive(left, number, text, value) and naive(right, number, text, value)
        case Either(left, right):
            return naive(left, number, text, value) or naive(right, number, text, value)
        case Condition("id", _, word):
            return word in str(number)
        case Condition("cost"):
            return not text.startswith("s: ")
        case Condition("json"):
            text = value
    if text is None:
        return False
    word = wanted.value
    if wanted.op == "~":
        # Not by `re`, which ignores the case of the Turkish i otherwise.
        return regex.search(word, text) is not None
    if wanted.op == "=":
        return (text if wanted.field == "json" else text.strip()) == (
            word if wanted.field == "json" else word.strip()
        )
    return fold(word) in fold(text) if ignores_case(word) else word in text


@pytest.mark.slow
@given(
    st.lists(texts, max_size=12),
    st.lists(st.none() | texts, max_size=4),
    filters,
    st.lists(st.booleans(), min_size=1),
)
@settings(deadline=None, max_examples=400)
@example(["\u0130"], [], Condition("text", ":", "i"), [False])
@example(["\u0130"], [], Condition("text", "~", "(?i)I"), [False])
@example(["x\vab"], ["退K"], Condition("json", ":", "k", "$.v"), [True])
def test_a_search_finds_what_a_naive_filter_lets_through(tmp_path_factory, plain, values, wanted, escaped):
    answers = [(text.replace("\v", "\n"), None) for text in plain]
    answers += [(json.dumps({"v": value}), value) for value in values if value is not None]
    errors = [(f"s: {text}", None) for text in plain[:3]]
    path = tmp_path_factory.mktemp("found") / "r.jsonl"
    lines = [
        json.dumps(entry(str(n), text), ensure_ascii=escaped[n % len(escaped)]).encode(
            "utf-8", "backslashreplace"
        )
        for n, (text, _) in enumerate(answers)
    ]
    lines += [
        json.dumps(error(str(len(answers) + n), "s", text[3:])).encode() for n, (text, _) in enumerate(errors)
    ]
    answers += errors
    path.write_bytes(b"\n".join([*lines, b""]))
    index = ResultsIndex()
    index.feed(path.read_bytes())
    index.finish()
    with ResultsFile(path, index) as results:
        found = list(find_all(results, wanted, costs_of(results)))
    assert found == [n for n, (text, value) in enumerate(answers) if naive(wanted, n, text, value)]


def test_found_entries_come_while_the_search_goes_on_and_the_last_count_is_exact(file_of, monkeypatch):
    monkeypatch.setattr(finding, "BLOCK_BYTES", 1)
    results = file_of([entry(str(n), "refund" if n % 2 else "x") for n in range(6)])
    founds = [
        (list(found.positions), found.decided, found.is_exact)
        for found in Finder(results, costs_of(results)).find(parse("text:refund"))
    ]
    assert founds[1] == ([1], 2, False)
    assert founds[-1] == ([1, 3, 5], 6, True)
    shown = list(worth_showing(Finder(results, costs_of(results)).find(parse("text:refund")), lambda: False))
    assert [len(found.positions) for found in shown][-1] == 3


def test_a_longer_word_looks_at_the_entries_found_before_and_at_the_rest(file_of, monkeypatch):
    monkeypatch.setattr(finding, "BLOCK_BYTES", 1)
    results = file_of([entry(str(n), "refund" if n % 2 else "refuse") for n in range(8)])
    finder = Finder(results, costs_of(results))
    search = finder.find(parse("text:refu"))
    for _ in range(4):
        next(search)
    search.close()
    last = list(finder.find(parse("text:refun")))[-1]
    assert (list(last.positions), last.is_exact) == ([1, 3, 5, 7], True)
    last = list(finder.find(parse("text:refund and id:5")))[-1]
    assert list(last.positions) == [5]


def test_a_growing_file_is_searched_where_it_was_left(tmp_path):
    part = tmp_path / "r.jsonl.part"
    line = json.dumps(entry("a", "refund")).encode() + b"\n"
    part.write_bytes(line)
    index = ResultsIndex()
    index.feed(line)
    with ResultsFile(part, index) as results:
        finder = Finder(results, costs_of(results))
        assert list(list(finder.find(parse("text:refund")))[-1].positions) == [0]
        with part.open("ab") as file:
            file.write(line)
        index.feed(line)
        assert list(list(finder.find(parse("text:refund")))[-1].positions) == [0, 1]


@pytest.mark.parametrize(
    ("new", "old", "is_narrower"),
    [
        ("text:refund", "text:ref", True),
        ("text:Refund", "text:ref", True),
        ("text:refund", "text:Ref", False),
        ("a and text:b", "text:b", True),
        ("text:ab or text:b", "text:b", True),
        ("not text:a", "not text:ab", True),
        ("not text:ab", "not text:a", False),
        ("text:a", "text:a or id:b", True),
        ("id:a", "text:a", False),
        ("json:$.a:bc", "json:$.b:b", False),
        ("text~ab", "text~a", False),
        ("text:ab ok", "text:a ok", True),
    ],
)
def test_a_filter_is_known_to_be_narrower(new, old, is_narrower):
    from claude_batch_tui.domain.filters.narrowing import narrows

    assert narrows(parse(new), parse(old)) is is_narrower
