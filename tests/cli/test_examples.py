"""The worked examples, copied, built, submitted, watched and read on the simulator."""

import json
from pathlib import Path

import pytest

from claude_batch_tui.sources.recipe import read_recipe


def test_examples_are_listed_with_what_they_show(cbtui):
    code, out, _ = cbtui("examples")
    assert (code, [line.split()[0] for line in out.splitlines()]) == (0, ["custom", "products", "summaries"])


@pytest.mark.parametrize(("name", "requests"), [("summaries", 5), ("products", 10), ("custom", 4)])
def test_an_example_runs_from_copy_to_answers(cbtui, simulator, tmp_path, monkeypatch, name, requests):
    monkeypatch.chdir(tmp_path)
    code, out, err = cbtui("examples", name)
    assert code == 0
    assert f"Next: cbtui build --recipe {name}/recipe.toml" in err
    trust = ("--trust-script",) if name == "custom" else ()
    code, _, err = cbtui("build", "--recipe", f"{name}/recipe.toml", "-o", f"{name}.jsonl", *trust)
    assert (code, f"{requests} requests of {requests} rows" in err) == (0, True)
    code, out, _ = cbtui("submit", f"{name}.jsonl", "--yes")
    assert code == 0
    assert cbtui("watch", out.strip(), "--interval", "1")[0] == 0
    code, out, _ = cbtui("results", out.strip())
    entries = [json.loads(line) for line in out.splitlines()]
    assert (code, {entry["result"]["type"] for entry in entries}) == (0, {"succeeded"})
    assert len(entries) == requests


def test_an_example_never_overwrites(cbtui, tmp_path):
    assert cbtui("examples", "products", "--to", tmp_path)[0] == 0
    code, _, err = cbtui("examples", "products", "--to", tmp_path)
    assert (code, "is already there. Copy into another folder with --to DIR." in err) == (2, True)


def test_an_unknown_example_lists_those_there_are(cbtui):
    assert cbtui("examples", "nothing")[2] == (
        "cbtui: There is no example 'nothing'. There are: custom, products, summaries.\n"
    )


def test_every_recipe_of_the_examples_reads(own_folders):
    import claude_batch_tui.examples

    recipes = sorted(Path(claude_batch_tui.examples.__file__).parent.glob("*/recipe.toml"))
    assert [read_recipe(str(path)).name for path in recipes] == ["reviews", "products", "summaries"]
