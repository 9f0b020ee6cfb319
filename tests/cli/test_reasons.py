"""Whatever a command ends with but 0, stderr says why; and what is no answer, no file or no results is named so."""

from __future__ import annotations

import gzip
import json

import pytest

from claude_batch_tui.services.downloading import recording
from claude_batch_tui.services.downloading.receiving import Flow
from claude_batch_tui.simulator import Fault

RESULTS = {"method": "GET", "path": r"/results$"}
GOOD = b'{"custom_id":"a","result":{"type":"succeeded","message":{"model":"m","content":[{"type":"text","text":"x"}],"stop_reason":"end_turn","usage":{"output_tokens":1}}}}\n'
BAD = b'{"custom_id":"b","result":{"type":"expired"}}\n'


@pytest.fixture
def place(tmp_path, monkeypatch, simulator, requests_file):
    """Files and batches of every kind, by the words that the lines below use for them."""
    monkeypatch.chdir(tmp_path)
    for name, content in {
        "good.jsonl": GOOD,
        "bad.jsonl": GOOD + BAD,
        "empty.jsonl": b"",
        "broken.jsonl.incomplete": GOOD,
        "there.csv": b"x",
        "noise": b"\x00\xff",
        "invalid.jsonl": b'{"custom_id":"a","params":{}}\n',
    }.items():
        (tmp_path / name).write_bytes(content)
    requests_file()
    ended = simulator.batches.add(3, age=3600, duration=60)
    return {
        "RUNNING": simulator.batches.add(3, duration=36_000_000).id,
        "ENDED": ended.id,
        "EXPIRED": simulator.batches.add(3, age=90_000, duration=864_000).id,
        "CANCELED": simulator.batches.add(3, age=3600, duration=60, canceled_after=1).id,
        "OLD": simulator.batches.add(3, age=40 * 86_400, duration=60).id,
    }


LINES = (
    (6, "results bad.jsonl"),
    (6, "results bad.jsonl --stats"),
    (6, "results bad.jsonl --ledger"),
    (6, "results bad.jsonl --ledger --json"),
    (6, "results bad.jsonl --list missing"),
    (6, "export bad.jsonl -o out.csv"),
    (1, "compare good.jsonl bad.jsonl"),
    (1, "compare good.jsonl bad.jsonl --json"),
    (2, "results missing.jsonl"),
    (2, "results good.jsonl --rows missing"),
    (2, "results good.jsonl --rows noise"),
    (2, "results good.jsonl --rows invalid.jsonl"),
    (2, "results good.jsonl --rows empty.jsonl"),
    (2, "results good.jsonl --rows ."),
    (2, "results good.jsonl --ledger --rows missing"),
    (2, "results good.jsonl --ledger --rows noise"),
    (2, "results good.jsonl --list extra --rows missing"),
    (2, "results good.jsonl --list extra --rows invalid.jsonl"),
    (2, "results good.jsonl --stats --rows missing"),
    (2, "results good.jsonl --stats --rows ."),
    (2, "export good.jsonl -o out.csv --rows missing"),
    (2, "export good.jsonl -o out.csv --rows noise"),
    (2, "submit requests.jsonl --rows missing --yes"),
    (2, "submit requests.jsonl --rows noise --yes"),
    (2, "submit requests.jsonl --rows empty.jsonl --yes"),
    (2, "submit requests.jsonl"),
    (2, "submit missing.jsonl --yes"),
    (2, "submit invalid.jsonl --yes"),
    (2, "check invalid.jsonl"),
    (2, "check invalid.jsonl --json"),
    (2, "check missing.jsonl"),
    (2, "build csv missing.csv --model claude-haiku-4-5 --max-tokens 9"),
    (2, "try invalid.jsonl --yes"),
    (2, "try requests.jsonl"),
    (2, "try requests.jsonl --row 99 --yes"),
    (2, "cancel RUNNING"),
    (2, "delete ENDED"),
    (2, "retry good.jsonl"),
    (2, "retry ENDED --yes"),
    (2, "status"),
    (2, "list --limit 0"),
    (2, "list --where ((("),
    (2, "list --timeout never"),
    (2, "watch RUNNING --interval 0"),
    (2, "history --days 0"),
    (2, "open missing.jsonl"),
    (2, "reset-tty"),
    (2, "examples nothing"),
    (2, "nothing"),
    (3, "results empty.jsonl"),
    (3, "results empty.jsonl --stats"),
    (3, "results empty.jsonl --ledger"),
    (3, "export empty.jsonl -o out.csv"),
    (3, "compare empty.jsonl good.jsonl"),
    (3, "compare good.jsonl empty.jsonl"),
    (3, "open empty.jsonl"),
    (3, "results RUNNING"),
    (3, "results OLD"),
    (3, "open RUNNING"),
    (3, "status msgbatch_unknown"),
    (3, "watch msgbatch_unknown"),
    (3, "name msgbatch_unknown x"),
    (3, "adopt msgbatch_unknown"),
    (3, "delete RUNNING --yes"),
    (4, "export good.jsonl -o there.csv"),
    (4, "results good.jsonl -o no/such/folder/out.csv"),
    (4, "results broken.jsonl.incomplete"),
    (5, "watch RUNNING --timeout 0.2"),
    (6, "watch EXPIRED"),
    (6, "watch CANCELED"),
)


