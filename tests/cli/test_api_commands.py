from __future__ import annotations

import json

import pytest

from claude_batch_tui.simulator import Fault

CREATE = {"method": "POST", "path": r"/batches$"}


def submitted(cbtui, file):
    code, out, err = cbtui("submit", file, "--yes", "--name", "mine")
    assert code == 0, err
    return out.strip()


def test_submit_prints_bare_ids_and_with_json_one_object(cbtui, simulator, requests_file):
    code, out, _ = cbtui("submit", requests_file(), "--yes")
    assert (code, out.startswith("msgbatch_"), out.count("\n")) == (0, True, 1)
    code, out, _ = cbtui(
        "submit", requests_file(4, "other.jsonl"), "--yes", "--again", "--json", "--name", "n"
    )
    batch = json.loads(out)
    assert (code, batch["processing_status"], batch["request_counts"]["processing"]) == (0, "in_progress", 4)
    assert batch["name"] == "n"


def test_nothing_is_paid_without_yes(cbtui, simulator, requests_file):
    code, out, err = cbtui("submit", requests_file())
    assert (code, out) == (2, "")
    assert "3 requests" in err
    assert "at most $" in err
    assert simulator.log.creates == []


def test_the_same_requests_are_not_paid_twice_by_themselves(cbtui, simulator, requests_file):
    file = requests_file()
    first = submitted(cbtui, file)
    code, out, err = cbtui("submit", file, "--yes")
    assert (code, out) == (2, "")
    assert first in err
    assert "--again" in err
    assert len(simulator.log.creates) == 1
    assert cbtui("submit", file, "--yes", "--again")[0] == 0
    assert len(simulator.log.creates) == 2


def test_a_refusal_is_said_with_the_apis_words(cbtui, simulator, requests_file):
    simulator.faults.next(Fault(**CREATE, status=402))
    code, out, err = cbtui("submit", requests_file(), "--yes")
    assert (code, out) == (3, "")
    assert "refused" in err
    assert "Nothing was created" in err


def test_a_lost_answer_is_looked_for_and_found(cbtui, simulator, requests_file):
    simulator.faults.next(Fault(**CREATE, status=500, after_work=True))
    code, out, err = cbtui("submit", requests_file(), "--yes")
    assert (code, out.startswith("msgbatch_")) == (75, True)
    assert "could pay twice" in err
    assert "not proven" in err
    assert len(simulator.log.creates) == 1


@pytest.mark.slow
def test_a_lost_create_ends_unknown_and_is_sent_again_only_when_asked(cbtui, simulator, requests_file):
    file = requests_file()
    simulator.faults.next(Fault(**CREATE, status=500))
    code, out, err = cbtui("submit", file, "--yes")
    assert (code, out) == (75, "")
    assert "--resend-if-absent" in err
    assert cbtui("submit", file, "--yes")[0] == 75
    assert len(simulator.log.creates) == 1
    code, out, _ = cbtui("submit", file, "--yes", "--resend-if-absent")
    assert (code, out.startswith("msgbatch_")) == (0, True)
    assert len(simulator.log.creates) == 2


def test_what_is_wrong_with_the_file_is_said_with_its_place(cbtui, simulator, tmp_path):
    file = tmp_path / "bad.jsonl"
    file.write_text('{"custom_id":"a b","params":{}}\n')
    code, out, err = cbtui("submit", file, "--yes")
    assert (code, out) == (2, "")
    assert "bad.jsonl:1:" in err
    assert simulator.log.creates == []


def test_rows_of_another_file_are_refused(cbtui, simulator, requests_file, tmp_path):
    file = requests_file()
    (tmp_path / "requests.rows.jsonl").write_text(
        '{"custom_id":"zz","id":"zz","source":"s","line":1,"row":{}}\n'
    )
    code, _, err = cbtui("submit", file, "--yes")
    assert code == 2
    assert "does not belong" in err


