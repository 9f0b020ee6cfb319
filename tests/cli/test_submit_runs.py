"""A draft as several batches of one run, a pilot and its rest, betas: from the command line to the simulator's log."""

import json
import os
import pty
import re
from datetime import datetime
from functools import partial

import pytest

from claude_batch_tui.domain.requests import limits as partition_module
from claude_batch_tui.services.submitting import spool
from claude_batch_tui.simulator import Fault

CREATE = {"method": "POST", "path": r"/batches$"}


@pytest.fixture
def three_a_batch(monkeypatch):
    """Batches of at most three requests, so that ten make four."""
    monkeypatch.setattr(spool, "partition", partial(partition_module.partition, max_requests=3))


def results_of(cbtui, word):
    code, out, _ = cbtui("results", word)
    assert code == 0
    return [json.loads(line)["custom_id"] for line in out.splitlines()]


def settle(cbtui, word):
    assert cbtui("watch", word, "--interval", "1")[0] == 0
    code, out, _ = cbtui("status", word, "--json")
    shown = json.loads(out)
    return code, shown.get("batches", [shown])


@pytest.mark.slow
def test_more_than_a_batch_takes_is_one_run_whose_id_every_verb_takes(
    cbtui, simulator, requests_file, three_a_batch
):
    code, out, err = cbtui("submit", requests_file(10), "--yes", "--name", "big")
    assert (code, out.startswith("run_"), out.count("\n")) == (0, True, 1)
    assert "4 of 4: msgbatch_" in err
    assert len(simulator.log.creates) == 4
    code, batches = settle(cbtui, out.strip())
    assert [batch["request_counts"]["succeeded"] for batch in batches] == [3, 3, 3, 1]
    assert cbtui("submit", requests_file(10), "--yes")[0] == 2
    assert len(simulator.log.creates) == 4


@pytest.mark.slow
@pytest.mark.parametrize("way", ["option", "setting"])
def test_with_in_flight_batches_wait_here_for_their_place_and_the_line_says_what_waits(
    cbtui, simulator, requests_file, three_a_batch, monkeypatch, way
):
    monkeypatch.setenv("CBTUI_POLL_INTERVAL", "1")
    if way == "setting":
        monkeypatch.setenv("CBTUI_IN_FLIGHT", "1")
    # It shows a little later.
    simulator.faults.next(Fault(method="GET", path=r"/batches/msgbatch_[^/]+$", status=404))
    options = ["--in-flight", "1"] if way == "option" else []
    code, out, err = cbtui("submit", requests_file(7), "--yes", *options)
    assert (code, len(simulator.log.creates)) == (0, 3), err
    assert (
        "2 batches wait here with 4 requests: 1 of yours are in progress, and in_flight allows 1. Stopped now, the same "
        "command goes on with them."
    ) in err
    assert sorted(results_of(cbtui, out.strip())) == [f"r{number}" for number in range(7)]


def test_no_batch_at_all_in_flight_is_refused(cbtui, simulator, requests_file):
    code, _, err = cbtui("submit", requests_file(), "--yes", "--in-flight", "0")
    assert (code, "in_flight is at least 1" in err) == (2, True), err


@pytest.mark.slow
def test_a_run_cut_off_in_the_middle_is_completed_by_the_same_command(
    cbtui, simulator, requests_file, three_a_batch
):
    file = requests_file(10)
    simulator.faults.next(Fault(**CREATE, skip=2, status=402))
    code, out, err = cbtui("submit", file, "--yes")
    assert (code, out) == (3, "")
    assert "2 of 4 batches were created. The same command again sends the rest." in err
    code, out, err = cbtui("submit", file, "--yes")
    assert code == 0
    assert "2 of 4 batches were sent before" in err
    assert "Submit 4 requests in 2 batches of one run" not in err
    assert len(simulator.log.creates) == 5
    _, batches = settle(cbtui, out.strip())
    assert sum(batch["request_counts"]["succeeded"] for batch in batches) == 10


@pytest.mark.slow
def test_a_lost_answer_in_a_run_is_looked_for_before_the_rest_is_sent(
    cbtui, simulator, requests_file, three_a_batch
):
    file = requests_file(10)
    simulator.faults.next(Fault(**CREATE, skip=1, status=500, after_work=True))
    code, out, err = cbtui("submit", file, "--yes")
    assert code == 75
    assert "The batch may or may not exist" in err
    assert "that it is its batch is not proven" in err
    _, batches = settle(cbtui, out.strip())
    assert sum(batch["request_counts"]["succeeded"] for batch in batches) == 10
    assert len(simulator.log.creates) == 4


