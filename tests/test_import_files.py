"""Invalid files are rejected in one line; valid ones are read, whichever program wrote them."""

import zipfile
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from api.files import csv_file, package, workbook
from api.files.bounds import FileError
from api.files.cells import guarded, unguarded
from api.files.csv_file import CsvWriter
from api.files.kinds import UNITS as KIND
from api.files.reading import Entry, Reading
from api.files.workbook import WorkbookWriter
from tests.filing import UNITS, sangkien, table

UNIT = ("MOI", "Mới", "UPPER", "TTTT", 7)
GOOD = table(UNITS, UNIT)
FORMATS = {"csv": csv_file, "xlsx": workbook}
TEXTS = st.lists(
    st.text(st.characters(blacklist_categories=("Cs", "Cc")) | st.sampled_from("=+-@'\t\n\"#"))
)
BOMB = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "%s">%s]><x>&h;</x>' % (
    b"a" * 99,
    b"".join(b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 99) for c in b"bcdefgh"),
)


def entries(path):
    """Return the rows of a file of units, as entries or row errors."""
    with FORMATS[path.suffix[1:]].opened(path) as sheet:
        return list(Reading(KIND, sheet, "en"))


def book(path, *rows, merge=None, **parts):
    """Write a workbook; `parts` replaces parts of it, by the end of their names."""
    made = Workbook()
    for row in rows:
        made.active.append(row)
    if merge:
        made.active.merge_cells(merge)
    made.save(path)
    if parts:
        with zipfile.ZipFile(path) as old:
            kept = {name: old.read(name) for name in old.namelist()}
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
            for name, content in kept.items():
                stem = name.rpartition("/")[2].partition(".")[0]
                new.writestr(name, parts.get(stem, content))
    return path


CSV = {
    "nothing": ("", "it has no header"),
    "only a mark": ("\ufeff", "it has no header"),
    "a missing column": ("code,name,level,parent\n", "the column 'member_count' is missing"),
    "an unknown column": (f"x{GOOD}", "unknown column 'xcode'; the columns of units are code,"),
    "a column twice": (f"code,{GOOD}", "the column 'code' is there twice"),
    "no name of a column": (f",{GOOD}", "unknown column ''"),
    "NUL": (f"{GOOD}A\0,b,c,d,1\n", "line 3 holds a NUL character"),
    "a huge line": (GOOD + "x" * 200_001, "line 3 is longer than 200,000 characters"),
    "a huge cell": (GOOD + '"' + "x\n" * 70_000, "it is no CSV"),
    "a quote that stays open": (f'{GOOD}"A,b\n', "it is no CSV"),
    "text after a quote": (f'{GOOD}"A"b,c,UPPER,TTTT,1\n', "it is no CSV"),
}


@pytest.mark.parametrize("name", CSV)
def test_a_csv_file_that_cannot_be_is_refused(tmp_path, name):
    text, told = CSV[name]
    (tmp_path / "f.csv").write_bytes(text.encode())
    with pytest.raises(FileError, match=f"^{told.replace('(', '.')}"):
        entries(tmp_path / "f.csv")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "cp1258", "latin-1"])
def test_another_encoding_is_refused(tmp_path, encoding):
    text = GOOD.replace("Mới", "à la")
    (tmp_path / "f.csv").write_bytes(text.encode(encoding))
    with pytest.raises(FileError):
        entries(tmp_path / "f.csv")


@pytest.mark.parametrize("text", [GOOD, f"\ufeff{GOOD}", GOOD.replace(",", ";"),
                                  GOOD.replace(",", "\t"), GOOD.replace("\r\n", "\n"),
                                  GOOD.replace("\r\n", "\r"), f"{GOOD}\r\n,,,,\r\n"])  # fmt: skip
def test_a_csv_file_is_read_as_any_spreadsheet_writes_it(tmp_path, text):
    (tmp_path / "f.csv").write_bytes(text.encode())
    (entry,) = entries(tmp_path / "f.csv")
    assert isinstance(entry, Entry)
    assert entry.fields == dict(zip(UNITS, UNIT, strict=True))


def test_a_row_is_told_by_the_line_that_it_begins_in(tmp_path):
    (tmp_path / "f.csv").write_text(f'{GOOD}A,"b\nc",UPPER,TTTT,1\n\nB,b,UPPER,TTTT,x\n')
    *_, ((fault),) = entries(tmp_path / "f.csv")
    assert (fault.line, fault.column) == (6, "member_count")


