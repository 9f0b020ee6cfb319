"""The headless face: finds the command, gives it its context, turns errors into a sentence and an exit code."""

from __future__ import annotations

import argparse
import contextlib
import errno
import functools
import importlib
import os
import signal
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from claude_batch_tui import __version__
from claude_batch_tui.cli.command import Clock, Command, Context, Dashboard, run_to_end
from claude_batch_tui.cli.diagnostics import Diagnostics, ExitCode, exit_code
from claude_batch_tui.cli.output import Output
from claude_batch_tui.cli.usage import grouped, with_examples
from claude_batch_tui.config import load, of_profile, require_writable
from claude_batch_tui.credentials import take_env_file
from claude_batch_tui.errors import CbtuiError, ConfigError, DamagedStoreError, unexpected
from claude_batch_tui.redaction import redact

COMMANDS = {
    "build": "Make a requests file from CSV, JSON, text, documents, a database or a script.",
    "check": "Check a requests file and say what it would cost.",
    "try": "Send one request at once, outside of any batch, and show the answer. This is paid.",
    "submit": "Send a requests file as a batch. This is paid.",
    "run": "Build, send, wait, retry and export, as a recipe says; given again it goes on where it stopped. This is paid.",
    "list": "The batches of the workspace, newest first.",
    "status": "One batch, as the API has it now.",
    "history": "Turnaround, batches, spend and outcomes of the last days, from what is known here.",
    "costs": "What batches cost, by day, model, tag or run: billed, estimated, in flight.",
    "watch": "Keep polling until batches have ended.",
    "cancel": "Ask the API to cancel a batch.",
    "delete": "Delete an ended batch from the API.",
    "forget": "Remove what was sent and what came back of ended batches from this machine.",
    "prune": "Free disk space: caches, leftovers, and what is older than keep_days.",
    "backup": "Back up store, journal, what was sent and what came back as one file.",
    "name": "Name a batch or a run; every command then takes the name.",
    "tag": "Tag batches, or take tags away: tag ID… +eval -draft.",
    "note": "Write a note on a batch or a run.",
    "hide": "Hide batches on this machine; the API keeps them.",
    "adopt": "Make a run of batches that were made elsewhere, and name it.",
    "results": "Read or save the results of a batch, or a results file.",
    "open": "Open the dashboard on a results file or on the results of a batch.",
    "export": "Save results as CSV, JSON, SQLite, Parquet, Excel, Markdown or a file an answer.",
    "compare": "Compare two batches or results files: answers that agree, tokens and cost.",
    "score": "How good answers are against expected values: accuracy, labels, confusion matrix; two runs compared.",
    "report": "A run as one HTML page to send: outcomes, cost, score, distributions, a sample.",
    "triage": "What is not truly good, by cause: how many, what helps, and what sending it again costs.",
    "retry": "Send again what errored or expired, as it was sent or with edits. This is paid.",
    "demo": "Open the dashboard on a simulated workspace: no key, no cost.",
    "examples": "Worked examples: list them, or copy one to work on.",
    "simulate": "Serve the Message Batches API on this machine.",
    "guide": "How it is used: the loop, the API, good practice, what went wrong.",
    "help": "The options of a command, or what the guide says about something.",
    "skill": "Install the guide as a skill for Claude Code, OpenClaw and others.",
    "models": "Models and prices as they are known here, from when, and both brought up to date.",
    "info": "Every path, setting and decision, and where it comes from.",
    "config": "The settings in force and where each comes from; their file begun, edited, checked.",
    "doctor": "Look whether settings, key, API, clock, store, disk and terminal are in order.",
    "completion": "Completions for bash, zsh or fish, as a script.",
    "reset-tty": "Put a terminal right after a crash.",
}
"""Every command with its one line. The module of a command is imported only when it is asked for."""

_RENAMED = {"archive": "hide"}
"""Commands by the names they had once, which still work."""

