"""The dashboard in real terminals, pictures of each, and a table of what held. Run by hand, 20 minutes in all:

    python tests/benchmarks/look_at_terminals.py FOLDER [PART …]

FOLDER gets the pictures (PNG of a real xterm, and the screen as text) and table.md. The parts:

- xterm: xterm on a virtual display, with a shell in it; with NO_COLOR, and with LC_ALL=C;
- tmux, screen: in that xterm, tmux as it comes and with passthrough and 256 colors, screen as it comes and as a vt100;
- ssh: in that xterm, an sshd of its own on loopback behind a link of 25 KB/s with 150 ms each way;
- term: every TERM, every LC_ALL and NO_COLOR of the matrix, in a pseudo-terminal;
- none: standard input, output or error that is no terminal, no home folder, one that cannot be written.

Exit code 1 where a claim did not hold. What is needed on Debian:

    apt-get install tmux screen openssh-server xterm xvfb xdotool imagemagick ncurses-bin locales
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import NamedTuple

from bench_ssh import PROMPT, SSHD, Place, sshd, until
from pty_app import PtyApp

from claude_batch_tui.simulator import Simulator

_IN_XTERM = ("xterm", "Xvfb", "xdotool", "import", "script")
NEEDED = {"xterm": _IN_XTERM, "tmux": (*_IN_XTERM, "tmux"), "screen": (*_IN_XTERM, "screen")}
NEEDED |= {
    "ssh": (*_IN_XTERM, SSHD, "ssh", "ssh-keygen"),
    "term": ("tput", "localedef"),
    "none": ("setpriv",),
}
"""What each part runs."""
TERMS = {"xterm": "none", "xterm-256color": "256", "xterm-ghostty": "none", "screen": "none"}
TERMS |= {"tmux-256color": "256", "linux": "none", "vt100": "none", "dumb": ""}
"""The colors sent for each where COLORTERM says nothing; none are the terminal's own two; nothing where it is refused."""
LOCALES = {"C.UTF-8": "Unicode", "C": "ASCII", "en_US.ISO-8859-1": "ASCII"}
BYTES_PER_SECOND, DELAY = 25_000, 0.15
_FONT = ("-fa", "Monospace", "-fs", "9")
_COLUMNS, _ROWS = 100, 30
_WIDE = (130, 40)
"""A size at which panes have borders."""
_FAR = 60.0
"""Seconds a claim may take to come true: the machine may be busy, the link thin."""
_MOUSE = {"1000", "1002", "1003"}


def is_boxed(rows: Sequence[str]) -> bool:
    """Whether panes have whole borders from the first column to the last: corners, sides, corners."""
    boxes, inside = 0, False
    for row in rows:
        first, last = row[:1], row[-1:]
        is_side = first in set("│┃|") and last in set("│┃|")
        if not inside and first in set("╭┏+") and last in set("╮┓+"):
            inside = True
        elif inside and first in set("╰┗+") and last in set("╯┛+"):
            boxes, inside = boxes + 1, False
        elif is_side != inside:
            return False
    return boxes > 1 and not inside


