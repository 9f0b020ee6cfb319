"""A real sshd on loopback, tmux inside it, the dashboard inside that: start, watch, detach, drop the link, attach.

    python tests/benchmarks/bench_ssh.py

Starts an sshd of its own (own keys, configuration and port, this machine's address only), and ends it. Each line is a
claim and whether it held; exit code 1 where one did not. What is compared: `stty -a` and the terminal's modes before
and after, tmux's own idea of the pane, the simulator's request log, and a hook that writes a line for every end told.
Needs sshd, ssh, ssh-keygen and tmux.
"""

from __future__ import annotations

import contextlib
import getpass
import os
import shlex
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from pty_app import PtyApp

from claude_batch_tui.simulator import Simulator

SSHD = shutil.which("sshd") or "/usr/sbin/sshd"
PROMPT = "ready>"
DETACH = "\x02d"
_PANE = (
    "#{alternate_on} #{cursor_flag} #{mouse_any_flag} #{mouse_button_flag} #{mouse_sgr_flag} #{keypad_flag}"
)
failures: list[str] = []


def claim(text: str, holds: object, more: str = "") -> None:
    """Print a claim, and remember it where it does not hold."""
    print(f"{'ok    ' if holds else 'FAILED'} {text}{f': {more}' if more else ''}", flush=True)
    if not holds:
        failures.append(text)


def until(holds, seconds: float = 15.0) -> bool:
    """Whether it comes to hold in that time."""
    end = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@contextlib.contextmanager
def sshd(folder: Path) -> Iterator[list[str]]:
    """A server for the user of this process; the command that logs in to it."""
    for name in ("host", "client"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)  # where root's sshd separates its privileges
    (folder / "sshd_config").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\nAuthorizedKeysFile {folder}/client.pub\n"
        "PidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
        "PrintMotd no\nPrintLastLog no\nLogLevel ERROR\n"
    )
    server = subprocess.Popen([SSHD, "-D", "-e", "-f", str(folder / "sshd_config")])
    try:
        if not until(lambda: _listens(port)):
            sys.exit("sshd does not start")
        yield [
            *("ssh", "-tt", "-F", "none", "-i", str(folder / "client"), "-p", str(port)),
            *(
                "-o",
                "StrictHostKeyChecking=no",
                "-o",
                f"UserKnownHostsFile={folder}/known",
                "-o",
                "LogLevel=ERROR",
            ),
            f"{getpass.getuser()}@127.0.0.1",
        ]
    finally:
        server.terminate()
        server.wait()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Place:
    """The far end: its folder, its tmux, the dashboard that runs there."""

    def __init__(
        self, folder: Path, simulator: Simulator, more: Mapping[str, str | None] | None = None
    ) -> None:
        """`more` is set in the environment over ours, or unset where it is None."""
        self.folder = folder
        self.simulator = simulator
        self.told = folder / "told.jsonl"
        self.tmux = ["tmux", "-u", "-S", str(folder / "tmux.sock"), "-f", str(folder / "tmux.conf")]
        shell = ["bash", "--noprofile", "--rcfile", str(folder / "bashrc"), "-i"]
        (folder / "tmux.conf").write_text(
            f'set -g default-command "{shlex.join(shell)}"\nset -g status off\n'
        )
        hook = f"{sys.executable} -c \"import sys; open('{self.told}', 'a').write(sys.stdin.read())\""
        environ = {
            "ANTHROPIC_BASE_URL": simulator.base_url,
            "ANTHROPIC_API_KEY": simulator.key,
            "CBTUI_POLL_INTERVAL": "1",
            "CBTUI_HOOK": hook,
            **{f"CBTUI_{name.upper()}_DIR": f"{folder}/{name}" for name in ("data", "state", "config")},
            "LC_ALL": "C.UTF-8",
            "PS1": PROMPT,
            "PLACE": str(folder),
            **(more or {}),
        }
        lines = [
            f"unset {name}" if value is None else f"export {name}={shlex.quote(value)}"
            for name, value in environ.items()
        ]
        lines += [
            f'cbtui() {{ {shlex.quote(sys.executable)} -m claude_batch_tui "$@"; }}',
            "bind 'set enable-bracketed-paste off'",
        ]
        (folder / "bashrc").write_text("\n".join(lines) + "\n")
        self.shell = shlex.join(shell)

    def pane(self) -> str:
        """What tmux knows of the pane's modes."""
        command = [*self.tmux, "display-message", "-p", "-t", "watch", _PANE]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()

    def screen(self) -> str:
        """What tmux has on the pane."""
        command = [*self.tmux, "capture-pane", "-p", "-t", "watch"]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def stty(self, app: PtyApp) -> str:
        """The terminal's settings, asked by the shell."""
        file = self.folder / "stty"
        file.unlink(missing_ok=True)
        app.type(f"stty -a > {file}; clear\r")
        until(file.exists, 5)
        time.sleep(0.2)
        return file.read_text()

    def dashboards(self) -> list[int]:
        """Processes of the dashboard here."""
        found = []
        for entry in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                environ = (entry / "environ").read_bytes()
                words = (entry / "cmdline").read_bytes()
                if b"claude_batch_tui" in words and f"PLACE={self.folder}\0".encode() in environ:
                    found.append(int(entry.name))
        return found

    def is_whole(self) -> bool:
        """Whether the store is as it should be."""
        with contextlib.closing(sqlite3.connect(self.folder / "data" / "store.db")) as connection:
            return connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"

    def polls_on(self) -> bool:
        """Whether more requests come."""
        before = len(self.simulator.log)
        return until(lambda: len(self.simulator.log) >= before + 2, 10)


