"""Every parser against inputs that nobody would write: none ends in a traceback, takes long, or takes much memory.

`run()` is the long form, 100,000 inputs a parser and one to two hours; `tests/test_fuzz.py` runs some of it. Inputs are small
valid samples that were cut, doubled, swapped and mixed, from a seed, so that what was found can be found again:

    python tests/faults/fuzz.py --count 2000 --seed 1 --only recipe

What may be raised is a CbtuiError: a sentence for the user.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import json
import os
import random
import re
import resource
import signal
import sqlite3
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from claude_batch_tui import redaction
from claude_batch_tui.api import client as api_client
from claude_batch_tui.api.access import require_address
from claude_batch_tui.api.translation import response_facts, retry_after_seconds
from claude_batch_tui.cli.main import _parser as command_line
from claude_batch_tui.config import load
from claude_batch_tui.credentials import read_secret
from claude_batch_tui.domain.batches.batch import Batch, RequestCounts
from claude_batch_tui.domain.batches.batch_list import BatchList, order_of
from claude_batch_tui.domain.batches.filter import batch_filter
from claude_batch_tui.domain.batches.tracked import TrackedBatch
from claude_batch_tui.domain.filters.fields import complete
from claude_batch_tui.domain.filters.json_path import find_values, parse_path
from claude_batch_tui.domain.filters.language import parse
from claude_batch_tui.domain.filters.narrowing import narrows
from claude_batch_tui.domain.money.pricing import load_prices
from claude_batch_tui.domain.plain_text import clean, clean_line, escape_json
from claude_batch_tui.domain.results.answer import pieces
from claude_batch_tui.domain.results.failures import advice, filter_of, shape_of
from claude_batch_tui.domain.results.json_tree import decode_json, encode_json, pretty, walk
from claude_batch_tui.domain.results.line import answer_line, read_line, read_result
from claude_batch_tui.domain.results.structured import asked_schema
from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.redaction import redact
from claude_batch_tui.services.building.check import check, report_of
from claude_batch_tui.services.building.models import built_in_prices
from claude_batch_tui.services.building.recipes import load_draft
from claude_batch_tui.services.exporting.picking import path_reader
from claude_batch_tui.services.exporting.rows import RowReader, answer_columns
from claude_batch_tui.services.filters.finding import find_all
from claude_batch_tui.services.results.answers import NO_DOCUMENT, answer_document, answer_text
from claude_batch_tui.services.results.costs import EntryCosts
from claude_batch_tui.services.results.rows_file import RowsFile
from claude_batch_tui.services.results.schemas import Schema
from claude_batch_tui.sources.csv import CsvSource
from claude_batch_tui.sources.custom_ids import GivenIds
from claude_batch_tui.sources.json import JsonSource
from claude_batch_tui.sources.open_rows import guess_kind
from claude_batch_tui.sources.params import read_params
from claude_batch_tui.sources.patience import Patience
from claude_batch_tui.sources.recipe import read_recipe, recipe_toml
from claude_batch_tui.sources.rows import RowRefusedError
from claude_batch_tui.sources.source_file import open_source
from claude_batch_tui.sources.tables import SqliteSource
from claude_batch_tui.sources.template import TemplateLimits, compile_template
from claude_batch_tui.sources.text import TextSource
from claude_batch_tui.store.journal import Journal
from claude_batch_tui.store.results.index_file import load_index
from claude_batch_tui.store.results.opening import _index_place, open_indexed
from claude_batch_tui.tui.build.fields import in_fields, spec_of
from claude_batch_tui.tui.widgets.json_rows import JsonRows
from claude_batch_tui.tui.widgets.markdown_lines import markdown_lines

LONG_COUNT = 100_000
MOST_SECONDS = 1.0
MOST_BYTES = 200_000_000
_MOST_INPUT = 64_000
_GIVEN_UP = 20
"""Seconds after which an input is called endless."""
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)

_TOKENS = [
    *(b"[", b"]", b"{", b"}", b"(", b")", b'"', b"'", b"\\", b",", b":", b".", b"=", b"~", b"<", b">", b"!"),
    *(b"\n", b"\r\n", b"\t", b" ", b"\x00", b"\x1b[31m", b"\xef\xbb\xbf", b"\xff", b"\xc3", b"\xed\xa0\x80"),
    *(
        b"\\u0000",
        b"\\ud800",
        b"\\x41",
        b"\\p{L}",
        b"\\N{",
        b"NaN",
        b"Infinity",
        b"-0",
        b"1e999",
        b"-1",
        b"0",
    ),
    *(b"9" * 20, b"9" * 400, b"9" * 5_000, b"0." + b"1" * 50, b"null", b"true", b'""', b"[]", b"{}"),
    *(b" and ", b" or ", b"not ", b"id=", b"json:$", b"[*]", b".*", b"{{ ", b" }}", b"{% for a in b %}"),
    *(b"{% endfor %}", b"{{ row }}", b"|join", b" * 9", b"%s", b"%%", b"@", b"@@", b"../", b"/", b"~/", b"$"),
    *("ä".encode(), "€".encode(), "𝕏".encode(), "İ".encode(), "\u202e".encode(), "\u2028".encode()),
    *(
        b"# ",
        b"```",
        b"> ",
        b"* ",
        b"| a | b |\n|---|---|\n",
        b"[a](b)",
        b"<b>",
        b"&amp;",
        b"://",
        b"?",
        b"#",
    ),
    *(b"SELECT ", b" UNION ALL ", b"WITH ", b"PRAGMA ", b"ATTACH ", b"--", b"/*", b";"),
]


class Parser(NamedTuple):
    """A parser, and valid inputs of it."""

    parse: Callable[[bytes], object]
    samples: Sequence[bytes]


class Found(NamedTuple):
    """An input that did what none may do."""

    parser: str
    seed: str
    data: bytes
    what: str


class Figures(NamedTuple):
    """What the inputs of a parser took at most, and what is wrong."""

    parser: str
    inputs: int
    slowest: float
    grown: int
    found: list[Found]


def mutated(samples: Sequence[bytes], chance: random.Random) -> bytes:  # noqa: C901  a case each
    """A sample after some changes, most of them few."""
    data = chance.choice(samples)
    for _ in range(min(1 + int(chance.expovariate(0.6)), 12)):
        at, end = sorted((chance.randint(0, len(data)), chance.randint(0, len(data))))
        match chance.randrange(9):
            case 0:
                data = data[:at] + chance.choice(_TOKENS) + data[at:]
            case 1:
                data = data[:at] + data[end:]
            case 2:
                data = data[:at] + data[at:end] * chance.choice((2, 3, 17)) + data[end:]
            case 3:
                data = data[:at] + bytes([chance.randrange(256)]) + data[at + 1 :]
            case 4:
                other = chance.choice(samples)
                data = data[:at] + other[chance.randint(0, len(other)) :]
            case 5:
                data = data[:at] + chance.choice(_TOKENS) + data[end:]
            case 6:
                data = data[:at] + chance.choice(_TOKENS) * chance.choice((2, 40, 300, 2_000)) + data[at:]
            case 7:
                data = data[end:] + data[at:end] + data[:at]
            case 8:
                data = data[:at] + data[at:end].swapcase() + data[end:]
        data = data[:_MOST_INPUT]
    return data


def run(count: int = LONG_COUNT, seed: int = 1, only: str | None = None) -> Iterator[Figures]:
    """Try so many inputs on every parser, or on one of them, and give the figures of each as it is done."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as folder:
        for name, parser in parsers(Path(folder)).items():
            if only in (None, name):
                yield fuzzed(name, parser, count, seed)


