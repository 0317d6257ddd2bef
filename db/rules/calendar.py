"""The range of valid dates."""

from datetime import date

_FIRST, _LAST = date(1900, 1, 1), date(2999, 12, 31)


def within_calendar(day: date) -> date:
    """Return a day of the years 1900 to 2999. Raises ValueError for any other.

    PostgreSQL's driver encodes the first and the last day of Python's calendar as infinity, and
    the rules could not calculate beyond them.
    """
    if not _FIRST <= day <= _LAST:
        raise ValueError("not a day of the years 1900 to 2999")
    return day
