"""Workspaces by name: their settings, their keys, and several of them at once."""

from __future__ import annotations

import json

import pytest

from claude_batch_tui.cli.main import main
from claude_batch_tui.config import load, of_profile, own_key
from claude_batch_tui.errors import ConfigError, NoCredentialsError
from claude_batch_tui.simulator import Simulator
from claude_batch_tui.simulator.workspaces import caller_of

TWO = """
[profiles.research]
api_key_env = "RESEARCH_KEY"

[profiles.production]
api_key_env = "PRODUCTION_KEY"
base_url = "https://gateway.example"
workspace = "wrkspc_1"
"""


@pytest.fixture
def write(own_folders):
    """Write the settings file."""

    def write(text):
        file = own_folders / "config" / "config.toml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    return write


def test_a_profile_brings_address_workspace_and_the_name_of_its_keys_variable(write):
    write(TWO)
    config, settings = load({"profile": "production"})
    assert (config.base_url, config.workspace, config.api_key_env) == (
        "https://gateway.example",
        "wrkspc_1",
        "PRODUCTION_KEY",
    )
    assert {each.name: each.origin for each in settings}["workspace"] == "[profiles.production]"


def test_a_profile_stands_over_the_environment_and_a_flag_over_it(write, monkeypatch):
    write(TWO)
    monkeypatch.setenv("CBTUI_BASE_URL", "https://elsewhere.example")
    assert load({"profile": "production"})[0].base_url == "https://gateway.example"
    assert load({"profile": "research"})[0].base_url is None
    assert load({"profile": "research", "base_url": "https://x.example"})[0].base_url == "https://x.example"
    assert load({})[0].base_url == "https://elsewhere.example"


def test_the_key_is_read_from_the_variable_and_its_lack_is_one_sentence(write, monkeypatch):
    write(TWO)
    config = of_profile(load({})[0], "research")
    monkeypatch.setenv("RESEARCH_KEY", "sk-ant-x")
    assert own_key(config) == "sk-ant-x"
    monkeypatch.delenv("RESEARCH_KEY")
    with pytest.raises(NoCredentialsError, match="RESEARCH_KEY, which is not set"):
        own_key(config)
    assert own_key(load({})[0]) is None


def test_an_unknown_profile_of_the_dashboard_names_those_there_are(write):
    write(TWO)
    with pytest.raises(ConfigError, match="production, research"):
        of_profile(load({})[0], "stagging")


@pytest.mark.parametrize(
    "text",
    [
        '[profiles.a]\napi_key_env = "sk-ant-api03-SECRET"\n',
        'api_key_env = "sk-ant-api03-SECRET"\n',
    ],
)
def test_a_key_in_the_settings_is_refused_without_being_shown(write, text):
    write(text)
    with pytest.raises(ConfigError, match="never the key itself") as found:
        load({})
    assert "SECRET" not in str(found.value)


def test_an_unknown_word_of_a_profile_is_an_error(write):
    write('[profiles.a]\napi_key_env = "A"\nkey = "sk-ant-x"\n')
    with pytest.raises(ConfigError, match="unknown field `key`") as found:
        load({})
    assert "sk-ant" not in str(found.value)


@pytest.fixture
def two_workspaces(write, monkeypatch):
    """A batch in each of two workspaces, and the settings to reach them."""
    with Simulator(seed=5) as simulator:
        text = ""
        for word, requests in (("research", 4), ("production", 7)):
            key = simulator.key_of(word)
            simulator.batches.add(requests, age=60, duration=3600, caller=caller_of({"x-api-key": key}))
            monkeypatch.setenv(f"{word.upper()}_KEY", key)
            text += (
                f'[profiles.{word}]\napi_key_env = "{word.upper()}_KEY"\nbase_url = "{simulator.base_url}"\n'
            )
        write(text)
        yield simulator


