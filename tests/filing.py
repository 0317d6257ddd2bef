"""Helpers for tests of imports and exports: the command, and files of both formats."""

import csv
import io
from datetime import date
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from openpyxl import Workbook, load_workbook

from api.cli import cli
from api.settings import DEMO_TODAY

UNITS = ("code", "name", "level", "parent", "member_count")
PEOPLE = ("code", "name", "unit", "sector", "email", "phone")
TARGETS = ("campaign", "phase", "unit", "assigned", "registered")
DRAFTS = (
    *("campaign", "unit", "title", "summary", "content", "solution_type", "applied_on"),
    *("confidential", "claimed_1", "claimed_2", "authors"),
)
DRAFT = (
    *("1TRSK", "VNPT-HNI", "Sáng kiến", "Hiệu quả", "Nội dung", "TECHNICAL", date(2022, 3, 1)),
    *(True, 5_000_000, 7, "SYN-0000044:60.5;SYN-0000045:39.5"),
)


def sangkien(url: str, *words: Any, given: bytes | None = None) -> Result:
    """Run the command line on a database, on the demo's day."""
    environment = {"SANGKIEN_DATABASE_URL": url, "SANGKIEN_TODAY": DEMO_TODAY.isoformat()}
    said = [str(word) for word in words]
    return CliRunner().invoke(cli, said, env=environment, input=given, catch_exceptions=False)


def table(columns: Any, *rows: Any) -> str:
    """Return a CSV file's text."""
    text = io.StringIO()
    csv.writer(text).writerows([columns, *rows])
    return text.getvalue()


def written(path: Path, columns: Any, *rows: Any) -> Path:
    """Write a file in the format of its ending."""
    if path.suffix == ".csv":
        path.write_text(table(columns, *rows), "utf-8")
    else:
        book = Workbook()
        for row in (columns, *rows):
            book.active.append(list(row))
        book.save(path)
    return path


def read(path: Path) -> list[dict[str, str]]:
    """Return the rows of a file by column, as text."""
    if path.suffix == ".csv":
        return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))
    header, *rows = load_workbook(path).active.iter_rows(values_only=True)
    return [dict(zip(header, map(_text, row), strict=True)) for row in rows]


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value).removesuffix(" 00:00:00")
