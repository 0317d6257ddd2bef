"""Authorizations of applications, without anything that identifies a token."""

from typing import Any

from sqlalchemy import ColumnElement, Select, case, false, func, literal, or_, select

from db.models import OAuthClient, TokenFamily
from db.queries.rows import Row, Rows

_SHOWN = (
    *("client_id", "account_id", "scope", "auth_time", "created_at", "expires_at"),
    *("last_used_at", "revoked_at"),
)
_WRITE = "sangkien.write"  # the scope that mutations need


def own(_: Row) -> Rows:
    """Return the authorizations of the caller's account, newest first."""
    rows = _authorizations()
    return _newest_first(rows.where(rows.selected_columns.account_id == func.caller()))


def of_client(of: Row) -> Rows:
    """Return an application's authorizations that the caller sees, newest first."""
    rows = _authorizations()
    return _newest_first(rows.where(rows.selected_columns.client_id == of.client_id))


def by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the authorization with this id."""
    rows = _authorizations()
    return rows.where(rows.selected_columns.id == key)


def of_row(of: Row) -> Select[Any]:
    """Return the authorization of a row's `authorization_id`."""
    return by_id(of.authorization_id)


def grant_type(of: Row) -> ColumnElement[str]:
    """Return the grant type: without a sign-in the application used its own credentials."""
    return case((of.auth_time.is_(None), "CLIENT_CREDENTIALS"), else_="AUTHORIZATION_CODE")


def read_only(of: Row) -> ColumnElement[bool]:
    """Return whether its tokens cannot write, by their scope or their application's limits."""
    client = OAuthClient.__table__.alias()
    limited = select(client.c.read_only).where(client.c.client_id == of.client_id).scalar_subquery()
    reads = literal(_WRITE) != func.all(func.string_to_array(of.scope, " "))
    return or_(reads, func.coalesce(limited, false()))


def _authorizations() -> Select[Any]:
    family = TokenFamily.__table__.alias()
    return select(family.c.serial.label("id"), *(family.c[name] for name in _SHOWN))


def _newest_first(rows: Select[Any]) -> Rows:
    return Rows((rows,), ("id",), descending=True)