class Terminal(PtyApp):
    """A pseudo-terminal of a TERM: its keys are those of its terminfo, or xterm's where it has none."""

    def __init__(
        self,
        command: Sequence[str],
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(command, columns, rows, environ)
        self.size = (columns, rows)
        term = (environ or {}).get("TERM", "xterm")
        self._f1 = subprocess.run(
            ["tput", "-T", term, "kf1"], capture_output=True, check=False
        ).stdout.decode()

    def press_key(self, name: str) -> None:
        """Press a key that is no letter."""
        self.type({"down": "\x1b[B", "up": "\x1b[A", "f1": self._f1 or "\x1bOP", "esc": "\x1b"}[name])

    def click(self, column: int, row: int) -> None:
        """Click on a cell, counted from 0."""
        self.type(f"\x1b[<0;{column + 1};{row + 1}M\x1b[<0;{column + 1};{row + 1}m")

    def picture(self, stem: Path) -> None:
        """Keep what it shows."""
        stem.with_suffix(".txt").write_text(self.text + "\n")


class Xterm(Terminal):
    """A real xterm: keys and clicks go to its window, and what is written in it (kept by script) comes to us too."""

    def __init__(self, command: Sequence[str], display: str, environ: Mapping[str, str]) -> None:
        self._display = display
        inside = f'script -qfc {shlex.quote(shlex.join(command))} "$0"'
        size = ("-b", "0", "-bw", "0", "-geometry", f"{_COLUMNS}x{_ROWS}+0+0")
        outside = ["xterm", *_FONT, *size, "-tn", "xterm-256color", "-e", "sh", "-c", inside]
        script = f'stty raw -echo; exec {shlex.join(outside)} "$(tty)"'
        super().__init__(["sh", "-c", script], _COLUMNS, _ROWS, {**environ, "DISPLAY": display})

    def type(self, text: str, seconds: float = 1.0) -> None:
        """Press the keys of a text, and let what follows from it come."""
        keys = {"\r": "Return", "\x1a": "ctrl+z"}
        for part in re.findall(r"[\x00-\x1f]|[^\x00-\x1f]+", text):
            self._do(*(("key", keys[part]) if part in keys else ("type", "--delay", "15", part)))
        self._collect(0.2, first=seconds)

    def press_key(self, name: str) -> None:
        """Press a key that is no letter."""
        self._do("key", {"down": "Down", "up": "Up", "f1": "F1", "esc": "Escape"}[name])
        self._collect(0.2, first=1.0)

    def click(self, column: int, row: int) -> None:
        """Click on a cell, counted from 0."""
        told = dict(
            line.split("=") for line in self._do(*self._window("getwindowgeometry", "--shell")).split()
        )
        x, y = int(told["WIDTH"]) / self.size[0], int(told["HEIGHT"]) / self.size[1]
        self._do("mousemove", str(int((column + 0.5) * x)), str(int((row + 0.5) * y)), "click", "1")
        self._collect(0.2, first=1.0)

    def resize(self, columns: int, rows: int) -> None:
        """Pull the window to another size."""
        self._do(*self._window("windowsize", "--usehints"), str(columns), str(rows))
        super().resize(columns, rows)
        self.size = (columns, rows)

    def picture(self, stem: Path) -> None:
        """Keep what the window shows, as PNG too."""
        super().picture(stem)
        shown = ["import", "-display", self._display, "-window", "root", "-trim", f"{stem}.png"]
        subprocess.run(shown, check=True)

    def _window(self, *words: str) -> tuple[str, ...]:
        return ("search", "--class", "xterm", *words)

    def _do(self, *words: str) -> str:
        environ = {**os.environ, "DISPLAY": self._display}
        return subprocess.run(
            ["xdotool", *words], env=environ, check=True, capture_output=True, text=True
        ).stdout


class Claim(NamedTuple):
    """One claim, whether it held, and what was seen."""

    group: str
    """The column of the table."""
    name: str
    holds: bool
    seen: str


class Look:
    """What is claimed of each place, and its pictures."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.claims: dict[str, list[Claim]] = {}

    def claim(self, place: str, claim: Claim) -> None:
        """Print a claim of a place, and remember it."""
        self.claims.setdefault(place, []).append(claim)
        mark = "ok    " if claim.holds else "FAILED"
        seen = f": {claim.seen}" if claim.seen else ""
        print(f"{mark} {place}: {claim.group}, {claim.name}{seen}", flush=True)

    @property
    def held(self) -> tuple[int, int]:
        """How many claims hold, of how many."""
        claims = [claim for claims in self.claims.values() for claim in claims]
        return sum(claim.holds for claim in claims), len(claims)

    def table(self) -> str:
        """A line a place, a column a group of claims; what failed by its name, a dot where nothing was asked."""
        groups = list(dict.fromkeys(claim.group for claims in self.claims.values() for claim in claims))
        lines = [["", *groups], ["---"] * (len(groups) + 1)]
        lines += [
            [place, *(self._cell([claim for claim in claims if claim.group == group]) for group in groups)]
            for place, claims in self.claims.items()
        ]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def _cell(self, claims: Sequence[Claim]) -> str:
        if failed := [claim.name for claim in claims if not claim.holds]:
            return f"FAILED: {', '.join(failed)}"
        if claims and claims[0].group in {"colors", "copy"}:
            return claims[0].seen
        return "ok" if claims else "·"


class Visit:
    """One place: the shell in it, and the dashboard started from it again and again."""

    def __init__(self, look: Look, name: str, app: Terminal, place: Place) -> None:
        self.look, self.name, self.app, self.place = look, name, app, place
        self._code = place.folder / "code"
        self._before: tuple[str, set[str]] = ("", set())

    def claim(self, group: str, name: str, holds: object, seen: str = "") -> None:
        """Claim something of this place."""
        self.look.claim(self.name, Claim(group, name, bool(holds), seen))

    def keep(self, what: str) -> None:
        """Keep a picture of it."""
        self.app.picture(self.look.folder / re.sub(r"[^a-z0-9]+", "-", f"{self.name} {what}".lower()))

    def comes(self, holds) -> bool:
        """Whether it comes to hold while what is written is read."""
        return until(lambda: bool(self.app.idle(0.1)) and holds(), 20)

    # The shell.

    def run(self, command: str) -> None:
        """Type a command whose exit code is kept."""
        self._code.unlink(missing_ok=True)
        self.app.type(f"{command}; echo $? > {self._code}\r")

    def code(self) -> str:
        """The exit code of what was run, once it has ended; nothing where it does not."""
        ended = self.comes(lambda: self._code.exists() and bool(self._code.read_text()))
        return self._code.read_text().strip() if ended else ""

    def begin(self) -> None:
        """Remember the terminal as it is before the dashboard."""
        self.app.wait_for(PROMPT, 30)
        self._before = (self.place.stty(self.app), set(self.app.modes))
        self.app.colors.clear()

    def left(self, how: str, expected: str) -> None:
        """Claim that it has ended with a code, its settings and modes as they were before."""
        code = self.code()
        self.claim("leaving", f"{how} is {expected}", code == expected, code)
        settings, modes = self._before
        restored = self.app.see(PROMPT) and self.place.stty(self.app) == settings and self.app.modes == modes
        self.claim("leaving", f"modes after {how}", restored, ", ".join(sorted(self.app.modes ^ modes)))

    # The dashboard.

    def start(self) -> bool:
        """Open the dashboard; whether its list comes."""
        self.run("cbtui")
        opened = self.app.see("live", _FAR)
        self.app.idle(1)
        return opened

    @property
    def rows(self) -> list[str]:
        """What is on the screen."""
        return self.app.text.split("\n")

    def cursor(self) -> int:
        """The row of the cursor in a list; -1 where there is none or more than one."""
        at = [number for number, row in enumerate(self.rows) if re.match(r"[│┃|]?>", row)]
        return at[0] if at and not any("Events" in row for row in self.rows[: at[0]]) else -1

    def is_drawn(self) -> bool:
        """The list of batches with its cursor, titles above and keys below, and no letter that was cut."""
        rows = self.app.text.rstrip().split("\n")
        head, keys = "cbtui  BATCHES" in rows[0] and "[1 Batches]" in rows[1], "enter open" in rows[-1]
        return head and keys and self.cursor() > 0 and "\ufffd" not in self.app.text

    def look_around(self, colors: set[str], characters: str) -> bool:
        """Claim that it opens with its frame, in these colors and characters; whether it opens at all."""
        began = time.monotonic()
        opened = self.start()
        self.claim("frame", "opens", opened, f"{time.monotonic() - began:.1f} s")
        self.claim("frame", "title, list and keys", self.comes(self.is_drawn))
        self.keep("batches")
        if not opened:
            return False
        sent = self.app.colors or {"none"}
        self.claim("colors", "as decided", sent <= colors, ", ".join(sorted(sent)))
        self.claim("frame", characters, self.app.text.isascii() == (characters == "ASCII"))
        self.has_all_signs("batches")
        return True

    def has_all_signs(self, what: str) -> None:
        """Claim that no sign came as a question mark: in no column but those where a word may end with one."""
        marks = [row for row in self.rows[:-1] if re.search(r"(?<!\w)\?", row) and "HELP" not in self.rows[0]]
        self.claim("frame", f"all signs of {what}", not marks, "".join(marks[:1]))

    def short(self, colors: set[str], characters: str) -> None:
        """Open it, look, leave."""
        self.begin()
        if self.look_around(colors, characters):
            self.app.type("q")
            self.left("q", "0")

    def all(self, colors: set[str], characters: str, *, has_mouse: bool = True) -> None:
        """Everything that is claimed of a place where the dashboard runs."""
        app = self.app
        self.begin()
        if not self.look_around(colors, characters):
            return
        self.keys()
        self.mouse(has_mouse=has_mouse)
        self.copies()
        self.resize()
        app.type("q")
        self.left("q", "0")
        self.start()
        app.type("\x1a")
        self.claim("leaving", "ctrl+z", app.see("Stopped") and app.modes == self._before[1])
        self.run("fg")
        self.claim("leaving", "fg", self.comes(self.is_drawn))
        for name, expected in (("INT", "130"), ("TERM", "143"), ("HUP", "129")):
            if name != "INT":
                self.start()
            for pid in self.place.dashboards():
                os.kill(pid, getattr(signal, f"SIG{name}"))
            self.left(name, expected)

    def keys(self) -> None:
        """Arrows, a function key, esc, letters and enter; back on the batches at the end."""
        app, before = self.app, self.cursor()
        app.press_key("down")
        moved = self.comes(lambda: self.cursor() == before + 1)
        app.press_key("up")
        self.claim("keys", "arrows", moved and self.comes(lambda: self.cursor() == before))
        app.press_key("f1")
        self.claim("keys", "F1", app.see("HELP"))
        self.keep("help")
        app.press_key("esc")
        self.claim("keys", "esc", self.comes(self.is_drawn))
        app.type("2")
        self.claim("keys", "2", app.see("[2 Build]") and app.see("source"))
        self.keep("build")
        self.has_all_signs("build")
        app.press_key("esc")
        app.idle(0.5)
        app.type("1")
        self.comes(self.is_drawn)
        app.type("/state=ended\r")
        app.idle(1)
        app.type("\r")
        self.claim("keys", "enter", app.see("[3 Results]") and app.see("[answer]", 30))
        app.idle(1)
        self.keep("results")
        self.has_all_signs("results")
        app.type("1")
        app.see("[1 Batches]")
        app.press_key("esc")
        self.claim("keys", "1", self.comes(self.is_drawn))

    def mouse(self, *, has_mouse: bool) -> None:
        """A click puts the cursor; over SSH and in GNU screen only after `m`."""
        app, there = self.app, self.cursor() + 2
        if not has_mouse:
            self.claim("click", "off at first", not app.modes & _MOUSE)
            app.type("m")
            self.comes(lambda: bool(app.modes & _MOUSE))
        app.click(10, there)
        self.claim("click", "puts the cursor", self.comes(lambda: self.cursor() == there))
        if not has_mouse:
            app.type("m")

    def copies(self) -> None:
        """What is said of a copy is what happened to it."""
        app = self.app
        app.copied.clear()
        app.type("y")
        self.comes(lambda: "by tmux" in app.text or "OSC 52" in app.text)
        said, arrived = "OSC 52", "".join(app.copied)
        if "by tmux" in app.text:
            command = [*self.place.tmux, "show-buffer"]
            kept = subprocess.run(command, capture_output=True, text=True, check=False).stdout
            said, arrived = "tmux, and OSC 52 outside", arrived if arrived == kept else ""
        self.claim("copy", "arrives", arrived.startswith("msgbatch_"), said)

    def resize(self) -> None:
        """Larger there are borders, at the least size it is still drawn, below it says so, and it comes back."""
        app, size = self.app, self.app.size
        app.resize(*_WIDE)
        self.claim("borders", "whole", self.comes(lambda: self.is_drawn() and is_boxed(self.rows)))
        app.idle(1)
        self.keep("wide")
        self.has_all_signs("borders")
        app.resize(60, 15)
        self.claim("resize", "60×15", self.comes(self.is_drawn))
        app.resize(50, 12)
        self.claim("resize", "50×12", app.see("60") and not self.is_drawn())
        self.keep("small")
        app.resize(*size)
        self.claim("resize", "and back", self.comes(self.is_drawn))

    def refused(self, command: str, expected: str, sentence: str) -> None:
        """Claim that a command ends at once with a code and a sentence, and leaves the modes."""
        self.begin()
        self.run(command)
        code = self.code()
        said = self.comes(lambda: sentence in "".join(self.rows))  # it may be broken at the last column
        self.claim("refuses", sentence, code == expected and said, code)
        self.claim("leaving", "modes", self.app.modes == self._before[1])
        self.keep("refused")


@contextlib.contextmanager
def virtual_display() -> Iterator[str]:
    """A display larger than our largest window."""
    read, write = os.pipe()
    command = ["Xvfb", "-displayfd", str(write), "-screen", "0", "1100x700x24", "-ac", "-nolisten", "tcp"]
    server = subprocess.Popen(command, pass_fds=[write], stderr=subprocess.DEVNULL)
    try:
        os.close(write)
        with os.fdopen(read) as told:
            yield f":{told.readline().strip()}"
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def thin_link(port: int) -> Iterator[int]:
    """A port that leads to another with so many bytes a second and so much delay each way."""
    begun: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        loop, free = asyncio.get_running_loop(), 0.0
        while data := await reader.read(1024):
            free = max(free, loop.time()) + len(data) / BYTES_PER_SECOND
            loop.call_at(free + DELAY, writer.write, data)
        loop.call_at(free + DELAY + 0.1, writer.close)

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)
        await asyncio.gather(carry(reader, far_writer), carry(far_reader, writer), return_exceptions=True)

    async def serve() -> None:
        ended = asyncio.Event()
        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        begun.set_result((server.sockets[0].getsockname()[1], asyncio.get_running_loop(), ended))
        await ended.wait()

    serving = threading.Thread(target=lambda: asyncio.run(serve()))
    serving.start()
    ours, loop, ended = begun.result()
    try:
        yield ours
    finally:
        loop.call_soon_threadsafe(ended.set)
        serving.join()


def in_xterm(look: Look, folder: Path, simulator: Simulator, parts: Sequence[str]) -> None:
    """xterm, and what runs in it: tmux, screen, ssh."""
    wide = "set -g default-terminal tmux-256color\nset -g allow-passthrough on\n"
    for name, more, colors in (
        ("xterm", {}, {"truecolor"}),
        ("xterm, NO_COLOR", {"NO_COLOR": "1"}, {"none"}),
        ("xterm, LC_ALL=C", {"LC_ALL": "C"}, {"truecolor"}),
        ("tmux as it comes", {}, {"truecolor", "256"}),
        ("tmux, passthrough, 256 colors", {}, {"truecolor", "256"}),
        ("screen as it comes", {}, {"256"}),
        ("screen, term vt100", {}, {"none"}),
        ("ssh, 25 KB/s", {"COLORTERM": None}, {"none"}),
    ):
        kind = name.replace(",", "").split()[0]
        if kind not in parts:
            continue
        here = folder / re.sub(r"\W+", "-", name)
        here.mkdir()
        place = Place(here, simulator, {"COLORTERM": "truecolor", "DISPLAY": None, **more})
        with contextlib.ExitStack() as stack:
            display = stack.enter_context(virtual_display())
            command = shlex.split(place.shell)
            match kind:
                case "tmux":
                    if "passthrough" in name:
                        with (here / "tmux.conf").open("a") as file:
                            file.write(wide)
                    command = [*place.tmux, "new-session", "-s", "watch"]
                    end = [*place.tmux, "kill-server"]
                    stack.callback(subprocess.run, end, capture_output=True, check=False)
                case "screen":
                    term = "" if "comes" in name else "term vt100\n"
                    (here / "screenrc").write_text(f"startup_message off\nautodetach off\n{term}")
                    command = ["screen", "-c", str(here / "screenrc"), *command]
                case "ssh":
                    login = stack.enter_context(sshd(here))
                    at = login.index("-p") + 1
                    login[at] = str(stack.enter_context(thin_link(int(login[at]))))
                    command = [*login, place.shell]
            locale = {"LC_ALL": more.get("LC_ALL", "C.UTF-8")}
            app = stack.enter_context(Xterm(command, display, locale))
            visit = Visit(look, name, app, place)
            visit.all(colors, LOCALES[locale["LC_ALL"]], has_mouse=kind not in {"screen", "ssh"})


def every_term(look: Look, folder: Path, simulator: Simulator) -> None:
    """Every TERM, with every LC_ALL, and with NO_COLOR."""
    made = folder / "locales"
    made.mkdir()
    latin = "en_US.ISO-8859-1"
    subprocess.run(["localedef", "-i", "en_US", "-f", "ISO-8859-1", str(made / latin)], check=True)
    shutil.copytree("/usr/lib/locale/C.utf8", made / "C.utf8")
    for term, colors in TERMS.items():
        for locale, no_color in [*((locale, None) for locale in LOCALES), ("C.UTF-8", "1")]:
            name = f"TERM={term}, LC_ALL={locale}{', NO_COLOR' if no_color else ''}"
            here = folder / re.sub(r"\W+", "-", name)
            here.mkdir()
            more = {"LC_ALL": locale, "LOCPATH": str(made), "DISPLAY": None, "NO_COLOR": no_color}
            place = Place(here, simulator, more)
            with Terminal(shlex.split(place.shell), environ={"TERM": term, "COLORTERM": ""}) as app:
                visit = Visit(look, name, app, place)
                if not colors:
                    visit.refused("cbtui", "2", f"cannot draw on TERM={term}")
                    continue
                claims = visit.short if no_color or locale != "C.UTF-8" else visit.all
                claims({"none" if no_color else colors}, LOCALES[locale])


def without(look: Look, folder: Path, simulator: Simulator) -> None:
    """No terminal, no home folder, a home folder that cannot be written."""
    own = {f"CBTUI_{name}_DIR": None for name in ("DATA", "STATE", "CONFIG")}
    home = folder / "home"
    home.mkdir(mode=0o500)
    # Without these root may write no more than others.
    powerless = ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"] if os.geteuid() == 0 else []
    needs = "The dashboard needs a terminal"
    for name, more, command, refusal in (
        ("stdin no terminal", {}, "cbtui < /dev/null", ("2", needs)),
        ("stdout no terminal", {}, "cbtui > written; cat -v written", ("0", needs)),
        ("stderr no terminal", {}, "cbtui 2> written; cat -v written", ("0", needs)),
        ("HOME unset", {"HOME": None}, "cbtui", None),
        ("HOME read-only", {"HOME": str(home), **own}, "cbtui", ("4", "Permission denied")),
        ("HOME read-only, folders named", {"HOME": str(home)}, "cbtui", None),
    ):
        here = folder / re.sub(r"\W+", "-", name)
        here.mkdir()
        place = Place(here, simulator, {"DISPLAY": None, **more})
        with Terminal([*(powerless if "read-only" in name else []), *shlex.split(place.shell)]) as app:
            app.type(f"cd {here}\r")
            visit = Visit(look, name, app, place)
            if refusal:
                visit.refused(command, *refusal)
            else:
                visit.short({"truecolor"}, "Unicode")


def main() -> None:
    """Run the parts asked for, all without one, and say how it went."""
    if not sys.argv[1:] or not set(sys.argv[2:]) <= NEEDED.keys():
        sys.exit(__doc__)
    parts = sys.argv[2:] or list(NEEDED)
    needed = dict.fromkeys(program for part in parts for program in NEEDED[part])
    if missing := [program for program in needed if shutil.which(program) is None]:
        sys.exit(f"Not installed, and needed for {', '.join(parts)}: {', '.join(missing)}.")
    for name in ("NO_COLOR", "TMUX", "STY", "LC_ALL", "SSH_CONNECTION", "SSH_CLIENT", "SSH_TTY"):
        os.environ.pop(name, None)
    kept = Path(sys.argv[1])
    kept.mkdir(parents=True, exist_ok=True)
    look = Look(kept)
    try:
        with tempfile.TemporaryDirectory() as name, Simulator(demo=True) as simulator:
            in_xterm(look, Path(name), simulator, parts)
            if "term" in parts:
                every_term(look, Path(name), simulator)
            if "none" in parts:
                without(look, Path(name), simulator)
    finally:
        (kept / "table.md").write_text(look.table() + "\n")
    held, asked = look.held
    print(f"{look.table()}\n\n{held} of {asked} claims hold")
    sys.exit(int(held < asked))


if __name__ == "__main__":
    main()
