"""Applications registered with the issuer, without their secrets."""

from typing import Any

from sqlalchemy import ColumnElement, Select, func, select

from db.models import OAuthClient, RoleGrant
from db.queries.rows import Row, Rows

_SHOWN = (
    *("client_id", "name", "scope", "account_id", "permissions", "unit_id", "read_only"),
    *("created_at", "last_used_at", "revoked_at", "removed_at"),
)


def by_id(key: ColumnElement[Any]) -> Select[Any]:
    """Return the application with this id."""
    rows = _clients()
    return rows.where(rows.selected_columns.id == key)


def of_row(of: Row) -> Select[Any]:
    """Return the application of a row's `client`."""
    return by_id(of.client)


def of_authorization(of: Row) -> Select[Any]:
    """Return the application of an authorization."""
    rows = _clients()
    return rows.where(rows.selected_columns.client_id == of.client_id)


def granted_at(of: Row) -> Rows:
    """Return the applications of service accounts with a role at a unit, newest first."""
    grant = RoleGrant.__table__.alias()
    lasting = grant.c.revoked_at.is_(None) & (
        grant.c.valid_to.is_(None) | (grant.c.valid_to >= func.today())
    )
    accounts = select(grant.c.account_id).where(grant.c.unit_id == of.id, lasting)
    rows = _clients()
    shown = rows.selected_columns
    here = rows.where(shown.account_id.in_(accounts), shown.removed_at.is_(None))
    return Rows((here,), ("id",), descending=True)


def username(of: Row) -> ColumnElement[str]:
    """Return the username of the service account that an application acts as."""
    return func.service_username(of.account_id)


def _clients() -> Select[Any]:
    client = OAuthClient.__table__.alias()
    return select(client.c.serial.label("id"), *(client.c[name] for name in _SHOWN))
