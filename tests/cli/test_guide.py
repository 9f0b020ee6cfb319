"""`guide`, `help` and `skill`: what they print and install, and what the guide leaves out."""

from __future__ import annotations

import ast
import json
import re
import shlex
from pathlib import Path

import pytest

import claude_batch_tui
from claude_batch_tui.cli.main import COMMANDS, _parser, _with_joined_sort
from claude_batch_tui.cli.usage import EXAMPLES, GROUPS
from claude_batch_tui.domain.results.failures import _RULES
from claude_batch_tui.services.guide import PAGES, page, skill_folder

PACKAGE = Path(claude_batch_tui.__file__).parent


def front_matter():
    """The fields of the skill's front matter; each value is JSON or a bare word, which YAML reads likewise."""
    head = (skill_folder() / "SKILL.md").read_text().split("---\n")[1]
    fields = dict(line.split(": ", 1) for line in head.splitlines())
    return {key: json.loads(value) if value[0] in '"{' else value for key, value in fields.items()}


def problem_codes():
    """Every code of a problem in the source, as written where one is made."""
    makers = {"Finding", "Problem", "RowRefusedError", "BadRow", "Doubt", "NoText", "_report", "_doubt"}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if (
                isinstance(node, ast.Call)
                and getattr(node.func, "id", getattr(node.func, "attr", "")) in makers
            ):
                given = [word.value for word in node.keywords if word.arg == "code"]
                for value in (*node.args[:3], *given):
                    text = value.value if isinstance(value, ast.Constant) else None
                    if isinstance(text, str) and re.fullmatch(r"[a-z]+(?:_[a-z]+)*", text):
                        yield text


def test_the_front_matter_is_what_the_specification_and_openclaw_read():
    fields = front_matter()
    assert fields["name"] == "cbtui"
    assert 200 < len(fields["description"]) <= 1024
    assert "Use for" in fields["description"]
    assert len(fields["compatibility"]) <= 500
    assert not re.search("[<>]", str(fields))  # it is read into a system prompt
    needs = fields["metadata"]["openclaw"]
    assert (needs["requires"], needs["primaryEnv"]) == ({"bins": ["cbtui"]}, "ANTHROPIC_API_KEY")
    assert needs["install"][0]["kind"] == "uv"


def test_the_guide_is_short_enough_to_be_read_whole():
    assert len(page("skill").split()) < 1_200
    assert sum(len(page(topic).split()) for topic in PAGES) < 6_000


def test_every_link_of_the_skill_leads_to_a_file_of_it():
    for target in re.findall(r"\]\(([^)]+)\)", page("skill")):
        assert (skill_folder() / target).is_file(), target


@pytest.mark.slow
def test_troubleshooting_has_every_code_of_a_problem_every_cause_and_every_exit_code():
    text = page("troubleshooting")
    quoted = set(re.findall(r"`([^`]+)`", text))
    assert sorted(set(problem_codes()) - quoted) == []
    causes = set(_RULES) - {"errored", "expired", "canceled", "context"}
    assert sorted(causes - quoted) == []
    assert all(re.search(rf"Exit {code}\b", text) for code in (2, 3, 4, 75))


@pytest.mark.parametrize(
    ("words", "begins"),
    [
        ((), "# Message batches with cbtui"),
        (("api",), "# The Message Batches API"),
        (("troubleshooting",), "# What went wrong"),
        (("exit", "codes"), "## Exit codes"),
    ],
)
def test_a_topic_is_printed_as_markdown_without_front_matter(cbtui, words, begins):
    code, out, _ = cbtui("guide", *words)
    assert (code, out.startswith(begins)) == (0, True)


