"""Settings: flags over environment over file over defaults, as one frozen value.

The file is `config.toml` in the config folder; an unknown key is an error. Every setting has an environment
variable `CBTUI_<NAME>`.
"""

from __future__ import annotations

import functools
import math
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import msgspec

from claude_batch_tui.credentials import read_secret, unmounted
from claude_batch_tui.errors import ConfigError, NoCredentialsError
from claude_batch_tui.home import NO_HOME, expand_home
from claude_batch_tui.redaction import redact

APP_NAME = "cbtui"
USUAL_BATCH_COLUMNS = "state,name,model,requests,progress,age,left,cost,tags"
BATCH_COLUMNS = (
    "state",
    "workspace",
    "name",
    "id",
    "requests",
    "progress",
    "ok",
    "errored",
    "expired",
    "canceled",
    "age",
    "left",
    "took",
    "cost",
    "tags",
    "note",
    "model",
    "source",
    "run",
    "results",
    "created",
    "ended",
)
"""The columns the list of batches may have; `batch_columns` says what is in them."""
RESULTS_COLUMNS = ("#", "custom_id", "outcome", "class", "stop", "in", "out", "cost", "text")
"""The columns the list of results may have; it can be sorted by each of them."""


class Profile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One workspace: a table [profiles.NAME]. No key is kept, only the name of the variable that holds it."""

    api_key_env: str
    base_url: str | None = None
    workspace: str | None = None


class Config(msgspec.Struct, frozen=True, kw_only=True):
    """Everything a user can set. Money is in US dollars, times in seconds."""

    base_url: str | None = None
    """Where the API is. Left out, the SDK decides: ANTHROPIC_BASE_URL, the profile, api.anthropic.com."""
    allow_http: str = ""
    """Hosts of a private network that may be reached by http://, which encrypts nothing: names or addresses with commas."""
    profile: str | None = None
    """A table [profiles.NAME] of this file, else a profile of the SDK's config folder. Left out, the SDK's order decides."""
    profiles: dict[str, Profile] = {}
    """Workspaces to watch, by the name they have here."""
    api_key_env: str | None = None
    """The environment variable that holds the key. Left out, the key is found where the SDK looks."""
    workspace: str | None = None
    """Sent as anthropic-workspace-id; needed by keys of several workspaces only."""
    user_profile_id: str | None = None
    """Sent as anthropic-user-profile-id with what is paid: whom all requests are made for."""
    api_version: str | None = None
    """Overrides the anthropic-version header the SDK sends."""
    model: str | None = None
    """Used by Build where no --model is given."""
    max_tokens: int | None = None
    """Used by Build where no --max-tokens is given."""
    confirm_above: float = 10.0
    """Above this cost at most, the number of requests has to be said before submitting."""
    confirm_in_flight: float = 50.0
    """The same, for the cost at most of this and of all batches that have not ended."""
    in_flight: int | None = None
    """So many batches of yours at most are in progress in a workspace; others wait here until one has ended. Left out, none wait."""
    spend_limit: str = ""
    """What may be spent: `20/day`, `200/month`, or both with a comma. What would exceed it is refused before it is sent."""
    read_only: bool = False
    """Nothing is paid, deleted or labelled: for a screen that several people use or see."""
    timeout: float = 60.0
    """Seconds for which a command tries a read again where the API is busy or a connection breaks."""
    poll_interval: float | None = None
    """Fixed seconds between polls, from 1. Left out, the interval adapts."""
    settle: float = 180.0
    """Seconds a submission whose answer was lost is looked for before its batch counts as absent."""
    auto_download: bool = False
    """Download the results of ended batches without being asked."""
    keep: bool = True
    """Fetch the results that the API deletes within 48 hours, whatever cbtui is doing, where twice their size is free."""
    keep_days: int | None = None
    """Days after which `cbtui prune` takes the bodies and results of ended batches. Left out, they stay."""
    downloads_at_once: int = 2
    """So many downloads run side by side, from 1 to 16; others wait."""
    batches_columns: str = USUAL_BATCH_COLUMNS
    """The columns of the list of batches, in their order; where it is narrow the least telling leave first."""
    batches_sort: str = "age"
    """What the list of batches is sorted by at first: the name of a field, `-` before it for the other way round."""
    notify: str = "bell,osc9"
    """Ways to tell of an end beside the status line and the title: bell, osc9, or none."""
    notify_on: str = "all"
    """Tell only of ends with these outcomes: all, or some of succeeded, errored, canceled, expired."""
    osc9: str = "auto"
    """auto (terminals known to take OSC 9), on or off."""
    hook: str | None = None
    """A command line run at every end told, without a shell, with JSON on stdin."""
    hook_timeout: float = 30.0
    """Seconds after which the hook is stopped."""
    color: str = "auto"
    """auto, truecolor, 256, 16 or none."""
    theme: str | None = None
    """A theme of the dashboard. Left out: ansi over SSH, else dark."""
    results_columns: str = "#,custom_id,outcome,stop,in,out,cost,text"
    """The columns of the list of results, in their order: some of `#`, `custom_id`, `outcome`, `class`, `stop`, `in`, `out`, `cost`, `text`."""
    ascii: bool | None = None
    """Draw with ASCII characters only. Left out: where the locale's encoding is not UTF-8, or LC_ALL is C."""
    plain: bool = False
    """Commands replace no line in place: each stands, as a screen reader follows it, and progress is said every ten seconds."""
    mouse: bool | None = None
    """Mouse reporting. Left out: off over SSH and in GNU screen, else on."""
    log_level: str = "info"
    """What goes into the log: debug (how connections are made, too), info, warning, error or off."""
    slow: bool | None = None
    """The frugal profile for thin links. Left out: on over SSH."""
    clipboard: str = "auto"
    """auto, tmux, osc52, native or off."""
    keys: dict[str, str] = {}
    """Other keys for the dashboard's actions: a table [keys] of action id and key, e.g. "batches.cancel" = "f8"."""
    data_dir: Path
    """Store, spool and results."""
    state_dir: Path
    """Logs."""
    config_dir: Path
    """This file's folder."""

    @property
    def hosts_by_http(self) -> frozenset[str]:
        """The hosts of `allow_http`, as addresses name them."""
        return frozenset(host.strip().lower() for host in self.allow_http.split(",")) - {""}

    @property
    def spend_limits(self) -> dict[str, float]:
        """The dollars of `spend_limit`, by `day` and `month`."""
        return spend_limits(self.spend_limit)