def fuzzed(name: str, parser: Parser, count: int, seed: int) -> Figures:
    """Try so many inputs on a parser, the samples first."""
    slowest, grown, found = 0.0, 0, []
    inputs = itertools.chain(
        ((f"sample {number}", sample) for number, sample in enumerate(parser.samples)),
        (
            (key, mutated(parser.samples, random.Random(key)))
            for key in (f"{name}/{seed}/{number}" for number in range(count))
        ),
    )
    for tried, (key, data) in enumerate(inputs):
        before, began = _peak(), time.thread_time()
        what = _tried(parser, data, is_valid=key.startswith("sample"))
        seconds, more = time.thread_time() - began, _peak() - before
        if tried:  # the first one imports what is heavy
            slowest, grown = max(slowest, seconds), max(grown, more)
            if seconds > MOST_SECONDS:
                what = what or f"took {seconds:.1f} s"
            if more > MOST_BYTES:
                what = what or f"took {more:,} bytes"
        if what is not None:
            found.append(Found(name, key, data, what))
    return Figures(name, tried + 1, slowest, grown, found)


def _tried(parser: Parser, data: bytes, *, is_valid: bool = False) -> str | None:
    """What an input did that none may do, or None; one that is valid may not be refused either."""
    before = signal.signal(signal.SIGALRM, _ring)
    signal.setitimer(signal.ITIMER_REAL, _GIVEN_UP)
    try:
        parser.parse(data)
    except CbtuiError as error:
        return None if str(error).strip() and not is_valid else f"refused: {error}"
    except BaseException as error:  # whatever else it is, a user would see a traceback
        if isinstance(error, KeyboardInterrupt):
            raise
        return "".join(traceback.format_exception(error)[-3:])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    return None


