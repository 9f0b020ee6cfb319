"""Some of the inputs of `tests/faults/fuzz.py`, which tries a hundred thousand on every parser."""

from __future__ import annotations

import pytest

from faults.fuzz import MOST_BYTES, fuzzed, parsers, row

NAMES = [
    *("filter of results", "filter of batches", "completion", "order", "template", "path", "query"),
    *("CSV", "text", "JSON", "JSON at a path", "requests", "rows file", "params in JSON", "params in TOML"),
    *("kind of source", "ids", "results file", "results line", "JSON tree", "schema", "answer of a schema"),
    *("page of batches", "headers", "Markdown", "error message", "index file", "journal", "recipe", "config"),
    *("prices", "draft of a form", "command line", "base URL", "batch id", "key", "shown text", "form"),
]


@pytest.fixture(scope="module")
def known(tmp_path_factory):
    return parsers(tmp_path_factory.mktemp("fuzz"))


def test_every_parser_has_a_name_here(known):
    assert list(known) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_no_input_ends_in_a_traceback_or_takes_much_memory(known, name):
    figures = fuzzed(name, known[name], 80, seed=3)
    # How long an input takes is measured in the long form: other tests run beside this one.
    faults = [found for found in figures.found if "took" not in found.what]
    assert not faults, f"{row(figures)}\n{faults[0].seed}: {faults[0].data[:200]!r}\n{faults[0].what}"
    assert figures.grown < MOST_BYTES
