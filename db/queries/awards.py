"""Awards received and given."""

from typing import Any

from sqlalchemy import ColumnElement, Select

from db.models import Award
from db.queries.rows import Row, Rows, everything


def by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the award with this id."""
    award = Award.__table__.alias()
    return everything(award).where(award.c.id == key)


def of_row(of: Row) -> Select[Any]:
    """Return the award of a row's `award_id`."""
    return by_id(of.award_id)


def received(of: Row) -> Rows:
    """Return the awards that a unit received, newest first."""
    award = Award.__table__.alias()
    return _newest_first(everything(award).where(award.c.recipient_unit_id == of.id))


def issued(of: Row) -> Rows:
    """Return the awards that a unit gave, newest first."""
    award = Award.__table__.alias()
    return _newest_first(everything(award).where(award.c.issuer_id == of.id))


def _newest_first(rows: Select[Any]) -> Rows:
    return Rows((rows,), ("id",), descending=True)