def test_to_accept_what_was_found_for_one_batch_of_a_run_pays_for_no_other_and_says_so(
    cbtui, simulator, requests_file, three_a_batch
):
    file = requests_file(10)
    simulator.faults.next(Fault(**CREATE, status=500, after_work=True))
    simulator.faults.next(Fault(**CREATE, status=402))
    assert cbtui("submit", file, "--yes")[0] == 3
    code, _, err = cbtui("submit", file, "--yes", "--accept")
    assert (code, len(simulator.batches.all())) == (0, 1)
    assert (
        "Nothing was paid. Other batches of its run are not sent yet: the same command without --accept"
        in err
    )
    code, _, err = cbtui("submit", file, "--yes")
    assert (code, len(simulator.batches.all())) == (0, 4), err


def test_the_queue_limit_is_waited_for(cbtui, simulator, requests_file, three_a_batch):
    simulator.faults.next(Fault(**CREATE, skip=1, status=429, headers={"retry-after": "1"}))
    code, _, err = cbtui("submit", requests_file(5), "--yes")
    assert code == 0
    assert "Nothing was created; trying again in" in err
    assert len(simulator.log.creates) == 3


@pytest.mark.slow
def test_a_pilot_and_its_rest_pay_every_row_once(cbtui, simulator, requests_file):
    file = requests_file(20)
    code, out, err = cbtui("submit", file, "--yes", "--pilot", "5", "--seed", "7", "--name", "labels")
    assert code == 0
    assert "pilot of" in err
    assert "5 of 20 requests" in err
    assert re.search(
        r"Look at its results, then: cbtui submit \S+requests.jsonl --rest-of run_\w{26}\.?$",
        err,
        re.MULTILINE,
    )
    pilot = out.strip()
    settle(cbtui, pilot)
    sampled = results_of(cbtui, pilot)
    code, out, err = cbtui("submit", file, "--yes", "--rest-of", "labels pilot")
    assert (code, "15 of 20 requests" in err) == (0, True)
    rest = out.strip()
    settle(cbtui, rest)
    assert sorted(sampled + results_of(cbtui, rest)) == sorted(f"r{number}" for number in range(20))
    code, _, err = cbtui("submit", file, "--yes", "--rest-of", pilot)
    assert (code, "All 20 requests" in err) == (2, True)
    assert len(simulator.log.creates) == 2


@pytest.mark.slow
@pytest.mark.parametrize(("first", "then"), [((), ("--pilot", "5")), (("--pilot", "5"), ())])
def test_a_part_of_what_was_sent_and_the_whole_of_a_part_are_not_paid_again_unasked(
    cbtui, simulator, requests_file, first, then
):
    file = requests_file(20)
    code, out, _ = cbtui("submit", file, "--yes", *first)
    assert code == 0
    code, _, err = cbtui("submit", file, "--yes", *then)
    assert code == 2
    assert f"  5 on {datetime.now().astimezone():%Y-%m-%d}" in err
    assert f"as {out.strip()} (run_" in err
    assert "for at most $" in err
    if then:
        assert "All 5 requests were sent before, within 30 days: under the same custom_id." in err
        assert "Nothing was sent. --again pays for all 5 once more." in err
    else:
        assert "5 of these 20 requests were sent before, within 30 days: under the same custom_id." in err
        assert "Nothing was sent. --new-only sends only the other 15, with --rest-of run_" in err
    assert len(simulator.log.creates) == 1
    assert cbtui("submit", file, "--yes", "--again", *then)[0] == 0
    assert len(simulator.log.creates) == 2


def table(path, rows, **params):
    """A requests file of these rows, as a build makes it whose ids are the places of the rows in this very file."""
    of_row = {"model": "claude-haiku-4-5", "max_tokens": 9, **params}
    path.write_text(
        "".join(
            json.dumps(
                {
                    "custom_id": f"{path.stem}-{place}",
                    "params": {**of_row, "messages": [{"role": "user", "content": row}]},
                }
            )
            + "\n"
            for place, row in enumerate(rows)
        )
    )
    return path


