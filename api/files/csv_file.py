"""CSV files: UTF-8, with or without a byte order mark, with comma-separated columns.

If the header has more semicolons or tabs than commas, these are the separator, as spreadsheet
programs of some countries write it.
"""

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import IO

from api.files.bounds import LONGEST_LINE, LONGEST_RECORD, MOST_CELLS, FileError
from api.files.cells import Value, written
from api.files.sheet import Row, Sheet

_SEPARATORS = ",;\t"
_OTHERS = (b"\xff\xfe", b"\xfe\xff")  # the byte order marks of UTF-16


@contextmanager
def opened(path: Path) -> Iterator[Sheet]:
    """Open a CSV file. Raises FileError."""
    with path.open("rb") as binary:
        if binary.read(2) in _OTHERS:
            raise FileError("it is not UTF-8; save it as CSV UTF-8")
        binary.seek(0)
        with TextIOWrapper(binary, encoding="utf-8-sig", newline="") as text:
            yield Sheet(_rows(text), size=path.stat().st_size, done=binary.tell)


def _rows(file: TextIOWrapper) -> Iterator[Row]:
    taken = [0]  # characters since the start of the row
    lines = _lines(file, taken)
    begun = 1
    try:
        header = next(lines, "")
        separator = max(_SEPARATORS, key=header.count)
        reader = csv.reader(_chained(header, lines), delimiter=separator, strict=True)
        for cells in reader:
            if len(cells) > MOST_CELLS:
                raise FileError(f"line {begun} has more than {MOST_CELLS} cells")
            yield begun, cells
            begun, taken[0] = reader.line_num + 1, 0
    except csv.Error as error:
        raise FileError(
            f"it is no CSV: line {begun} has a misplaced quotation mark or a cell without end"
        ) from error
    except UnicodeDecodeError as error:
        raise FileError("it is not UTF-8; save it as CSV UTF-8") from error


def _chained(first: str, others: Iterator[str]) -> Iterator[str]:
    if first:
        yield first
    yield from others


def _lines(file: TextIOWrapper, taken: list[int]) -> Iterator[str]:
    number = 0
    while line := file.readline(LONGEST_LINE + 1):
        number += 1
        taken[0] += len(line)
        if taken[0] > LONGEST_RECORD:
            raise FileError(
                f"the row that ends in line {number} or later has more than "
                f"{LONGEST_RECORD:,} characters"
            )
        if len(line) > LONGEST_LINE:
            raise FileError(f"line {number} is longer than {LONGEST_LINE:,} characters")
        if "\0" in line:
            raise FileError(f"line {number} holds a NUL character")
        yield line


class CsvWriter:
    """Writes rows as CSV."""

    def __init__(self, file: IO[bytes], columns: Sequence[str], *, mark: bool) -> None:
        """Set the file and write the header; `mark` adds a byte order mark, for Excel."""
        encoding = "utf-8-sig" if mark else "utf-8"
        self._text = TextIOWrapper(file, encoding=encoding, newline="")
        self._writer = csv.writer(self._text)
        self._writer.writerow(columns)

    def write(self, row: Sequence[Value]) -> None:
        """Write a row."""
        self._writer.writerow([written(value) for value in row])

    def close(self) -> None:
        """Flush the text; the file stays open."""
        self._text.detach()