def test_other_words_find_the_lines_that_say_something_about_them(cbtui):
    _, out, _ = cbtui("guide", "encoding")
    assert "two encodings fit equally" in out
    assert len(out.splitlines()) < 20
    _, out, _ = cbtui("guide", "pause_turn")
    assert out.startswith("## A result\n\nOf a succeeded one")  # a paragraph is whole
    code, _, err = cbtui("guide", "zeppelin")
    assert (code, err) == (
        2,
        f"cbtui: The guide says nothing about 'zeppelin'. Topics: {', '.join(PAGES)}.\n",
    )


def test_help_of_a_command_is_its_options_and_of_a_topic_the_guide(cbtui):
    assert cbtui("help", "submit")[1] == cbtui("submit", "--help")[1]
    assert cbtui("help")[1] == cbtui("--help")[1]
    assert cbtui("help", "filters")[1] == cbtui("guide", "filters")[1]


def test_the_first_help_has_every_command_once_in_the_order_of_the_loop(cbtui):
    _, out, _ = cbtui("--help")
    listed = re.findall(r"^  ([a-z][a-z-]+) +[A-Z]", out.partition("options:")[0], re.MULTILINE)
    assert sorted(listed) == sorted(COMMANDS)
    assert listed[0] == "build"
    assert out.index("make requests:") < out.index("send them:") < out.index("read answers:")


def test_every_command_has_an_example_that_is_understood():
    assert sorted(set(COMMANDS) - set(EXAMPLES)) == ["build"]  # which has its own
    assert {name for names in GROUPS.values() for name in names} <= set(COMMANDS)
    for command, examples in EXAMPLES.items():
        for example in examples:
            words = shlex.split(re.sub(r'^eval "\$\((.*)\)"$', r"\1", example).partition(" > ")[0])[1:]
            assert words[0] == command
            if command != "help":
                _parser(_with_joined_sort(words))[0].parse_args(_with_joined_sort(words))


def test_the_skill_is_installed_shown_and_never_written_over_silently(cbtui, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    skill = tmp_path / ".claude/skills/cbtui/SKILL.md"
    code, out, err = cbtui("skill", "install", "--claude", "--dry-run")
    assert (code, err, skill.exists()) == (0, "Nothing was written.\n", False)
    assert f"new      {skill}" in out
    assert cbtui("skill", "install", "--claude")[0] == 0
    assert skill.read_bytes() == (skill_folder() / "SKILL.md").read_bytes()
    assert (skill.parent / "references/troubleshooting.md").is_file()
    assert cbtui("skill", "install", "--claude")[1].count("same ") == len(PAGES)
    skill.write_text("mine\n")
    code, out, err = cbtui("skill", "install", "--claude")
    assert (code, skill.read_text()) == (2, "mine\n")
    assert "-mine" in out
    assert "--force replaces them" in err
    assert cbtui("skill", "install", "--claude", "--force")[0] == 0
    assert skill.read_text() != "mine\n"


def test_a_skill_of_an_earlier_version_that_nobody_changed_is_updated(cbtui, tmp_path):
    from claude_batch_tui.services import guide

    page_there = tmp_path / "cbtui/SKILL.md"
    page_there.parent.mkdir()
    page_there.write_text("earlier\n")
    (page_there.parent / ".installed").write_text(guide._digest(b"earlier\n") + "\n")
    code, out, _ = cbtui("skill", "install", "--dir", tmp_path)
    assert (code, f"updated  {page_there}" in out) == (0, True)


def test_the_path_of_the_skill_is_a_folder_that_holds_it(cbtui):
    assert (Path(cbtui("skill", "path")[1].strip()) / "SKILL.md").is_file()


@pytest.mark.slow
def test_the_codes_of_problems_in_troubleshooting_are_those_of_the_source():
    source = "".join(path.read_text() for path in PACKAGE.rglob("*.py"))
    part = page("troubleshooting").partition("## Problems of a build")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", part, re.MULTILINE)
    codes = [code for row in rows for code in re.findall(r"`(\w+)`", row)]
    assert len(codes) > 60
    assert [code for code in codes if f'"{code}"' not in source] == []