@pytest.mark.slow
def test_list_and_status_show_names_and_json(cbtui, simulator, requests_file):
    batch_id = submitted(cbtui, requests_file())
    code, out, _ = cbtui("list")
    assert code == 0
    assert batch_id in out
    assert "mine" in out
    code, out, _ = cbtui("list", "--json", "--limit", "1")
    assert json.loads(out)["id"] == batch_id
    code, out, _ = cbtui("status", "mine")
    assert "at most $" in out
    code, out, _ = cbtui("status", batch_id, "--json")
    assert json.loads(out)["name"] == "mine"


@pytest.mark.slow
def test_status_says_what_a_batch_cost_once_its_results_are_here(cbtui, simulator, requests_file):
    batch_id = submitted(cbtui, requests_file())
    cbtui("watch", batch_id, "--interval", "1")
    cbtui("results", batch_id)
    out = cbtui("status", batch_id)[1]
    assert "by its results, at most $" in out
    known = json.loads(cbtui("status", batch_id, "--json")[1])
    assert 0 < known["cost_actual"] < known["cost_at_most"]


def test_watch_says_every_change_once_and_its_exit_code_how_it_ended(
    cbtui, simulator, requests_file, tmp_path
):
    batch_id = submitted(cbtui, requests_file())
    log = tmp_path / "monitor.jsonl"
    code, out, _ = cbtui("watch", batch_id, "--interval", "1", "--output", log, "--json")
    lines = [json.loads(line) for line in out.splitlines()]
    assert code == 0
    assert lines[-1]["processing_status"] == "ended"
    assert [json.loads(line) for line in log.read_text().splitlines()] == lines


@pytest.mark.parametrize(("fate", "code"), [("errored", 1), ("expired", 6), ("canceled", 6), ("answered", 0)])
def test_the_exit_code_of_watch_follows_the_outcomes(cbtui, simulator, requests_file, fate, code):
    simulator.decide("r1", fate)
    assert cbtui("watch", submitted(cbtui, requests_file()), "--interval", "1")[0] == code


def test_a_watch_can_give_up(cbtui, simulator):
    batch = simulator.batches.add(3, duration=3600 * 10_000)
    code, _, err = cbtui("watch", batch.id, "--interval", "1", "--timeout", "1.2")
    assert code == 5
    assert "the batches go on" in err


def test_cancel_and_delete_want_yes_and_say_what_they_do(cbtui, simulator):
    added = simulator.batches.add(3, duration=3600 * 10_000)
    batch_id = added.id
    code, _, err = cbtui("cancel", batch_id)
    assert code == 2
    assert "3 requests in flight" in err
    code, out, _ = cbtui("cancel", batch_id, "--yes")
    assert (code, out) == (0, f"{batch_id} canceling\n")
    simulator.batches.finish(batch_id)
    assert cbtui("delete", batch_id)[0] == 2
    code, out, _ = cbtui("delete", batch_id, "--yes")
    assert (code, out) == (0, f"{batch_id} deleted\n")
    assert cbtui("status", batch_id)[0] == 3


def test_deleting_what_runs_is_refused_with_the_apis_words(cbtui, simulator):
    added = simulator.batches.add(3, duration=3600 * 10_000)
    code, _, err = cbtui("delete", added.id, "--yes")
    assert code == 3
    assert "In progress batches cannot be deleted" in err


