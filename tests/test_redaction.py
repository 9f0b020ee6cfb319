from __future__ import annotations

import json
import logging
from urllib.parse import quote

import pytest

from claude_batch_tui import redaction
from claude_batch_tui.credentials import ending, read_secret
from claude_batch_tui.errors import ApiError, CbtuiError, ConfigError, ScriptError, unexpected
from claude_batch_tui.logs import SafeRecord
from claude_batch_tui.redaction import redact, remember_secret


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch):
    monkeypatch.setattr(redaction, "_known", frozenset())
    monkeypatch.setattr(redaction, "_known_pattern", None)


def test_keys_and_tokens_are_taken_out():
    assert redact("sk-ant-api03-abc_DEF and Bearer abc.def") == "sk-ant-… and Bearer …"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Illegal header value b'Bearer abc\\n'", "Illegal header value b'Bearer …\\n'"),
        ("Authorization: Basic bWU6c2VjcmV0", "Authorization: Basic …"),
        ("(b'Authorization', b'Basic bWU6c2VjcmV0')", "(b'Authorization', b'Basic …')"),
        ('{"x-api-key": "0123456789"}', '{"x-api-key": "…"}'),
        (r'"{\"x-api-key\": \"0123456789\"}"', r'"{\"x-api-key\": \"…\"}"'),
        ("{'authorization': '0123456789'}", "{'authorization': '…'}"),
        ("GET /v1?api_key=0123456789&limit=1", "GET /v1?api_key=…"),
        ("Set-Cookie: session=0123456789; Path=/", "Set-Cookie: …; Path=/"),
        ("http://me:secret@proxy.example:8080/", "http://…@proxy.example:8080/"),
        ("sk-ant-api03-abc%0D%0A was sent", "sk-ant-… was sent"),
    ],
)
def test_what_has_the_form_of_a_secret_is_taken_out(text, shown):
    assert redact(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "x-api-key header is required",
        "x-api-key: Header is required",
        "invalid x-api-key",
        "authorization, authentication and accounting",
        "https://example.com/@me and me@example.com",
        "cookie: none",
        "/home/me/keys/api_key.txt cannot be read",
    ],
)
def test_words_about_secrets_stay(text):
    assert redact(text) == text


def test_a_known_secret_is_taken_out_in_every_form_it_is_written_in():
    secret = "pass/word'+0123\\x"
    remember_secret(secret)
    for form in (
        *(secret, f"{secret}\n", repr(secret), json.dumps(secret), quote(secret), quote(secret, safe="")),
        *(f"Bearer {secret}", f"({secret})", str(secret.encode())),
    ):
        assert "0123" not in redact(form), form


def test_of_a_secret_with_a_line_end_inside_each_line_is_taken_out():
    with pytest.raises(ConfigError, match=r"a line end \(character 10 of 20\)"):
        read_secret("first-one\nsecond-one\n", "KEY")
    assert redact("first-one | second-one") == "… | …"


def test_a_secret_shorter_than_eight_characters_is_a_placeholder():
    remember_secret("dummy")
    remember_secret("")
    assert redact("a dummy text") == "a dummy text"


def test_the_end_of_a_key_is_shown_where_it_is_not_most_of_it():
    assert (ending("sk-ant-0123456789"), ending("dummy")) == ("…6789", "…")


def test_no_error_of_ours_holds_a_secret():
    key = "sk-ant-0123456789"
    api = ApiError(f"no {key}", error_type=f"type {key}", request_id=f"req {key}")
    script = ScriptError(f"no {key}", traceback=f"ValueError: {key}")
    said = [str(api), api.error_type, api.request_id, str(script), script.traceback, repr(CbtuiError(key))]
    assert key not in " ".join([*said, unexpected(ValueError(key))])


def test_a_log_record_holds_no_secret_and_nothing_that_acts_on_a_terminal():
    try:
        raise ValueError("\x1b]0;owned\x07 Bearer 0123456789")
    except ValueError as error:
        raised = (type(error), error, error.__traceback__)
    record = SafeRecord("a", logging.ERROR, "", 1, "%s \x1b[2J", ("sk-ant-0123",), raised)
    line = logging.Formatter().format(record)
    assert line.startswith("sk-ant-… ␛[2J\nTraceback")
    assert line.endswith("ValueError: ␛]0;owned␇ Bearer …")


def test_a_known_secret_that_is_a_part_of_a_key_does_not_hide_the_form_of_the_key():
    remember_secret("ant-api03")
    assert redact("no sk-ant-api03-SECRETSECRET here") == "no sk-… here"
    assert redact("ant-api03-SECRET") == "…-SECRET"
