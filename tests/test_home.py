"""Paths with a `~`: of a user who is not there, and where there is no home folder at all."""

from __future__ import annotations

import pwd
from pathlib import Path

import pytest

from claude_batch_tui.config import load
from claude_batch_tui.errors import ConfigError
from claude_batch_tui.home import expand_home
from claude_batch_tui.services.guide import skills_folder
from claude_batch_tui.sources.documents import media_source
from claude_batch_tui.tui.build.fields import kind_of

PACKAGE = Path(__file__).parent.parent / "claude_batch_tui"


@pytest.fixture
def homeless(monkeypatch):
    """As in a container started with `--user 12345`: no HOME, and no entry in the list of users."""

    def unknown(_):
        raise KeyError

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME")
    for place in ("DATA", "STATE", "CONFIG"):
        monkeypatch.delenv(f"CBTUI_{place}_DIR", raising=False)
        monkeypatch.delenv(f"XDG_{place}_HOME", raising=False)


def test_a_user_who_is_not_there_is_a_file_that_is_not_there(tmp_path):
    assert expand_home("~nosuchuser/x.csv") == Path("~nosuchuser/x.csv")
    assert expand_home("~/x.csv") == Path.home() / "x.csv"
    with pytest.raises(ValueError, match="nosuchuser"):
        media_source("~nosuchuser/x.png", "image", "")


def test_a_path_whose_user_is_still_being_typed_has_the_kind_of_its_ending():
    assert kind_of({"source": "~nosuchuser/x.csv"}) == "csv"


def test_no_other_way_than_ours_follows_a_tilde():
    """`Path.expanduser` and `Path.home` raise RuntimeError, which ends the dashboard."""
    found = [
        str(file)
        for file in PACKAGE.rglob("*.py")
        if ".expanduser()" in (text := file.read_text(encoding="utf-8")) or "Path.home()" in text
    ]
    assert not found


def test_without_a_home_folder_a_sentence_says_what_to_set(homeless, tmp_path):
    with pytest.raises(ConfigError, match=r"data_dir: there is no home folder.*CBTUI_DATA_DIR"):
        load({}, {})
    own = {f"CBTUI_{name}_DIR": str(tmp_path) for name in ("DATA", "STATE", "CONFIG")}
    assert load({}, own)[0].data_dir == tmp_path
    with pytest.raises(ConfigError, match="no home folder"):
        skills_folder("openclaw", {})
    assert skills_folder("claude", {"CLAUDE_CONFIG_DIR": "/there"}) == Path("/there/skills")


def test_a_setting_that_begins_with_nobodys_home_is_refused():
    with pytest.raises(ConfigError, match="CBTUI_DATA_DIR: ~nosuchuser: there is no such home folder"):
        load({}, {"CBTUI_DATA_DIR": "~nosuchuser"})


def test_the_settings_file_is_read_from_a_folder_below_the_home_folder():
    (Path.home() / "own").mkdir(parents=True)
    (Path.home() / "own" / "config.toml").write_text("poll_interval = 7\n")
    assert load({}, {"CBTUI_CONFIG_DIR": "~/own"})[0].poll_interval == 7