@pytest.mark.slow
def test_a_table_that_grows_each_week_is_one_run_with_one_set_of_answers(
    cbtui, simulator, tmp_path, own_folders
):
    rows = [f"row {number}" for number in range(10)]
    code, _, _ = cbtui("submit", table(tmp_path / "w1.jsonl", rows[:5]), "--yes", "--name", "weekly")
    assert code == 0
    code, out, err = cbtui(
        *("submit", table(tmp_path / "w2.jsonl", rows[7::-1]), "--yes", "--new-only", "--rest-of", "weekly")
    )
    assert code == 0
    assert "5 of these 8 requests were sent before, within 30 days: under another custom_id." in err
    assert "They are left out; 3 are new." in err
    file = table(tmp_path / "w3.jsonl", rows)
    assert cbtui("submit", file, "--yes", "--new-only", "--rest-of", "weekly")[0] == 0
    code, _, err = cbtui(
        "submit", table(tmp_path / "w4.jsonl", rows), "--yes", "--new-only", "--rest-of", "weekly"
    )
    assert (code, "All 10 requests were sent before, last as weekly" in err) == (2, True)
    assert len(simulator.log.creates) == 3
    settle(cbtui, "weekly")
    answered = results_of(cbtui, "weekly")
    assert len(answered) == len(set(answered)) == 10
    run_id = json.loads(cbtui("status", out.strip(), "--json")[1])["run_id"]
    assert sorted(results_of(cbtui, run_id)) == sorted(answered)
    exported = tmp_path / "all.csv"
    assert cbtui("export", "weekly", "-o", exported)[0] == 0
    assert len(exported.read_text().splitlines()) == 11
    (own_folders / "data" / "store.db").unlink()
    assert cbtui("list")[0] == 0
    assert sorted(results_of(cbtui, "weekly")) == sorted(answered)
    assert cbtui("submit", file, "--yes", "--new-only")[0] == 2
    assert len(simulator.log.creates) == 3


@pytest.mark.slow
def test_two_pilots_leave_a_rest_that_can_be_sent(cbtui, simulator, requests_file):
    file = requests_file(20)
    pilots = []
    for seed in ("1", "2"):
        code, out, _ = cbtui("submit", file, "--yes", "--pilot", "5", "--seed", seed, "--new-only")
        assert code == 0
        pilots.append(out.strip())
    assert cbtui("submit", file, "--yes", "--rest-of", pilots[0])[0] == 2
    code, out, _ = cbtui("submit", file, "--yes", "--rest-of", pilots[0], "--new-only")
    assert code == 0
    ids = []
    for batch in (*pilots, out.strip()):
        settle(cbtui, batch)
        ids += results_of(cbtui, batch)
    assert sorted(ids) == sorted(f"r{number}" for number in range(20))


@pytest.mark.parametrize(
    ("typed", "sent"), [("new\nyes\n", 15), ("all\nyes\n", 20), ("\n", 0), ("yes\n", 0), ("new\n\n", 0)]
)
def test_on_a_terminal_it_is_asked_what_to_send_of_what_was_sent_before(
    cbtui, simulator, requests_file, monkeypatch, typed, sent
):
    file = requests_file(20)
    assert cbtui("submit", file, "--yes", "--pilot", "5")[0] == 0
    keyboard, terminal = pty.openpty()
    os.write(keyboard, typed.encode())
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr("sys.stdin", stdin)
        code, _, err = cbtui("submit", file)
    os.close(keyboard)
    assert code == (0 if sent else 2)
    assert "Type new to send only the other 15, or all to send all 20 once more" in err
    totals = [len(batch.rows) for batch in simulator.batches.all()]
    assert sorted(totals) == sorted([5, sent] if sent else [5])


def test_leaving_out_and_sending_once_more_are_not_both_meant(cbtui, simulator, requests_file):
    code, _, err = cbtui("submit", requests_file(3), "--yes", "--new-only", "--again")
    assert (code, "use one of them" in err) == (2, True)
    assert simulator.log.creates == []


def test_the_same_ids_with_another_question_are_no_repeat(cbtui, simulator, requests_file):
    file = requests_file(20)
    assert cbtui("submit", file, "--yes", "--pilot", "5")[0] == 0
    file.write_text(file.read_text().replace('"max_tokens":9', '"max_tokens":10'))
    assert cbtui("submit", file, "--yes")[0] == 0
    assert len(simulator.log.creates) == 2


def test_a_pilot_is_the_same_for_the_same_seed(cbtui, simulator, requests_file):
    file = requests_file(20)
    assert cbtui("submit", file, "--yes", "--pilot", "5")[0] == 0
    code, _, err = cbtui("submit", file, "--yes", "--pilot", "5")
    assert (code, "The same requests were sent" in err) == (2, True)


