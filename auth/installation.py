"""The first rows of an empty database: the root unit, emulation blocs, the first administrator."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import psycopg

from auth.issuer import invitations
from db.models.enums import Role, Sector, UnitLevel

_ROOT = """
    insert into unit (code, name, level, member_count, valid_from)
    values (%(code)s, %(name)s, %(level)s, 0, coalesce(%(today)s, local_day(now()))) returning id
"""
_ADMINISTRATOR = """
    with made as (
        insert into person (code, name, unit_id, sector, email)
        values (%(person_code)s, %(person_name)s, %(unit_id)s, %(sector)s, %(email)s) returning id
    )
    insert into account (username, kind, person_id)
    select %(username)s, 'PERSON', id from made returning id
"""
_GRANT = """
    insert into role_grant (account_id, role, unit_id, valid_from)
    select %s, %s, id, valid_from from unit where id = %s
"""


class NotEmptyError(Exception):
    """The database is not empty; the text names what exists."""


@dataclass(frozen=True)
class Installation:
    """The first rows to insert; `today` is their start date, None for the current day."""

    code: str
    name: str
    username: str
    person_code: str
    person_name: str
    email: str | None = None
    blocs: Mapping[str, str] = field(default_factory=dict)
    today: date | None = None


def install(connection: psycopg.Connection[Any], first: Installation) -> str:
    """Insert the rows, and return the token of the administrator's invitation.

    The administrator is a person with an account and the role ADMIN at the root. Requires a
    connection of the owner; the caller commits.

    Raises:
        NotEmptyError: a root unit exists, or a row that is to be inserted does.
    """
    root = connection.execute("select code from unit where parent_id is null").fetchone()
    if root is not None:
        raise NotEmptyError(f"the database has a root unit, {root[0]}")
    try:
        return _insert(connection, first)
    except psycopg.errors.UniqueViolation as error:
        taken = {
            "unit_one_root_idx": "the database has a root unit",
            "emulation_bloc_code_key": "the database has an emulation bloc of such a code",
            "account_username_key": f"the database has an account '{first.username}'",
        }
        raise NotEmptyError(taken[error.diag.constraint_name or ""]) from error


def _insert(connection: psycopg.Connection[Any], first: Installation) -> str:
    unit_id = _made(
        connection,
        _ROOT,
        {
            "code": first.code,
            "name": first.name,
            "level": UnitLevel.CONFEDERATION,
            "today": first.today,
        },
    )
    for code, name in first.blocs.items():
        connection.execute("insert into emulation_bloc (code, name) values (%s, %s)", (code, name))
    account_id = _made(
        connection,
        _ADMINISTRATOR,
        {
            "person_code": first.person_code,
            "person_name": first.person_name,
            "unit_id": unit_id,
            "sector": Sector.PUBLIC,
            "email": first.email,
            "username": first.username,
        },
    )
    connection.execute(_GRANT, (account_id, Role.ADMIN, unit_id))
    return invitations.invite(connection, account_id, datetime.now(UTC))


def _made(connection: psycopg.Connection[Any], query: str, values: Mapping[str, Any]) -> int:
    row = connection.execute(query.encode(), values).fetchone()
    assert row is not None
    return int(row[0])
