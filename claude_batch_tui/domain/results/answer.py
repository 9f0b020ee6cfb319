"""What stands in a message, as pieces of text to read: answers, thinking, tool calls and what came of them.

Block types and their fields: types/ of the SDK 2.14. A block of an unknown type, or of an unknown shape, becomes its
JSON, so nothing of a message is left out.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import msgspec

from claude_batch_tui.domain.results.json_tree import pretty
from claude_batch_tui.domain.results.result import SPOKEN


class Kind(StrEnum):
    """What a piece is."""

    TEXT = "text"
    THINKING = "thinking"
    CALL = "tool call"
    RESULT = "tool result"
    CITATION = "citation"
    MEDIA = "media"
    UNKNOWN = "unknown"


class Piece(msgspec.Struct, frozen=True):
    """A part of a message. `title` says what it is where that is not the answer itself; it may be all there is."""

    kind: Kind
    text: str
    title: str = ""


def pieces(content: Any) -> list[Piece]:
    """The content of a message or of a system prompt, text or blocks, in its order."""
    if isinstance(content, str):
        return [Piece(Kind.TEXT, content)]
    if not isinstance(content, list):
        return [] if content is None else [Piece(Kind.UNKNOWN, pretty(content), "content of unknown shape")]
    return [piece for block in content for piece in _of_block(block)]


def _of_block(block: Any) -> Iterator[Piece]:
    if not isinstance(block, dict):
        yield Piece(Kind.UNKNOWN, pretty(block), "not a block")
        return
    kind = block.get("type")
    try:
        found = list(_known(str(kind), block))
    except (KeyError, TypeError, AttributeError, ValueError, RecursionError):
        found = []
    if found:
        yield from found
    else:
        yield Piece(Kind.UNKNOWN, pretty(block), str(kind) if kind else "a block without a type")


def _known(kind: str, block: dict[str, Any]) -> Iterator[Piece]:
    if kind == "text":
        yield Piece(Kind.TEXT, _text(block["text"]))
        for citation in block.get("citations") or ():
            yield _citation(citation)
    elif kind in ("thinking", "redacted_thinking"):
        thought = f"({len(_text(block['data'])):,} characters, encrypted)" if "data" in block else ""
        yield Piece(
            Kind.THINKING, thought or _text(block["thinking"]) or "(not shown by the API)", "thinking"
        )
    elif kind.endswith("tool_use"):
        where = {"server_tool_use": "server tool call", "mcp_tool_use": "MCP tool call"}.get(
            kind, "tool call"
        )
        server = f" of {block['server_name']}" if "server_name" in block else ""
        yield Piece(Kind.CALL, pretty(block["input"]), f"{where}: {block['name']}{server}")
    elif kind in SPOKEN:
        yield _spoken(kind, block)
    elif kind.endswith("tool_result"):
        yield from _tool_result(kind, block["content"], is_error=bool(block.get("is_error")))
    elif kind in ("image", "document"):
        yield from _media(kind, block)
    elif kind == "container_upload":
        yield Piece(Kind.MEDIA, _text(block["file_id"]), "file in the container")
    elif kind == "search_result":
        inner = "\n".join(piece.text for piece in pieces(block["content"]))
        yield Piece(Kind.RESULT, inner, f"search result: {block['title']} ({block['source']})")


def _spoken(kind: str, block: dict[str, Any]) -> Piece:
    """A block of a type that is not the answer itself; its JSON is folded in the tab `json`."""
    content = block.get("content")
    match kind:
        case "compaction":
            return Piece(
                Kind.RESULT,
                "(it failed: no summary)" if content is None else _text(content),
                "compaction: summary",
            )
        case "fallback":
            return Piece(
                Kind.RESULT, f"{block['from']['model']} declined, {block['to']['model']} goes on", "fallback"
            )
        case "mcp_tool_listing":
            tools = [
                f"{tool['name']}: {tool.get('description') or ''}".rstrip(": ") for tool in block["tools"]
            ]
            return Piece(
                Kind.RESULT,
                "\n".join(tools) or "(no tools)",
                f"tools of the MCP server {block['mcp_server_name']}",
            )
        case _ if "error_code" in block["content"]:
            return Piece(Kind.RESULT, str(block["content"]["error_code"]), "advisor result, an error")
        case _ if "encrypted_content" in block["content"]:
            return Piece(Kind.RESULT, "(advice encrypted)", "advisor result")
        case _:
            return Piece(Kind.RESULT, _text(block["content"]["text"]), "advisor result")


def _citation(citation: dict[str, Any]) -> Piece:
    source = citation.get("title") or citation.get("document_title") or citation.get("source") or ""
    place = ""
    if "start_page_number" in citation:
        # The end of a page range is exclusive.
        first, last = citation["start_page_number"], citation["end_page_number"] - 1
        place = f"page {first}" if last <= first else f"pages {first} to {last}"
    elif "start_char_index" in citation:
        place = f"characters {citation['start_char_index']:,} to {citation['end_char_index']:,}"
    elif "start_block_index" in citation:
        place = f"block {citation['start_block_index']}"
    title = ", ".join(str(part) for part in (source, place, citation.get("url")) if part)
    return Piece(
        Kind.CITATION, f"“{_text(citation['cited_text']).strip()}”", title or "a source without a name"
    )


def _tool_result(kind: str, content: Any, *, is_error: bool) -> Iterator[Piece]:
    name = kind.removesuffix("tool_result").strip("_").replace("_", " ") or "tool"
    title = f"{name} result" + (", an error" if is_error else "")
    if isinstance(content, dict) and "error_code" in content:
        said = f"{content['error_code']} {content.get('error_message') or ''}".rstrip()
        yield Piece(Kind.RESULT, said, f"{name} result, an error")
    elif isinstance(content, dict) and "return_code" in content:
        yield from _execution(content, title)
    elif isinstance(content, dict) and content.get("type") == "web_fetch_result":
        yield Piece(Kind.RESULT, content["url"], title)
        yield from _of_block(content["content"])
    elif isinstance(content, dict) and "tool_references" in content:
        found = "\n".join(str(each["tool_name"]) for each in content["tool_references"])
        yield Piece(Kind.RESULT, found or "(no tools found)", title)
    elif isinstance(content, list) and content and all(_is_hit(each) for each in content):
        yield Piece(Kind.RESULT, "\n".join(_hit(each) for each in content), title)
    elif isinstance(content, (str, list)):
        yield Piece(Kind.RESULT, "" if content else "(nothing)", title)
        yield from pieces(content)
    else:
        yield Piece(Kind.RESULT, pretty(content), title)


def _execution(content: dict[str, Any], title: str) -> Iterator[Piece]:
    parts = [_text(content["stdout"]).rstrip("\n")] if content.get("stdout") else []
    if "encrypted_stdout" in content:
        parts.append("(output encrypted)")
    if content.get("stderr"):
        parts.append(f"stderr:\n{_text(content['stderr'])}")
    parts += [f"file {each['file_id']}" for each in content.get("content") or ()]
    yield Piece(
        Kind.RESULT, "\n".join(parts) or "(no output)", f"{title}, exit code {content['return_code']}"
    )


def _media(kind: str, block: dict[str, Any]) -> Iterator[Piece]:
    source = block["source"]
    name = f": {block['title']}" if block.get("title") else ""
    shape = source["type"]
    if shape == "text":
        yield Piece(Kind.MEDIA, _text(source["data"]), f"{kind}{name}")
    elif shape == "content":
        yield Piece(Kind.MEDIA, "", f"{kind}{name}")
        yield from pieces(source["content"])
    elif shape == "base64":
        media = f"{source['media_type']}, {len(source['data']):,} characters of base64"
        yield Piece(Kind.MEDIA, f"({media})", f"{kind}{name}")
    else:
        yield Piece(Kind.MEDIA, _text(source.get("url") or source["file_id"]), f"{kind}{name}")


def _is_hit(value: Any) -> bool:
    return isinstance(value, dict) and value.get("type") == "web_search_result"


def _hit(hit: dict[str, Any]) -> str:
    age = f", {hit['page_age']}" if hit.get("page_age") else ""
    return f"{hit['title']}{age}\n  {hit['url']}"


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
