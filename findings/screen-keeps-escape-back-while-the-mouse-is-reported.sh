#!/usr/bin/env bash
# Belief:   GNU screen hands a bare ESC on after its maptimeout of 300 ms.
# screen 4.09.00: not while a program in it has mouse reports on (modes 9, 1000, 1002 or 1003). Then ESC waits for the next key,
#           however long that takes.
# Output:   mouse off: 1b
#           mouse on:  nothing
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 - "$folder" <<'PYTHON'
import os
import pty
import sys
import time
from pathlib import Path

folder = Path(sys.argv[1])
(folder / "screenrc").write_text("startup_message off\nautodetach off\n")
(folder / "reader.py").write_text(
    "import os, sys, tty\n"
    "tty.setraw(0)\n"
    "os.write(1, sys.argv[2].encode())\n"
    "open(sys.argv[1] + '.ready', 'w').close()\n"
    "open(sys.argv[1], 'wb', 0).write(os.read(0, 100))\n"
)


def arrived(modes: str) -> str:
    file = folder / f"read{len(modes)}"
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm-256color"
        words = ["screen", "-c", str(folder / "screenrc"), sys.executable, str(folder / "reader.py"), str(file), modes]
        os.execvp(words[0], words)
    while not file.with_name(f"{file.name}.ready").exists():
        time.sleep(0.05)
    time.sleep(0.5)
    os.write(terminal, b"\x1b")
    time.sleep(2)
    found = file.read_bytes().hex() if file.exists() else ""
    os.write(terminal, b"q")
    time.sleep(0.5)
    os.close(terminal)
    os.waitpid(pid, 0)
    return found


off, on = arrived(""), arrived("\x1b[?1000h")
print(f"mouse off: {off or 'nothing'}\nmouse on:  {on or 'nothing'}")
sys.exit(not (off == "1b" and on == ""))
PYTHON
