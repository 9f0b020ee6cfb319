"""Which encoding a file has that is not UTF-8: a guess with what it rests on, never taken in silence.

chardet scores the candidates; two things of ours stand over it. Windows-1252 comes first: another is taken only where
it fits clearly better, because in short texts nearly all Latin encodings fit. And letters have to stand as letters do:
`Ł20`, `TheÕs` or `пРИВЕТ` are no words.
"""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

FIRST = "cp1252"
_CLEARLY = 1.4
_CLEARLY_BY_LITTLE = 2.0
"""So many times better than Windows-1252 another encoding has to fit; the second where one letter or one word differs."""
_EQUAL = 1.03
"""A guess that is not so many times better than the next one is none."""
_SHOWN_WORDS = 5
_SHOWN_CHARACTERS = 30
_SAMPLE_BYTES = 8 * 1024
_CANDIDATES = {
    **{
        name: name
        for name in ("cp1252", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256", "cp1257")
    },
    **{name: name for name in ("cp874", "cp866", "cp855", "cp850", "cp852", "cp437")},
    **{name: name for name in ("cp932", "gb18030", "cp949", "johab")},
    **{f"iso8859-{part}": f"iso8859_{part}" for part in (2, 5, 6, 7, 15)},
    **{f"koi8-{part}": f"koi8_{part}" for part in "ru"},
    "mac-roman": "mac_roman",
    "mac-cyrillic": "mac_cyrillic",
    "euc_jis_2004": "euc_jp",
    "big5hkscs": "big5",
}
"""The encodings that spreadsheets and old systems write: chardet's names for them, and Python's."""
_DOUBLE_BYTE = {
    "cp932": (0x81, 0x98, 0x40),
    "euc_jp": (0xA1, 0xCF, 0xA1),
    "gb18030": (0xA1, 0xD7, 0xA1),
    "big5": (0xA1, 0xC6, 0x40),
    "cp949": (0xA1, 0xC8, 0xA1),
    "johab": (0x88, 0xD3, 0x31),
}
"""Of the common characters of encodings with two bytes for one (level 1 of their character sets): the first and the last
first byte, and the least second one.
"""
_ESCAPED = ("iso2022_jp", "iso2022_kr")
"""Encodings in which a sequence that begins with escape says what follows; every byte of them is ASCII."""
_RARE = {
    **dict.fromkeys(("iso8859_15", "mac_roman", "mac_cyrillic", "cp850", "cp852", "cp437", "cp866"), 0.8),
    **dict.fromkeys(("iso8859_6", "cp855", "johab"), 0.5),
    "iso8859_7": 0.97,
}
"""Factors of what few programs write today."""
_LEAST_EVIDENCE = 0.002
"""A score that says nothing: no word of any language was seen."""
_LEAST_SCORE = 0.02
"""That of an encoding with two bytes a character in which everything is a common character; chardet gives none to short texts."""
_WORD = re.compile(r'[^\s<>="]+')
_UNUSED = re.compile("[\x80-\x9f]")
"""Characters by which a text is in another encoding: files do not hold them."""
_TOKEN = re.compile(r"[^\s,;|]+")
_EDGES = " ,;:|.!?\"'()[]{}<>\t"
_ALONE = frozenset("àáèéíóåæøöäőÀÁÈÉÍÓÅÆØÖÄавежиіїйкоусяАВЕИІЙКОУСЯоηήόΗΟ")
"""Letters that are words by themselves in some language."""
_MOST_ACCENTED = 4
"""Letters of a Latin word that may all have an accent: fewer."""
_SIGNS = frozenset("µªº")
"""Letters by their category, which stand as signs do."""
_COMPANY = ((frozenset("ðýþÐÝÞ"), frozenset("áéíóúæÁÉÍÓÚÆ")), (frozenset("šžŠŽ"), frozenset("äöõÄÖÕ")))
"""In Windows-1252 the first are letters of Icelandic, Finnish and Estonian, which are not written without the second."""


class Encoding(NamedTuple):
    """A guess. `words` are up to five words as this encoding and as `other`, the next best one, spell them.

    `tied` is an encoding that fits as well, where neither is Windows-1252; then nobody can tell but the user.
    """

    name: str
    other: str | None = None
    words: tuple[tuple[str, str], ...] = ()
    tied: str | None = None

    @property
    def spellings(self) -> str:
        """The words in both spellings, as a phrase: `très (in cp1250: trčs)`."""
        return ", ".join(f"{ours} (in {self.other}: {theirs})" for ours, theirs in self.words)


def utf16_without_mark(head: bytes) -> str | None:
    """`utf-16-le` or `utf-16-be`, where `head` is text in it that begins without a byte order mark; else None."""
    even = head[: len(head) // 2 * 2]
    for name, newline in (("utf-16-le", b"\n\x00"), ("utf-16-be", b"\x00\n")):
        zeros = even[1::2].count(0) if name == "utf-16-le" else even[0::2].count(0)
        lines, all_lines = even.count(newline), even.count(b"\n")
        if (lines < 0.9 * all_lines or lines == 0) if all_lines else zeros * 4 < len(even):
            continue
        text = even.decode(name, "replace")
        odd = sum(unicodedata.category(one) in {"Cc", "Cn", "Co"} and one not in "\t\r\n\x1e" for one in text)
        if zeros and odd * 50 <= len(text):
            return name
    return None


@lru_cache(maxsize=8)
def guess_encoding(data: bytes, *, is_whole: bool = False) -> Encoding | None:
    """What bytes that are no UTF-8 are most likely to be, or None where nothing fits.

    `is_whole` is False where `data` may end within a character.
    """
    if data.isascii():
        escaped = (name for name in _ESCAPED if b"\x1b$" in data and _decoded(data, name))
        return next(map(Encoding, escaped), None)
    lines = [line for line in data.splitlines() if not line.isascii()]
    whole = b"\n".join(lines)
    ends_whole = is_whole or data.endswith((b"\n", b"\r"))
    fits = sorted(_fits(whole, ends_whole=ends_whole), key=lambda fit: -fit.score)
    if not fits:
        return None
    best = fits[0]
    first = next((fit for fit in fits if fit.name == FIRST), None)
    if first is not None and best is not first:
        letters = {ours for ours, theirs in zip(best.text, first.text, strict=False) if ours != theirs}
        is_little = len(letters) < 2 or len(_changed_words(best.text, first.text)) < 2
        factor = _CLEARLY_BY_LITTLE if is_little else _CLEARLY
        if best.score < max(factor * first.score, _LEAST_EVIDENCE):
            best = first
    others = [fit for fit in fits if fit.text != best.text]
    rival = others[0] if others else None
    is_tied = rival is not None and best.name != FIRST and best.score < _EQUAL * rival.score
    is_taken_over_first = best is not first and first is not None and first.score > 0 and not is_tied
    shown = first if is_taken_over_first else rival
    if shown is None:
        return Encoding(best.name)
    words = _changed_words(best.text, shown.text)
    return Encoding(best.name, shown.name, words, shown.name if is_tied else None)


class _Fit(NamedTuple):
    name: str
    text: str
    score: float


def _fits(data: bytes, *, ends_whole: bool) -> Iterator[_Fit]:
    """Every candidate that can read the data, with how well it fits the beginning."""
    import chardet  # 60 ms and its models, which a UTF-8 file need not pay

    sample = data[:_SAMPLE_BYTES]
    found = chardet.detect_all(
        sample, ignore_threshold=True, include_encodings=list(_CANDIDATES), compat_names=False
    )
    scores = {
        _CANDIDATES[one["encoding"]]: one["confidence"] for one in found if one["encoding"] in _CANDIDATES
    }
    for name in _CANDIDATES.values():
        if _decoded(data, name, is_whole=ends_whole) is None:
            continue
        text = codecs.getincrementaldecoder(name)().decode(sample)
        sound = _soundness(text, name)
        score = scores.get(name, 0.0)
        if name in _DOUBLE_BYTE and sound > 0.95:
            score = max(score, _LEAST_SCORE)
        if _UNUSED.search(text):
            sound *= 0.8
        yield _Fit(name, text, (score + 1e-6) * sound**4 * _RARE.get(name, 1.0))


def _decoded(data: bytes, name: str, *, is_whole: bool = False) -> str | None:
    """The text, but for what the end of the bytes cuts off; None where it is no text in that encoding."""
    try:
        return codecs.getincrementaldecoder(name)().decode(data, is_whole)
    except UnicodeDecodeError:
        return None


def _soundness(text: str, name: str) -> float:
    """The share of words beyond ASCII in which every letter stands as letters do."""
    words = [word.strip(_EDGES) for word in _WORD.findall(text) if not word.isascii()]
    if not words:
        return 1.0
    common = _DOUBLE_BYTE.get(name)
    if common is None:
        letters = {one for word in words for one in word}
        if name in {FIRST, "iso8859_15"} and any(
            letters & own and not letters & others for own, others in _COMPANY
        ):
            return 0.7
        return sum(not _is_odd(word) for word in words) / len(words)
    characters = [one for word in words for one in word if not one.isascii()]
    return sum(_is_common(one, name, common) for one in characters) / len(characters)


def _is_common(character: str, name: str, common: tuple[int, int, int]) -> bool:
    encoded = character.encode(name)
    return len(encoded) == 2 and common[0] <= encoded[0] <= common[1] and encoded[1] >= common[2]


def _is_odd(word: str) -> bool:
    """True where a word is none in any language: letters of two scripts or with accents alone, or a character out of place."""
    letters = [one for one in word if one.isalpha() and one not in _SIGNS]
    scripts = {_script(one) for one in letters}
    is_accented = scripts == {"LATIN"} and not any(map(str.isascii, letters))
    return (
        len(scripts) > 1
        or (is_accented and len(letters) >= _MOST_ACCENTED)
        or any(
            _is_misplaced(one, word[:place][-1:], word[place + 1 : place + 2])
            for place, one in enumerate(word)
            if not one.isascii()
        )
    )


def _is_misplaced(one: str, before: str, after: str) -> bool:
    """True for a sign or a capital within letters, a letter beside a digit, and what no text holds."""
    category = unicodedata.category(one)
    if category in {"Cc", "Cn", "Co"} or "\u2500" <= one <= "\u259f":
        return True
    if category[0] == "L" and one not in _SIGNS:
        is_within = category == "Lu" and before.islower()
        return is_within or (one not in _ALONE and not any(_joins(each) for each in before + after))
    is_sign = category[0] in "SN" or one in "¡¿«»‹›„“”‘†‡•…"
    return after.isalpha() and ((is_sign and before.isalpha()) or one == "¶")


def _joins(character: str) -> bool:
    """True where a letter beside it is part of a word."""
    return character.isalpha() or character in "'’-." or unicodedata.category(character)[0] == "M"


def _script(character: str) -> str:
    """The script of a letter, by its name: LATIN, CYRILLIC, GREEK and so on."""
    return "LATIN" if character.isascii() else unicodedata.name(character, "?").partition(" ")[0]


def _changed_words(ours: str, theirs: str) -> tuple[tuple[str, str], ...]:
    """The first words that differ, in both spellings."""
    pairs: dict[tuple[str, str], None] = {}
    for mine, other in zip(ours.split("\n"), theirs.split("\n"), strict=False):
        here, there = _TOKEN.findall(mine), _TOKEN.findall(other)
        if len(here) != len(there):
            here, there = [mine.strip()[:_SHOWN_CHARACTERS]], [other.strip()[:_SHOWN_CHARACTERS]]
        pairs |= {
            (one.strip(_EDGES), two.strip(_EDGES)): None
            for one, two in zip(here, there, strict=True)
            if one != two
        }
        if len(pairs) >= _SHOWN_WORDS:
            break
    return tuple(pairs)[:_SHOWN_WORDS]
