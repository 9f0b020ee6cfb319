"""How the numbers of an Excel sheet are shown: calamine gives values, and no formats, errors or formulas without a value.

What it gives instead: findings/calamine-reads-errors-and-unsaved-formulas-as-empty.sh. Read from the file's own XML: per cell the format code of its style, where that changes digits. Money, percent, leading zeros and
decimals are shown as Excel does; dates are left to calamine, and any other format to the plain number.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Context, Decimal
from html import unescape
from typing import NamedTuple

_BUILT_IN = {
    "1": "0",
    "2": "0.00",
    "3": "#,##0",
    "4": "#,##0.00",
    "9": "0%",
    "10": "0.00%",
    "37": "#,##0;(#,##0)",
    "38": "#,##0;(#,##0)",
    "39": "#,##0.00;(#,##0.00)",
    "40": "#,##0.00;(#,##0.00)",
}
"""Format codes that have a number and stand in no file (ECMA-376, part 1, 18.8.30), as far as they change digits."""
_MOST_DECIMALS = 30
"""Decimals of a number that a format can ask for in Excel."""
_EXACT = Context(prec=400)
"""Digits enough for any number of a cell with all its decimals."""
_READ_BYTES = 1 << 20
_TAG = r"<(?:\w+:)?"
_SHEET = re.compile(_TAG + r"sheet\s([^>]*)>")
_RELATION = re.compile(_TAG + r"Relationship\s([^>]*)>")
_NUM_FMT = re.compile(_TAG + r"numFmt\s([^>]*)>")
_CELL_XFS = re.compile(_TAG + r"cellXfs\b.*?</(?:\w+:)?cellXfs>", re.DOTALL)
_XF = re.compile(_TAG + r"xf\b([^>]*)>")
_ATTRIBUTE = re.compile(r"""([\w:]+)\s*=\s*(?:"([^"]*)"|'([^']*)')""")
_CELL = re.compile(rb"<(?:\w+:)?c\b([^>]*?)(?:/>|>(.*?)</(?:\w+:)?c>)", re.DOTALL)
_ROW_END = re.compile(rb"</(?:\w+:)?row>")
_PLACE = re.compile(rb"\br\s*=\s*[\"']([A-Z]{1,3})(\d{1,7})[\"']")
_STYLE = re.compile(rb"\bs\s*=\s*[\"'](\d+)[\"']")
_IS_ERROR = re.compile(rb"\bt\s*=\s*[\"']e[\"']")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_VALUE = re.compile(rb"<(?:\w+:)?v[^>]*>([^<]*)<")
_LITERAL = r'(?:"[^"]*"|\\.|\[\$[^\]]*\]|[-+$€£¥() :])'
_PATTERN = re.compile(
    rf"(?P<before>{_LITERAL}*)(?P<whole>[#0][#0,]*)?(?:\.(?P<part>[0#]+))?(?P<percent>%?)(?P<after>{_LITERAL}*)"
)
_PADDING = re.compile(
    r"_.|\*.|\[(?:Red|Black|Blue|Green|White|Cyan|Magenta|Yellow|Color ?\d+)\]", re.IGNORECASE
)
_SECTION = re.compile(r'((?:"[^"]*"|\\.|[^;"\\])*)(?:;|\Z)')


class CellNote(NamedTuple):
    """What is to be known of a cell: its format code, the error it shows, or that its formula has no value."""

    code: str = ""
    error: str = ""
    has_no_value: bool = False


def cell_notes(path: str, sheet: str) -> Iterator[tuple[int, dict[int, CellNote]]]:
    """The rows of a sheet of an .xlsx file that have something to be known, in order: number from 1, notes by column from 0.

    Nothing for any other kind of file.
    """
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        names = {name.lower(): name for name in archive.namelist()}
        part = _part_of(archive, names, sheet)
        if part is None:
            return
        codes = _codes(archive, names)
        with archive.open(part) as file:
            data = b""
            while chunk := file.read(_READ_BYTES):
                data += chunk
                *rows, data = _ROW_END.split(data)
                for row in rows:
                    yield from _notes_of(row, codes)


