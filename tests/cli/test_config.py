from __future__ import annotations

import json
import tomllib

import jsonschema_rs


def test_config_shows_each_setting_with_its_origin_and_the_file(cbtui, own_folders, monkeypatch):
    file = own_folders / "config" / "config.toml"
    assert cbtui("config", "--path") == (0, f"{file}\n", "")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('model = "claude-haiku-4-5"\n')
    monkeypatch.setenv("CBTUI_ASCII", "true")
    code, out, _ = cbtui("config")
    assert code == 0
    assert out.splitlines()[0] == str(file)
    assert f"claude-haiku-4-5  ({file})" in out
    assert "(environment CBTUI_ASCII)" in out
    settings = {line["name"]: line for line in map(json.loads, cbtui("config", "--json")[1].splitlines())}
    assert settings["hook"] == {"name": "hook", "value": None, "origin": "default"}


def test_config_init_begins_a_file_in_which_every_setting_is_valid_once_its_sign_is_gone(cbtui, own_folders):
    file = own_folders / "config" / "config.toml"
    assert cbtui("config", "init") == (0, f"{file}\n", "")
    assert cbtui("config", "check") == (0, f"{file}: good. It sets nothing.\n", "")
    begun = file.read_text()
    assert "#:schema ./config.schema.json" in begun
    code, _, err = cbtui("config", "init")
    assert (code, "stays as it is" in err, file.read_text()) == (2, True, begun)
    schema = json.loads((file.parent / "config.schema.json").read_text())
    lines = [
        line.removeprefix("# ") for line in begun.splitlines() if " = " in line or line.startswith("# [")
    ]
    settings = tomllib.loads("\n".join(lines))
    assert not list(jsonschema_rs.validator_for(schema).iter_errors(settings))
    assert set(schema["properties"]) - set(settings) == {"config_dir"}


def test_a_settings_file_that_is_wrong_is_checked_and_edited_all_the_same(cbtui, own_folders, monkeypatch):
    file = own_folders / "config" / "config.toml"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text('colour = "none"\n')
    code, out, err = cbtui("config", "check")
    assert (code, out, "Did you mean 'color'?" in err) == (2, "", True)
    assert cbtui("config", "--path")[0] == 0
    assert "needs a terminal" in cbtui("config", "edit")[2]
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setenv("VISUAL", "sed -i s/colour/color/")
    assert cbtui("config", "edit") == (0, f"{file}: good. It sets color.\n", "")