class Setting(msgspec.Struct, frozen=True):
    """One setting as it was given, and the place that set it: flag, environment, file or default."""

    name: str
    given: Any
    origin: str

    @property
    def value(self) -> Any:
        """What may be shown: without secrets."""
        return redact(self.given) if isinstance(self.given, str) else self.given


_TABLES = ("keys", "profiles")
_FOLDERS = ("data_dir", "state_dir", "config_dir")
CHOICES = {
    "color": ("auto", "truecolor", "256", "16", "none"),
    "clipboard": ("auto", "tmux", "osc52", "native", "off"),
    "osc9": ("auto", "on", "off"),
    "log_level": ("debug", "info", "warning", "error", "off"),
}
"""The words a setting may be."""
RANGES = {
    "poll_interval": (1, math.inf, "the poll interval is at least 1 second"),
    "timeout": (0, 1e9, "the timeout is a number of seconds from 0"),
    "keep_days": (1, math.inf, "keep_days is at least 1"),
    "in_flight": (1, math.inf, "in_flight is at least 1: so many batches may be in progress"),
    "downloads_at_once": (1, 16, "downloads_at_once is a number from 1 to 16"),
}
"""The least and the most a setting may be, and a sentence about it."""
_LISTS = {
    "results_columns": RESULTS_COLUMNS,
    "batches_columns": BATCH_COLUMNS,
    "notify": ("bell", "osc9", "none"),
    "notify_on": ("all", "succeeded", "errored", "canceled", "expired"),
}


