"""What `--help` says around the options: the commands in the order of the loop, and an example of each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

GROUPS: Mapping[str, tuple[str, ...]] = {
    "make requests": ("build", "check", "try", "examples"),
    "send them": ("submit", "run"),
    "wait": ("watch", "list", "status", "history", "costs", "cancel"),
    "read answers": ("results", "export", "open", "compare", "score", "report"),
    "fix": ("triage", "retry"),
    "keep order": ("name", "tag", "note", "hide", "adopt", "backup", "delete", "forget", "prune"),
    "learn": ("demo", "simulate", "guide", "help", "skill"),
    "this machine": ("doctor", "info", "config", "models", "completion", "reset-tty"),
}
"""Commands by what one does with them; one that is in no group comes last."""
EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "check": ("cbtui check requests.jsonl", "cbtui check requests.jsonl --count"),
    "try": ("cbtui try requests.jsonl --row 1",),
    "submit": (
        "cbtui submit requests.jsonl --name tickets",
        "cbtui submit requests.jsonl --pilot 20 --yes --name tickets",
    ),
    "run": (
        "cbtui run labels.toml -o answers.csv",
        "cbtui run labels.toml -o answers.csv --yes --max-cost 20 --retry 2",
    ),
    "list": ("cbtui list --where 'state=running age<2d' --sort -cost",),
    "status": ("cbtui status tickets --json", "cbtui status --short"),
    "history": ("cbtui history --days 7",),
    "costs": ("cbtui costs --by model",),
    "watch": ("cbtui watch tickets --output changes.jsonl",),
    "cancel": ("cbtui cancel tickets",),
    "delete": ("cbtui delete msgbatch_013Zva2CMHLNnXjNJJKqJ2EF",),
    "forget": ("cbtui forget tickets",),
    "backup": ("cbtui backup cbtui.tar",),
    "prune": ("cbtui prune --keep-days 30 --dry-run",),
    "name": ("cbtui name msgbatch_013Zva2CMHLNnXjNJJKqJ2EF tickets",),
    "tag": ("cbtui tag tickets +eval -draft",),
    "note": ("cbtui note tickets 'second prompt'",),
    "hide": ("cbtui hide tickets", "cbtui hide tickets --undo"),
    "adopt": ("cbtui adopt msgbatch_013Zva2CMHLNnXjNJJKqJ2EF --name theirs --sent requests.jsonl",),
    "results": (
        "cbtui results tickets -o answers.csv",
        "cbtui results tickets --where class=truncated --format flat",
    ),
    "open": ("cbtui open results.jsonl",),
    "export": ("cbtui export tickets -o answers.sqlite --spread",),
    "compare": ("cbtui compare tickets tickets-large",),
    "score": (
        "cbtui score tickets --expected label",
        "cbtui score tickets --expected label --answer json:$.label --normalise case --beside tickets-large",
    ),
    "report": ("cbtui report tickets -o report.html", "cbtui report tickets --expected label -o report.html"),
    "triage": ("cbtui triage tickets",),
    "retry": ("cbtui retry tickets", "cbtui retry tickets --where class=truncated --set max_tokens=4096"),
    "demo": ("cbtui demo",),
    "examples": ("cbtui examples products --to work",),
    "simulate": ("cbtui simulate --port 8765 --speed 1000",),
    "models": ("cbtui models --refresh",),
    "guide": ("cbtui guide", "cbtui guide troubleshooting", "cbtui guide encoding"),
    "help": ("cbtui help submit", "cbtui help filters"),
    "skill": ("cbtui skill install --claude --dry-run", "cbtui skill path"),
    "completion": (
        'eval "$(cbtui completion bash)"',
        "cbtui completion fish > ~/.config/fish/completions/cbtui.fish",
    ),
    "info": ("cbtui info --json",),
    "config": ("cbtui config",),
    "doctor": ("cbtui doctor --files",),
    "reset-tty": ("cbtui reset-tty",),
}
"""Command lines that show what a command is for; `build` has its own below its options."""


def in_groups(commands: Mapping[str, str]) -> Iterator[tuple[str, list[str]]]:
    """The titles of the groups with the names of their commands; those of no group come last."""
    placed = {name for names in GROUPS.values() for name in names}
    rest = tuple(name for name in commands if name not in placed)
    for title, names in {**GROUPS, "more": rest}.items():
        known = [name for name in names if name in commands]
        if known:
            yield title, known


def grouped(commands: Mapping[str, str]) -> str:
    """The commands with their summaries, in groups."""
    lines: list[str] = []
    for title, names in in_groups(commands):
        lines += [f"{title}:", *(f"  {name:<11} {commands[name]}" for name in names), ""]
    return "\n".join(lines)


def with_examples(command: str, epilog: str | None) -> str | None:
    """The text under a command's options: its examples before what it says itself."""
    examples = EXAMPLES.get(command)
    if examples is None:
        return epilog
    shown = "\n  ".join(("example:" if len(examples) == 1 else "examples:", *examples))
    return f"{shown}\n\n{epilog}" if epilog else shown