_DASHBOARDS = ("open", "demo")
"""Commands that open the dashboard: how it looks can be said behind them, too."""
_READING = frozenset(
    (
        "backup",
        "build",
        "check",
        "list",
        "status",
        "history",
        "costs",
        "watch",
        "results",
        "open",
        "export",
        "compare",
        "score",
        "report",
        "triage",
        "demo",
        "examples",
        "simulate",
        "guide",
        "help",
        "skill",
        "completion",
        "models",
        "info",
        "config",
        "doctor",
        "reset-tty",
    )
)
"""The commands that pay for nothing, delete nothing and change no labels: all others are refused where that is asked for."""

_SEVERAL_PROFILES = (None, "list", "status", "history", "costs", "watch")
"""The dashboard, and the commands that show several workspaces at once."""

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""What stdout can say of a file that takes no more; other files have an error of their own."""


def main(
    argv: Sequence[str], open_dashboard: Callable[[Dashboard], int], *, clock: Clock | None = None
) -> int:
    """Run the command line `argv` (without the program's name), by `clock`, and return the exit code."""
    _open_closed_streams()
    diagnostics, clock = Diagnostics(), clock or Clock()
    output = Output(clear_line=diagnostics.end_progress)
    try:
        try:
            code = _run(argv, open_dashboard, diagnostics, output, clock)
            output.flush()
            return code
        except DamagedStoreError as error:
            if error.kept_as is None or output.has_written or _is_paid_at_once(argv):
                raise
            diagnostics.note(
                f"The store was damaged: it is kept as {error.kept_as}, and rebuilt from the journal, the API and the files."
            )
            return _run(argv, open_dashboard, diagnostics, output, clock)
    except CbtuiError as error:
        diagnostics.error(str(error))
        return exit_code(error)
    except KeyboardInterrupt:
        diagnostics.error("Stopped by ctrl+c.")
        return 128 + signal.SIGINT
    except BrokenPipeError:
        # The reader of our stdout has gone (`cbtui list | head -1`): no data is owed to anybody.
        _forget_stdout()
        return 0
    except Exception as error:  # noqa: BLE001  a bug: Python's own report would show what libraries say, keys too
        if isinstance(error, OSError) and output.has_written and error.errno in _FULL:
            from claude_batch_tui.store.files import refusal  # late: no other way needs it

            diagnostics.error(refusal(Path("stdout"), error))
            _forget_stdout()
            return ExitCode.STORE
        _say_bug(error, diagnostics)
        return 1
    finally:
        diagnostics.close()


def _open_closed_streams() -> None:
    """Where stdin, stdout or stderr was closed (`cbtui watch >&-`), have it read nothing and lose what is written, so that no
    other file gets its number.
    """
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        pass
    os.close(number)
    sys.stdin = sys.stdin or os.fdopen(0, closefd=False)
    sys.stdout = sys.stdout or os.fdopen(1, "w", closefd=False)
    sys.stderr = sys.stderr or os.fdopen(2, "w", closefd=False)


def _forget_stdout() -> None:
    """Have what Python writes to stdout at its end go nowhere."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _say_bug(error: Exception, diagnostics: Diagnostics) -> None:
    """Say what went wrong in one sentence and where the rest of it is: in the log, or on stderr where there is none."""
    import logging  # late, as all of these: nothing else needs them
    import traceback

    from claude_batch_tui.logs import log_path, log_to_file

    config = diagnostics.config
    last = traceback.extract_tb(error.__traceback__)[-1]
    diagnostics.error(
        f"stopped because of a bug in it: {unexpected(error)} ({last.filename}, line {last.lineno})."
    )
    if config is not None:
        log_to_file(config)
        logging.getLogger(__name__).error("A command ended with a bug", exc_info=error)
        if log_path(config).exists():
            diagnostics.note(f"The whole report is in {log_path(config)}")
            return
    diagnostics.note(redact("".join(traceback.format_exception(error)).rstrip()))


def _is_paid_at_once(argv: Sequence[str]) -> bool:
    """Whether to begin again may pay again: all that is paid is looked for among what was sent, but not what is tried."""
    return "try" in argv


def _run(
    argv: Sequence[str],
    open_dashboard: Callable[[Dashboard], int],
    diagnostics: Diagnostics,
    output: Output,
    clock: Clock,
) -> int:
    argv = _without_help_verb(_with_joined_sort(argv))
    parser, modules = _parser(argv)
    args = parser.parse_args(argv)
    if args.env_file is not None:
        take_env_file(args.env_file)
    command = _RENAMED.get(args.command, args.command)
    if command != args.command:
        diagnostics.note(f"`{args.command}` is called `{command}` now.")
    module = modules.get(command)
    first, *others = args.profile or [None]
    # A file that is wrong keeps nobody from mending it.
    mends = command == "config" and (args.path or args.verb in {"check", "edit", "init", "schema"})
    config, settings = load({**vars(args), "profile": first}, reads_file=not mends)
    diagnostics.config = config
    diagnostics.is_plain = config.plain or os.environ.get("TERM") == "dumb"
    if command is not None and command not in _READING:
        require_writable(config)
    if others and command not in _SEVERAL_PROFILES:
        raise ConfigError(f"{command} takes one --profile.")
    beside = tuple(of_profile(config, name) for name in dict.fromkeys(others) if name != first)
    context = Context(
        config, settings, output, diagnostics, open_dashboard, beside, clock, tuple(argv), whole_parser
    )
    if module is None:
        return open_dashboard(Dashboard(config, beside=beside))
    code = module.run(args, context)
    return int(code if isinstance(code, int) else run_to_end(code))


def _with_joined_sort(argv: Sequence[str]) -> list[str]:
    """`--sort -cost` as `--sort=-cost`: what begins with a dash is no value to argparse."""
    words = list(argv)
    for at in reversed(range(len(words) - 1)):
        if words[at] == "--sort" and words[at + 1].startswith("-") and not words[at + 1].startswith("--"):
            words[at : at + 2] = [f"--sort={words[at + 1]}"]
    return words


def _without_help_verb(argv: Sequence[str]) -> Sequence[str]:
    """`help submit` is `submit --help`, and `help` alone `--help`; `help` of anything else is a command of its own."""
    if argv[:1] != ["help"] or argv[1:] in (["-h"], ["--help"]):
        return argv
    if len(argv) == 1:
        return ["--help"]
    return [*argv[1:], "--help"] if _RENAMED.get(argv[1], argv[1]) in COMMANDS else argv


def whole_parser() -> argparse.ArgumentParser:
    """The parser with every option of every command, for what is made from it: completions, the man page, docs.

    Each caller has its own: completions change the words of the options.
    """
    every = tuple(COMMANDS)
    return _made_parser(every, every, every=True)[0]


def _parser(argv: Sequence[str]) -> tuple[argparse.ArgumentParser, dict[str, Command]]:
    """The parser, and the modules of the commands named in `argv`.

    Of other commands it knows the names, and not even those where nothing asks for them: a parser for each is 5 ms.
    """
    named = [name for word in argv if (name := _RENAMED.get(word, word)) in COMMANDS]
    known = named if _speaks_of_these_alone(argv, named) else COMMANDS
    return _parser_of(tuple(dict.fromkeys(named)), tuple(dict.fromkeys(known)))


def _made_parser(
    named: tuple[str, ...], known: tuple[str, ...], *, every: bool = False
) -> tuple[argparse.ArgumentParser, dict[str, Command]]:
    """The parser that knows these commands, with the options of the named ones; those of `every` one are for documents."""
    parser = argparse.ArgumentParser(
        prog="cbtui",
        usage="cbtui [OPTIONS] [COMMAND …]",
        description="A terminal dashboard for Claude Message Batches, and the same verbs headless. Without a command it\n"
        f"opens the dashboard.\n\n{grouped(COMMANDS).rstrip()}",
        epilog="Every command explains itself: cbtui help COMMAND. The guide: cbtui guide",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"cbtui {__version__}")
    _add_global_options(parser, top=True)
    commands = parser.add_subparsers(
        prog="cbtui",
        dest="command",
        metavar="COMMAND",
        help=None if every else argparse.SUPPRESS,  # listed above in groups
    )
    modules: dict[str, Command] = {}
    for name in known:
        summary = COMMANDS[name]
        sub = commands.add_parser(
            name,
            aliases=[old for old, new in _RENAMED.items() if new == name and not every],
            help=summary,
            description=summary,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in named:
            module = cast(
                "Command", importlib.import_module(f"claude_batch_tui.cli.commands.{_module_of(name)}")
            )
            module.configure(sub)
            sub.epilog = with_examples(name, sub.epilog)
            _add_global_options(sub, top=False, is_dashboard=name in _DASHBOARDS)
            modules[name] = module
    return parser, modules


_parser_of = functools.cache(_made_parser)
"""The same, kept: a process may run many command lines, as tests do."""


def _speaks_of_these_alone(argv: Sequence[str], named: Sequence[str]) -> bool:
    """Whether no other commands have to be known: not where help is asked for, nor where a word may be a wrong one."""
    if named:
        return _RENAMED.get(argv[0], argv[0]) == named[0]
    dashboard = argparse.ArgumentParser(prog="cbtui", add_help=False, exit_on_error=False)
    _add_global_options(dashboard, top=True)
    try:
        return not dashboard.parse_known_args(argv)[1]
    except argparse.ArgumentError:
        return False


def _module_of(name: str) -> str:
    """The module of a command; `try` is a word of the language."""
    return "try_one" if name == "try" else name.replace("-", "_")


def _add_global_options(parser: argparse.ArgumentParser, *, top: bool, is_dashboard: bool = False) -> None:
    """The options every command takes, before or after its name; those of the dashboard after the ones that open it."""
    group = parser.add_argument_group("where and who")
    default = None if top else argparse.SUPPRESS
    group.add_argument("--base-url", metavar="URL", default=default, help="where the API is")
    group.add_argument(
        "--profile",
        metavar="NAME",
        action="append",
        default=default,
        help="a table [profiles.NAME] of config.toml, or a profile of the SDK; list, status, history, costs, watch and the dashboard take several",
    )
    group.add_argument(
        "--timeout",
        metavar="S",
        type=float,
        default=default,
        help="try reads that fail again for so many seconds (60); watch ends then, exit code 5",
    )
    group.add_argument("--workspace", metavar="ID", default=default, help="for keys of several workspaces")
    group.add_argument(
        "--user-profile-id",
        metavar="ID",
        default=default,
        help="whom all requests that are sent are made for",
    )
    group.add_argument(
        "--read-only",
        action="store_true",
        default=default,
        help="pay for nothing, delete nothing, change no labels: for a shared screen",
    )
    group.add_argument(
        "--env-file",
        metavar="FILE",
        type=Path,
        default=default,
        help="lines NAME=VALUE to take into the environment, where it has none of that name",
    )
    group.add_argument(
        "--plain",
        action="store_true",
        default=default,
        help="replace no line in place, for screen readers: each stands, progress every ten seconds",
    )
    group.add_argument("--data-dir", metavar="DIR", default=default, help="store, spool and results")
    group.add_argument("--config-dir", metavar="DIR", default=default, help="where config.toml is")
    if top or is_dashboard:
        screen = parser.add_argument_group("dashboard")
        screen.add_argument(
            "--color", metavar="WHEN", default=default, help="auto, truecolor, 256, 16 or none"
        )
        screen.add_argument("--theme", metavar="NAME", default=default, help="a theme of the dashboard")
        screen.add_argument(
            "--ascii", action=argparse.BooleanOptionalAction, default=default, help="draw with ASCII only"
        )
        screen.add_argument(
            "--slow", action=argparse.BooleanOptionalAction, default=default, help="for thin links"
        )
        screen.add_argument(
            "--mouse", action=argparse.BooleanOptionalAction, default=default, help="mouse reporting"
        )
