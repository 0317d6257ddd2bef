"""The caller's access tokens, without their hashes."""

from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, select

from db.models import AccessToken
from db.queries.rows import Row, Rows


def own(_: Row) -> Rows:
    """Return the tokens of the caller's account, newest first, expired and revoked ones too."""
    tokens = _tokens()
    return Rows((select(*tokens.c),), ("id",), descending=True)


def by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the token with this id."""
    tokens = _tokens()
    return select(*tokens.c).where(tokens.c.id == key)


def of_row(of: Row) -> Select[Any]:
    """Return the token of a row's `access_token_id`."""
    return by_id(of.access_token_id)


def everywhere(of: Row) -> ColumnElement[bool]:
    """Return whether a token is limited to no unit."""
    return of.unit_id.is_(None)


def _tokens() -> FromClause:
    token = AccessToken.__table__.alias()
    return select(*(column for column in token.c if column.name != "token_hash")).subquery()
