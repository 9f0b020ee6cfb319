#!/usr/bin/env bash
# Belief:   what shtab writes for fish is quoted for fish.
# shtab 1.13.0: it quotes as sh does. Inside single quotes of fish a backslash escapes the quote after it, so a help text that
#           ends in a backslash leaves the whole script with quotes that are not balanced.
# Output:   complete -c p -n _shtab_p_using -l escape -x -d 'mostly \'
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q shtab==1.13.0
"$folder/venv/bin/python" - <<'PYTHON'
import argparse
import sys

import shtab

parser = argparse.ArgumentParser(prog="p", add_help=False)
parser.add_argument("--escape", metavar="C", help="mostly \\")
line = next(line for line in shtab.complete(parser, "fish").splitlines() if "escape" in line and line.startswith("complete"))
print(line)
sys.exit(not line.endswith("\\'") or line.endswith("\\\\'"))
PYTHON
