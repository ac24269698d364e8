"""How files are written: each way is read as the mapping says, or refused with a sentence that names the cause."""

import bz2
import gzip
import io
import lzma
import zipfile

import pytest

from tests.checking import HEADER, a_file, a_mapping, check, rows

FINE = "The file is fine: 4 rows can be replayed."


def zipped(*names: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name in names:
            archive.writestr(name, a_file())
    return packed.getvalue()


PLAIN = a_file().encode()


@pytest.mark.parametrize(
    ("data", "file", "name"),
    [
        (PLAIN, "", "data.csv"),
        (PLAIN, "", "data.CSV"),
        (PLAIN, "", "data.txt"),
        (b"\xef\xbb\xbf" + PLAIN, "", "data.csv"),
        (PLAIN.replace(b"\n", b"\r\n"), "", "data.csv"),
        (b"\xef\xbb\xbf" + PLAIN.replace(b"\n", b"\r\n"), "", "data.csv"),
        (PLAIN.replace(b"\n", b"\r"), "", "data.csv"),
        (PLAIN.replace(b"\n", b"\n\n"), "", "data.csv"),
        (PLAIN.rstrip(b"\n"), "", "data.csv"),
        (PLAIN.replace(b",", b";"), 'delimiter = ";"', "data.csv"),
        (PLAIN.replace(b",", b"\t"), 'delimiter = "\\t"', "data.tsv"),
        (PLAIN.replace(b",", b"|"), 'delimiter = "|"', "data.csv"),
        (b"Account,DE00\n\n" + PLAIN, "skip_lines = 2", "data.csv"),
        (b'"Account";"a\nb"\n' + PLAIN, "skip_lines = 2", "data.csv"),
        (a_file(user="é{n}").encode("cp1252"), 'encoding = "cp1252"', "data.csv"),
        (a_file(user="é{n}").encode("utf-16"), 'encoding = "utf-16"', "data.csv"),
        (PLAIN.decode().encode("utf-16-be"), 'encoding = "utf-16-be"', "data.csv"),
        (gzip.compress(PLAIN, mtime=0), "", "data.csv.gz"),
        (gzip.compress(PLAIN, mtime=0), 'compression = "gzip"', "data.csv"),
        (bz2.compress(PLAIN), "", "data.csv.bz2"),
        (lzma.compress(PLAIN), "", "data.csv.xz"),
        (zipped("data.csv"), "", "data.zip"),
        (zipped("data.csv", "__MACOSX/data.csv"), "", "data.csv.zip"),
        (a_file(user="'u{n}'").encode(), 'quote = "\'"', "data.csv"),
        (a_file(user='"u,{n}"').encode(), "", "data.csv"),
        (a_file(user='"u\n{n}"').encode(), "", "data.csv"),
        (a_file(user='5" pipe {n}').encode(), 'quote = ""', "data.csv"),
    ],
)
def test_a_file_is_read_as_the_mapping_says(tmp_path, data, file, name):
    result = check(tmp_path, data, a_mapping(file), name)
    assert (result.exit_code, result.last_line) == (0, FINE), result.output


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf", "is empty"),
        (b"\n\n", "is empty"),
        (HEADER.encode(), "has a header but no rows"),
        (HEADER.encode() + b"\n\n", "has a header but no rows"),
        (PLAIN.replace(b",", b";"), 'add delimiter = ";"'),
        (PLAIN.replace(b",", b"\t"), 'add delimiter = "\\t"'),
        (PLAIN.replace(b",", b"|"), 'add delimiter = "|"'),
        (b"Account,DE00\n\n" + PLAIN, "add skip_lines = 2"),
        (b"Account;DE00\n" + PLAIN.replace(b",", b";"), 'add skip_lines = 1 and delimiter = ";"'),
        (PLAIN.replace(b"amount", b"Amounts"), "has no column 'amount'. Is it 'Amounts'?"),
        (PLAIN.replace(b"user", b"username"), "has no column 'user'. Is it 'username'?"),
        (PLAIN.replace(b"merchant,", b"user,"), "has several columns 'user'. Rename all but one."),
        (PLAIN.replace(b"id,", b"ref,"), "An id can be the row's number: { row_number = true }"),
        (a_file(user="é{n}").encode("cp1252"), "line 2 has other bytes. Add the encoding"),
        (a_file().encode("utf-16"), 'Add encoding = "utf-16"'),
        (a_file().encode("utf-16-le"), 'add encoding = "utf-16-le"'),
        (gzip.compress(a_file(50).encode(), mtime=0)[:-30], "is damaged"),
        (zipped("a.csv", "b.csv"), "holds 2 files: a.csv, b.csv"),
        (PLAIN.replace(b"user", b'us\rer"'), "has no column"),
        (zipped("xl/workbook.xml", "x.xml"), "is an Excel workbook"),
        (b"PAR1 and nothing else", "Check that it is a Parquet or CSV file"),
        (a_file().encode() + b't9,"u9,2024-03-09,1,s,0\n' + rows(3, id="x{n}").encode(), "is never closed"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_cause(tmp_path, data, sentence):
    mapping = a_mapping().replace('"merchant"', '"user"') if b"shop" not in data else a_mapping()
    result = check(tmp_path, data, mapping)
    assert result.exit_code == 2
    assert sentence in result.text


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        ('compression = "gzip"', "is not packed, not packed by gzip"),
        ('encoding = "utf-16"', "is not written in utf-16"),
        ('encoding = "ascii"', "is not written in ascii: line 2"),
        ("skip_lines = 3", "has no column 'id'"),
    ],
)
def test_a_declaration_that_is_not_so_is_refused(tmp_path, file, sentence):
    result = check(tmp_path, a_file(user="é{n}"), a_mapping(file))
    assert result.exit_code == 2
    assert sentence in result.text


