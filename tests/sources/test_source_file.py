"""Files that cannot be read, in one sentence each."""

import io
from types import SimpleNamespace

import pytest

from claude_batch_tui.errors import ConfigError, SourceError
from claude_batch_tui.sources.csv import CsvSource
from claude_batch_tui.sources.rows import RowRefusedError
from claude_batch_tui.sources.source_file import SourceFile, open_source


def rows_of(path, encoding=None):
    with open_source(str(path), encoding) as file:
        return list(CsvSource(file).rows())


def refusal(tmp_path, content, name="f.csv"):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        rows_of(path)
    return str(caught.value).replace(str(path), "f.csv")


def test_a_missing_file(tmp_path):
    with pytest.raises(SourceError, match=r"there is no such file. Check the path"):
        rows_of(tmp_path / "no.csv")


def test_a_folder(tmp_path):
    with pytest.raises(SourceError, match=r"this is a folder. Name a file in it"):
        rows_of(tmp_path)


def test_an_unreadable_file(monkeypatch):
    def refuse(*_):
        raise PermissionError

    monkeypatch.setattr("pathlib.Path.open", refuse)
    with pytest.raises(SourceError, match=r"you may not read this file. Check its permissions"):
        rows_of("f.csv")


def test_a_disk_that_fails_while_reading(tmp_path):
    class Broken(io.BytesIO):
        def read(self, _=-1):
            raise OSError(5, "Input/output error")

    with pytest.raises(SourceError, match=r"f.csv: reading failed: Input/output error. Try again"):
        SourceFile(Broken(b"a"), "f.csv")


def test_a_path_that_no_system_has():
    with pytest.raises(SourceError, match="cannot be opened"):
        rows_of("a\x00b")


def test_an_empty_file(tmp_path):
    assert refusal(tmp_path, b"") == "f.csv: the file is empty. There is nothing to make requests from."


def test_a_binary_file(tmp_path):
    assert refusal(tmp_path, b"\x7fELF\x00\x01\x02") == (
        "f.csv: this is a binary file, not text. Name a text file."
    )


@pytest.mark.parametrize(
    ("magic", "words"),
    [(b"PK\x03\x04..", "an Excel workbook"), (b"\x1f\x8b\x08", "gzip"), (b"SQLite format 3\x00", "SQLite")],
)
def test_well_known_formats_are_called_by_name(tmp_path, magic, words):
    assert words in refusal(tmp_path, magic)


@pytest.mark.slow
def test_a_zero_byte_is_in_one_row_and_stops_no_other(tmp_path):
    path = tmp_path / "f.csv"
    path.write_bytes(b"a,b\n" + b"1,2\n" * 50_000 + b"3,\x00\n4,5\n")
    rows = rows_of(path)
    assert rows[-1].values == {"a": "4", "b": "5"}
    damaged = rows[-2]
    assert (damaged.line, damaged.values["a"]) == (50_002, "3")
    with pytest.raises(RowRefusedError, match="column 'b' holds a zero byte"):
        str(damaged.values["b"])


@pytest.mark.parametrize("before", [0, 1, 40_000])
def test_a_wrong_encoding_names_line_offset_and_remedy(tmp_path, before):
    lines = b"a,b\n" + "é,2\n".encode() * before
    message = refusal(tmp_path, lines + b"caf\xe9,1\n")
    assert message.startswith(f"f.csv:{before + 2}: 0xE9 at byte offset {len(lines) + 3} is not UTF-8.")
    assert "--encoding cp1252" in message
    assert "iconv" in message


def test_a_wrong_encoding_after_a_byte_order_mark_has_the_right_offset(tmp_path):
    assert "f.csv:2: 0xE9 at byte offset 8" in refusal(tmp_path, b"\xef\xbb\xbfa,b\nx\xe9,1\n")


def test_a_character_cut_off_at_the_end_is_found(tmp_path):
    assert "f.csv:2: 0xC3 at byte offset 4" in refusal(tmp_path, b"a,b\n\xc3")


def test_the_encoding_can_be_named(tmp_path):
    path = tmp_path / "f.csv"
    path.write_bytes(b"a\ncaf\xe9\n")
    assert rows_of(path, "cp1252")[0].values == {"a": "café"}


def test_an_unknown_encoding_is_refused(tmp_path):
    path = tmp_path / "f.csv"
    path.write_bytes(b"a\n1\n")
    with pytest.raises(ConfigError, match="--encoding 'klingon' is not known"):
        rows_of(path, "klingon")


def test_utf16_without_a_mark_says_what_to_do(tmp_path):
    assert "Say --encoding utf-16-le" in refusal(tmp_path, ("abcdefgh," * 30).encode("utf-16-le"))


def test_standard_input_can_be_read_twice(monkeypatch):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(b"a,b\n1,2\n")))
    assert rows_of("-")[0].values == {"a": "1", "b": "2"}