@pytest.mark.parametrize(("expected", "line"), LINES, ids=[line for _, line in LINES])
def test_a_command_that_ends_badly_says_why_on_stderr(cbtui, place, expected, line):
    code, _, err = cbtui(*(place.get(word, word) for word in line.split()))
    assert code == expected, err
    assert len(err.strip()) > 10
    assert "Traceback" not in err


FAULTY = {
    "the key is refused": Fault(status=401),
    "the API is down": Fault(status=500),
    "overloaded": Fault(status=529),
    "busy": Fault(status=429),
    "spent": Fault(
        status=429,
        body='{"error":{"type":"rate_limit_error","message":"spent","details":{"error_code":"enforced_spend_limit_reached"}}}',
    ),
    "a login page": Fault(
        status=200, body="<!doctype html><title>Guest</title>", headers={"content-type": "text/html"}
    ),
    "a redirect": Fault(status=302, headers={"location": "http://login.example/"}),
    "a network that wants a login": Fault(status=511, body="<html>", headers={"content-type": "text/html"}),
    "no JSON": Fault(status=200, body="{"),
    "another JSON": Fault(status=200, body="[]"),
    "nothing": Fault(status=200, body=""),
    "reset": Fault(connection="reset"),
    "closed": Fault(connection="close"),
    "half headers": Fault(connection="half_headers"),
    "half a body": Fault(connection="half_body"),
}
ASKING = (
    "list",
    "list --json",
    "status ENDED",
    "watch ENDED",
    "results ENDED",
    "results ENDED -o out.jsonl",
    "results ENDED --stats",
    "results ENDED --ledger",
    "export ENDED -o out.csv",
    "compare ENDED ENDED",
    "retry ENDED --yes",
    "open ENDED",
    "name ENDED mine",
    "tag ENDED +a",
    "note ENDED text",
    "hide ENDED",
    "adopt ENDED",
    "cancel RUNNING --yes",
    "delete ENDED --yes",
    "submit requests.jsonl --yes",
    "try requests.jsonl --yes",
    "doctor",
    "doctor --json",
)


@pytest.mark.slow
@pytest.mark.parametrize("fault", FAULTY.values(), ids=FAULTY)
def test_whatever_the_api_does_every_verb_says_why_it_ends(
    cbtui, place, simulator, fault, tmp_path, monkeypatch
):
    monkeypatch.setenv("CBTUI_TIMEOUT", "0")
    simulator.faults.always(fault)
    for line in ASKING:
        code, _, err = cbtui(*(place.get(word, word) for word in line.split()))
        assert code in (3, 75), (line, err)
        assert len(err.strip()) > 10, line
        assert "Traceback" not in err, line
        if fault.headers:
            named = "web page" in err or "redirect" in err
            assert named or code == 75 or "doctor" in line, (line, err)
    assert not (tmp_path / "out.jsonl").exists()
    assert not (tmp_path / "out.csv").exists()


def test_a_login_page_is_named_with_its_title_and_its_place(cbtui, simulator):
    simulator.faults.always(FAULTY["a login page"])
    code, _, err = cbtui("list")
    assert code == 3
    assert f"{simulator.base_url} answered with a web page, 'Guest', and not as the API does" in err
    assert "Log in with a browser" in err


def test_a_login_page_in_place_of_results_is_no_download(cbtui, simulator, place, tmp_path):
    simulator.faults.always(
        Fault(**RESULTS, status=200, body="<html>log in", headers={"content-type": "text/html"})
    )
    code, out, err = cbtui("results", place["ENDED"], "-o", "out.jsonl")
    assert (code, out) == (3, "")
    assert "answered with a web page" in err
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.slow
def test_a_file_of_results_that_are_not_whole_is_never_left(cbtui, simulator, place, tmp_path, own_folders):
    simulator.faults.always(Fault(**RESULTS, lines=("missing",), line=1))
    for name in ("out.jsonl", "out.csv", "out.sqlite"):
        code, out, err = cbtui("results", place["ENDED"], "-o", name)
        assert (code, out) == (4, "")
        assert f"are not whole, so {name} was not written" in err
        assert not (tmp_path / name).exists()
    code, out, err = cbtui("results", place["ENDED"])
    assert (code, out.count("\n")) == (4, 2)
    assert "are not whole" in err
    kept = next((own_folders / "data" / "results").glob("*.incomplete"))
    assert cbtui("results", kept, "-o", "out.jsonl")[0] == 4
    assert (tmp_path / "out.jsonl").read_bytes().count(b"\n") == 2


