#!/usr/bin/env bash
# Belief:   regex finds what re finds, where a pattern is valid in both; and ignoring case, I and i find the same.
# regex 2026.11.19: İ is found by i and not by I, ı by I and not by i; re of Python 3.11 finds each by both.
# Output:   İ: re i I, regex i | ı: re i I, regex I
# Exits 0 while that is so, 1 when it has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q regex==2026.11.19
PYTHONIOENCODING=utf-8 "$folder/venv/bin/python" - <<'PYTHON'
import re
import sys

import regex

seen = []
for letter in "\u0130\u0131":
    by_re = " ".join(one for one in "iI" if re.search(one, letter, re.IGNORECASE))
    by_regex = " ".join(one for one in "iI" if regex.search(one, letter, regex.IGNORECASE))
    seen.append(f"{letter}: re {by_re}, regex {by_regex}")
print(*seen, sep=" | ")
sys.exit(seen != ["\u0130: re i I, regex i", "\u0131: re i I, regex I"])
PYTHON
