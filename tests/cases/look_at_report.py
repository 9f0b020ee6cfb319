"""A page of `cbtui report` in a real browser: painted, printed to PDF, and nothing in it acts.

Run by hand, with Chromium: `.venv/bin/python tests/cases/look_at_report.py [FOLDER]`. Leaves report.html, report.png and report.pdf in
FOLDER. Exits 1 where the browser runs a script of the page, asks for anything else, or prints no PDF.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

_HOSTILE = "<script>document.title='ACTED'</script><img src='http://127.0.0.1:9/x' onerror=\"document.title='ACTED'\"> & <b>bold</b>"


def make_page(folder: Path) -> Path:
    """A report of 300 answers, some of them hostile, with a score and its matrix."""
    labels = ("billing", "bug", "shipping", "<i>returns")
    results, expected = folder / "answers.jsonl", folder / "labels.csv"
    with results.open("w") as file, expected.open("w") as table:
        table.write("id,label\n")
        for number in range(300):
            text = _HOSTILE if number % 29 == 0 else labels[(number + (number % 7 == 0)) % 4]
            usage = {"input_tokens": 80 + number * 13 % 700, "output_tokens": 2 + number % 5}
            message = {
                "model": "claude-haiku-4-5",
                "content": [{"type": "text", "text": text}],
                "usage": usage,
                "stop_reason": "end_turn",
            }
            result = {"type": "succeeded", "message": message} if number % 50 else {"type": "expired"}
            file.write(json.dumps({"custom_id": f"T-{number}", "result": result}) + "\n")
            table.write(f"T-{number},{labels[number % 4]}\n")
    page = folder / "report.html"
    cbtui = [sys.executable, "-m", "claude_batch_tui", "report", str(results), "-o", str(page), "--force"]
    scored = ["--expected", "label", "--expected-file", str(expected), "--sample", "12"]
    subprocess.run([*cbtui, *scored], check=True)
    return page


def main() -> int:
    """Make it, open it, print it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp())
    folder.mkdir(parents=True, exist_ok=True)
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        print("There is no Chromium.")
        return 1
    page, pdf = make_page(folder), folder / "report.pdf"
    base = [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}"]
    log = folder / "net.json"
    for more in (
        [f"--screenshot={folder / 'report.png'}", "--window-size=1000,2600"],
        [f"--print-to-pdf={pdf}", f"--log-net-log={log}"],
    ):
        subprocess.run([*base, *more, page.as_uri()], check=True, capture_output=True, timeout=120)
    dom = subprocess.run(
        [*base, "--dump-dom", page.as_uri()], check=True, capture_output=True, timeout=120
    ).stdout.decode()
    checks = {
        "no script acted": "<title>ACTED" not in dom,
        "text stayed text": "&lt;script&gt;document.title" in dom,
        "drawings are there": dom.count("<rect") > 3,
        "nothing was asked for": b"127.0.0.1:9" not in log.read_bytes(),
        "a PDF was printed": pdf.read_bytes().startswith(b"%PDF-"),
    }
    for words, is_so in checks.items():
        print(f"{'yes' if is_so else 'NO '}  {words}")
    print(folder)
    return int(not all(checks.values()))


if __name__ == "__main__":
    sys.exit(main())
