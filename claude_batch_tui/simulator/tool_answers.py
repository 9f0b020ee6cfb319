"""What answers hold where tools are given: calls of the caller's tools, and the turns of tools that the API runs itself."""

from __future__ import annotations

import base64
from typing import Any, Final, NamedTuple

_DIRECT: Final = {"type": "direct"}
_PAGE: Final = "https://example.com/articles/{}"


class ServerTurn(NamedTuple):
    """One use of a server tool: its blocks, what the text after it cites, and what it adds to `usage`."""

    blocks: list[dict[str, Any]]
    citations: list[dict[str, Any]] | None = None
    searches: int = 0
    fetches: int = 0
    advisor: str | None = None
    """The model that advised, whose tokens are told apart (`usage.iterations`)."""


def client_tools(tools: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    """The tools that the caller runs: those with a schema of their own."""
    return [tool for tool in tools or () if tool.get("type", "custom") == "custom"]


def server_turn(
    tools: list[dict[str, Any]] | None, name: str, topic: str, digest: bytes
) -> ServerTurn | None:
    """The use of the first server tool among these, or None where there is none.

    `name` (22 letters and digits) makes the id of the call, `topic` is what is looked for.
    """
    for tool in tools or ():
        kind = str(tool.get("type", ""))
        for beginning, make in _SERVER_TOOLS.items():
            if kind.startswith(beginning):
                return make(tool, f"srvtoolu_01{name}", topic, digest)
    return None


def _use(call: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    return {"type": "server_tool_use", "id": call, "name": name, "input": given, "caller": _DIRECT}


def _search(_tool: dict[str, Any], call: str, topic: str, digest: bytes) -> ServerTurn:
    sealed = base64.b64encode(digest).decode()
    found = [
        {
            "type": "web_search_result",
            "url": _PAGE.format(number),
            "title": f"{topic}: part {number}",
            "encrypted_content": sealed,
            "page_age": "November 2, 2026",
        }
        for number in range(1, 3)
    ]
    cited = {
        "type": "web_search_result_location",
        "url": found[0]["url"],
        "title": found[0]["title"],
        "encrypted_index": sealed,
        "cited_text": topic,
    }
    result = {"type": "web_search_tool_result", "tool_use_id": call, "content": found, "caller": _DIRECT}
    return ServerTurn([_use(call, "web_search", {"query": topic}), result], [cited], searches=1)


def _fetch(_tool: dict[str, Any], call: str, topic: str, _digest: bytes) -> ServerTurn:
    url = _PAGE.format(1)
    page = {
        "type": "document",
        "source": {"type": "text", "media_type": "text/plain", "data": topic},
        "title": topic,
        "citations": None,
    }
    content = {
        "type": "web_fetch_result",
        "url": url,
        "content": page,
        "retrieved_at": "2026-11-20T12:00:00Z",
    }
    result = {"type": "web_fetch_tool_result", "tool_use_id": call, "content": content, "caller": _DIRECT}
    return ServerTurn([_use(call, "web_fetch", {"url": url}), result], fetches=1)


def _run(_tool: dict[str, Any], call: str, topic: str, _digest: bytes) -> ServerTurn:
    content = {
        "type": "bash_code_execution_result", "stdout": f"{len(topic)}\n", "stderr": "", "return_code": 0, "content": [],
    }  # fmt: skip
    result = {"type": "bash_code_execution_tool_result", "tool_use_id": call, "content": content}
    return ServerTurn([_use(call, "bash_code_execution", {"command": "wc -c text"}), result])


def _advise(tool: dict[str, Any], call: str, topic: str, _digest: bytes) -> ServerTurn:
    content = {"type": "advisor_result", "text": f"Keep to the point: {topic}", "stop_reason": "end_turn"}
    result = {"type": "advisor_tool_result", "tool_use_id": call, "content": content}
    return ServerTurn([_use(call, "advisor", {}), result], advisor=str(tool.get("model", "")))


_SERVER_TOOLS: Final = {
    "web_search_": _search,
    "web_fetch_": _fetch,
    "code_execution_": _run,
    "advisor_": _advise,
}
"""How the types of server tools begin (API reference: tool types carry a date), and what uses them."""