def test_a_download_that_breaks_leaves_no_file_and_what_came_is_kept(
    cbtui, simulator, place, tmp_path, own_folders
):
    simulator.faults.always(Fault(**RESULTS, cut_at=100, cut="reset"))
    code, _, err = cbtui("results", place["ENDED"], "-o", "out.jsonl")
    assert code == 3
    assert err.count("Trying again in") == 7
    assert "Tried 8 times" in err
    assert not (tmp_path / "out.jsonl").exists()
    assert [path.name for path in (own_folders / "data" / "results").iterdir()] == [
        f"{place['ENDED']}.jsonl.part"
    ]


@pytest.mark.parametrize(
    "fault",
    [
        {"drip": 1, "drip_seconds": 0.05},
        {"delay": 0.3, "drip": 1, "drip_seconds": 0.5},
        {"connection": "hang"},
    ],
)
def test_a_download_that_stalls_says_so_and_ends(cbtui, simulator, place, tmp_path, monkeypatch, fault):
    flow = Flow(says_after=0.1, ends_after=0.4)
    monkeypatch.setattr(
        recording.download_batch, "__kwdefaults__", {**recording.download_batch.__kwdefaults__, "flow": flow}
    )
    simulator.faults.always(Fault(**RESULTS, **fault))
    code, _, err = cbtui("results", place["ENDED"], "-o", "out.jsonl", "--timeout", "0")
    assert code == 3
    assert "hardly anything has come for 0 s" in err
    assert "came at less than 1,000 bytes a second" in err or "took too long" in err
    assert not (tmp_path / "out.jsonl").exists()


@pytest.mark.slow
def test_results_of_a_batch_that_was_deleted_here_say_that(cbtui, place):
    assert cbtui("delete", place["ENDED"], "--yes")[0] == 0
    for line in ("results", "status", "watch", "open"):
        code, _, err = cbtui(line, place["ENDED"])
        assert code == 3
        assert f"{place['ENDED']} was deleted from the API by this cbtui on 20" in err


def test_results_that_are_here_are_read_when_the_batch_is_deleted(cbtui, place):
    _, before, _ = cbtui("results", place["ENDED"])
    cbtui("delete", place["ENDED"], "--yes")
    code, out, _ = cbtui("results", place["ENDED"])
    assert (code, out) == (0, before)


def test_compressed_nothing_is_no_results_either(cbtui, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.jsonl.gz").write_bytes(gzip.compress(b""))
    (tmp_path / "blank.jsonl").write_bytes(b"\n \n")
    for name in ("empty.jsonl.gz", "blank.jsonl"):
        code, _, err = cbtui("results", name)
        assert (code, err) == (3, f"cbtui: {name} is empty: there are no results in it.\n")


COUNT = {"method": "POST", "path": "count_tokens"}


@pytest.mark.parametrize(("status", "calls"), [(400, 3), (401, 3), (529, 9)])
def test_a_check_that_could_not_count_says_so(cbtui, simulator, requests_file, status, calls):
    simulator.faults.always(Fault(**COUNT, status=status))
    code, out, err = cbtui("check", requests_file(), "--count", "--timeout", "3")
    assert (code, "the API did not count it: " in out) == (0, True)
    assert "cbtui: The input could not be counted: " in err
    assert f"(HTTP {status}" in err
    assert len(simulator.log) <= calls
    code, out, err = cbtui("check", requests_file(), "--count", "--json", "--timeout", "3")
    assert json.loads(out)["cost"]["input_tokens_counted"] is None
    assert f"(HTTP {status}" in json.loads(out)["cost"]["input_not_counted"]
    assert "could not be counted" in err


def test_ctrl_c_is_said(cbtui, monkeypatch, place):
    """Sent while the command waits for the API."""

    async def interrupt(*_arguments, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr("claude_batch_tui.cli.commands.watch._watch_to_the_end", interrupt)
    code, _, err = cbtui("watch", place["RUNNING"])
    assert (code, err) == (130, "cbtui: Stopped by ctrl+c.\n")
