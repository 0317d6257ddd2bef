"""XLSX files: the first sheet of a workbook, read and written row by row."""

import re
import warnings
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from xml.parsers.expat import ExpatError
from zipfile import BadZipFile
from zlib import error as ZlibError  # noqa: N812 - the class of what zlib raises

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

from api.files.bounds import LAST_ROW, LONGEST_CELL, MOST_CELLS, FileError
from api.files.cells import Formula, Value, written
from api.files.first_sheet import Cell, FirstSheet
from api.files.package import Package, check_directory
from api.files.sheet import Row, Sheet

# The errors of openpyxl and its dependencies for a file that is broken or not a workbook.
_BROKEN = (
    *(BadZipFile, InvalidFileException, ParseError, ZlibError, EOFError),
    *(KeyError, IndexError, ValueError, TypeError, AttributeError, NotImplementedError),
    *(RuntimeError, OverflowError, ExpatError),
)
_UNWRITABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@contextmanager
def opened(path: Path) -> Iterator[Sheet]:
    """Open a workbook. Raises FileError."""
    with path.open("rb") as file:
        with _understood():
            check_directory(path)
            sheet = FirstSheet(Package(file))
        state = [0]
        with closing(sheet.rows()) as rows:
            yield Sheet(_rows(rows, state), size=sheet.size, done=lambda: state[0])


@contextmanager
def _understood() -> Iterator[None]:
    """Convert the errors that a broken file causes in its reader to FileError; ignore warnings."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _BROKEN as error:
        raise FileError("it is no workbook (XLSX), or a broken one") from error


def _rows(rows: Iterator[tuple[int, Sequence[Cell]]], state: list[int]) -> Iterator[Row]:
    while True:
        with _understood():
            found = next(rows, None)
        if found is None:
            return
        number, cells = found
        if number > LAST_ROW:
            raise FileError(f"a sheet has at most {LAST_ROW:,} rows")
        if not state[0] and number > 1:
            yield 1, []  # the row of the header, if the sheet has none
        if number <= state[0]:
            raise FileError(f"row {number} comes after row {state[0]}")
        state[0] = number
        yield number, _texts(number, cells)


def _texts(row: int, cells: Sequence[Cell]) -> list[str]:
    width = max((cell["column"] for cell in cells), default=0)
    if width > MOST_CELLS or len(cells) > MOST_CELLS:
        raise FileError(f"row {row} has more than {MOST_CELLS} cells")
    texts = [""] * width
    for cell in cells:
        text = _text(cell)
        if len(text) > LONGEST_CELL:
            raise FileError(f"row {row} has a cell of more than {LONGEST_CELL:,} characters")
        texts[cell["column"] - 1] = text
    return texts


def _text(cell: Cell) -> str:
    """Return a cell's value in the form in which a CSV file has it."""
    value = cell["value"]
    if value is None:
        return ""
    if cell["data_type"] in ("f", "e"):
        return Formula(value if isinstance(value, str) else "=")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return str(int(value))
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


class WorkbookWriter:
    """Writes rows to the only sheet of a workbook; dates as dates, numbers as numbers."""

    def __init__(self, file: IO[bytes], columns: Sequence[str]) -> None:
        """Create the workbook, and write the header."""
        self._file = file
        self._book = Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet()
        self._count = 0
        self.write(columns)

    def write(self, row: Sequence[Value]) -> None:
        """Write a row. Raises FileError where a sheet cannot contain it."""
        self._count += 1
        if self._count > LAST_ROW:
            raise FileError(f"a sheet has at most {LAST_ROW:,} rows; export to CSV")
        self._sheet.append([self._cell(value) for value in row])

    def _cell(self, value: Value) -> Any:
        if value is None or isinstance(value, bool | int):
            return value
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        text = _UNWRITABLE.sub("\ufffd", written(value)).replace("\r\n", "\n").replace("\r", "\n")
        if len(text) > LONGEST_CELL:
            raise FileError(
                f"a cell of a sheet holds at most {LONGEST_CELL:,} characters; export to CSV"
            )
        if not text.startswith("#"):
            return text
        cell = WriteOnlyCell(self._sheet, text)
        cell.data_type = "s"  # otherwise #N/A would be an error value
        return cell

    def close(self) -> None:
        """Write the workbook."""
        self._book.save(self._file)