def shown_number(value: float, code: str) -> str | None:
    """A number in an Excel format, or None where the format is none of those that only place digits."""
    sections = [found[1] for found in _SECTION.finditer(code)]
    has_own = value < 0 and len(sections) > 1 and bool(sections[1])
    found = _PATTERN.fullmatch(_PADDING.sub("", sections[1] if has_own else sections[0]))
    if found is None or not (found["whole"] or found["part"]):
        return None
    whole, part = found["whole"] or "", found["part"] or ""
    places = len(part)
    if whole.endswith(","):
        return None  # shown in thousands
    if places > _MOST_DECIMALS:
        return None
    number = _EXACT.multiply(Decimal(repr(float(value))), 100 if found["percent"] else 1)
    rounded = abs(number).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, context=_EXACT)
    digits, _, decimals = f"{rounded:f}".partition(".")
    digits = digits.zfill(whole.replace(",", "").count("0")) if whole else digits.lstrip("0")
    if digits == "0" and "0" not in whole:
        digits = ""
    elif "," in whole:
        digits = f"{int(digits):,}" if digits == str(int(digits)) else digits
    least = len(part.rstrip("#"))
    while len(decimals) > least and decimals.endswith("0"):
        decimals = decimals[:-1]
    text = digits + (f".{decimals}" if decimals else "") + found["percent"]
    sign = "-" if value < 0 and not has_own and rounded else ""
    return (sign + _literal(found["before"]) + text + _literal(found["after"])).strip()


def _notes_of(row: bytes, codes: dict[bytes, str]) -> Iterator[tuple[int, dict[int, CellNote]]]:
    notes: dict[int, CellNote] = {}
    number = 0
    for attributes, inner in _CELL.findall(row):
        place = _PLACE.search(attributes)
        if place is None:
            continue
        value = _VALUE.search(inner)
        note = CellNote()
        if _IS_ERROR.search(attributes) and value:
            note = CellNote(error=value[1].decode("utf-8", "replace"))
        elif _FORMULA.search(inner) and (value is None or not value[1]) and b't="str"' not in attributes:
            note = CellNote(has_no_value=True)
        elif (style := _STYLE.search(attributes)) and style[1] in codes:
            note = CellNote(code=codes[style[1]])
        if note != CellNote():
            number = int(place[2])
            notes[_column(place[1])] = note
    if notes:
        yield number, notes


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _part_of(archive: zipfile.ZipFile, names: dict[str, str], sheet: str) -> str | None:
    """The name of the part that holds a sheet."""
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names.keys():
        return None
    workbook = archive.read(names["xl/workbook.xml"]).decode("utf-8", "replace")
    relations = archive.read(names["xl/_rels/workbook.xml.rels"]).decode("utf-8", "replace")
    targets = {found["Id"]: found["Target"] for found in map(_attributes, _RELATION.findall(relations))}
    for found in map(_attributes, _SHEET.findall(workbook)):
        if unescape(found.get("name", "")) == sheet:
            wanted = next((value for key, value in found.items() if key.endswith(":id")), "")
            target = targets.get(wanted, "")
            return names.get((target.lstrip("/") if target.startswith("/") else f"xl/{target}").lower())
    return None


def _codes(archive: zipfile.ZipFile, names: dict[str, str]) -> dict[bytes, str]:
    """The format codes that change digits, by the number of a cell's style."""
    if "xl/styles.xml" not in names:
        return {}
    styles = archive.read(names["xl/styles.xml"]).decode("utf-8", "replace")
    own = {
        found.get("numFmtId"): unescape(found.get("formatCode", ""))
        for found in map(_attributes, _NUM_FMT.findall(styles))
    }
    cells = _CELL_XFS.search(styles)
    codes: dict[bytes, str] = {}
    for number, attributes in enumerate(_XF.findall(cells[0] if cells else "")):
        wanted = _attributes(attributes).get("numFmtId", "0")
        code = own.get(wanted) or _BUILT_IN.get(wanted, "")
        if code and shown_number(0, code) is not None:
            codes[str(number).encode()] = code
    return codes


def _attributes(text: str) -> dict[str, str]:
    return {name: double or single for name, double, single in _ATTRIBUTE.findall(text)}


def _literal(text: str) -> str:
    """What stands round the digits, without its quotes; `[$€-407]` is the sign alone."""
    text = re.sub(r"\[\$([^\]-]*)[^\]]*\]", r"\1", text)
    return re.sub(r'"([^"]*)"|\\(.)', lambda found: found[1] if found[1] is not None else found[2], text)
