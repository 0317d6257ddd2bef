"""Rows behind other rows, where the caller sees them."""

import re
from typing import Any

from tests.oracle.sight import Sight
from tests.oracle.world import Row

TABLES = {
    "Unit": "unit",
    "Campaign": "campaign",
    "Phase": "phase",
    "Initiative": "initiative",
    "Person": "person",
    "Account": "account",
    "Award": "award",
    "Grant": "role_grant",
    "AuditEvent": "audit_event",
    "AccessToken": "access_token",
    "Authorization": "token_family",
    "Client": "oauth_client",
}
One = tuple[str, Any]


def snake(name: str) -> str:
    """Return the column name of a GraphQL name."""
    return re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)


def seen(sight: Sight, kind: str, key: Any) -> One:
    """Return the row with an id, if the caller sees it."""
    row = sight.world.find(TABLES[kind], key)
    return kind, row if row is not None and sight.sees(TABLES[kind], row) else None


def coded(sight: Sight, kind: str, **columns: Any) -> One:
    """Return the row with these values, if the caller sees it."""
    row = sight.world.one(TABLES[kind], **columns)
    return seen(sight, kind, row.id if row else None)


def actor(sight: Sight, row: Row, **_: Any) -> One:
    """Return the person behind a row's account."""
    return behind(sight, row.account_id)


def behind(sight: Sight, account_id: Any) -> One:
    """Return the person behind an account, if the caller sees that too."""
    account = sight.world.find("account", account_id)
    known = account is not None and sight.sees("account", account)
    return seen(sight, "Person", account.person_id if account and known else None)


def unit_of(sight: Sight, row: Row, **_: Any) -> One:
    """Return the unit of a row."""
    return seen(sight, "Unit", row.unit_id)