def spend_limits(text: str) -> dict[str, float]:
    """The dollars of limits as `20/day, 200/month`, by `day` and `month`. Raises ValueError where it is no such text."""
    limits: dict[str, float] = {}
    for word in filter(None, map(str.strip, text.split(","))):
        found = re.fullmatch(r"\$?(\d+(?:\.\d+)?)\s*/\s*(day|month)", word)
        if found is None or found[2] in limits:
            raise ValueError(word)
        limits[found[2]] = float(found[1])
    return limits


def require_writable(config: Config) -> None:
    """Raise ConfigError where nothing may be paid, deleted or labelled."""
    if config.read_only:
        raise ConfigError(
            "This cbtui is read-only (read_only, --read-only): it pays for nothing, deletes nothing and changes no labels."
        )


def load(
    flags: Mapping[str, Any], environ: Mapping[str, str] = os.environ, *, reads_file: bool = True
) -> tuple[Config, list[Setting]]:
    """The settings in force and where each comes from. Raises ConfigError for a key or value we cannot use.

    Where it does not read the file, whatever is wrong with that is no matter.
    """
    import platformdirs  # 10 ms that `--version` need not pay

    folders = {
        "data_dir": _usual_folder(platformdirs.user_data_path),
        "state_dir": _usual_folder(platformdirs.user_state_path),
        "config_dir": _usual_folder(platformdirs.user_config_path),
    }
    found: dict[str, tuple[Any, str]] = {
        name: (folders.get(name, {} if name in _TABLES else default), "default")
        for name, default in zip(Config.__struct_fields__, Config.__struct_defaults__, strict=True)
    }
    from_environment = {
        name: environ[variable] for name in found if (variable := f"CBTUI_{name.upper()}") in environ
    }
    given = {name: value for name, value in flags.items() if name in found and value is not None}
    asked = given.get("config_dir") or from_environment.get("config_dir")
    config_dir = expand_home(asked) if asked else folders["config_dir"]
    if reads_file and config_dir is not None:
        file = config_dir / "config.toml"
        for name, value in _read_file(file, set(found)).items():
            found[name] = (_convert(name, value, str(file)), str(file))
    for name, value in from_environment.items():
        found[name] = (_convert(name, value, f"CBTUI_{name.upper()}"), f"environment CBTUI_{name.upper()}")
    for name, value in given.items():
        flag = "--" + name.replace("_", "-")
        found[name] = (_convert(name, value, flag), f"flag {flag}")
    for name in _FOLDERS:
        if found[name][0] is None:
            raise ConfigError(f"{name}: {NO_HOME}. Set HOME, or CBTUI_{name.upper()}.")
    _apply_profile(found)
    config = Config(**{name: value for name, (value, _) in found.items()})
    return config, [Setting(name, value, origin) for name, (value, origin) in found.items()]


def _usual_folder(find: Callable[..., Path]) -> Path | None:
    """Where the platform keeps such files of ours; None where that is below a home folder that is not there."""
    try:
        return find(APP_NAME, appauthor=False)
    except RuntimeError:
        return None


def of_profile(config: Config, name: str) -> Config:
    """The settings with those of the table [profiles.NAME] in force. Raises ConfigError where there is none."""
    if name not in config.profiles:
        known = ", ".join(sorted(config.profiles)) or "none"
        raise ConfigError(
            f"There is no profile {name!r} in {config.config_dir / 'config.toml'}: write a table [profiles.{name}] "
            f"with api_key_env, the variable that holds its key. Known: {known}."
        )
    own = config.profiles[name]
    return msgspec.structs.replace(
        config, profile=name, api_key_env=own.api_key_env, base_url=own.base_url, workspace=own.workspace
    )


def own_key(config: Config, environ: Mapping[str, str] = os.environ) -> str | None:
    """The key of the variable that `api_key_env` names; None where the SDK is to look.

    Raises NoCredentialsError where it is not set, and ConfigError where no header can hold it.
    """
    if config.api_key_env is None:
        return None
    key = environ.get(config.api_key_env, "")
    if not unmounted(key):
        whose = f"The key of profile {config.profile!r}" if config.profile else "The key (api_key_env)"
        raise NoCredentialsError(f"{whose} is read from {config.api_key_env}, which is not set.")
    return read_secret(key, config.api_key_env)


