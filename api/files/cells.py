"""The text in a cell of a file, and its conversion to values.

A spreadsheet program runs a cell that begins like a formula. So an apostrophe is written before a
sign that can start a formula, and removed again when the file is imported.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from functools import partial
from typing import Any

from db.rules.calendar import within_calendar

# The signs that can start a formula, in each width: some programs accept full-width signs, too.
_SIGNS = "=+\\-@%|＝＋－＠％｜﹦﹢﹣﹪﹫\u2212\u207a\u207b\u207c\u208a\u208b\u208c"
# A program that uses another separator than the file starts a new cell after it, and a program that
# misreads a quotation mark starts a new row after a line break.
_ENDS = ',;\\t"\\r\\n\\v\\f\\x1c-\\x1e\\x85\u2028\u2029'
# Blanks and invisible characters, which a program may skip before it looks for a sign.
_UNSEEN = (
    "\\x00-\\x20\\x7f-\\xa0\\xad\u034f\u061c\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
    "\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\uffff"
    "\U000e0000-\U000e0fff"
)
_BEFORE_SIGN = re.compile(
    f"(?:^|(?<![{_ENDS}{_UNSEEN}])(?=[{_ENDS}{_UNSEEN}]))([{_ENDS}{_UNSEEN}]*+)('*+)(?=[{_SIGNS}])"
)
_END = re.compile(f"[{_ENDS}]")
_CONTROLS = re.compile("('*+)(?=[\\x00-\\x1f\\x7f-\\x9f])")
_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_VIETNAM = timezone(timedelta(hours=7))
Value = str | int | bool | date | datetime | None


class Formula(str):
    """The text of a cell with a formula or a failed formula."""

    __slots__ = ()


class CellError(Exception):
    """A cell is invalid: a code of schema/messages.py, and the limit that the cell exceeds."""

    def __init__(self, code: str, limit: str | None = None) -> None:
        """Set the code and the limit."""
        super().__init__(code)
        self.code = code
        self.limit = limit


def guarded(text: str) -> str:
    """Return a text that is safe in a spreadsheet.

    An apostrophe precedes each sign that could start a formula, whichever separator the program
    uses, and a control character at the start.
    """
    signs = _BEFORE_SIGN.sub(partial(_quoted, change=lambda quotes: f"'{quotes}"), text)
    return f"'{signs}" if _CONTROLS.match(signs) else signs


def unguarded(text: str) -> str:
    """Return the original text of a text that `guarded` returned."""
    if text.startswith("'") and _CONTROLS.match(text):
        text = text[1:]
    return _BEFORE_SIGN.sub(partial(_quoted, change=lambda quotes: quotes[1:]), text)


def _quoted(found: re.Match[str], change: Callable[[str], str]) -> str:
    """Change the apostrophes before a sign, if a cell may begin there."""
    begins = found.start() == 0 or _END.search(found[1])
    return found[1] + (change(found[2]) if begins else found[2])


def written(value: Value) -> str:
    """Return the text of a value: dates as 2022-10-21, timestamps with Vietnam's offset."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.astimezone(_VIETNAM).isoformat(timespec="seconds")
    if isinstance(value, date):
        return value.isoformat()
    return guarded(value) if isinstance(value, str) else str(value)


Meaning = Callable[[str], Any]
"""Returns the value of a cell's text. Raises CellError."""


def text(cell: str) -> str:
    """Return a text unchanged."""
    return unguarded(cell)


def key(cell: str) -> str:
    """Return a code, without surrounding blanks."""
    return unguarded(cell.strip())


def whole(cell: str) -> int:
    """Return a whole number. Raises CellError."""
    if not _WHOLE.fullmatch(cell.strip()):
        raise CellError("NOT_WHOLE")
    return int(cell)


def day(cell: str) -> date:
    """Return a date; spreadsheets add the time of midnight to it. Raises CellError."""
    said = cell.strip().removesuffix("T00:00:00")
    if _DAY.fullmatch(said):
        with suppress(ValueError):
            return within_calendar(date.fromisoformat(said))
    raise CellError("NOT_A_DAY")


def yes_or_no(cell: str) -> bool:
    """Return a boolean from true or false in any case. Raises CellError."""
    said = cell.strip().lower()
    if said not in {"true", "false"}:
        raise CellError("NOT_TRUE_OR_FALSE")
    return said == "true"


def one_of(values: type[StrEnum]) -> Meaning:
    """Return a reader of an enumeration's values."""

    def read(cell: str) -> StrEnum:
        try:
            return values(cell.strip())
        except ValueError:
            raise CellError("NOT_ONE_OF", ", ".join(values)) from None

    return read


def shares(cell: str) -> list[tuple[str, float]]:
    """Return authors with their shares in percent, from code:share;code:share.

    Raises CellError.
    """
    found = []
    for part in unguarded(cell).split(";"):
        code, _, share = part.strip().rpartition(":")
        if not code.strip() or not _DECIMAL.fullmatch(share.strip()):
            raise CellError("NOT_AUTHORS")
        found.append((code.strip(), float(Decimal(share.strip()))))
    return found