@pytest.mark.slow
def test_results_come_unchanged_filtered_and_as_csv(cbtui, simulator, requests_file, tmp_path):
    simulator.decide("r1", "errored")
    batch_id = submitted(cbtui, requests_file())
    assert cbtui("watch", batch_id, "--interval", "1")[0] == 1
    code, out, _ = cbtui("results", batch_id)
    assert code == 1
    assert sorted(json.loads(line)["custom_id"] for line in out.splitlines()) == ["r0", "r1", "r2"]
    code, out, _ = cbtui("results", "mine", "--where", "outcome=errored")
    assert [json.loads(line)["custom_id"] for line in out.splitlines()] == ["r1"]
    target = tmp_path / "out.csv"
    assert cbtui("results", "mine", "-o", target)[0] == 1
    assert target.read_text().startswith("id,custom_id,status,response")
    code, _, err = cbtui("results", "mine", "-o", target)
    assert code == 4
    assert "--force" in err
    assert cbtui("results", "mine", "-o", target, "--force")[0] == 1
    assert list(tmp_path.glob("*.part")) == []


def test_a_bad_filter_is_said_before_anything_is_asked(cbtui, simulator):
    code, _, err = cbtui("results", "whatever", "--where", "outcom=ok")
    assert code == 2
    assert "no field 'outcom'" in err
    assert len(simulator.log) == 0


@pytest.mark.slow
def test_results_are_sorted_and_their_cost_is_kept_for_the_list(cbtui, simulator, requests_file):
    batch_id = cbtui("submit", requests_file(5), "--yes")[1].strip()
    cbtui("watch", batch_id, "--interval", "1")
    lines = [
        json.loads(line) for line in cbtui("results", batch_id, "--sort", "custom_id:desc")[1].splitlines()
    ]
    ids = [line["custom_id"] for line in lines]
    assert ids == sorted(ids, reverse=True)
    cost = json.loads(cbtui("list", "--json")[1].splitlines()[0])["cost_actual"]
    assert cost > 0
    assert cbtui("results", batch_id, "--where", f"cost>{cost}")[1] == ""
    code, _, err = cbtui("results", batch_id, "--sort", "price")
    assert (code, "sort by one of" in err) == (2, True)


def test_results_before_the_end_are_refused_with_what_to_do(cbtui, simulator):
    added = simulator.batches.add(3, duration=3600 * 10_000)
    code, out, err = cbtui("results", added.id)
    assert (code, out) == (3, "")
    assert "cbtui watch" in err


def test_info_tells_paths_and_never_a_key(cbtui, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-api03-SECRETSECRET9876")
    code, out, _ = cbtui("info", "--json")
    assert code == 0
    assert "SECRET" not in out
    assert "9876" in out
    assert json.loads(out)["paths"]["store"].endswith("store.db")


def test_info_tells_what_was_decided_about_the_drawing_and_why(cbtui, monkeypatch):
    monkeypatch.setenv("SSH_CONNECTION", "10.0.0.1 1 10.0.0.2 22")
    _, out, _ = cbtui("info", "--json")
    drawing = json.loads(out)["drawing"]
    assert drawing["mouse"] == {"value": "off", "reason": "over SSH, where its reports cost; m turns it on"}
    _, out, _ = cbtui("--no-slow", "info")
    assert "profile          fast (the setting slow = false)" in out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("list",), 3, "Cannot reach the API at http://127.0.0.1:9"),
        (("status", "x"), 3, "Cannot reach the API"),
        (("list", "--limit", "0"), 2, "--limit is at least 1"),
        (("watch", "x", "--interval", "0.1"), 2, "at least 1 second"),
        (("results", "/nowhere/x.jsonl"), 2, "There is no file"),
        (("check", "/nowhere"), 2, "no such file"),
        (("submit", "/nowhere", "--yes"), 2, "no such file"),
    ],
)
def test_a_dead_server_and_bad_arguments_are_one_sentence(cbtui, monkeypatch, arguments, code, words):
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-x-1234")
    got, out, err = cbtui(*arguments)
    assert (got, out) == (code, "")
    assert words in err
    assert err.count("\n") == 1


def test_a_wrong_key_is_one_sentence(cbtui, simulator, monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "wrong-key-1234")
    code, out, err = cbtui("list")
    assert (code, out) == (3, "")
    assert "API key is invalid" in err
    assert "wrong-key" not in err


