"""What README, guide and documents tell to type is typed, against one simulator; what they only mention is understood."""

from __future__ import annotations

import csv
import json
import re
import shlex
from pathlib import Path

import pytest

from claude_batch_tui.cli.main import COMMANDS, _parser

ROOT = Path(__file__).parents[2]
GUIDE = ROOT / "claude_batch_tui/guide"
DOCUMENTS = [
    ROOT / "README.md",
    *sorted(GUIDE.rglob("*.md")),
    *sorted(path for path in (ROOT / "docs").glob("*.md") if path.name != "commands.md"),
]
NOT_OURS = {"until", "export", "set", "sqlite3", "python3", ".venv/bin/python", "exit"}
"""Other words that a line of shell may begin with; they are not run here."""


def lines(document):
    """The lines of shell of a document, continued ones as one."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", document.read_text(), re.DOTALL | re.MULTILINE)
    return "".join(blocks).replace("\\\n", " ").splitlines()


class Shell:
    """As much of a shell as the documents use: variables, `$(…)`, `&&`, `||`, and `>` into a file."""

    def __init__(self, run, folder):
        self.run, self.folder, self.variables, self.ran = run, folder, {}, 0

    def type(self, line):
        """One line; of the commands in it those run that a shell would run."""
        code, joined = 0, "&&"
        for part in re.split(r"\s+(&&|\|\|)\s+", line):
            if part in ("&&", "||"):
                joined = part
            elif (code == 0) == (joined == "&&"):
                code = self._command(part)

    def _command(self, text):
        variable, asked = re.fullmatch(r"(?:(\w+)=\$\((.*)\)|.*)", text, re.DOTALL).groups()
        text = re.sub(r"\"?\$(\w+)\"?", lambda found: self.variables[found[1]], asked or text)
        words = shlex.split(text, comments=True)
        if not words or words[0] in NOT_OURS or words[-1] == "&":
            return 0
        assert words[0] == "cbtui", text
        target = words[words.index(">") + 1] if ">" in words else None
        code, out, err = self.run(*words[1 : words.index(">") if target else None])
        assert code in (0, 1), (text, code, err)
        self.ran += 1
        if variable:
            self.variables[variable] = out.strip()
        if target:
            (self.folder / target).write_text(out)
        return code


@pytest.fixture
def workplace(cbtui, simulator, tmp_path, monkeypatch):
    """A function that makes a folder with the files the documents speak of. Two runs they name are there."""

    def make(name):
        folder = tmp_path / name
        folder.mkdir()
        monkeypatch.chdir(folder)
        for file in ("data.csv", "tickets.csv"):
            with (folder / file).open("w", newline="") as out:
                writer = csv.writer(out)
                writer.writerow(["id", "text", "ticket", "body", "lang"])
                writer.writerows(
                    [f"r-{n}", f"{name}, row {n}", f"t-{n}", f"body {n}", "en"] for n in range(30)
                )
        (folder / "prompt.txt").write_text("Label this: {{ body }}")
        with (folder / "requests.jsonl").open("w") as out:
            for number in range(30):
                content = f"{name} asks {number}"
                params = {"model": "claude-haiku-5-5", "max_tokens": 90}
                request = {
                    "custom_id": f"r{number}",
                    "params": params | {"messages": [{"role": "user", "content": content}]},
                }
                out.write(json.dumps(request) + "\n")
        return folder

    monkeypatch.setenv("CBTUI_POLL_INTERVAL", "1")
    for run in ("evaluation", "labels-large"):
        folder = make(run)
        rows = (
            {
                "custom_id": f"r{n}",
                "id": f"r{n}",
                "source": "t.csv",
                "line": n + 2,
                "row": {"expected": "bug"},
            }
            for n in range(30)
        )
        (folder / "requests.rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        assert cbtui("submit", folder / "requests.jsonl", "--yes", "--name", run)[0] == 0
    return make


@pytest.mark.slow
def test_every_line_of_shell_in_the_documents_runs(cbtui, workplace):
    ran = {}
    for document in DOCUMENTS:
        typed = lines(document)
        if typed and document.name != "SKILL.md":  # which a shell runs, in tests/test_guide_runs.py
            folder = workplace(document.stem)
            if any("-o requests.jsonl" in line for line in typed):
                (folder / "requests.jsonl").unlink()
            shell = Shell(cbtui, folder)
            for line in typed:
                shell.type(line)
            ran[document.name] = shell.ran
    assert sum(ran.values()) > 20, ran


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_command_that_a_document_mentions_is_understood(document, capsys):
    prose = re.sub(r"^```.*?^```$", "", document.read_text(), flags=re.DOTALL | re.MULTILINE)
    for text in re.findall(r"`cbtui ([^`\n]+)`", prose):
        if re.search(r"[…\[|]|[A-Z]{2,}\|", text.replace("\\|", "|")):
            continue
        words = [
            {"N": "5", "S": "5", "TOPIC": "api", "COMMAND": "submit"}.get(word, word)
            for word in shlex.split(text)
        ]
        named = [word for word in words if word in COMMANDS]
        assert named or words[0].startswith("--"), text
        if len(words) > 1 and not {"help", "--help"} & set(words):
            try:
                _parser(words)[0].parse_args(words)
            except SystemExit:  # a mention may leave out what has to be said, and nothing else
                assert "the following arguments are required" in capsys.readouterr().err, text


@pytest.mark.slow
def test_the_results_of_the_table_in_the_readme_are_read_by_the_loop_of_the_batch_scripts(cbtui, workplace):
    folder = workplace("old")
    batch = cbtui("submit", folder / "requests.jsonl", "--yes")[1].strip()
    assert cbtui("watch", batch)[0] == 0
    (line,) = re.findall(
        r"`cbtui (results ID --format flat -o results\.jsonl)`", (ROOT / "README.md").read_text()
    )
    assert cbtui(*line.replace("ID", batch).split())[0] == 0
    read = [json.loads(each) for each in (folder / "results.jsonl").read_text().splitlines()]
    assert len(read) == 30
    assert all(each.get("status") == "succeeded" and each["custom_id"] and each["response"] for each in read)
