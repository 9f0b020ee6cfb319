from __future__ import annotations

import json


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
