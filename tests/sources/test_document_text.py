"""Texts of files: any encoding, Word documents and HTML pages, and what is none of them."""

import gzip
import zipfile

import pytest

from claude_batch_tui.sources.document_text import DocumentText, text_of
from office_files import write_docx, write_xlsx

PAGE = (
    '<!doctype html><html><head><meta charset="{0}"><style>p {{}}</style><script>x()</script></head><body><h1>Café</h1>'
    '<p>a <b>b</b></p><img src="data:image/png;base64,AAAA" alt="a chart"><table><tr><th>k</th></tr><tr><td>v</td></tr>'
    "</table></body></html>"
)


@pytest.mark.slow
def test_a_word_document_becomes_markdown(tmp_path):
    path = tmp_path / "a.docx"
    write_docx(path, "One < two", "Drei", heading="Title")
    assert text_of(path, "a.docx") == DocumentText("# Title\n\nOne < two\n\nDrei")


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252", "iso-8859-1"])
def test_a_page_becomes_markdown_in_the_encoding_it_names_without_scripts_and_pictures(tmp_path, encoding):
    path = tmp_path / "a.html"
    path.write_bytes(PAGE.format(encoding).encode(encoding))
    found = text_of(path, "a.html")
    assert found.text.startswith("# Café\n\na **b**")
    assert "a chart" in found.text
    assert "| k |" in found.text
    assert "x()" not in found.text
    assert "base64" not in found.text
    assert (found.pictures, found.guessed) == (1, None)


def test_a_page_that_calls_itself_xml_is_read_as_one(tmp_path):
    path = tmp_path / "a.xhtml"
    path.write_text(
        '<?xml version="1.0" encoding="utf-8"?>\n<html xmlns="http://www.w3.org/1999/xhtml"><p>Hi</p></html>'
    )
    assert text_of(path, "a.xhtml").text == "Hi"


def test_a_text_in_another_encoding_is_read_and_the_guess_is_said(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(
        "Привет, как дела? Это письмо о погоде и о том, что было вчера вечером.".encode("cp1251")
    )
    found = text_of(path, "a.txt")
    assert found.text.startswith("Привет, как дела?")
    assert found.guessed == "cp1251"
    assert text_of(path, "a.txt", "cp1251").guessed is None


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "a document of Office 97 to 2003"),
        (b"{\\rtf1 x}", "an RTF document"),
        (gzip.compress(b"x", mtime=0), "compressed with gzip"),
        (b"BM\x46\x00\x00\x00" + bytes(60), "a BMP image"),
        (b"II*\x00" + bytes(60), "a TIFF image"),
        (b"\x00\x00\x00\x18ftypheic" + bytes(60), "a HEIC or AVIF image"),
        (b"\x00\x00\x00\x18ftypmp42" + bytes(60), "a video or a sound"),
        (b'<?xml version="1.0"?>\n<!-- x --><svg xmlns="y"/>', "an SVG drawing"),
        (b"PK\x03\x04broken", "a damaged Word document or archive"),
        (b"MZ\x90\x00\x03\x00\x00\x00", "this is a binary file, not text"),
    ],
)
def test_what_is_no_text_is_named_for_what_it_is(tmp_path, content, sentence):
    path = tmp_path / "a.docx"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=sentence):
        text_of(path, "a.docx")


def test_other_archives_are_named(tmp_path):
    path = tmp_path / "a.docx"
    write_xlsx(path, {"S": [["a"]]})
    with pytest.raises(ValueError, match="an Excel workbook; `cbtui build spreadsheet`"):
        text_of(path, "a.docx")
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(ValueError, match="a zip archive; unpack it"):
        text_of(path, "a.docx")


def test_a_page_that_is_nested_too_deep_is_one_sentence(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("<div>" * 3_000 + "x")
    with pytest.raises(ValueError, match="cannot be read: it is nested more than 128 levels deep"):
        text_of(path, "a.html")


@pytest.mark.slow
def test_what_a_page_leaves_open_is_closed_as_browsers_do(tmp_path):
    path = tmp_path / "a.html"
    path.write_text(
        "<html><p>one<p>two<ul><li>a<li>b</ul><table><tr><td>k<td>v<tr><td>x<td>y</table>" + "<p>more" * 2_000
    )
    text = text_of(path, "a.html").text
    assert text.startswith("one\n\ntwo\n\n* a\n* b\n\n|  |  |\n| --- | --- |\n| k | v |\n| x | y |")
    assert text.count("more") == 2_000


def test_text_behind_a_zero_byte_of_a_page_is_kept(tmp_path):
    path = tmp_path / "a.html"
    path.write_bytes(b"<html><p>one" + b"\0" + b"two<p>three</html>" + b" " * 400)
    assert text_of(path, "a.html").text == "one\ufffdtwo\n\nthree"


def test_a_word_document_that_nests_too_deep_is_told_so(tmp_path):
    path = tmp_path / "a.docx"
    write_docx(path, "x")
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    deep = b"<w:tbl><w:tr><w:tc>" * 400 + b"<w:p/>" + b"</w:tc></w:tr></w:tbl>" * 400
    parts["word/document.xml"] = parts["word/document.xml"].replace(b"<w:body>", b"<w:body>" + deep)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    with pytest.raises(ValueError, match="cannot be read: it is nested more than 128 levels deep"):
        text_of(path, "a.docx")


def test_titles_and_options_of_a_page_do_not_stick_to_what_follows(tmp_path):
    path = tmp_path / "a.html"
    path.write_text("<html><title>One</title><title>Two</title>three<select><option>a<option>b</select>")
    assert text_of(path, "a.html").text.split() == ["One", "Two", "three", "a", "b"]
