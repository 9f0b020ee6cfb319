"""`cbtui models`: both tables with their dates, and both brought up to date."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.simulator import Fault

OWN = """
as_of = 2026-12-24
[[model]]
ids = ["claude-opus-5", "mine"]
as_of = 2026-12-24
source = "a colleague"
input = 1.0
cache_write_5m = 1.25
cache_write_1h = 2.0
cache_read = 0.1
output = 5.0
"""


@pytest.fixture
def rows(cbtui):
    def shown(*options):
        code, out, err = cbtui("models", "--json", *options)
        assert code == 0, err
        return {row["model"]: row for row in map(json.loads, out.splitlines())}, err

    return shown


def test_the_built_in_tables_are_shown_with_their_dates(cbtui, rows):
    code, out, _ = cbtui("models")
    assert code == 0
    assert (
        "claude-opus-4-5                200,000   64,000    $2.50   $12.50  2026-09-26  deprecated, retires on 2027-01-22"
        in out
    )
    assert out.splitlines()[-1] == "models: the built-in table of 2026-11-29 · prices as of 2026-11-29"
    mythos = rows()[0]["claude-mythos-5-2"]
    assert (mythos["batch_input"], mythos["batch_output"], mythos["price_as_of"]) == (4.0, 20.0, "2026-11-29")


def test_the_models_are_asked_of_the_api_and_kept(rows, simulator):
    found, err = rows("--refresh")
    assert "The API named" in err
    asked = simulator.log.all("GET", "/v1/models")
    assert len(asked) == 1
    assert found["claude-opus-5"]["models_as_of"] != "2026-11-29"
    assert rows()[0] == found
    assert len(simulator.log.all("GET", "/v1/models")) == 1


def test_an_api_that_does_not_answer_is_said_and_the_tables_stay(cbtui, simulator):
    simulator.faults.next(Fault(method="GET", path="models", status=500, times=9))
    code, _, err = cbtui("models", "--refresh")
    assert code == 3
    assert err
    assert cbtui("models")[0] == 0


def test_a_file_of_prices_is_taken_and_the_one_before_is_kept(cbtui, rows, tmp_path, own_folders):
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(OWN)
    second.write_text(OWN.replace("input = 1.0", "input = 3.0"))
    found, err = rows("--prices", first)
    assert "2 models priced from" in err
    assert "before" not in err
    assert found["claude-opus-5"]["batch_input"] == 0.5
    assert (found["mine"]["lifecycle"], found["mine"]["prices_as_of"]) == (None, "2026-12-24")
    found, err = rows("--prices", second)
    assert found["mine"]["batch_input"] == 1.5
    kept = own_folders / "config" / "prices.toml.old"
    assert str(kept) in err
    assert kept.read_text() == OWN
    assert "mine" in cbtui("models")[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "has no prices: write a table [[model]]"),
        ("[[model]]\nids = 1", "cannot be used"),
        (OWN.replace("output = 5.0", "output = -5.0"), "a price is a number of at least 0"),
        (OWN.replace("output = 5.0", "output = nan"), "a price is a number of at least 0"),
        (OWN.replace("as_of = 2026-12-24", "day = 2026-12-24"), "cannot be used"),
    ],
)
def test_what_is_no_table_of_prices_changes_nothing(cbtui, tmp_path, own_folders, text, words):
    (tmp_path / "p.toml").write_text(text)
    code, _, err = cbtui("models", "--prices", tmp_path / "p.toml")
    assert code == 2
    assert words in err
    assert not (own_folders / "config" / "prices.toml").exists()


def test_a_file_of_prices_that_is_not_there_is_said(cbtui, tmp_path):
    code, _, err = cbtui("models", "--prices", tmp_path / "no.toml")
    assert (code, "Cannot read" in err) == (2, True)


def test_a_model_that_the_api_calls_retired_is_an_error_of_check(cbtui, rows, requests_file, simulator):
    path = requests_file(2)
    path.write_text(path.read_text().replace("claude-haiku-4-5", "claude-3-7-sonnet-20250219"))
    assert cbtui("check", path)[0] == 0
    found, _ = rows("--refresh")
    assert found["claude-3-7-sonnet-20250219"]["lifecycle"] == "retired"
    code, out, _ = cbtui("check", path)
    assert code == 2
    assert "claude-3-7-sonnet-20250219 is retired" in out