@pytest.mark.parametrize(
    ("row", "fields"), [("t9,u9", 2), ("t9,u9,2024-03-09,1,234.50,shop-1,0", 7), ("t9", 1), ("t9,u9,2024-03-09,1,s", 5)]
)
@pytest.mark.parametrize("place", [1, 3, 5])
def test_a_row_of_another_length_is_listed_with_its_line(tmp_path, row, fields, place):
    lines = a_file().splitlines()
    lines.insert(place, row)
    result = check(tmp_path, "\n".join(lines) + "\n")
    assert result.exit_code == 1
    assert f"The row, 1 row: has {fields} fields instead of 6" in result.text
    assert f"row {place} (line {place + 1}): '{row}'" in result.text
    assert result.last_line == "1 of 5 rows is wrong: fields."


def test_rows_are_numbered_over_those_of_another_length(tmp_path):
    data = HEADER + "a\nb,c\n" + rows(2) + "d\n" + rows(1, id="bad", amount="?")
    result = check(tmp_path, data)
    assert "row 6 (line 7), column 'amount': '?'" in result.text


def test_no_line_is_named_where_values_hold_line_breaks(tmp_path):
    result = check(tmp_path, a_file(user='"u\n{n}"') + rows(1, id="t9", amount="?"))
    assert "row 5, column 'amount': '?'" in result.text


def test_the_header_may_have_blanks_above_it(tmp_path):
    assert check(tmp_path, "\n\n" + a_file()).exit_code == 0


def test_a_file_of_many_blocks_is_read_to_its_end(tmp_path):
    """A text may be whole numbers for a megabyte, and a date may be empty for as long."""
    data = a_file(60_000, time="2024-03-01", amount="20", id="t{n}") + rows(
        1, id="last", time="2024-03-01", amount="12.5"
    )
    result = check(tmp_path, data)
    assert result.last_line == "The file is fine: 60,001 rows can be replayed."
    assert "20.00" in result.output
    assert "12.50" in result.output


@pytest.mark.parametrize("column", ["id", "user", "time", "merchant"])
def test_marks_that_are_never_closed_swallow_no_row(tmp_path, column):
    whole = {"id": "t{n}", "user": "u{n}", "time": "2024-03-0{n}", "merchant": "shop"}[column]
    result = check(tmp_path, a_file(4, **{column: '"' + whole}))
    assert result.exit_code == 2
    assert "A value holds the next row, too" in result.text


def test_lines_that_are_no_rows_are_said(tmp_path):
    data = a_file(4, merchant='"shop').replace("merchant,", "other,")
    result = check(tmp_path, data, a_mapping(merchant_id='"user"'))
    assert "The file has 2 more lines than rows" in result.text


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (a_file().encode("utf-32"), 'encoding = "utf-32"'),
        (b"\n<!DOCTYPE html>\n<html></html>", "is a web page"),
        (b'{"id": "t1"}\n', "is a JSON file"),
        (b'[{"id": "t1"}]', "is a JSON file"),
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:1\n", "git lfs pull"),
    ],
)
def test_a_file_that_is_no_table_is_named_for_what_it_is(tmp_path, data, sentence):
    result = check(tmp_path, data)
    assert result.exit_code == 2
    assert sentence in result.text
