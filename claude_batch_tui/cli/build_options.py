"""The options of `build`: what only one kind of source needs to be told, how requests are made, and where they go."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

KINDS = {
    "csv": "a row of a CSV or TSV file is a request",
    "json": "an object of a JSON array, of an object by keys, of JSON Lines or of values one behind the other is a request",
    "text": "a line, a paragraph or another piece of a text file is a request",
    "documents": "a file of a folder or a pattern is a request: text, PDF, images; Word and HTML with the extra "
    "claude-batch-tui[documents]",
    "spreadsheet": "a row of an Excel or OpenDocument sheet is a request; needs the extra claude-batch-tui[spreadsheet]",
    "sqlite": "a row of an SQLite query is a request",
    "results": "the answer of a batch, a run, a name or a results file is a request: fields id, answer, json, outcome, run, "
    "and the columns of its source",
    "parquet": "a row of a Parquet file, or of a folder or pattern of them, is a request; needs the extra claude-batch-tui[parquet]",
    "custom": "a Python script's build_requests() gives the requests; it runs as you do",
    "jsonl": "a ready request with custom_id and params is checked and kept as it is; those of OpenAI, Bedrock and "
    "Vertex are converted as far as that is true",
}
"""The kinds of source, and what of each is a request."""
READY = ("custom", "jsonl")
"""The kinds whose rows are ready requests."""
_ENCODED = ("csv", "text", "json", "documents")


def add_source_options(sub: argparse.ArgumentParser, kind: str) -> None:
    """What only one kind of source needs to be told."""
    if kind in _ENCODED:
        sub.add_argument("--encoding", metavar="E", help="left out, it is found out and said")
    if kind == "csv":
        sub.add_argument("--delimiter", metavar="C", help="a character, or tab; left out, it is guessed")
        sub.add_argument("--quote", metavar="C", help='what quotes fields ("); none: quotes are plain text')
        sub.add_argument("--escape", metavar="C", help="what stands before a quote that is text, mostly \\")
        sub.add_argument(
            "--skip-lines", metavar="N", type=int, help="lines above the header; left out, they are found out"
        )
        sub.add_argument(
            "--no-header",
            action="store_true",
            help="the first row is one too: columns are column_1, column_2 …",
        )
        sub.add_argument(
            "--ragged",
            choices=("error", "fill"),
            help="a row that is too short is an error, or filled (error)",
        )
    elif kind == "json":
        sub.add_argument(
            "--at", metavar="PATH", help="where the rows are, like data.items; left out: searched"
        )
        sub.add_argument(
            "--nan", choices=("null",), help="NaN and Infinity are null, not errors of their rows"
        )
        sub.add_argument(
            "--surrogates",
            choices=("replace",),
            help="half a character becomes U+FFFD, not an error of its row",
        )
    elif kind == "text":
        sub.add_argument(
            "--split-by", choices=("line", "paragraph", "separator", "whole"), help="what a row is (line)"
        )
        sub.add_argument("--separator", metavar="TEXT", help="what parts the rows, with --split-by separator")
    elif kind == "spreadsheet":
        sub.add_argument("--sheet", metavar="NAME", help="name or number; left out: the only one with rows")
        sub.add_argument(
            "--skip-lines",
            metavar="N",
            type=int,
            help="rows above the header; left out, titles are found out",
        )
    elif kind == "sqlite":
        sub.add_argument("--query", metavar="SQL", help="a SELECT; left out: all of the only table")
        add_timeout(sub, "query", "row")
    elif kind == "custom":
        add_script_options(sub)
    elif kind == "results":
        sub.add_argument("--where", metavar="FILTER", help="only these answers (outcome=succeeded)")


def add_ready_options(sub: argparse.ArgumentParser, kind: str) -> None:
    """What can be said over ready requests."""
    group = sub.add_argument_group("requests")
    group.add_argument("--model", metavar="M", help="this model in every request, whatever the file says")
    group.add_argument("--max-tokens", metavar="N", type=int, help="this limit in every request")
    _add_set(group)
    if kind == "jsonl":
        group.add_argument(
            "--surrogates",
            choices=("replace",),
            help="half an emoji becomes U+FFFD; left out, it is an error",
        )
        group.add_argument(
            "--clean-ids",
            action="store_true",
            help="make ids legal that are not, and missing ones from the line",
        )


def _add_set(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--set",
        metavar="PATH=VALUE",
        action="append",
        help="a value of params over what is said elsewhere, like temperature=0 or thinking.type=disabled; "
        "null leaves the key out; more than once",
    )


def add_script_options(sub: argparse.ArgumentParser) -> None:
    """How a script that makes the requests is run."""
    group = sub.add_argument_group("scripts")
    group.add_argument("--trust-script", action="store_true", help="run it: you have read it")
    group.add_argument(
        "--script-env",
        metavar="NAME",
        action="append",
        help="an environment variable it may see, again for each; left out: PATH, HOME, LANG and the like, no key",
    )
    add_timeout(group, "script", "request")
    group.add_argument("--traceback", action="store_true", help="where it fails, with its own traceback")


def add_timeout(group: argparse._ActionsContainer, what: str, gives: str) -> None:
    """How long a query or a script is waited for."""
    group.add_argument(
        f"--{what}-timeout",
        dest="seconds",
        metavar="SECONDS",
        type=float,
        help=f"how long it may give no {gives} (60)",
    )


def add_request_options(sub: argparse.ArgumentParser) -> None:
    """How rows become requests."""
    group = sub.add_argument_group("requests")
    group.add_argument(
        "--prompt-column",
        "--prompt-field",
        metavar="COL",
        help="name or 1-based number; left out: prompt, content, text, or the only column",
    )
    group.add_argument(
        "--messages-column",
        metavar="COL",
        help="whole conversations, a list of messages with role and content",
    )
    group.add_argument(
        "--rows-per-request",
        metavar="N",
        type=int,
        help="N rows in one request, numbered and answered together; a template may loop over {{ rows }} itself",
    )
    group.add_argument(
        "--times",
        metavar="N",
        type=int,
        help="every request N times, with ids x-1 to x-N; `score --majority` tells how steady the answers are",
    )
    group.add_argument(
        "--template",
        metavar="T",
        help="the user message, with {{ column }}; @file reads a file, @x.txt,@y.txt makes a file of each",
    )
    group.add_argument("--system", metavar="S", help="the system prompt, a template too; @file reads a file")
    group.add_argument(
        "--model", metavar="M", help="left out: `model` of config.toml; a,b makes a file of each"
    )
    group.add_argument(
        "--max-tokens", metavar="N", type=int, help="the longest answer; left out: that of config.toml"
    )
    group.add_argument(
        "--params",
        metavar="FILE",
        help="JSON or TOML with all other params; strings in it are templates, earlier messages come first",
    )
    _add_set(group)
    group.add_argument("--schema", metavar="FILE", help="answers follow this JSON schema")
    group.add_argument("--tools", metavar="FILE", help="JSON or TOML with a list of tools")
    group.add_argument(
        "--image-column", metavar="COL", help="an image for the message: a path, a URL or a file_id"
    )
    group.add_argument(
        "--document-column", metavar="COL", help="a PDF or text for the message: a path, a URL or a file_id"
    )
    group.add_argument(
        "--cache-ttl", choices=("5m", "1h"), help="keep the system prompt in the cache (1h suits batches)"
    )
    group.add_argument(
        "--id-column",
        metavar="COL",
        help="custom_ids come from this column; left out: from the row's position",
    )
    group.add_argument("--id-template", metavar="T", help="custom_ids from a template instead")
    group.add_argument("--run-prefix", metavar="P", help="goes before every custom_id")


def add_output_options(sub: argparse.ArgumentParser, *, top: bool) -> None:
    """What becomes of the requests; the `top` parser has the defaults."""
    group = sub.add_argument_group("recipe")
    group.add_argument("--recipe", metavar="FILE", help="build as this recipe says; options given here win")
    group.add_argument(
        "--trust-recipe", action="store_true", help="read the files that it names outside of its folder"
    )
    group.add_argument("--save-recipe", metavar="FILE", type=Path, help="write this build as a recipe")
    group.add_argument("--name", metavar="N", help="what `cbtui submit` will call the batch")
    group.add_argument("--betas", metavar="B,…", help="beta headers of the batch; `cbtui submit` sends them")
    group = sub.add_argument_group("output")
    output: dict[str, Any] = {"default": Path("requests.jsonl")} if top else {}
    group.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=Path,
        help="the requests file (requests.jsonl); its rows and its recipe are written beside it",
        **output,
    )
    group.add_argument("--force", action="store_true", help="overwrite files that are there")
    group.add_argument(
        "--skip-bad-rows",
        action="store_true",
        help="leave out rows with errors, and write them to FILE.left-out.jsonl",
    )
    group.add_argument(
        "--preview",
        metavar="N",
        type=int,
        help="show how the source is read and its first N requests as they would be sent; write nothing",
    )
    shown: dict[str, Any] = {"default": 5} if top else {}
    group.add_argument("--examples", metavar="N", type=int, help="problems shown of each kind (5)", **shown)
    group.add_argument("--json", action="store_true", help="the report as one line of JSON")