def _apply_profile(found: dict[str, tuple[Any, str]]) -> None:
    """What a chosen [profiles.NAME] says stands over environment and file, never over a flag.

    Where it names no address, that of environment or file does not count either: its key is not for another's place.
    """
    name, _ = found["profile"]
    own = found["profiles"][0].get(name) if name else None
    if own is None:
        return
    for field in ("api_key_env", "base_url", "workspace"):
        if not found[field][1].startswith("flag"):
            found[field] = (getattr(own, field), f"[profiles.{name}]")


def _read_file(file: Path, names: set[str]) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: cannot read the settings: {error}.") from error
    from claude_batch_tui.nesting import read_toml  # late, as many have no such file

    try:
        table = read_toml(text)
    except ValueError as error:
        raise ConfigError(f"{file}: cannot read the settings: {error}.") from error
    for key in table:
        if key not in names:
            import difflib

            near = difflib.get_close_matches(key, names, 1)
            hint = f" Did you mean {near[0]!r}?" if near else f" Known: {', '.join(sorted(names))}."
            raise ConfigError(f"{file}: unknown setting {key!r}.{hint}")
    return table


def _convert(name: str, value: Any, origin: str) -> Any:
    if name in _FOLDERS:
        folder = expand_home(str(value))
        if str(folder).startswith("~"):
            raise ConfigError(f"{origin}: {value}: there is no such home folder.")
        return folder
    try:
        converted = msgspec.convert(value, _types()[name], strict=not isinstance(value, str))
    except msgspec.ValidationError as error:
        # Somebody may have put a key into a table, so tables are not repeated.
        shown = "this" if name in _TABLES else repr(value)
        raise ConfigError(f"{origin}: {shown} is not a value for {name}: {error}.") from error
    _check(name, converted, origin)
    if name == "keys":
        from claude_batch_tui.keymap import checked_keys  # late, as many have no such table

        return checked_keys(converted, origin)
    return converted


@functools.cache
def _types() -> dict[str, Any]:
    """The type of each setting; reading them all takes as long as everything else about one."""
    return {field.name: field.type for field in msgspec.structs.fields(Config)}


def _check(name: str, value: Any, origin: str) -> None:
    """Raise ConfigError where a value of the right type is none we can use."""
    if name in CHOICES and value not in CHOICES[name]:
        raise ConfigError(f"{origin}: {name} is one of {', '.join(CHOICES[name])}, not {value!r}.")
    if name in _LISTS:
        for word in value.split(","):
            if word.strip() not in _LISTS[name]:
                raise ConfigError(f"{origin}: {name} lists some of {', '.join(_LISTS[name])}, not {word!r}.")
    if name == "profiles":
        for profile, own in value.items():
            _require_variable(own.api_key_env, f"{origin}: [profiles.{profile}]")
    if name in _REQUIRED and value is not None:
        _REQUIRED[name](value, origin)
    if name in RANGES and value is not None and not RANGES[name][0] <= value <= RANGES[name][1]:
        raise ConfigError(f"{origin}: {RANGES[name][2]}, not {value!r}.")
    if name == "allow_http" and ("/" in value or "*" in value):
        raise ConfigError(
            f"{origin}: allow_http names hosts, as gateway.internal or 10.0.0.5, not {value!r}."
        )


def _require_limit(text: str, origin: str) -> None:
    """Refuse what is no limit."""
    try:
        spend_limits(text)
    except ValueError:
        raise ConfigError(
            f"{origin}: spend_limit is dollars a day or a month, as 20/day, 200/month, or both with a comma, not {text!r}."
        ) from None


def _require_variable(name: str, origin: str) -> None:
    """Refuse a key where the name of a variable belongs, without saying it."""
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
        raise ConfigError(
            f"{origin}: api_key_env is the name of the environment variable that holds the key, never the key itself."
        )


_REQUIRED = {"api_key_env": _require_variable, "spend_limit": _require_limit}
"""What refuses a text that is none we can use, by setting."""
