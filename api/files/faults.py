"""Row errors: their detection, messages and report."""

import csv
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from api.files.cells import guarded
from api.files.kinds import Kind
from api.files.publishing import published
from db.rules.errors import DomainError, InvalidInputError, NotFoundError, Problem
from schema.messages import Locale, message

SHOWN = 100  # on standard error
_LONGEST = 60  # characters of a value that a message repeats
_HEADER = ("line", "column", "value", "code", "message")


@dataclass(frozen=True)
class Fault:
    """One row error: its line and column, the value, and the reason."""

    line: int
    column: str
    value: str
    code: str
    message: str

    def __str__(self) -> str:
        """Return the error on one line, whatever characters the value contains."""
        place = f"line {self.line}"
        if self.column:
            value = self.value if len(self.value) <= _LONGEST else f"{self.value[:_LONGEST]}…"
            place += f", {self.column} {value!r}"
        return f"{place}: {self.code}: {self.message}"


def of_error(
    kind: Kind, line: int, cells: Mapping[str, str], error: DomainError, locale: Locale
) -> Iterator[Fault]:
    """Yield the row errors for a row that a command rejected."""
    if isinstance(error, InvalidInputError):
        for problem in error.facts["problems"]:
            yield of_problem(line, cells, problem, locale)
        return
    column = _snake(error.facts.get("field") or "")
    if isinstance(error, NotFoundError):
        column = kind.names.get(error.facts["what"], "")
    text = message(error.code, locale, error.facts)
    yield Fault(line, column, cells.get(column, ""), error.code, text)


def of_problem(line: int, cells: Mapping[str, str], problem: Problem, locale: Locale) -> Fault:
    """Return the row error for a problem with one field, at its column."""
    column, *deeper = problem.path
    column = _snake(column)
    if column not in cells and deeper:
        column = f"{column}_{int(deeper[0]) + 1}"
    text = message(problem.code, locale, {"limit": problem.limit})
    return Fault(line, column, cells.get(column, ""), problem.code, text)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


class Faults:
    """The row errors of a file: the first ones for the terminal, the count, and the full report."""

    def __init__(self, report: TextIO | None) -> None:
        """Set the file of the report, if there is one."""
        self._report = report
        self.begin()

    def begin(self) -> None:
        """Clear the errors, because the file is read again."""
        self.shown: list[Fault] = []
        self.codes: Counter[str] = Counter()
        self.lines = 0
        self._last = 0
        if self._report is not None:
            self._report.seek(0)
            self._report.truncate()
            self._writer: Any = csv.writer(self._report)
            self._writer.writerow(_HEADER)

    def add(self, fault: Fault) -> None:
        """Add an error; all errors of a line must be added together."""
        if fault.line != self._last:
            self.lines, self._last = self.lines + 1, fault.line
        self.codes[fault.code] += 1
        if len(self.shown) < SHOWN:
            self.shown.append(fault)
        if self._report is not None:
            texts = (fault.column, fault.value, fault.code, fault.message)
            self._writer.writerow((fault.line, *map(guarded, texts)))

    @property
    def count(self) -> int:
        """Return the number of errors."""
        return self.codes.total()


@contextmanager
def reported(path: Path | None) -> Iterator[Faults]:
    """Yield the collector of row errors; the report is published when the block ends.

    Raises FileError.
    """
    if path is None:
        yield Faults(None)
        return
    with (
        published(path) as file,
        open(file.fileno(), "w", encoding="utf-8-sig", newline="", closefd=False) as text,
    ):
        yield Faults(text)
