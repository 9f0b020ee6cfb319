"""The guide that comes with cbtui: its pages, what they say about something, and the skill installed for an agent."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from importlib.resources import files
from pathlib import Path

import msgspec

from claude_batch_tui.errors import ConfigError
from claude_batch_tui.home import expand_home, in_home
from claude_batch_tui.store.files import refusals_told, written_whole

SKILL_NAME = "cbtui"
PAGES: Mapping[str, str] = {
    "skill": "SKILL.md",
    "api-overview": "references/api-overview.md",
    "best-practices": "references/best-practices.md",
    "troubleshooting": "references/troubleshooting.md",
    "filters": "references/filters.md",
}
"""Topics, and the file of each in the skill's folder."""
_INSTALLED = ".installed"
"""In the folder of an installed skill: the digests of what was written there."""
_FRONT_MATTER = re.compile(r"\A---\n.*?\n---\n+", re.DOTALL)


class Section(msgspec.Struct, frozen=True):
    """A part of a page under one heading. `text` is Markdown and begins with the heading."""

    topic: str
    title: str
    text: str


class Fate(StrEnum):
    """What becomes of a file of the skill."""

    NEW = "new"
    SAME = "same"
    UPDATED = "updated"
    CHANGED = "changed"


class SkillFile(msgspec.Struct, frozen=True):
    """A file that an installed skill has, and what becomes of it; `CHANGED` is one that somebody else wrote."""

    path: Path
    fate: Fate
    data: bytes
    there: bytes
    """What stands there now."""


def skill_folder() -> Path:
    """Where the skill lies in the installed package."""
    return Path(str(files("claude_batch_tui.guide")))


def page(topic: str) -> str:
    """A page as Markdown, without front matter. Raises KeyError for a topic that is none."""
    return _FRONT_MATTER.sub("", _source(PAGES[topic]).decode())


def sections() -> Iterator[Section]:
    """All sections of all pages, in their order."""
    for topic in PAGES:
        for piece in re.split(r"^(?=##? )", page(topic), flags=re.MULTILINE):
            if piece.strip():
                title = piece.partition("\n")[0].lstrip("# ")
                yield Section(topic, title, piece.strip() + "\n")


def find_topic(words: str) -> str:
    """The page of a topic, or the sections that say something about these words, those with it in their title first.

    Raises ConfigError where there is nothing.
    """
    wanted = words.lower().strip()
    topic = next((name for name in PAGES if name.startswith(wanted.replace(" ", "-"))), None)
    if topic is not None and wanted:
        return page(topic)
    found = matching(wanted.replace("-", " "))
    if not found:
        raise ConfigError(f"The guide says nothing about {words!r}. Topics: {', '.join(PAGES)}.")
    in_title = [one for one in found if wanted.replace("-", " ") in one.title.lower()]
    return "\n".join(one.text for one in in_title or found)


def matching(words: str) -> list[Section]:
    """The sections that have these words, cut to the heading and the paragraphs and rows of tables that have them."""
    wanted = words.lower().strip()
    if not wanted:
        return []
    found = []
    for section in sections():
        if wanted in section.title.lower():
            found.append(section)
        elif wanted in section.text.lower().replace("\n", " "):
            heading, *pieces = _pieces(section.text)
            text = "\n".join([heading, *_with(wanted, pieces)]) + "\n"
            found.append(msgspec.structs.replace(section, text=text))
    return found


def _pieces(text: str) -> list[str]:
    """What a text is made of: its paragraphs and points whole, of tables and code each line."""
    pieces: list[str] = []
    in_code = False
    for line in text.split("\n"):
        in_code = in_code != line.startswith("```")
        begins = in_code or not line.strip() or re.match(r"[|#-]|```|\d+\.", line)
        if begins or not pieces or not pieces[-1].strip() or pieces[-1].startswith(("|", "#", "```")):
            pieces.append(line)
        else:
            pieces[-1] += f"\n{line}"
    return pieces


def _with(wanted: str, pieces: list[str]) -> Iterator[str]:
    """The pieces that have `wanted`; before rows of a table its head, without which they are none."""
    head: list[str] = []
    shown: list[str] = []
    for number, piece in enumerate(pieces):
        if piece.startswith("|") and not pieces[number - 1].startswith("|"):
            head = pieces[number : number + 2]
        if wanted in piece.lower().replace("\n", " ") and piece not in head:
            if not piece.startswith("|"):
                yield ""
            elif head != shown:
                yield from ("", *head)
                shown = head
            yield piece


def skills_folder(agent: str, environ: Mapping[str, str] = os.environ) -> Path:
    """Where an agent looks for skills of its user: `claude` or `openclaw`. Raises ConfigError where there is no home."""
    if agent == "claude":
        own = environ.get("CLAUDE_CONFIG_DIR")
        return (expand_home(own) if own else in_home(".claude")) / "skills"
    return in_home(".openclaw/skills")


def planned(folder: Path) -> list[SkillFile]:
    """What installing into `folder`, which holds skills, would write. Nothing is written.

    A file that an earlier version installed and nobody has changed since is replaced without a word.
    """
    own = folder / SKILL_NAME
    with refusals_told(own, ConfigError):
        known = (own / _INSTALLED).read_text("utf-8").split() if (own / _INSTALLED).exists() else []
    plan = []
    for name in PAGES.values():
        path, data = own / name, _source(name)
        with refusals_told(path, ConfigError):
            there = path.read_bytes() if path.exists() else None
        if there is None:
            fate = Fate.NEW
        elif there == data:
            fate = Fate.SAME
        else:
            fate = Fate.UPDATED if _digest(there) in known else Fate.CHANGED
        plan.append(SkillFile(path, fate, data, there or b""))
    return plan


def install(folder: Path, plan: list[SkillFile]) -> None:
    """Write what `planned` gave for `folder`. Raises ConfigError where a file cannot be written."""
    own = folder / SKILL_NAME
    digests = "".join(f"{_digest(one.data)}\n" for one in plan).encode()
    for path, data in [
        *((one.path, one.data) for one in plan if one.fate is not Fate.SAME),
        (own / _INSTALLED, digests),
    ]:
        with refusals_told(path, ConfigError):
            path.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(path, ConfigError) as file:
            file.write(data)


def _digest(data: bytes) -> str:
    import hashlib  # late: it loads OpenSSL

    return hashlib.sha256(data).hexdigest()


def _source(name: str) -> bytes:
    return files("claude_batch_tui.guide").joinpath(name).read_bytes()
