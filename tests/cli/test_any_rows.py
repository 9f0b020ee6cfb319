"""`--rows`: any table with a column of ids, in every verb that takes it."""

from __future__ import annotations

import csv
import json

import pytest


@pytest.fixture
def raw(cbtui, simulator, requests_file, tmp_path):
    """Results whose rows nobody knows here."""
    batch_id = cbtui("submit", requests_file(4), "--yes")[1].strip()
    cbtui("watch", batch_id, "--interval", "1")
    path = tmp_path / "raw.jsonl"
    path.write_text(cbtui("results", batch_id)[1])
    return path


@pytest.fixture
def table(tmp_path):
    """A function that writes a table of tickets under a name."""

    def write(name, ids=("r0", "r1", "r2", "r3"), column="ticket"):
        path = tmp_path / name
        rows = [{column: own, "team": f"team {number}", "n": number} for number, own in enumerate(ids)]
        if name.endswith(".csv"):
            with path.open("w", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)
        else:
            path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    return write


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tickets.csv", "tickets.jsonl"])
def test_any_table_with_the_ids_is_joined_exported_counted_and_scored(cbtui, raw, table, tmp_path, name):
    rows = table(name, ids=["r3", "r2", "r1", "r0", "r9"])
    code, out, err = cbtui("results", raw, "--format", "json", "--rows", rows)
    assert code == 0, err
    assert [(one["ticket"], one["team"]) for one in json.loads(out)] == [
        (f"r{3 - number}", f"team {number}") for number in range(4)
    ]
    assert cbtui("export", raw, "-o", tmp_path / "out.csv", "--rows", rows)[0] == 0
    assert "team 3" in (tmp_path / "out.csv").read_text()
    assert cbtui("results", raw, "--list", "missing", "--rows", rows)[1].split() == ["r9"]
    code, out, err = cbtui("score", raw, "--expected", "team", "--rows", rows, "--json")
    assert json.loads(out)["score"]["scored"] == 4, err


@pytest.mark.slow
def test_values_that_are_no_text_are_kept_in_a_join_and_refused_as_ids_and_as_what_is_expected(
    cbtui, raw, table
):
    rows = table("tickets.jsonl", ids=["r3", "r2", "r1", "r0"])
    whole = rows.read_text()
    rows.write_text(whole.replace('"n": 1', '"n": NaN').replace('"team 2"', r'"\ud800"'))
    code, out, err = cbtui("results", raw, "--format", "json", "--rows", rows)
    assert code == 0, err
    assert [(one["team"], one["n"]) for one in json.loads(out)][1:3] == [("team 1", "NaN"), ("\ufffd", "2")]
    code, _, err = cbtui("score", raw, "--expected", "team", "--expected-file", rows, "--id-column", "ticket")
    assert (code, "line 3: column 'team' holds what is no text." in err) == (2, True), err
    rows.write_text(whole.replace('"r2"', "NaN"))
    code, _, err = cbtui("export", raw, "-o", "x.csv", "--rows", rows)
    assert (code, "line 2: column 'ticket' holds what is no text." in err) == (2, True), err


def test_an_id_that_build_had_to_clean_is_found_by_what_the_table_says(cbtui, simulator, table, tmp_path):
    rows = table("tickets.csv", ids=["a b", "c/d"])
    built = tmp_path / "built.jsonl"
    built_by = ["--id-column", "ticket", "--template", "{{team}}", "--model", "claude-haiku-4-5"]
    assert cbtui("build", "csv", rows, *built_by, "--max-tokens", "9", "-o", built)[0] == 0
    built.with_name("built.rows.jsonl").unlink()
    batch_id = cbtui("submit", built, "--yes", "--rows", rows)[1].strip()
    cbtui("watch", batch_id, "--interval", "1")
    out = cbtui("results", batch_id, "--format", "json")[1]
    assert [one["ticket"] for one in json.loads(out)] == ["a b", "c/d"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("columns", "joined"),
    [
        (("rank", "ID"), "b"),  # the usual name
        (("rank", "copy"), ""),  # who knows
        (("twin", "other"), "a"),  # one is as good as the other
        (("parent", "ticket"), "b"),  # it holds more of them
    ],
)
def test_of_several_columns_with_the_ids_the_one_that_is_meant_is_taken_or_asked_for(
    cbtui, raw, tmp_path, columns, joined
):
    ids = ["r0", "r1", "r2", "r3"]
    first = {"twin": ids, "parent": ["r1"] * 4}.get(columns[0], ids[::-1])
    rows = tmp_path / "rows.csv"
    lines = [f"{one},{two},of {two if joined == 'b' else one}" for one, two in zip(first, ids, strict=True)]
    rows.write_text("\n".join([f"{columns[0]},{columns[1]},whose", *lines]) + "\n")
    code, out, err = cbtui("results", raw, "--format", "json", "--rows", rows)
    if not joined:
        assert (code, f"in other rows each: {columns[0]}, {columns[1]}" in err) == (2, True), err
        return
    assert code == 0, err
    found = json.loads(out)
    assert [one["whose"] for one in found] == [f"of {one['custom_id']}" for one in found]


def test_what_cannot_be_joined_is_said_with_the_columns_there_are(
    cbtui, simulator, raw, table, requests_file
):
    none = table("none.csv", ids=["x", "y"])
    code, out, err = cbtui("results", raw, "--format", "csv", "--rows", none)
    assert (code, out) == (2, "")
    assert f"No column of {none} holds an id of these requests (the first is r" in err
    assert "Its columns: ticket, team, n." in err
    twice = table("twice.csv", ids=["r0", "r1", "r0"])
    assert "line 4: the id 'r0' is on line 2, too" in cbtui("export", raw, "-o", "x.csv", "--rows", twice)[2]
    code, _, err = cbtui("results", raw, "--format", "csv", "--rows", requests_file(4))
    assert (code, "holds requests: name it with --sent" in err) == (2, True), err
    short = table("short.csv", ids=["r0", "r1"])
    creates = len(simulator.log.creates)
    code, _, err = cbtui("submit", requests_file(3, "other.jsonl"), "--again", "--yes", "--rows", short)
    assert (code, f"{short} has no row for r2" in err) == (2, True), err
    assert len(simulator.log.creates) == creates
