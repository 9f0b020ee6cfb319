"""`cbtui completion SHELL`: a script that completes commands, options, and ids, names and tags from the store."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Iterator
from typing import Any

from claude_batch_tui.cli.command import Context
from claude_batch_tui.cli.diagnostics import ExitCode

_SHELLS = ("bash", "zsh", "fish")


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments."""
    parser.add_argument("shell", metavar="SHELL", choices=_SHELLS, help="bash, zsh or fish")
    parser.epilog = (
        'bash, in ~/.bashrc: eval "$(cbtui completion bash)", or save it as\n'
        "  ~/.local/share/bash-completion/completions/cbtui, which is read when it is needed\n"
        "zsh, in a folder of $fpath: cbtui completion zsh > ~/.zfunc/_cbtui\n"
        "fish: cbtui completion fish > ~/.config/fish/completions/cbtui.fish\n"
        "Ids, names and tags are those of the store in the data folder of now; write it again where that moves."
    )


def run(args: argparse.Namespace, context: Context) -> int:
    """Print the script."""
    import shtab  # these are late: --help needs none of them

    from claude_batch_tui.store.locations import Locations

    parser = context.whole_parser()
    database = Locations(context.config.data_dir).database.absolute()
    for action in _actions(parser):
        _complete(action, str(database))
        if args.shell == "fish" and action.help:
            # In quotes of fish a backslash escapes a quote, which shtab does not know: findings/shtab-does-not-escape-backslashes-for-fish.sh
            action.help = action.help.replace("\\", "\\\\")
    context.output.line(shtab.complete(parser, args.shell))
    return ExitCode.GOOD


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """All arguments and options of a parser and of those below it."""
    for action in parser._actions:  # noqa: SLF001  argparse has no other way to its arguments; shtab goes it too
        yield action
        if isinstance(action, argparse._SubParsersAction):  # noqa: SLF001  the same
            for below in action.choices.values():
                yield from _actions(below)


def _complete(action: argparse.Action, database: str) -> None:
    """Say what a value is completed with, as its name in the help tells: ids, files or folders."""
    import shtab  # late: see `run`

    shown = action.metavar
    name = " ".join(shown) if isinstance(shown, tuple) else shown or ""
    kinds = set(re.findall(r"[A-Z]+", name))
    complete = None
    if action.dest == "words":
        complete = _words(("ids", "tags"), database)
    elif "ID" in kinds and action.dest not in ("workspace", "user_profile_id"):
        complete = _words(("ids",), database, files="FILE" in kinds)
    elif "DIR" in kinds or name == "FOLDER":
        complete = shtab.DIRECTORY
    elif "FILE" in kinds:
        complete = shtab.FILE
    if complete is not None:
        vars(action)["complete"] = complete  # the attribute that shtab looks for


def _words(kinds: tuple[str, ...], database: str, *, files: bool = False) -> dict[str, Any]:
    """Words of the store as shtab wants a completion of its own: a function of each shell, called when tab is pressed."""
    name = "_".join(("_cbtui", *kinds, *(["files"] if files else [])))
    begins = {"bash": '"$1"', "zsh": '"$PREFIX"', "fish": "(commandline -ct | string collect)"}
    asked = {
        shell: "; ".join(
            f"command cbtui __complete {kind} {shlex.quote(database)} {begin} 2>/dev/null" for kind in kinds
        )
        for shell, begin in begins.items()
    }
    in_bash = f'  compgen -W "$({asked["bash"]})" -- "$1"\n' + ('  compgen -f -- "$1"\n' if files else "")
    in_zsh = f'  compadd -- ${{(f)"$({asked["zsh"]})"}}\n' + ("  _files\n" if files else "")
    in_fish = f"  {asked['fish']}\n" + ("  __fish_complete_path (commandline -ct)\n" if files else "")
    return {
        "bash": name,
        "zsh": name,
        "fish": f"({name})",
        "preamble": {
            "bash": f"{name}() {{\n{in_bash}}}",
            "zsh": f"{name}() {{\n{in_zsh}}}",
            "fish": f"function {name}\n{in_fish}end",
        },
    }