def _ring(*_: object) -> None:
    raise TimeoutError("endless")


def _peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1_024


def _answer(content: object, *, stop: str = "end_turn", custom_id: str = "T-1") -> bytes:
    message = {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-haiku-4-5",
        "content": content,
        "stop_reason": stop,
        "usage": {
            "input_tokens": 9,
            "output_tokens": 3,
            "cache_creation": {"ephemeral_5m_input_tokens": 1},
            "server_tool_use": {"web_search_requests": 1},
        },
    }
    return json.dumps({"custom_id": custom_id, "result": {"type": "succeeded", "message": message}}).encode()


_RESULTS = [
    _answer([{"type": "text", "text": "a long answer, with ä and 𝕏"}]),
    _answer(
        [{"type": "text", "text": '{"label": "billing", "items": [{"n": 1}, {"n": 2.5}]}'}], custom_id="T-2"
    ),
    _answer(
        [
            {"type": "thinking", "thinking": "hm", "signature": "x"},
            {"type": "tool_use", "id": "t", "name": "look", "input": {"q": [1, None, "x"]}},
            {
                "type": "web_search_tool_result",
                "content": [{"type": "web_search_result", "url": "u", "title": "t"}],
            },
        ],
        stop="tool_use",
    ),
    (
        b'{"custom_id":"T-3","result":{"type":"errored","error":{"type":"error","error":'
        b'{"type":"invalid_request_error","message":"max_tokens: 9 > 5"}}}}'
    ),
    b'{"custom_id":"T-4","result":{"type":"expired"}}',
    b'{"custom_id":"T-5","result":{"type":"canceled"}}',
]
_REQUESTS = [
    b'{"custom_id":"a","params":{"model":"claude-haiku-4-5","max_tokens":9,"messages":[{"role":"user","content":"x"}]}}',
    (
        b'{"custom_id":"b","params":{"model":"claude-sonnet-4-5","max_tokens":2000,"system":[{"type":"text","text":"s",'
        b'"cache_control":{"type":"ephemeral","ttl":"1h"}}],"thinking":{"type":"enabled","budget_tokens":1024},'
        b'"tools":[{"name":"t","description":"d","input_schema":{"type":"object","properties":{"a":{"type":"string"}}}}],'
        b'"tool_choice":{"type":"auto"},"temperature":0.5,"stop_sequences":["END"],"messages":[{"role":"user","content":'
        b'[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"aaaa"}},{"type":"text","text":"y"}]}]}}'
    ),
]
_DEEP = b'{"a":[' * 50 + b"1" + b"]}" * 50
"""A hundred levels, which is within the limit."""
_FILTERS = [
    b"(" * 120 + b"a" + b")" * 120,
    b"not " * 120 + b"id:a",
    b" or ".join(b"id=T-%d" % number for number in range(1_500)),
    b"outcome=ok and not class=truncated",
    b'(id:T-9 or text:"a long") and out>1_000',
    b"json:$.items[0].n>=2 or json:$.label=billing",
    b'text~"(?i)ans?wer [a-z]+" and cost<$0.002',
    b"id=T-* or error:rate or stop!=end_turn or id~^T-[0-9]$",
]
_BATCH_FILTERS = [
    b"(" * 120 + b"a" + b")" * 120,
    b" ".join(b"a%d" % number for number in range(1_500)),
    b"state=running tag=eval age<2d model:sonnet",
    b"cost>2.50 or progress<90% and not (created=2026-11-20 or ended>2026-11-20T08:00)",
    b'name~"^n[a-z]+" requests>1,000 left<1h30m "two words"',
]
_TEMPLATES = [
    b"Label this: {{ body }}",
    b"{% for tag in tags %}{{ loop.index }}. {{ tag | upper }}{% if not loop.last %}, {% endif %}{% endfor %}",
    b"{{ ('a' ~ body) * 3 }}{{ '%.2f' | format(price) }}{{ body | replace('a', 'b') | indent(2) }}",
    b"{% macro m(n) %}{{ n ** 2 }}{% endmacro %}{% set x = namespace(y=1) %}{{ m(price) }}{{ tags | join(', ') }}",
]
_RECIPE = b"""version = 1
[source]
kind = "csv"
path = "rows.csv"
sha256 = "00"
[request]
prompt_column = "body"
template = \"\"\"
Label:
{{ body }}\"\"\"
[params]
model = "m"
max_tokens = 9
stop_sequences = ["a", 'b']
metadata = { user_id = "{{ id }}" }
[[params.tools]]
name = "t"
input_schema = { type = "object", properties.a.type = "string" }
[submit]
name = "n"
betas = ["x"]
"""
_DEEP_RECIPE = _RECIPE + b"[params.more." + b".".join([b"a"] * 60) + b"]\nb = " + b"[" * 40 + b"]" * 40
_CONFIG = b"""model = "claude-haiku-4-5"
max_tokens = 100
poll_interval = 60
base_url = "https://api.anthropic.com"
confirm_above = 1_000
[profiles.work]
api_key_env = "WORK_KEY"
[keys]
"list.mark" = "space"
"""
_PRICES = b"""[[model]]
ids = ["my-model"]
as_of = 2026-11-12
source = "the page of prices"
input = 1.0
output = 5.0
cache_write_5m = 1.25
cache_write_1h = 2.0
cache_read = 0.1
"""
_DOCUMENTS = [
    b'{"a": {"b": [1, 2.5, {"c": null}], "d": "x\\n\\u00e4"}, "e": [], "f": true}',
    b'[[1, [2, [3, [4]]]], {"k\\"ey": "\\ud83d\\ude00"}]',
]
_PARAMS = b'{"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "text", "text": "{{ a }}"}]}]}'
_SCHEMAS = [
    b'{"type":"object","properties":{"label":{"enum":["a","b"]},"n":{"type":"integer","minimum":1}},"required":["label"]}',
    b'{"$defs":{"x":{"type":"array","items":{"$ref":"#/$defs/x"}}},"$ref":"#/$defs/x"}',
]
_QUERIES = [
    b"SELECT id, name FROM p WHERE name LIKE 'a%' ORDER BY id LIMIT 5",
    b"WITH n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 9) SELECT x, x * 2 AS y FROM n",
    b"SELECT json_extract('{\"a\":[1,2]}', '$.a[1]') AS v, group_concat(name, ',') AS names FROM p GROUP BY id % 2",
]
_PAGES = [
    (
        b'{"data":[{"id":"msgbatch_1","type":"message_batch","processing_status":"in_progress","request_counts":'
        b'{"processing":1,"succeeded":0,"errored":0,"canceled":0,"expired":0},"ended_at":null,"created_at":'
        b'"2026-11-20T10:00:00Z","expires_at":"2026-11-21T10:00:00Z","cancel_initiated_at":null,"results_url":null}],'
        b'"has_more":false,"first_id":"msgbatch_1","last_id":"msgbatch_1"}'
    )
]
_MARKDOWN = [
    b"# Title\n\nSome *words* and `code`, [a link](https://x.test).\n\n- one\n  - two\n\n1. a\n2. b\n",
    b"> quoted\n> > twice\n\n| a | b |\n|---|---|\n| 1 | **2** |\n\n```python\nx = 1\n```\n\n---\n<b>html</b>\n",
]
_JOURNAL = (
    b'{"kind":"submission","at":"2026-11-20T10:00:00Z","submission_id":"s","state":"sending"}\n'
    b'{"kind":"name","at":"2026-11-20T10:00:01Z","run_id":"run_1","name":"n"}\n'
)
_ROWS = (
    b'{"custom_id":"a","id":"A 1","source":"rows.csv","line":2,"row":{"body":"x","n":1}}\n'
    b'{"custom_id":"b","id":"B","source":"rows.csv","line":3,"row":{"body":"y","n":null}}\n'
)
_COMMANDS = [
    b"build csv rows.csv --prompt-column body --max-tokens 9 --model m -o out.jsonl",
    b"results msgbatch_1 --where outcome=ok --limit 5 --sort cost",
    b"list --where state=running --limit 10 --json",
    b"watch msgbatch_1 --timeout 5 --interval 1.5",
]


