"""Conversion of a file's rows to the fields of commands, or to row errors."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from api.files import csv_file, workbook
from api.files.bounds import FileError
from api.files.cells import CellError, Formula
from api.files.faults import Fault, of_problem
from api.files.kinds import Column, Fields, Kind
from api.files.sheet import Sheet
from db.rules.errors import Problem
from schema.inputs import problems
from schema.messages import Locale


@dataclass(frozen=True)
class Entry:
    """A valid row: its line, its cells by column, and the fields of the command."""

    line: int
    cells: Mapping[str, str]
    fields: Fields


def opened(path: Path, *, workbook_: bool) -> AbstractContextManager[Sheet]:
    """Open a file in its format. Raises FileError."""
    return workbook.opened(path) if workbook_ else csv_file.opened(path)


class Reading:
    """Reads the rows of one file of a kind."""

    def __init__(self, kind: Kind, sheet: Sheet, locale: Locale) -> None:
        """Set the file, and validate its header. Raises FileError."""
        self._kind = kind
        self._sheet = sheet
        self._locale = locale
        self._columns = _columns(kind, next(sheet.rows, (1, []))[1])
        self._seen: dict[tuple[str, ...], int] = {}

    def __iter__(self) -> Iterator[Entry | list[Fault]]:
        """Yield each row as an entry or as its row errors; empty rows are skipped."""
        for line, texts in self._sheet.rows:
            if any(text.strip() for text in texts):
                yield self._row(line, texts)

    def _row(self, line: int, texts: Sequence[str]) -> Entry | list[Fault]:
        named = zip(self._columns, texts, strict=False)
        cells = dict.fromkeys((column.name for column in self._columns), "")
        cells |= {column.name: text for column, text in named}
        found: list[Problem] = []
        if any(text.strip() for text in texts[len(self._columns) :]):
            found.append(Problem(("",), "NO_COLUMN"))
        given: Fields = {}
        for column in self._columns:
            if not column.told:
                try:
                    given[column.name] = _meant(column, cells[column.name])
                except CellError as error:
                    found.append(Problem((column.name,), error.code, error.limit))
        if not found:
            try:
                fields = self._kind.fields(given)
            except CellError as error:
                found.append(Problem((error.limit or "",), error.code))
            else:
                found += self._problems(line, given, fields)
                if not found:
                    return Entry(line, cells, fields)
        return [of_problem(line, cells, problem, self._locale) for problem in found]

    def _problems(self, line: int, given: Fields, fields: Fields) -> Iterator[Problem]:
        form = self._kind.form
        known = {field.python_name for field in form.__strawberry_definition__.fields}
        yield from problems(form(**{name: fields[name] for name in known & fields.keys()}))
        if self._kind.key:
            # A missing column counts as a column of empty cells.
            key = tuple(str(given.get(name)) for name in self._kind.key)
            first = self._seen.setdefault(key, line)
            if first != line:
                yield Problem((self._kind.key[-1],), "IN_FILE_TWICE", str(first))


def _meant(column: Column, cell: str) -> object:
    """Return the value of a cell, None where it is blank. Raises CellError."""
    if isinstance(cell, Formula):
        raise CellError("FORMULA")
    if not cell.strip():
        if column.filled:
            raise CellError("BLANK")
        return None
    return column.means(cell)


def _columns(kind: Kind, header: Sequence[str]) -> list[Column]:
    """Return the columns that a header names. Raises FileError."""
    names = [name.strip() for name in header]
    while names and not names[-1]:
        names.pop()
    known = {column.name: column for column in kind.columns}
    there = ", ".join(known)
    if not names:
        raise FileError(f"it has no header; the columns of {kind.name} are {there}")
    for name in names:
        if name not in known:
            raise FileError(f"unknown column {name[:60]!r}; the columns of {kind.name} are {there}")
        if names.count(name) > 1:
            raise FileError(f"the column '{name}' is there twice")
    for column in kind.columns:
        if column.needed and column.name not in names:
            raise FileError(f"the column '{column.name}' is missing")
    return [known[name] for name in names]
