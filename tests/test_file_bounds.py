"""Oversized files are rejected in one line, soon, and without the memory that they would need."""

import json
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from openpyxl import Workbook

from api.files import workbook

ROOT = Path(__file__).parent.parent
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
TABLE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
READ = """
import json, resource, sys
from pathlib import Path
from api.files import csv_file, workbook
from api.files.bounds import FileError
path, told, rows = Path(sys.argv[1]), None, 0
try:
    with (workbook if path.suffix == ".xlsx" else csv_file).opened(path) as sheet:
        for rows, _ in enumerate(sheet.rows, 1):
            pass
except FileError as error:
    told = str(error)
used = resource.getrusage(resource.RUSAGE_SELF)
peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
print(json.dumps([told, rows, used.ru_utime + used.ru_stime, int(peak) / 1024]))
"""


def read(path):
    """Read a file in a process of its own; return its output, rows, seconds and megabytes."""

    def bounded():
        resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    command = [sys.executable, "-c", READ, str(path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, preexec_fn=bounded
    )
    assert done.stderr == ""
    return json.loads(done.stdout)


def pieces(head, piece, times, tail, at_once=10_000):
    """Yield a part's bytes in pieces."""
    yield head
    for _ in range(times // at_once):
        yield piece * at_once
    yield piece * (times % at_once) + tail


def package(path, **parts):
    """Write a workbook; `parts` are the bytes, or pieces, of parts of these names."""
    made = Workbook()
    made.active.append(["code", "name"])
    made.active.append(["x", "y"])
    made.save(path)
    with zipfile.ZipFile(path) as old:
        kept = {name: old.read(name) for name in old.namelist()}
    types = "[Content_Types].xml"
    table = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TABLE}"/></Types>'
    kept[types] = kept[types].replace(b"</Types>", table.encode())
    kept["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}"/>'.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as new:
        for name, content in kept.items():
            stem = name.rpartition("/")[2].partition(".")[0]
            with new.open(name, "w", force_zip64=True) as file:
                for piece in parts.get(stem, [content]):
                    file.write(piece)
    return path


def texts(piece, times, name="sst", head=b"", tail=b""):
    begin = f'{head.decode()}<{name} xmlns="{MAIN}" xmlns:x="{MAIN}" xmlns:o="other">'.encode()
    return pieces(begin, piece, times, tail + f"</{name}>".encode())


def sheet(piece, times, before=b"", around=(b"<sheetData>", b"</sheetData>")):
    head = f'<worksheet xmlns="{MAIN}" xmlns:x="{MAIN}" xmlns:o="other">'.encode() + before
    return pieces(head + around[0], piece, times, around[1] + b"</worksheet>")


def styles(piece, times, around):
    return pieces(f'<styleSheet xmlns="{MAIN}">{around[0]}'.encode(), piece, times,
                  f"{around[1]}</styleSheet>".encode())  # fmt: skip


ROW = b'<row><c t="inlineStr"><is><t>a</t></is></c></row>'
HOSTILE = {
    "texts by the million": {"sharedStrings": texts(b"<si/>", 30_800_000)},
    "texts of another prefix": {"sharedStrings": texts(b"<x:si><x:t/></x:si>", 20_000_000)},
    "texts of one letter": {"sharedStrings": texts(b"<si><t>a</t></si>", 3_000_000)},
    "a text of many parts": {"sharedStrings": texts(b"<r/>", 10_000_000, head=b"")},
    "a long text": {"sharedStrings": texts(b"<si><t>" + b"a" * 9_000_000 + b"</t></si>", 3)},
    "large texts": {"sharedStrings": texts(b"<si><t>" + b"a" * 30_000 + b"</t></si>", 9_000)},
    "elements between texts": {"sharedStrings": texts(b"<o:si/>", 20_000_000)},
    "texts in UTF-16": {"sharedStrings": pieces(
        f'<sst xmlns="{MAIN}">'.encode("utf-16"), "<si/>".encode("utf-16-le"), 9_000_000, b"")},
    "texts by declaration in another code": {
        "sharedStrings": texts(b"<si/>", 2_000_000, head=b'<?xml version="1.0" encoding="cp037"?>')
    },
    "rows that never end": {"sheet1": sheet(b"<o:z/>", 20_000_000)},
    "rows of another name": {"sheet1": sheet(b"<o:row/>", 20_000_000)},
    "cells by the million": {"sheet1": sheet(b"<c/>", 5_000_000,
                                             around=(b"<sheetData><row>", b"</row></sheetData>"))},
    "a comment of rows": {"sheet1": sheet(b"<row ", 20_000_000,
                                          around=(b"<!-- ", b"--><sheetData/>"))},
    "CDATA of rows": {"sheet1": sheet(b"<row ", 20_000_000, around=(
        b"<sheetData><row><c><v><![CDATA[", b"]]></v></c></row></sheetData>"))},
    "columns by the million": {"sheet1": sheet(b'<col min="1" max="1"/>', 9_000_000,
                                               around=(b"<cols>", b"</cols><sheetData/>"))},
    "rows by the million": {"sheet1": sheet(b"<row/>", 1_048_577)},
    "a row far below": {"sheet1": sheet(ROW + b'<row r="9999999999"/>' + ROW, 1)},
    "a cell far right": {"sheet1": sheet(b'<row><c r="XFD1"><v>1</v></c></row>', 1)},
    "a long cell": {"sheet1": sheet(ROW.replace(b">a<", b">" + b"a" * 40_000 + b"<"), 1)},
    "merged cells": {"sheet1": sheet(b'<mergeCell ref="A1:B2"/>', 9_000_000,
                                     around=(b"<sheetData/><mergeCells>", b"</mergeCells>"))},
    "a number of many digits": {
        "sheet1": sheet(b"<row><c><v>" + b"9" * 5_000_000 + b"</v></c></row>", 1)},
    "formats by the million": {"styles": styles(b"<xf/>", 9_000_000, ("<cellXfs>", "</cellXfs>"))},
    "fonts": {"styles": styles(b"<font/>", 200_000, ("<fonts>", "</fonts>"))},
    "sheets": {"workbook": pieces(
        f'<workbook xmlns="{MAIN}" xmlns:r="r"><sheets>'.encode(),
        b'<sheet name="a" sheetId="1" r:id="rId1"/>', 99_000, b"</sheets></workbook>")},
    "names": {"workbook": pieces(
        f'<workbook xmlns="{MAIN}"><definedNames>'.encode(),
        b'<definedName name="a">A1</definedName>', 90_000, b"</definedNames></workbook>")},
    "relationships": {"workbook": [b"<x>", *pieces(b"", b"<Relationship/>", 9_000_000, b"</x>")]},
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_a_workbook_that_is_made_to_be_large_is_refused(tmp_path, name):
    path = package(tmp_path / "f.xlsx", **HOSTILE[name])
    told, _, seconds, megabytes = read(path)
    assert told
    assert "\n" not in told
    assert seconds < 10
    assert megabytes < 165


def test_a_package_of_many_parts_is_refused(tmp_path):
    path = tmp_path / "f.xlsx"
    with zipfile.ZipFile(path, "w") as made:
        for number in range(100_000):
            made.writestr(f"{number}", b"")
    told, _, seconds, megabytes = read(path)
    assert told == "it has too many parts"
    assert (seconds < 10, megabytes < 165) == (True, True)


@pytest.mark.parametrize(
    ("line", "times"),
    [
        ('"' + "x" * 60_000 + '",', 1), (",", 150_000), ('"\n",', 3_000_000), ('"x\ny",', 2_000),
        ("x", 190_000), ('"' + "\n" * 100_000 + '",', 500),
    ],
)  # fmt: skip
def test_a_csv_row_that_is_made_to_be_large_is_refused(tmp_path, line, times):
    path = tmp_path / "f.csv"
    with path.open("w") as file:
        file.write("code,name\n")
        file.writelines(pieces("", line, times, "\n", 1_000))
    told, _, seconds, megabytes = read(path)
    bounded = line.startswith(('"x', "x")) and times == 1
    assert told or bounded
    assert (seconds < 10, megabytes < 165) == (True, True)


def test_a_workbook_as_large_as_people_have_is_read(tmp_path):
    head = f'<worksheet xmlns="{MAIN}"><sheetData>'.encode()
    row = b'<row ht="15" customHeight="1">' + b'<c t="s"><v>7</v></c>' * 6 + b"</row>"
    tail = (
        b"</sheetData><hyperlinks>"
        + b'<hyperlink ref="A1"/>' * 60_000
        + b"</hyperlinks></worksheet>"
    )
    path = package(
        tmp_path / "f.xlsx",
        sheet1=pieces(head, row, 50_000, tail),
        sharedStrings=texts("<si><t>Hiệu quả của sáng kiến 😀</t></si>".encode(), 200_000),
    )
    told, rows, _, megabytes = read(path)
    assert (told, rows) == (None, 50_000)
    assert megabytes < 165


def test_the_texts_of_a_workbook_are_those_that_openpyxl_reads(tmp_path):
    table = (
        "<si><t>a</t></si><si/><si><t/></si><si><r><t>b</t></r><r><rPr/><t xml:space='preserve'>"
        " c</t></r><rPh sb='0' eb='1'><t>no</t></rPh></si><si><t>Tổ 😀 &lt;&#10;&gt;</t></si>"
    )
    row = "<row>" + "".join(f'<c t="s"><v>{n}</v></c>' for n in range(5)) + "</row>"
    path = package(
        tmp_path / "f.xlsx", sheet1=sheet(row.encode(), 1), sharedStrings=texts(table.encode(), 1)
    )
    with workbook.opened(path) as found:
        assert [cells for _, cells in found.rows] == [["a", "", "", "b c", "Tổ 😀 <\n>"]]
