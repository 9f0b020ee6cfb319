"""`cbtui skill install|path`: the guide as a skill, for Claude Code, OpenClaw and others that read SKILL.md."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode
from claude_batch_tui.errors import ConfigError

# Imports within functions are late because the parser and --help need none of them.

if TYPE_CHECKING:
    from claude_batch_tui.services.guide import SkillFile


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    verbs = parser.add_subparsers(dest="verb", metavar="VERB", required=True, title="verbs")
    install = verbs.add_parser(
        "install",
        help="copy the skill to where an agent looks",
        description="Copy the skill to where an agent looks. Files that somebody changed are shown and stay, unless --force.",
    )
    where = install.add_mutually_exclusive_group(required=True)
    where.add_argument("--claude", action="store_true", help="Claude Code, for you: ~/.claude/skills")
    where.add_argument("--openclaw", action="store_true", help="OpenClaw, for you: ~/.openclaw/skills")
    where.add_argument(
        "--dir", metavar="DIR", type=Path, help="a folder of skills, for instance .claude/skills of a project"
    )
    install.add_argument(
        "--dry-run", action="store_true", help="show what would be written, and write nothing"
    )
    install.add_argument("--force", action="store_true", help="replace files that somebody changed")
    verbs.add_parser("path", help="where the skill lies in this installation")


def run(args: argparse.Namespace, context: Context) -> int:
    """Install, or say where it is."""
    from claude_batch_tui.services import guide  # late: --help needs none of it

    if args.verb == "path":
        context.output.line(str(guide.skill_folder()))
        return ExitCode.GOOD
    folder = args.dir or guide.skills_folder("claude" if args.claude else "openclaw")
    plan = guide.planned(folder)
    for one in plan:
        context.output.line(f"{one.fate:<8} {one.path}")
        if args.dry_run or one.fate is guide.Fate.CHANGED:
            context.output.lines(_difference(one))
    if args.dry_run:
        context.diagnostics.note("Nothing was written.")
        return ExitCode.GOOD
    changed = [one for one in plan if one.fate is guide.Fate.CHANGED]
    if changed and not args.force:
        raise ConfigError(
            f"{len(changed)} of these were changed after they were installed, or are not ours: nothing was written. "
            "--force replaces them; --dir names another folder."
        )
    guide.install(folder, plan)
    return ExitCode.GOOD


def _difference(one: SkillFile) -> Iterator[str]:
    """What would be other lines of a file that is there."""
    if one.there and one.there != one.data:
        before, after = (text.decode("utf-8", "replace").splitlines() for text in (one.there, one.data))
        yield from difflib.unified_diff(before, after, "there", "new", n=1, lineterm="")