def test_no_key_is_one_sentence_and_code_2(cbtui, simulator, monkeypatch):
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    code, out, err = cbtui("list")
    assert (code, out) == (2, "")
    assert "ANTHROPIC_API_KEY" in err


def test_a_wrong_setting_names_its_place_and_the_nearest_one(cbtui, own_folders):
    (own_folders / "config").mkdir()
    (own_folders / "config" / "config.toml").write_text("modell = 1\n")
    code, _, err = cbtui("info")
    assert code == 2
    assert "config.toml" in err
    assert "'model'" in err


def test_a_submission_that_never_left_leaves_nothing_in_the_spool(
    cbtui, simulator, requests_file, own_folders
):
    simulator.faults.always(Fault(method="GET", path=r"/batches$", status=401))
    code, out, _ = cbtui("submit", requests_file(), "--yes")
    assert (code, out) == (3, "")
    assert list((own_folders / "data" / "spool").iterdir()) == []
    assert simulator.log.creates == []


LOST = [{"status": 500}, {"status": 529}, {"connection": "reset"}]


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("happened", [True, False])
def test_a_cancel_whose_answer_is_lost_is_looked_up(cbtui, simulator, fault, happened):
    first, second = (simulator.batches.add(9, duration=1e9).id for _ in range(2))
    simulator.faults.next(Fault(method="POST", path=r"/cancel$", after_work=happened, **fault))
    code, out, err = cbtui("cancel", first, second, "--yes")
    assert f"{second} canceling" in out
    if happened:
        assert (code, out.startswith((f"{first} canceling", f"{first} ended"))) == (0, True), err
    else:
        assert (code, "it still shows as in progress" in err) == (75, True)
        assert cbtui("cancel", first, "--yes")[:2] == (0, f"{first} canceling\n")


@pytest.mark.parametrize("fault", LOST)
@pytest.mark.parametrize("happened", [True, False])
def test_a_delete_whose_answer_is_lost_is_looked_up(cbtui, simulator, fault, happened):
    first, second = (simulator.batches.add(9, age=99).id for _ in range(2))
    cbtui("list")
    simulator.faults.next(Fault(method="DELETE", path="/batches/", after_work=happened, **fault))
    code, out, err = cbtui("delete", first, second, "--yes")
    assert f"{second} deleted" in out
    if happened:
        assert (code, f"{first} deleted" in out) == (0, True), err
    else:
        assert (code, "it is still there" in err) == (75, True)
        assert cbtui("delete", first, "--yes")[:2] == (0, f"{first} deleted\n")


@pytest.mark.parametrize("verb", ["cancel", "delete"])
def test_what_cannot_even_be_looked_up_is_told_as_such(cbtui, simulator, verb):
    batch = simulator.batches.add(9, **({"duration": 1e9} if verb == "cancel" else {"age": 99})).id
    cbtui("list")
    simulator.faults.always(Fault(path=rf"{batch}", status=503, skip=verb == "cancel"))
    code, out, err = cbtui(verb, batch, "--yes")
    assert (code, out) == (75, "")
    assert f"The {verb} of {batch} was sent, but no good answer came" in err
    assert f"cbtui status {batch}" in err


@pytest.mark.parametrize("word", ["", " ", ".", ".."])
@pytest.mark.parametrize("verb", [("status",), ("watch",), ("results",), ("cancel", "--yes"), ("note", "x")])
def test_a_word_that_is_no_id_is_said_before_anything_is_asked(
    cbtui, simulator, tmp_path, monkeypatch, verb, word
):
    here = tmp_path / "folder" / "of nothing"  # a folder of results may be named, too
    here.mkdir(parents=True)
    monkeypatch.chdir(here)
    command, *options = verb
    code, out, err = cbtui(command, word, *options)
    assert (code, out) == (2, "")
    assert "is no id of a batch" in err
    assert len(simulator.log) == 0