def plain(login: list[str], place: Place) -> None:
    """Over SSH without tmux: left by `q`, then dropped."""
    with PtyApp([*login, place.shell]) as app:
        app.wait_for(PROMPT)
        before, modes = place.stty(app), set(app.modes)
        app.type("cbtui\r")
        claim("over SSH the dashboard opens", app.see("BATCHES") and app.see("live"))
        size = app.idle(5)[0]
        claim("while it waits it writes little", size < 5 * 400, f"{size / 5:.0f} B/s with a poll a second")
        claim("the mouse stays with the terminal", not app.modes & {"1000", "1002", "1003"})
        app.type("q")
        claim("q leaves to the shell", app.see(PROMPT))
        claim("with the settings from before", place.stty(app) == before)
        claim("and the modes from before", app.modes == modes, ", ".join(sorted(app.modes ^ modes)))
        for name in ("TERM", "HUP"):
            app.type("cbtui\r")
            app.see("live")
            app.idle(1)
            os.kill(place.dashboards()[0], getattr(signal, f"SIG{name}"))
            claim(f"SIG{name} leaves to the shell", app.see(PROMPT))
            clean = place.stty(app) == before and app.modes == modes
            claim(f"SIG{name} leaves settings and modes as they were", clean)
        app.type("cbtui\r")
        app.see("live")
        app.type("\x1a")
        claim("ctrl+z leaves to the shell", app.see("Stopped"))
        claim(
            "ctrl+z leaves the modes as they were", app.modes == modes, ", ".join(sorted(app.modes ^ modes))
        )
        app.type("fg\r")
        claim("fg paints it again", app.see("BATCHES"))
        os.kill(app.pid, signal.SIGKILL)
        started = time.monotonic()
        gone = until(lambda: not place.dashboards(), 10)
        claim("a dropped link ends it", gone, f"{time.monotonic() - started:.1f} s")
        claim("and leaves the store whole", place.is_whole())


def inside_tmux(login: list[str], place: Place) -> None:
    """Over SSH in tmux: detached, dropped, attached, ended by signals, its pane closed."""
    enter = shlex.join([*place.tmux, "new-session", "-A", "-s", "watch"])
    simulator = place.simulator
    with PtyApp([*login, enter]) as app:
        app.wait_for(PROMPT)
        before, pane = place.stty(app), place.pane()
        first = simulator.batches.add(50, duration=36_000)
        second = simulator.batches.add(60, duration=36_000)
        app.type("cbtui\r")
        claim("in tmux the dashboard opens", app.see("live"))
        app.type(DETACH)
        claim("detached it goes on polling", place.polls_on() and len(place.dashboards()) == 1)
        simulator.batches.finish(first.id)
        claim("an end is told while nobody is attached", until(lambda: lines(place.told) == 1))
    with PtyApp([*login, enter]) as app:
        app.idle(1)
        claim("attached again the end is there", app.see("1 new result", 10))
        os.kill(app.pid, signal.SIGKILL)
        claim("the link dropped, it goes on polling", place.polls_on() and len(place.dashboards()) == 1)
        simulator.batches.finish(second.id)
        claim("an end is told while the link is down", until(lambda: lines(place.told) == 2))
    with PtyApp([*login, enter]) as app:
        app.see("live")
        app.idle(1)
        same = until(lambda: not app.idle(0.3)[0] and app.text.split() == place.screen().split(), 10)
        claim("attached again the screen is right", same)
        claim("every end was told once", lines(place.told) == 2, str(lines(place.told)))
        app.type("q")
        claim(
            "q leaves to the shell, the pane's settings from before",
            app.see(PROMPT) and place.stty(app) == before,
        )
        claim("and the pane's modes from before", place.pane() == pane, f"{pane!r} and {place.pane()!r}")
        for name in ("TERM", "HUP"):
            app.type("cbtui\r")
            app.see("live")
            app.idle(1)
            os.kill(place.dashboards()[0], getattr(signal, f"SIG{name}"))
            clean = app.see(PROMPT) and place.stty(app) == before and place.pane() == pane
            claim(f"in tmux SIG{name} leaves settings and modes as they were", clean)
        app.type("cbtui\r")
        app.see("live")
        app.type("\x1a")
        claim(
            "in tmux ctrl+z leaves to the shell with its modes", app.see("Stopped") and place.pane() == pane
        )
        app.type("fg\r")
        claim("in tmux fg paints it again", app.see("BATCHES"))
        subprocess.run([*place.tmux, "kill-pane", "-t", "watch"], check=True)
        claim("a closed pane ends it", until(lambda: not place.dashboards(), 10))
        claim("and leaves the store whole, each end told once", place.is_whole() and lines(place.told) == 2)
        app.idle(1)
        left = app.modes & {"1000", "1002", "1006", "1049", "2004", "kitty>"}
        claim("the terminal outside is as it was", not left, ", ".join(sorted(left)))


def lines(file: Path) -> int:
    """Lines of a file that may not be there."""
    return len(file.read_text().splitlines()) if file.exists() else 0


def main() -> None:
    """Run all and say how it went."""
    needed = [SSHD, "ssh", "ssh-keygen", "tmux"]
    if missing := [name for name in needed if shutil.which(name) is None]:
        sys.exit(f"not installed: {', '.join(missing)}")
    with tempfile.TemporaryDirectory() as name, Simulator() as simulator:
        folder = Path(name)
        simulator.batches.add(100, age=4_000, duration=36_000)
        place = Place(folder, simulator)
        with sshd(folder) as login:
            plain(login, place)
            try:
                inside_tmux(login, place)
            finally:
                subprocess.run([*place.tmux, "kill-server"], capture_output=True, check=False)
    sys.exit(f"{len(failures)} claims did not hold" if failures else 0)


if __name__ == "__main__":
    main()
