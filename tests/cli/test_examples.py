"""The worked examples, copied, built, submitted, watched and read on the simulator."""

import csv
import json
from pathlib import Path

import pytest

from claude_batch_tui.simulator import Simulator
from claude_batch_tui.sources.recipe import read_recipe

EXAMPLES = {"custom": 4, "evaluation": 8, "products": 10, "summaries": 5, "vision": 4}
"""By name: how many requests it makes."""


def test_examples_are_listed_with_what_they_show(cbtui):
    code, out, _ = cbtui("examples")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, [*EXAMPLES])


@pytest.mark.slow
@pytest.mark.parametrize(("name", "requests"), EXAMPLES.items())
def test_an_example_runs_from_copy_to_the_answers_it_promises(cbtui, tmp_path, monkeypatch, name, requests):
    monkeypatch.chdir(tmp_path)
    code, out, err = cbtui("examples", name)
    assert code == 0
    assert f"Next: cbtui build --recipe {name}/recipe.toml" in err
    trust = ("--trust-script",) if name == "custom" else ()
    code, _, err = cbtui("build", "--recipe", f"{name}/recipe.toml", "-o", f"{name}.jsonl", *trust)
    assert (code, f"{requests} requests of {requests} rows" in err) == (0, True)
    with Simulator(speed=10_000, seed=1) as fresh:
        monkeypatch.setenv("ANTHROPIC_BASE_URL", fresh.base_url)
        monkeypatch.setenv("ANTHROPIC_API_KEY", fresh.key)
        code, out, _ = cbtui("submit", f"{name}.jsonl", "--yes")
        assert code == 0
        assert cbtui("watch", out.strip(), "--interval", "1")[0] == 0
        assert cbtui("results", out.strip(), "-o", "answers.csv")[0] == 0
    answers = read_csv(tmp_path / "answers.csv")
    assert len(answers) == requests
    assert [{key: row[key] for key in ("id", "status", "response")} for row in answers] == read_csv(
        tmp_path / name / "expected.csv"
    )


def test_the_evaluation_gives_an_accuracy_from_its_expected_labels(cbtui, tmp_path):
    cbtui("examples", "evaluation", "--to", tmp_path)
    tickets = {row["id"]: row["expected"] for row in read_csv(tmp_path / "evaluation/tickets.csv")}
    answers = read_csv(tmp_path / "evaluation/expected.csv")
    labels = {row["id"]: json.loads(row["response"])["label"] for row in answers}
    assert set(labels) == set(tickets)
    assert set(labels.values()) <= set(tickets.values())


def read_csv(path):
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def test_an_example_never_overwrites(cbtui, tmp_path):
    assert cbtui("examples", "products", "--to", tmp_path)[0] == 0
    code, _, err = cbtui("examples", "products", "--to", tmp_path)
    assert (code, "is already there. Copy into another folder with --to DIR." in err) == (2, True)


def test_an_unknown_example_lists_those_there_are(cbtui):
    assert cbtui("examples", "nothing")[2] == (
        "cbtui: There is no example 'nothing'. There are: custom, evaluation, products, summaries, vision.\n"
    )


def test_every_recipe_of_the_examples_reads(own_folders):
    import claude_batch_tui.examples

    recipes = sorted(Path(claude_batch_tui.examples.__file__).parent.glob("*/recipe.toml"))
    assert [read_recipe(str(path)).name for path in recipes] == [
        "reviews",
        "evaluation",
        "products",
        "summaries",
        "vision",
    ]
