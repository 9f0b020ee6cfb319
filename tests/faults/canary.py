"""A key that is looked for everywhere: every command of the command line, under every fault, with every log at its loudest.

`run()` is the long form, a quarter of an hour; `tests/cli/test_canary.py` runs some of it. The key has a word in it that is
nowhere else. Servers, proxies and libraries repeat it in all the forms they know; the log of cbtui and that of the SDK
write down all they can. The word is then looked for in what was printed and in every file that was left. A second word
stands in the prompts, which no log may hold.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shlex
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

sys.path.append(
    str(Path(__file__).parents[1])
)  # for the modules that tests share, where pytest does not run this

from claude_batch_tui.simulator import ALL_ANSWERED, Fault, Simulator
from forked import CommandLines
from networks import Proxy

CANARY = "CANARY7f3a9c2be1"
PROMPT = "PROMPT4d1c0e8a77"
KEY = f"sk-ant-sim-demo-{CANARY}+/a1b2"
_ENCODED = [
    base64.b64encode(b"x" * offset + CANARY.encode())[4 * bool(offset) : -4].decode() for offset in range(3)
]
"""The word as base64 writes it wherever it stands, without the letters its neighbors have a part in."""
WORDS = (
    f"invalid key {KEY} and {KEY}\r\n and {quote(KEY)}%0A and Authorization: Bearer {KEY} and {{'x-api-key': '{KEY}'}} "
    f"and {(b'Authorization', f'Bearer {KEY}'.encode())} and {json.dumps(KEY)} and http://me:{KEY}@proxy.test/"
)
"""The key in the forms that servers and libraries give it."""


def repeating(status: int, **more: Any) -> Fault:
    """An error that repeats the key wherever it can."""
    body = {"type": "error", "error": {"type": f"odd {KEY}", "message": WORDS}, "request_id": f"req_{KEY}"}
    headers = {"request-id": f"req_{KEY}", **more.pop("headers", {})}
    return Fault(status=status, body=json.dumps(body), headers=headers, **more)


def page(status: int) -> Fault:
    """A web page that repeats the key."""
    body = f"<!doctype html><title>{KEY}</title><p>{WORDS}"
    return Fault(status=status, body=body, headers={"content-type": "text/html"})


_CREATE = {"method": "POST", "path": r"/batches$"}
_RESULTS = {"method": "GET", "path": r"/results$"}
FAULTS: dict[str, Fault | None] = {
    "none": None,
    **{
        f"HTTP {status}": repeating(status)
        for status in (400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529)
    },
    "HTTP 429 with retry-after": repeating(429, headers={"retry-after": "100"}),
    "web page": page(200),
    "web page, HTTP 502": page(502),
    "web page, HTTP 511": page(511),
    "redirect": repeating(302, headers={"location": f"http://me:{KEY}@login.test/?key={quote(KEY)}"}),
    "no JSON": Fault(status=200, body=f'{{"id": "{KEY}'),
    "another JSON": Fault(status=200, body=json.dumps([KEY, WORDS])),
    "empty": Fault(status=200, body=""),
    "reset": Fault(connection="reset"),
    "closed": Fault(connection="close"),
    "half headers": Fault(connection="half_headers"),
    "half body": Fault(connection="half_body"),
    "created, then HTTP 500": repeating(500, **_CREATE, after_work=True),
    "created, then HTTP 529": repeating(529, **_CREATE, after_work=True),
    "created, then reset": Fault(**_CREATE, connection="reset", after_work=True),
    "results reset": Fault(**_RESULTS, cut_at=200, cut="reset"),
    "results cut": Fault(**_RESULTS, cut_at=200, cut="clean"),
    "results without a line": Fault(**_RESULTS, lines=("missing",), line=1),
    "results that are no JSON": Fault(**_RESULTS, lines=("malformed",), line=1),
    "results that end too early": Fault(**_RESULTS, cut_at=200, cut="close"),
    "results without framing": Fault(**_RESULTS, cut_at=200, cut="framing"),
    "results in drops": Fault(**_RESULTS, drip=400, drip_seconds=0.01),
    "results as gzip": Fault(**_RESULTS, gzip="whole"),
    "results of half a gzip": Fault(**_RESULTS, gzip="without_trailer"),
    "an answer that comes late": Fault(delay=0.3),
    **{
        f"results with a line that is {kind}": Fault(**_RESULTS, lines=(kind,), line=1)
        for kind in (
            "truncated",
            "duplicate",
            "blank",
            "crlf",
            "nul",
            "unknown_type",
            "no_custom_id",
            "broken_inside",
        )
    },
}
"""What the simulator does; and beside it: nobody answers, a proxy refuses, the key is one that no header can hold."""
ELSEWHERE = ("no server", "proxy", "odd key", "bug")

VERBS = (
    "build jsonl FILE --model claude-haiku-4-5 --max-tokens 9 -o OUT.jsonl",
    "check FILE",
    "check FILE --count",
    "try FILE --yes",
    "submit FILE --yes",
    "submit FILE --yes --json",
    "submit FILE --yes --in-flight 3",
    "list",
    "list --json --where state=ended",
    "status RUNNING",
    "status --short",
    "history",
    "watch RUNNING --timeout 0.3",
    "name RUNNING one",
    "tag RUNNING +one",
    "note RUNNING text",
    "hide RUNNING",
    "adopt RUNNING",
    "results ENDED",
    "results ENDED -o OUT.csv",
    "results ENDED --stats",
    "results ENDED --ledger",
    "open ENDED",
    "export OTHER -o OUT.sqlite",
    "compare ENDED OTHER",
    "score ENDED --judge OTHER",
    "report ENDED -o OUT.html",
    "retry OTHER --yes",
    "triage OTHER",
    "models",
    "models --refresh",
    "costs",
    "costs --json",
    "backup OUT.backup",
    "run RECIPE -o OUT.run.jsonl --yes",
    "prune --dry-run",
    "forget RUNNING --yes",
    "cancel RUNNING --yes",
    "delete ENDED --yes",
    "demo",
    "examples",
    "simulate --until-stdin-closes",
    "info",
    "info --json",
    "config",
    "config --json",
    "doctor",
    "doctor --files --json",
    "guide",
    "skill path",
    "help",
    "completion bash",
    "reset-tty",
    "",
)
"""Every command; the last is the dashboard, which finds no terminal."""


class Report(NamedTuple):
    """What so many command lines showed; leaks are to be none."""

    commands: int
    faults: int
    repeated: int
    """Command lines that printed what a server had said, which had the key in it."""
    bytes_printed: int
    files: int
    leaks: tuple[str, ...]
    """Fault, command line, and where the key or a prompt was."""
    seconds: float


class _World:
    """A simulator, folders, and command lines in an environment that says and logs all it can."""

    def __init__(self, simulator: Simulator, folder: Path, lines: CommandLines) -> None:
        self.simulator, self.folder, self.lines = simulator, folder, lines
        self.commands = self.repeated = self.printed = 0
        self.leaks: list[str] = []
        self._batches = 0

    def words(self) -> dict[str, str]:
        """Batches and files that no command has touched yet, by the words that stand for them in `VERBS`."""
        self._batches += 1
        line = {
            "custom_id": "one",
            "params": {
                "model": "claude-haiku-4-5",
                "max_tokens": 9,
                "messages": [{"role": "user", "content": f"{PROMPT} {self._batches}"}],
            },
        }
        file = self.folder / "work" / f"{self._batches}.jsonl"
        file.write_text(json.dumps(line) + "\n")
        batches = self.simulator.batches
        return {
            "FILE": str(file),
            "RUNNING": batches.add(3, duration=36_000_000).id,
            "ENDED": batches.add(3, age=3600, duration=60).id,
            "OTHER": batches.add(3, age=3600, duration=60).id,
        }

    def run(self, fault: str, verb: str, words: dict[str, str]) -> None:
        """Run one command line, and look at what it prints."""
        out = str(self.folder / "work" / f"out{self.commands}")
        line = [words.get(word, word.replace("OUT", out)) for word in shlex.split(verb)]
        ended = self.lines.run(*line)
        self.commands += 1
        said = ended.stdout + ended.stderr
        self.printed += len(said)
        self.repeated += "invalid key" in said
        if _leaks(said):
            self.leaks.append(f"{fault}: cbtui {verb}: printed")
        if ended.returncode not in (0, 1, 2, 3, 4, 5, 6, 75):
            self.leaks.append(f"{fault}: cbtui {verb}: ended with {ended.returncode}")
        if ended.returncode and not ended.stderr.strip():
            self.leaks.append(f"{fault}: cbtui {verb}: ended with {ended.returncode} and no reason")

    def look(self, fault: str) -> int:
        """Look into every file there is; how many."""
        files = [path for path in self.folder.rglob("*") if path.is_file()]
        for path in files:
            held = path.read_bytes().decode("utf-8", "replace")
            if _leaks(held):
                self.leaks.append(f"{fault}: {path.relative_to(self.folder)}")
            if "cbtui.log" in path.name and PROMPT in held:
                self.leaks.append(f"{fault}: {path.relative_to(self.folder)} holds a prompt")
        return len(files)


def run(
    faults: tuple[str, ...] = (*FAULTS, *ELSEWHERE),
    verbs: tuple[str, ...] = VERBS,
    *,
    tell: Callable[[str], None] = lambda _: None,
) -> Report:
    """Run every command under every fault, and look for the key in all that is printed and written."""
    began, files = time.monotonic(), 0
    with _world() as world:
        for name in faults:
            world.simulator.faults.clear()
            words = world.words()
            world.run(name, "list", words)
            with _elsewhere(name):
                for verb in verbs:
                    if (fault := FAULTS.get(name)) is not None:
                        world.simulator.faults.clear()
                        world.simulator.faults.always(fault)
                    world.run(name, verb, words)
            files = world.look(name)
            tell(f"{name}: {world.commands:,} commands, {len(world.leaks)} leaks")
        return Report(
            world.commands,
            len(faults),
            world.repeated,
            world.printed,
            files,
            tuple(dict.fromkeys(world.leaks)),
            time.monotonic() - began,
        )


def _leaks(text: str) -> bool:
    return CANARY in text or any(encoded in text for encoded in _ENCODED)


@contextlib.contextmanager
def _elsewhere(name: str) -> Iterator[None]:
    """A fault that the environment makes and not the simulator."""
    changed: dict[str, str] = {}
    with contextlib.ExitStack() as stack:
        if name == "no server":
            changed = {"ANTHROPIC_BASE_URL": f"http://127.0.0.1:{_closed_port()}"}
        elif name == "proxy":
            words = f"HTTP/1.1 407 no {KEY}\r\nProxy-Authenticate: Basic realm={KEY}\r\n\r\n".encode()
            proxy = stack.enter_context(Proxy(9, words))
            changed = {
                "HTTPS_PROXY": f"http://me:{quote(KEY, safe='')}@127.0.0.1:{proxy.port}",
                "ANTHROPIC_BASE_URL": "https://api.company.test",
            }
        elif name == "odd key":
            changed = {"ANTHROPIC_API_KEY": f"{KEY}\nx-other: {CANARY}"}
        elif name == "bug":  # a data folder that is a file, and a setting that holds the key
            changed = {
                "CBTUI_HOOK": f"curl -H 'Authorization: Bearer {KEY}' x",
                "CBTUI_DATA_DIR": "/dev/null",
            }
        before = {variable: os.environ.get(variable) for variable in changed}
        os.environ.update(changed)
        try:
            yield
        finally:
            for variable, value in before.items():
                if value is None:
                    del os.environ[variable]
                else:
                    os.environ[variable] = value


def _closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@contextlib.contextmanager
def _world() -> Iterator[_World]:
    """Folders of our own, an environment that points at a simulator, and every log at its loudest."""
    kept = dict(os.environ)
    with (
        tempfile.TemporaryDirectory() as name,
        Simulator(speed=10_000, seed=7, rates=ALL_ANSWERED) as simulator,
    ):
        folder = Path(name)
        for part in ("work", "printed"):
            (folder / part).mkdir()
        for variable in list(os.environ):
            if variable.startswith(("ANTHROPIC_", "CBTUI_")) or variable.lower().endswith("_proxy"):
                del os.environ[variable]
        os.environ |= {
            "ANTHROPIC_BASE_URL": simulator.base_url,
            "ANTHROPIC_API_KEY": KEY,
            "ANTHROPIC_CUSTOM_HEADERS": f"x-gateway-token: token-{CANARY}\nx-place: here",
            "ANTHROPIC_LOG": "debug",
            "CBTUI_LOG_LEVEL": "debug",
            "CBTUI_SETTLE": "0.2",
            "CBTUI_TIMEOUT": "0",
            "CBTUI_DATA_DIR": str(folder / "data"),
            "CBTUI_STATE_DIR": str(folder / "state"),
            "CBTUI_CONFIG_DIR": str(folder / "config"),
            "HOME": str(folder),
        }
        lines = CommandLines(folder / "printed")
        try:
            yield _World(simulator, folder, lines)
        finally:
            lines.close()
            os.environ.clear()
            os.environ.update(kept)


if __name__ == "__main__":
    report = run(tell=lambda words: print(words, flush=True))
    print("\n".join(report.leaks))
    print({name: value for name, value in report._asdict().items() if name != "leaks"})
