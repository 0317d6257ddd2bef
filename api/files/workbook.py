"""XLSX files: the first sheet of a workbook, read and written row by row."""

import re
import warnings
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import IO, Any
from xml.etree.ElementTree import ParseError
from zipfile import BadZipFile
from zlib import error as ZlibError  # noqa: N812 - the class of what zlib raises

from openpyxl import Workbook, load_workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.utils.exceptions import InvalidFileException

from api.files import package
from api.files.bounds import LAST_ROW, LONGEST_CELL, MOST_CELLS, FileError
from api.files.cells import Formula, Value, written
from api.files.sheet import Row, Sheet

# What openpyxl and what is below it raise for a file that is none, or a broken one.
_BROKEN = (
    *(BadZipFile, InvalidFileException, ParseError, ZlibError, EOFError),
    *(KeyError, IndexError, ValueError, TypeError, AttributeError, NotImplementedError),
    *(RuntimeError, OverflowError),
)
_UNWRITABLE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@contextmanager
def opened(path: Path) -> Iterator[Sheet]:
    """Open a workbook. Raises FileError."""
    with path.open("rb") as file:
        with _understood():
            package.check(path)
            book = load_workbook(file, read_only=True, keep_links=False)
        if not book.worksheets:
            raise FileError("the workbook has no sheet")
        sheet: Any = book.worksheets[0]
        with _understood():
            package.check_merges(path, sheet._worksheet_path)  # noqa: SLF001 - it is told nowhere else
        size, state = sheet.max_row or 0, [0]
        sheet.reset_dimensions()  # they may be wrong, and rows be filled up to them
        with closing(sheet.iter_rows()) as rows:
            yield Sheet(_rows(rows, state), size=size, done=lambda: state[0])


@contextmanager
def _understood() -> Iterator[None]:
    """Turn whatever a broken file makes of its reader into FileError; warnings are not for us."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _BROKEN as error:
        raise FileError("it is no workbook (XLSX), or a broken one") from error


def _rows(rows: Iterable[Sequence[Any]], state: list[int]) -> Iterator[Row]:
    pending = iter(rows)
    while True:
        with _understood():
            cells = next(pending, None)
        if cells is None:
            return
        state[0] += 1
        if state[0] > LAST_ROW:
            raise FileError(f"a sheet has at most {LAST_ROW:,} rows")
        if len(cells) > MOST_CELLS:
            raise FileError(f"row {state[0]} has more than {MOST_CELLS} cells")
        yield state[0], [_text(cell) for cell in cells]


def _text(cell: Any) -> str:
    """Return a cell's value as the same value of a CSV file would be written."""
    value = cell.value
    if value is None:
        return ""
    if cell.data_type in ("f", "e"):
        return Formula(value if isinstance(value, str) else "=")
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 53:
        return str(int(value))
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


class WorkbookWriter:
    """Writes rows to the one sheet of a workbook; days as days, numbers as numbers."""

    def __init__(self, file: IO[bytes], columns: Sequence[str]) -> None:
        """Take where to, and the header."""
        self._file = file
        self._book = Workbook(write_only=True)
        self._sheet: Any = self._book.create_sheet()
        self._count = 0
        self.write(columns)

    def write(self, row: Sequence[Value]) -> None:
        """Write a row. Raises FileError where a sheet cannot hold it."""
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
        cell.data_type = "s"  # and not the error that #N/A would be
        return cell

    def close(self) -> None:
        """Write the workbook."""
        self._book.save(self._file)