WORKBOOKS = {
    "no ZIP": lambda path: path.write_bytes(b"code,name"),
    "a half one": lambda path: path.write_bytes(book(path, UNITS).read_bytes()[:3000]),
    "another ZIP": lambda path: zipfile.ZipFile(path, "w").close(),
    "merged cells": lambda path: book(path, UNITS, UNIT, UNIT, merge="B2:B3"),
    "broken XML": lambda path: book(path, UNITS, sheet1=b"<worksheet><sheetData><row>"),
    "another XML": lambda path: book(path, UNITS, workbook=b"<x/>"),
    "entities": lambda path: book(path, UNITS, sheet1=BOMB),
    "a huge part": lambda path: book(path, UNITS, sheet1=b" " * 9_000_000),
    "a wide row": lambda path: book(path, UNITS, ["x"] * 300),
    "no header": lambda path: book(path, []),
}


@pytest.mark.parametrize("name", WORKBOOKS)
def test_a_workbook_that_cannot_be_is_refused(tmp_path, name):
    WORKBOOKS[name](tmp_path / "f.xlsx")
    with pytest.raises(FileError):
        entries(tmp_path / "f.xlsx")


def test_a_workbook_that_unpacks_to_more_than_it_may_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(package, "LARGEST_PART", 1_000)
    book(tmp_path / "f.xlsx", UNITS)
    with pytest.raises(FileError, match="it unpacks to more"):
        entries(tmp_path / "f.xlsx")


def test_cells_of_a_workbook_are_read_as_they_are_meant(tmp_path):
    row = ("MOI", 12, "UPPER", "TTTT", 7.0, datetime(2022, 1, 2))  # noqa: DTZ001 - as in a sheet
    path = book(tmp_path / "f.xlsx", (*UNITS, "valid_from"), row)
    (entry,) = entries(path)
    assert entry.fields["name"] == "12"
    assert entry.fields["member_count"] == 7
    assert entry.fields["valid_from"].isoformat() == "2022-01-02"


def test_what_a_spreadsheet_worked_out_or_a_part_of_a_number_is_a_fault(tmp_path):
    odd = datetime(2022, 1, 2, 3, 4)  # noqa: DTZ001 - as in a sheet
    path = book(
        *(tmp_path / "f.xlsx", (*UNITS, "valid_from")),
        ("=A1", "Mới", "UPPER", "TTTT", 7, None),
        ("A", "#N/A", "UPPER", "TTTT", 7.5, odd),
        ("B", "Mới", "UPPER", "TTTT", True, 44_563),
    )
    found = [(f.line, f.column, f.code) for faults in entries(path) for f in faults]
    assert found == [
        (2, "code", "FORMULA"),
        (3, "name", "FORMULA"),
        (3, "member_count", "NOT_WHOLE"),
        (3, "valid_from", "NOT_A_DAY"),
        (4, "member_count", "NOT_WHOLE"),
        (4, "valid_from", "NOT_A_DAY"),
    ]


@pytest.mark.parametrize("name", ["f.csv", "f.xlsx", "f.txt", "f", "none.csv", "folder.csv"])
def test_a_file_that_cannot_be_is_told_in_one_line(demo, tmp_path, name):
    if name.startswith("folder"):
        (tmp_path / name).mkdir()
    elif not name.startswith("none"):
        (tmp_path / name).write_bytes(b"\xff\xfe\0")
    done = sangkien(demo, "import", "units", tmp_path / name, "--as", "tttt-admin")
    assert done.exit_code == 1
    assert done.stderr.startswith("sangkien: ")
    assert str(tmp_path / name) in done.stderr
    assert done.stderr.count("\n") == 1


@given(st.text())
def test_a_guarded_text_begins_no_formula_and_comes_back(text):
    assert unguarded(guarded(text)) == text
    assert not guarded(text).startswith(("=", "+", "-", "@", "\t", "\r"))


@settings(max_examples=50, deadline=None)
@given(st.lists(TEXTS.map("".join), min_size=1, max_size=4), st.sampled_from(list(FORMATS)))
def test_a_text_that_is_written_is_the_one_that_is_read(tmp_path_factory, texts, ending):
    path = tmp_path_factory.mktemp("texts") / f"f.{ending}"
    columns = [f"c{n}" for n in range(len(texts))]
    with path.open("w+b") as file:
        made = (
            CsvWriter(file, columns, mark=True)
            if ending == "csv"
            else WorkbookWriter(file, columns)
        )
        made.write(texts)
        made.close()
    with FORMATS[ending].opened(path) as sheet:
        next(sheet.rows)
        read = [unguarded(text) for _, cells in sheet.rows for text in cells]
    assert read[: len(texts)] + [""] * (len(texts) - len(read)) == texts
