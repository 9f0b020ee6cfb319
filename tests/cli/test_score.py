from __future__ import annotations

import json

import pytest


def _line(custom_id, text):
    if text is None:
        return {"custom_id": custom_id, "result": {"type": "expired"}}
    content = [{"type": "text", "text": text}]
    message = {"model": "claude-haiku-4-5", "content": content, "stop_reason": "end_turn"}
    return {"custom_id": custom_id, "result": {"type": "succeeded", "message": message}}


@pytest.fixture
def answers(tmp_path):
    def write(name, texts):
        path = tmp_path / name
        path.write_text("".join(json.dumps(_line(*one)) + "\n" for one in texts.items()))
        return path

    return write


@pytest.fixture
def labels(tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("id,label\nx,bug\ny,bug\nz,billing\nw,billing\nv,bug\nu,\n")
    return path


def test_answers_are_scored_against_a_file_joined_by_id(answers, labels, cbtui):
    found = answers("a.jsonl", {"x": "bug", "y": "Bug.", "z": "bug", "w": None, "u": "bug"})
    code, out, _ = cbtui("score", found, "--expected", "label", "--expected-file", labels)
    assert code == 1
    lines = out.splitlines()
    assert lines[0].startswith("accuracy    33.3% (95 % interval 6.1 to 79.2)   1 of 3")
    assert [line.split()[:2] for line in lines if line.startswith(("missing", "without", "of all"))] == [
        ["missing", "2"], ["without", "1"], ["of", "all"],
    ]  # fmt: skip
    code, out, _ = cbtui(
        "score",
        found,
        "--expected",
        "label",
        "--expected-file",
        labels,
        "--normalise",
        "case,punct",
        "--json",
    )
    told = json.loads(out)["score"]
    assert (told["right"], told["scored"], told["missing"]) == (2, 3, 2)
    assert {"expected": "billing", "answer": "bug", "count": 1} in told["matrix"]


def test_answers_with_half_a_character_are_scored_exported_by_path_and_become_rows(answers, labels, cbtui):
    found = answers(
        "a.jsonl", {"x": '{"label": "a\ud800", "all": ["\ud800"]}', "y": r'{"label": "\ud800 b"}'}
    )
    options = ["--expected", "label", "--expected-file", labels, "--answer", "json.label", "--json"]
    code, out, err = cbtui("score", found, *options)
    assert [cell["answer"] for cell in json.loads(out)["score"]["matrix"]] == ["a\ud800", "\ud800 b"], err
    for form in ("csv", "json", "flat"):
        code, out, err = cbtui(
            "results", found, "--columns", "custom_id,json.label,json.all", "--format", form
        )
        assert (code, "\\ud800 b" in out) == (0, True), err
    template = ["--template", "{{ answer }}", "--model", "claude-haiku-4-5", "--max-tokens", "9"]
    code, _, err = cbtui("build", "results", found, *template, "-o", found.with_name("next.jsonl"))
    assert (code, "half of a surrogate pair" in err) == (2, True), err


def test_entries_whose_labels_have_no_room_in_the_matrix_are_counted_under_it(answers, tmp_path, cbtui):
    names = [f"l{number:02}" for number in range(14)]
    found = answers("a.jsonl", {f"{name}-{twice}": name for name in names for twice in "ab"})
    expected = tmp_path / "labels.csv"
    expected.write_text(
        "id,label\n" + "".join(f"{name}-{twice},{name}\n" for name in names for twice in "ab")
    )
    code, out, _ = cbtui("score", found, "--expected", "label", "--expected-file", expected)
    assert (code, out.splitlines()[-1]) == (0, "4 entries have labels that are not in this table")


def test_ids_of_a_cell_and_of_what_is_wrong_can_be_piped(answers, labels, cbtui):
    found = answers("a.jsonl", {"x": "bug", "y": "bug", "z": "bug", "w": "", "v": "bug"})
    told = ("score", found, "--expected", "label", "--expected-file", labels)
    assert cbtui(*told, "--cell", "billing", "bug")[1] == "z\n"
    assert cbtui(*told, "--ids", "unparsable")[1] == "w\n"
    assert cbtui(*told, "--ids", "right", "--where", "id!=x")[1] == "y\nv\n"


def test_a_field_of_json_answers_is_scored_and_a_judge_says_what_is_right(answers, cbtui):
    found = answers("a.jsonl", {"x": '{"label":"bug"}', "y": '```json\n{"label":"bug"}\n```', "z": "{}"})
    judge = answers("j.jsonl", {"x": '{"is":"bug"}', "y": '{"is":"billing"}', "z": '{"is":"bug"}'})
    code, out, _ = cbtui(
        "score", found, "--judge", judge, "--answer", "json:$.label", "--expected", "json.is", "--json"
    )
    assert code == 1
    told = json.loads(out)["score"]
    assert (told["right"], told["scored"], told["unparsable"]) == (1, 2, 1)


def test_two_runs_are_scored_side_by_side(answers, labels, cbtui):
    first = answers("a.jsonl", {"x": "bug", "y": "billing", "z": "bug", "w": "bug", "v": "bug"})
    second = answers("b.jsonl", {"x": "bug", "y": "bug", "z": "billing", "w": "billing", "v": "bug"})
    told = ("score", first, "--beside", second, "--expected", "label", "--expected-file", labels)
    code, out, _ = cbtui(*told)
    assert code == 0
    assert out.splitlines()[-1] == "McNemar          p = 0.250 (exact): the difference may be chance"
    paired = json.loads(cbtui(*told, "--json")[1])["others"][0]["paired"]
    assert (paired["both"], paired["only_first"], paired["only_second"], paired["p"]) == (5, 0, 3, 0.25)


@pytest.mark.slow
def test_a_run_is_scored_by_a_column_of_its_source(cbtui, simulator, tmp_path):
    source = tmp_path / "rows.csv"
    source.write_text("id,text,label\nt1,one,a\nt2,two,b\n")
    built = tmp_path / "r.jsonl"
    build = (
        "build",
        "csv",
        source,
        "--id-column",
        "id",
        "--template",
        "{{ text }}",
        "--model",
        "claude-haiku-4-5",
    )
    assert cbtui(*build, "--max-tokens", "9", "-o", built)[0] == 0
    batch = cbtui("submit", built, "--yes")[1].strip()
    cbtui("watch", batch, "--interval", "1")
    code, out, _ = cbtui("score", batch, "--expected", "label", "--json")
    assert code == 0
    assert json.loads(out)["score"]["scored"] == 2
    code, _, err = cbtui("score", batch, "--expected", "labl")
    assert code == 2
    assert "Did you mean 'label'?" in err


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "Say what is right"),
        (("--expected", "label"), "is not known here"),
        (("--expected", "label", "--normalise", "typos"), "there are case, space, punct"),
        (("--expected", "label", "--answer", "label"), "a path such as json.label"),
    ],
)
def test_what_is_lacking_or_wrong_is_said(answers, cbtui, more, words):
    code, _, err = cbtui("score", answers("a.jsonl", {"x": "bug"}), *more)
    assert code == 2
    assert words in err


def test_ids_that_meet_nowhere_and_ids_that_come_twice_are_said(answers, tmp_path, cbtui):
    found = answers("a.jsonl", {"x": "bug"})
    other = tmp_path / "other.csv"
    other.write_text("id,label\nq,\n")
    told = ("score", found, "--expected", "label", "--expected-file", other)
    assert "No entry has an expected value" in cbtui(*told)[2]
    other.write_text("id,label\nx,bug\nx,bug\n")
    assert "the id 'x' is there twice" in cbtui(*told)[2]