def test_requests_that_changed_since_the_pilot_are_left_out_and_counted(cbtui, simulator, requests_file):
    file = requests_file(10)
    _, out, _ = cbtui("submit", file, "--yes", "--pilot", "4")
    file.write_text(file.read_text().replace('"max_tokens":9', '"max_tokens":10'))
    code, _, err = cbtui("submit", file, "--yes", "--rest-of", out.strip())
    assert code == 0
    assert "4 of the requests sent before are different" in err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--pilot", "10"), "A pilot of 10 requests is no part of the 10 in"),
        (("--pilot", "2", "--rest-of", "x"), "--pilot comes first and --rest-of after it: use one of them."),
        (("--rest-of", "msgbatch_nowhere"), "msgbatch_nowhere"),
    ],
)
def test_a_pilot_that_cannot_be_meant_is_one_sentence(cbtui, simulator, requests_file, options, sentence):
    code, _, err = cbtui("submit", requests_file(10), "--yes", *options)
    assert code in {2, 3}
    assert sentence in err
    assert simulator.log.creates == []


def test_betas_go_along_as_a_header_and_come_from_the_recipe_beside_the_file(cbtui, simulator, tmp_path):
    (tmp_path / "rows.csv").write_text("prompt\nHi\n")
    requests = tmp_path / "q.jsonl"
    cbtui(
        *("build", "csv", tmp_path / "rows.csv", "--model", "claude-haiku-4-5", "--max-tokens", "5"),
        *("-o", requests, "--betas", "a-1, b-2", "--name", "greetings"),
    )
    assert cbtui("submit", requests, "--yes")[0] == 0
    assert simulator.log.creates[0].headers["anthropic-beta"] == "a-1,b-2"
    assert "greetings" in cbtui("list")[1]


@pytest.mark.parametrize("skip", [0, 1], ids=["first", "second"])
def test_a_part_that_is_out_of_reach_leaves_nothing_in_the_spool_that_was_not_sent(
    cbtui, simulator, requests_file, three_a_batch, own_folders, skip
):
    simulator.faults.next(Fault(method="GET", path=r"/batches$", skip=skip, times=99, status=401))
    code, out, _ = cbtui("submit", requests_file(10), "--yes")
    assert (code, out) == (3, "")
    bodies = list((own_folders / "data" / "spool").glob("*.body.json"))
    assert len(bodies) == len(simulator.log.creates) == skip


def test_a_part_that_is_refused_leaves_nothing_in_the_spool_that_was_not_sent(
    cbtui, simulator, requests_file, three_a_batch, own_folders
):
    simulator.faults.next(Fault(**CREATE, skip=1, status=402))
    assert cbtui("submit", requests_file(10), "--yes")[0] == 3
    assert len(list((own_folders / "data" / "spool").glob("*.body.json"))) == 1
    assert len(simulator.batches.all()) == 1


@pytest.mark.slow
def test_what_was_guessed_of_the_source_is_said_again_before_it_is_paid_for(cbtui, simulator, tmp_path):
    (tmp_path / "rows.csv").write_bytes("id,text\n1,très tôt\n".encode("cp1252"))
    out = tmp_path / "requests.jsonl"
    options = ("--model", "claude-haiku-4-5", "--max-tokens", "9", "-o", out)
    assert cbtui("build", "csv", tmp_path / "rows.csv", *options)[0] == 0
    code, _, err = cbtui("submit", out, "--yes")
    assert code == 0
    assert "guessed: the file is not UTF-8 and was read as cp1252: très (in " in err
    assert cbtui("build", "csv", tmp_path / "rows.csv", *options, "--encoding", "cp1252", "--force")[0] == 0
    assert "guessed:" not in cbtui("submit", out, "--yes", "--again")[2]


def test_what_the_answers_of_a_pilot_allow_is_offered_as_max_tokens_of_the_rest(
    cbtui, simulator, requests_file, own_folders
):
    path = requests_file(20)
    path.write_text(path.read_text().replace('"max_tokens":9', '"max_tokens":4000'))
    pilot = cbtui("submit", path, "--pilot", "12", "--yes")[1].strip()
    assert cbtui("watch", pilot, "--interval", "1")[0] == 0
    lines = map(json.loads, cbtui("results", pilot)[1].splitlines())
    longest = max(line["result"]["message"]["usage"]["output_tokens"] for line in lines)
    code, _, err = cbtui("submit", path, "--rest-of", pilot)
    assert f"Of 12 answers of the pilot 99 % have at most {longest} tokens" in err
    assert f"--max-tokens {longest} sets that" in err
    code, _, err = cbtui("submit", path, "--rest-of", pilot, "--max-tokens", longest, "--yes")
    assert code == 0, err
    body = max((own_folders / "data" / "spool").glob("*.body.json"), key=lambda one: one.name)
    limits = [one["params"]["max_tokens"] for one in json.loads(body.read_bytes())["requests"]]
    assert limits == [longest] * 8
    assert cbtui("submit", path, "--max-tokens", "5", "--yes")[0] == 2