def test_list_takes_several_profiles(two_workspaces, capsys):
    assert main(["list", "--profile", "research", "--profile", "production"], lambda _: 0) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "research"
    assert "production" in lines
    code = main(["list", "--json", "--profile", "research", "--profile", "production"], lambda _: 0)
    found = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert code == 0
    assert [(each["profile"], each["request_counts"]["processing"]) for each in found] == [
        ("research", 4),
        ("production", 7),
    ]
    both = ["--profile", "research", "--profile", "production"]
    assert (
        main(
            ["list", "--where", "workspace=production", "--columns", "workspace,requests", *both], lambda _: 0
        )
        == 0
    )
    assert capsys.readouterr().out.split() == [
        "research",
        "production",
        "WORKSPACE",
        "REQS",
        "production",
        "7",
    ]


def test_a_workspace_without_its_key_does_not_keep_list_from_the_others(two_workspaces, capsys, monkeypatch):
    monkeypatch.delenv("RESEARCH_KEY")
    assert main(["list", "--profile", "research", "--profile", "production"], lambda _: 0) == 2
    out, err = capsys.readouterr()
    assert "msgbatch_" in out.partition("production")[2]
    assert err.count("\n") == 1
    assert "research: The key of profile 'research'" in err


def test_status_and_history_take_several_profiles(two_workspaces, capsys):
    both = ["--profile", "research", "--profile", "production"]
    main(["list", "--json", *both], lambda _: 0)
    theirs = json.loads(capsys.readouterr().out.splitlines()[1])["id"]
    assert main(["status", theirs, *both], lambda _: 0) == 0
    assert capsys.readouterr().out.splitlines()[:2] == ["profile   production", f"id        {theirs}"]
    assert main(["status", "--short", "--json", *both], lambda _: 0) == 0
    assert json.loads(capsys.readouterr().out)["running"] == 2
    assert main(["history", "--json", *both], lambda _: 0) == 0
    assert sum(day["batches"] for day in json.loads(capsys.readouterr().out)["days"]) == 2


def test_a_command_about_one_workspace_takes_one_profile(two_workspaces, capsys):
    assert main(["info", "--profile", "research", "--profile", "production"], lambda _: 0) == 2
    assert "info takes one --profile" in capsys.readouterr().err


def test_info_and_doctor_name_the_variable_and_never_the_key(two_workspaces, capsys, monkeypatch):
    monkeypatch.setenv("RESEARCH_KEY", "sk-ant-sim-research-SECRET-a1b2")
    assert main(["info", "--profile", "research"], lambda _: 0) == 0
    out = capsys.readouterr().out
    assert "RESEARCH_KEY …a1b2" in out
    assert main(["doctor", "--profile", "research"], lambda _: 0) == 0
    out += capsys.readouterr().out
    assert "research …a1b2" in out
    assert "SECRET" not in out


@pytest.mark.slow
def test_watch_takes_batches_of_several_profiles(two_workspaces, capsys):
    profiles = ["--profile", "research", "--profile", "production"]
    main(["list", "--json", *profiles], lambda _: 0)
    ids = [json.loads(line)["id"] for line in capsys.readouterr().out.splitlines()]
    two_workspaces.batches.finish(ids[0])
    assert main(["watch", *ids, "--until", "any", "--json", *profiles], lambda _: 0) in (0, 1)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {each["batch_id"] for each in said} == set(ids)
    two_workspaces.batches.finish(ids[1])
    assert main(["watch", *ids, "--json", *profiles], lambda _: 0) in (0, 1)
    said = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {(each["batch_id"], each["processing_status"]) for each in said} == {
        (each, "ended") for each in ids
    }


def test_a_batch_no_profile_knows_is_one_sentence(two_workspaces, capsys):
    code = main(["watch", "msgbatch_no", "--profile", "research", "--profile", "production"], lambda _: 0)
    assert code == 3
    assert capsys.readouterr().err.count("\n") == 1


def test_doctor_tells_which_profile_lacks_its_key(two_workspaces, capsys, monkeypatch):
    monkeypatch.delenv("PRODUCTION_KEY")
    assert main(["doctor", "--profile", "research"], lambda _: 0) == 0
    assert "production reads its key from PRODUCTION_KEY, which is not set" in capsys.readouterr().out