def parsers(folder: Path) -> dict[str, Parser]:
    """Every parser of text that others write, by a name."""
    return {
        **_languages(folder),
        **_tables(folder),
        **_answers(folder),
        **_settings(folder),
        **_short_texts(),
    }


def _words(data: bytes) -> str:
    """As the command line gives them, where bytes that are no UTF-8 are halves of surrogate pairs."""
    return data.decode("utf-8", "surrogateescape")


def _results_file(folder: Path) -> Any:
    path = folder / "known.jsonl"
    path.write_bytes(b"\n".join(_RESULTS) + b"\n")
    return open_indexed(path, folder / "cache")


def _languages(folder: Path) -> dict[str, Parser]:
    """Filters, templates, paths and queries."""
    known = _results_file(folder)
    costs = EntryCosts(known.index, built_in_prices())
    usual = parse("id:T and out>1")
    tracked = tuple(
        TrackedBatch(
            Batch(f"msgbatch_{n}", "ended", RequestCounts(0, n), NOW - timedelta(hours=n)), name=name
        )
        for n, name in enumerate(("night run", "n" * 40, None))
    )

    def results_filter(data: bytes) -> None:
        wanted = parse(_words(data))
        if wanted is not None and usual is not None:
            narrows(wanted, usual)
            narrows(usual, wanted)
            find_all(known, wanted, costs)

    def list_filter(data: bytes) -> None:
        listing = BatchList()
        listing.wanted = batch_filter(_words(data))
        listing.update(tracked, NOW)

    def completion(data: bytes) -> None:
        text = _words(data)
        complete(text, len(text) // 2, lambda _: ["api_error"])
        complete(text, len(text), lambda _: ["api_error"])

    def template(data: bytes) -> None:
        columns = ["body", "tags", "price"]
        fill = compile_template(_words(data), columns, "--template", limits=TemplateLimits(0.5, 1_000_000))
        with contextlib.suppress(RowRefusedError):
            fill({"body": "banana", "tags": ["x", "y"], "price": 2})

    document = json.loads(_DOCUMENTS[0])

    def path(data: bytes) -> None:
        with contextlib.suppress(ValueError):
            list(find_values(document, parse_path(_words(data))))

    database = folder / "shop.db"
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.executescript(
            "CREATE TABLE p (id INTEGER, name TEXT); INSERT INTO p VALUES (1, 'a'), (2, 'b')"
        )

    def query(data: bytes) -> None:
        source = SqliteSource(str(database), _words(data), Patience(0.2))
        with contextlib.closing(source):
            list(itertools.islice(source.rows(), 1_000))

    return {
        "filter of results": Parser(results_filter, _FILTERS),
        "filter of batches": Parser(list_filter, _BATCH_FILTERS),
        "completion": Parser(completion, _FILTERS),
        "order": Parser(lambda data: order_of(_words(data)), [b"cost", b"-created"]),
        "template": Parser(template, _TEMPLATES),
        "path": Parser(path, [b"$.a.b[2].c", b'$["a"][*][-1]', b"$.e.*"]),
        "query": Parser(query, _QUERIES),
    }


def _tables(folder: Path) -> dict[str, Parser]:
    """Files of the user: rows, requests, params."""
    place = folder / "source"

    def of_file(read: Callable[[Any], Any], *, guess: bool = True) -> Callable[[bytes], None]:
        def parse_file(data: bytes) -> None:
            place.write_bytes(data)
            with open_source(str(place), guess=guess) as file:
                list(itertools.islice(read(file).rows(), 5_000))

        return parse_file

    def requests(data: bytes) -> None:
        place.write_bytes(data)
        report_of(check(place, prices=built_in_prices()))

    def rows_file(data: bytes) -> None:
        place.write_bytes(data)
        rows = RowsFile(place)
        for number in range(min(len(rows), 20)):
            rows.row(number)

    def params(data: bytes, name: str) -> None:
        path = folder / name
        path.write_bytes(data)
        read_params(str(path))

    def kind(data: bytes) -> None:
        path = folder / "guessed.jsonl"
        path.write_bytes(data)
        guess_kind(str(path))

    def ids(data: bytes) -> None:
        given = GivenIds("the id column")
        for line, text in enumerate(_words(data).split("\n")):
            with contextlib.suppress(RowRefusedError):
                given.assign(text, line)

    csv = b'id,body,"n"\n1,"a, b",2\n2,"c ""d""\ne",3\n'
    rows = b'[{"id": 1, "body": "a", "tags": ["x"]}, {"id": 2, "body": null}]'
    columns = b'{"data": {"id": [1, 2], "body": ["a", "b"]}}'
    lines = b'{"id": 1, "body": "a"}\n{"id": 2, "body": {"x": [1]}}\n'
    return {
        "CSV": Parser(of_file(CsvSource), [csv, csv.replace(b",", b";"), csv.decode().encode("utf-16")]),
        "text": Parser(
            of_file(lambda file: TextSource(file, "paragraph")), [b"one\n\ntwo\nthree\n", "ä\r\n".encode()]
        ),
        "JSON": Parser(
            of_file(JsonSource, guess=False), [rows, columns, lines, rows.replace(b"null", _DEEP)]
        ),
        "JSON at a path": Parser(of_file(lambda file: JsonSource(file, "data"), guess=False), [columns]),
        "requests": Parser(
            requests, [b"\n".join(_REQUESTS), *_REQUESTS, _REQUESTS[1].replace(b'{"type":"string"}', _DEEP)]
        ),
        "rows file": Parser(rows_file, [_ROWS, _ROWS.replace(b"null", _DEEP)]),
        "params in JSON": Parser(lambda data: params(data, "p.json"), [_PARAMS, b'{"a": ' + _DEEP + b"}"]),
        "params in TOML": Parser(lambda data: params(data, "p.toml"), [_RECIPE, _DEEP_RECIPE]),
        "kind of source": Parser(kind, [_REQUESTS[0], lines]),
        "ids": Parser(ids, [b"A 1\nB/2\nA 1\n" + "Ä".encode() * 70]),
    }


def _answers(folder: Path) -> dict[str, Parser]:  # noqa: C901  many small functions
    """What a server or a model wrote."""
    place, kept = folder / "results.jsonl", folder / "kept.jsonl"
    reader, prices = RowReader(built_in_prices()), built_in_prices()
    picked = path_reader(("json.label", "json.n", "json[0]"))

    def results(data: bytes) -> None:
        place.write_bytes(data)
        with open_indexed(place, folder / "cache") as opened:
            EntryCosts(opened.index, prices).total()
            for position in range(min(opened.index.count, 20)):
                opened.index.entry(position)

    def line(data: bytes) -> None:
        answer_line(data)
        read_line(data)
        result = read_result(data)
        list(pieces(result.message.get("content")))
        answer_columns(answer_text(data))
        document = answer_document(data)
        encode_json([answer_text(data), None if document is NO_DOCUMENT else document])
        msgspec.json.encode(picked(data))
        for value in reader.values(data, "msgbatch_1"):
            str(value).encode()

    def document(data: bytes) -> None:
        try:
            value = decode_json(data)
        except ValueError:
            return
        sum(1 for _ in walk(value))
        pretty(value)
        encode_json(value)
        tree = JsonRows(value)
        tree.unfold_all()
        tree.matches("a")

    def schema(data: bytes) -> None:
        asked = asked_schema(
            b'{"params":{"output_config":{"format":{"type":"json_schema","schema":' + data + b"}}}}"
        )
        if asked is not None:
            Schema(asked.encoded).misfit('{"label": "a", "n": 1}')

    def answer_of_schema(data: bytes) -> None:
        known = Schema(_SCHEMAS[0])
        known.fits(_words(data))
        known.misfit(_words(data))

    def page(data: bytes) -> None:
        for raw in api_client._decode(data, api_client._Page).data:
            with contextlib.suppress(msgspec.ValidationError, CbtuiError):
                api_client._decode(bytes(raw), Batch)

    def headers(data: bytes) -> None:
        text = data.decode("latin-1")
        response_facts(dict.fromkeys(_HEADERS, text), 0.1)
        retry_after_seconds(text, NOW)

    def markdown(data: bytes) -> None:
        for _ in markdown_lines(data.decode("utf-8", "replace")):
            pass

    def failure(data: bytes) -> None:
        text = data.decode("utf-8", "replace")
        advice("invalid_request_error", text)
        shape_of(text)
        parse(filter_of("invalid_request_error", text))

    kept.write_bytes(b"\n".join(_RESULTS))
    open_indexed(kept, folder / "cache").close()
    index_place = _index_place(kept, folder / "cache")
    assert index_place is not None
    index = index_place.read_bytes()

    def index_file(data: bytes) -> None:
        index_place.write_bytes(data)
        found = load_index(kept, index_place)
        for position in range(min(found.count, 20) if found else 0):
            found.entry(position)  # type: ignore[union-attr]

    journal_place = folder / "journal.jsonl"

    def journal(data: bytes) -> None:
        journal_place.write_bytes(data)
        list(Journal(journal_place).facts())
        Journal(journal_place).newest("submission")

    return {
        "results file": Parser(
            results, [b"\n".join(_RESULTS), *_RESULTS, _answer([{"type": "text", "text": _DEEP.decode()}])]
        ),
        "results line": Parser(
            line, [*_RESULTS, _answer([{"type": "tool_use", "input": json.loads(_DEEP)}])]
        ),
        "JSON tree": Parser(document, [*_DOCUMENTS, *_RESULTS, _DEEP]),
        "schema": Parser(
            schema,
            [*_SCHEMAS, _SCHEMAS[0].replace(b'{"enum":["a","b"]}', b'{"items":' * 60 + b"{}" + b"}" * 60)],
        ),
        "answer of a schema": Parser(answer_of_schema, [b'{"label": "a", "n": 1}', b"```json\n{}\n```"]),
        "page of batches": Parser(page, _PAGES),
        "headers": Parser(
            headers, [b"120", b"Fri, 20 Nov 2026 12:00:00 GMT", b"2026-11-20T12:00:00Z", b"0.5"]
        ),
        "Markdown": Parser(
            markdown, [*_MARKDOWN, b"> " * 60 + b"x", b"".join(b"  " * n + b"- a\n" for n in range(60))]
        ),
        "error message": Parser(
            failure, [b"messages.0: text (3) is longer than 'x' of msgbatch_1", b"max_tokens: 9 > 5"]
        ),
        "index file": Parser(index_file, [index]),
        "journal": Parser(journal, [_JOURNAL]),
    }


_HEADERS = (
    "date",
    "request-id",
    "retry-after",
    "anthropic-ratelimit-requests-remaining",
    "anthropic-ratelimit-requests-reset",
)


def _settings(folder: Path) -> dict[str, Parser]:
    """What is written down for cbtui, by a person or by itself."""
    recipe_place, config_folder = folder / "r.toml", folder / "config"
    config_folder.mkdir()

    def recipe(data: bytes) -> None:
        recipe_place.write_bytes(data)
        found = read_recipe(str(recipe_place))
        recipe_toml(found, folder)

    def config(data: bytes) -> None:
        (config_folder / "config.toml").write_bytes(data)
        load({}, {"CBTUI_CONFIG_DIR": str(config_folder)})

    def draft(data: bytes) -> None:
        (config_folder / "build-draft.json").write_bytes(data)
        load_draft(config_folder)

    def command(data: bytes) -> None:
        words = _words(data).split(" ")
        with (
            contextlib.suppress(SystemExit),
            contextlib.redirect_stderr(io.StringIO()),
            contextlib.redirect_stdout(io.StringIO()),
        ):
            command_line(words)[0].parse_args(words)

    return {
        "recipe": Parser(recipe, [_RECIPE, _DEEP_RECIPE]),
        "config": Parser(config, [_CONFIG]),
        "prices": Parser(lambda data: load_prices(_built_in_prices(), data), [_PRICES]),
        "draft of a form": Parser(draft, [b'{"fields":{"source":"a.csv","model":"m"},"left_out":[3]}']),
        "command line": Parser(command, _COMMANDS),
    }


def _built_in_prices() -> bytes:
    from importlib.resources import files

    return (files("claude_batch_tui.domain") / "prices.toml").read_bytes()


def _short_texts() -> dict[str, Parser]:
    """Addresses, ids, keys, and texts on their way to a terminal."""

    def batch_id(data: bytes) -> None:
        api_client._batch_path(data.decode("utf-8", "replace"))

    def shown(data: bytes) -> None:
        text = _words(data)
        for cleaned in (clean(text), clean_line(text), clean_line(text, 9), redact(text)):
            assert len(cleaned) <= len(text) + 9 * len(text) + 9
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", clean(text))
        escape_json(text)

    def key(data: bytes) -> None:
        known = redaction._known, redaction._known_pattern
        try:
            read_secret(_words(data), "ANTHROPIC_API_KEY")
        finally:
            redaction._known, redaction._known_pattern = known

    def field(data: bytes) -> None:
        text = _words(data)
        in_fields(text)
        with contextlib.suppress(CbtuiError):
            spec_of({"source": "rows.csv", "max_tokens": text, "model": text, "template": text})

    return {
        "base URL": Parser(
            lambda data: require_address(_words(data), "--base-url"),
            [b"https://api.anthropic.com/v1", b"http://127.0.0.1:8080"],
        ),
        "batch id": Parser(batch_id, [b"msgbatch_01AbC", b"run_1"]),
        "key": Parser(key, [b"sk-ant-api03-abcdef\n"]),
        "shown text": Parser(
            shown, [b"a \x1b[31mred\x1b[0m word sk-ant-api03-abc Bearer xyz", b"https://u:p@x.test/?key=abc"]
        ),
        "form": Parser(field, [b"1024", b"Say --prompt-column COL and --model M"]),
    }


def row(figures: Figures) -> str:
    """The figures as a line of a table."""
    return (
        f"{figures.parser:20} {figures.inputs:8,} inputs, slowest {figures.slowest:6.3f} s, "
        f"most {figures.grown / 1e6:6.1f} MB, {len(figures.found)} faults"
    )


def _kind(what: str) -> str:
    """What was found without what differs from input to input."""
    return re.sub(r"'[^']*'|\d+", "…", what.strip().splitlines()[-1][:200])


def main() -> int:
    """Run from the command line; 1 where something was found."""
    given = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    given.add_argument("--count", type=int, default=LONG_COUNT, help="inputs a parser")
    given.add_argument("--seed", type=int, default=1)
    given.add_argument("--only", help="one parser, by its name")
    args = given.parse_args()
    os.environ["XDG_CONFIG_HOME"] = os.devnull
    is_sound = True
    for figures in run(args.count, args.seed, args.only):
        print(row(figures), flush=True)
        kinds = {_kind(found.what): found for found in reversed(figures.found)}
        for kind, found in kinds.items():
            is_sound = False
            print(f"  {kind}\n  {found.seed}: {found.data[:300]!r}\n{found.what}", flush=True)
    return int(not is_sound)


if __name__ == "__main__":
    sys.exit(main())
