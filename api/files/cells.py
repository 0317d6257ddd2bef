"""What a cell of a file holds: text, whatever the format, and what that text means.

A spreadsheet program runs a cell that begins like a formula, so a sign that a formula may begin by
goes out behind an apostrophe, which is taken off again where it comes back.
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

# What a formula may begin by, in each width: some programs take the wide ones for the narrow.
_SIGNS = "=+\\-@%|＝＋－＠％｜﹦﹢﹣﹪﹫\u2212\u207a\u207b\u207c\u208a\u208b\u208c"
# A program that separates columns by another character than the file's begins a cell after it, and
# one that is misled by a quote begins a row after a line's end.
_ENDS = ',;\\t"\\r\\n\\v\\f\\x1c-\\x1e\\x85\u2028\u2029'
# Blanks and what is not seen: a program may pass over them before it looks for a sign.
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
    """The text of a cell that holds a formula, or what is left of one that failed."""

    __slots__ = ()


class CellError(Exception):
    """What is wrong with a cell: a code of schema/messages.py, and the bound that it breaks."""

    def __init__(self, code: str, limit: str | None = None) -> None:
        """Say what it is."""
        super().__init__(code)
        self.code = code
        self.limit = limit


def guarded(text: str) -> str:
    """Return a text as it may stand in a spreadsheet.

    An apostrophe stands before each sign that would begin a cell, whichever characters the program
    separates by, and before a control character at the beginning.
    """
    signs = _BEFORE_SIGN.sub(partial(_quoted, change=lambda quotes: f"'{quotes}"), text)
    return f"'{signs}" if _CONTROLS.match(signs) else signs


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    if text.startswith("'") and _CONTROLS.match(text):
        text = text[1:]
    return _BEFORE_SIGN.sub(partial(_quoted, change=lambda quotes: quotes[1:]), text)


def _quoted(found: re.Match[str], change: Callable[[str], str]) -> str:
    """Change the apostrophes before a sign, where a cell may begin."""
    begins = found.start() == 0 or _END.search(found[1])
    return found[1] + (change(found[2]) if begins else found[2])


def written(value: Value) -> str:
    """Return the text of a value: days as 2022-10-21, moments with the offset of Vietnam."""
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
"""Returns what a cell's text means. Raises CellError."""


def text(cell: str) -> str:
    """Read a text as it stands."""
    return unguarded(cell)


def key(cell: str) -> str:
    """Read a code: without blanks around it."""
    return unguarded(cell.strip())


def whole(cell: str) -> int:
    """Read a whole number."""
    if not _WHOLE.fullmatch(cell.strip()):
        raise CellError("NOT_WHOLE")
    return int(cell)


def day(cell: str) -> date:
    """Read a day; a spreadsheet's has a time too, of midnight."""
    said = cell.strip().removesuffix("T00:00:00")
    if _DAY.fullmatch(said):
        with suppress(ValueError):
            return within_calendar(date.fromisoformat(said))
    raise CellError("NOT_A_DAY")


def yes_or_no(cell: str) -> bool:
    """Read true or false, in capitals or not."""
    said = cell.strip().lower()
    if said not in {"true", "false"}:
        raise CellError("NOT_TRUE_OR_FALSE")
    return said == "true"


def one_of(values: type[StrEnum]) -> Meaning:
    """Return what reads one of an enumeration's values."""

    def read(cell: str) -> StrEnum:
        try:
            return values(cell.strip())
        except ValueError:
            raise CellError("NOT_ONE_OF", ", ".join(values)) from None

    return read


def shares(cell: str) -> list[tuple[str, float]]:
    """Read authors with their shares in percent: code:share;code:share."""
    found = []
    for part in unguarded(cell).split(";"):
        code, _, share = part.strip().rpartition(":")
        if not code.strip() or not _DECIMAL.fullmatch(share.strip()):
            raise CellError("NOT_AUTHORS")
        found.append((code.strip(), float(Decimal(share.strip()))))
    return found
