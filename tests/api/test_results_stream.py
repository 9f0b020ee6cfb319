"""Answers whose bytes are written by hand, taken as a stream of results."""

from __future__ import annotations

import socket

import pytest

from byte_server import CHUNKED, OK, ByteServer
from claude_batch_tui.api.client import AnthropicApi
from claude_batch_tui.config import load
from claude_batch_tui.errors import NotFoundError, UnavailableError
from claude_batch_tui.simulator import Simulator

WHOLE = {
    "with a length": OK + b"Content-Length: 6\r\n\r\nabcdef",
    "until the end of the connection": OK + b"\r\nabcdef",
    "in chunks": CHUNKED + b"3\r\nabc\r\n3\r\ndef\r\n0\r\n\r\n",
    "in chunks with extensions and trailers": CHUNKED + b"3;x=y\r\nabc\r\n03 \r\ndef\r\n0\r\nx: y\r\n\r\n",
    "after an interim answer": b"HTTP/1.1 100 Continue\r\n\r\n" + OK + b"Content-Length: 6\r\n\r\nabcdef",
    "after a header that is not ASCII": OK
    + "Content-Length: 6\r\nX-Name: Zürich 東京\r\n\r\nabcdef".encode(),
    "with small letters": OK + b"content-length: 6\r\n\r\nabcdef",
}
BROKEN = {
    "short of its length": OK + b"Content-Length: 7\r\n\r\nabcdef",
    "cut in a chunk": CHUNKED + b"7\r\nabcdef",
    "cut after a chunk": CHUNKED + b"6\r\nabcdef\r\n",
    "cut before the last line": CHUNKED + b"6\r\nabcdef\r\n0\r\n",
    "a chunk longer than it says": CHUNKED + b"5\r\nabcdef\r\n0\r\n\r\n",
    "a size that is none": CHUNKED + b"0x6\r\nabcdef\r\n0\r\n\r\n",
    "a negative size": CHUNKED + b"-6\r\nabcdef\r\n0\r\n\r\n",
    "no size": CHUNKED + b"\r\nabcdef\r\n0\r\n\r\n",
    "no head": b"abcdef\r\n\r\n",
    "nothing": b"",
}


def read(api):
    with api.open_results("msgbatch_1") as stream:
        return b"".join(stream)


@pytest.mark.parametrize("answer", WHOLE.values(), ids=WHOLE)
def test_a_whole_body_is_read_however_it_is_framed(own_folders, answer):
    with ByteServer(answer) as server:
        assert read(server.api()) == b"abcdef"
    (request,) = server.asked
    assert request.startswith(b"GET /v1/messages/batches/msgbatch_1/results HTTP/1.1\r\n")
    assert request.lower().count(b"\r\nhost: ") == 1
    assert b"\r\naccept-encoding: identity\r\n" in request.lower()
    assert b"sk-ant-x\r\n" in request


@pytest.mark.parametrize("answer", BROKEN.values(), ids=BROKEN)
def test_a_body_that_is_not_whole_never_ends_as_if_it_were(own_folders, answer):
    with ByteServer(answer) as server, pytest.raises(UnavailableError):
        read(server.api())


def test_a_server_that_is_not_there_is_out_of_reach(own_folders):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    api = AnthropicApi(load({"base_url": f"http://127.0.0.1:{port}"})[0], api_key="sk-ant-x")
    with pytest.raises(UnavailableError, match="refused") as caught:
        read(api)
    assert caught.value.sent is False


def test_an_error_of_the_api_keeps_its_words(own_folders):
    with Simulator() as simulator:
        api = AnthropicApi(load({"base_url": simulator.base_url})[0], api_key=simulator.key)
        with pytest.raises(NotFoundError):
            read(api)


@pytest.mark.parametrize("proxy", ["http_proxy", "ALL_PROXY"])
def test_where_a_proxy_is_set_results_come_through_it(own_folders, monkeypatch, proxy):
    with ByteServer(WHOLE["in chunks"]) as server:
        monkeypatch.setenv(proxy, server.address)
        monkeypatch.setenv("no_proxy", "")
        monkeypatch.setenv("NO_PROXY", "")
        # Nothing but the proxy answers there.
        api = AnthropicApi(load({"base_url": "http://127.0.0.1:9"})[0], api_key="sk-ant-x")
        assert read(api) == b"abcdef"
    (request,) = server.asked
    assert request.startswith(b"GET http://127.0.0.1:9/v1/messages/batches/msgbatch_1/results HTTP/1.1\r\n")
