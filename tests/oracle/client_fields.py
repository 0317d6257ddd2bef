"""The fields of applications and authorizations that are more than a column.

Functions as in tree_fields.
"""

# ruff: noqa: N802 - functions have the names of fields

from typing import Any

from tests.oracle import listings
from tests.oracle.paging import Listing
from tests.oracle.seen import One, seen, unit_of
from tests.oracle.sight import Sight
from tests.oracle.world import Row

Client_unit = unit_of


def Viewer_authorizations(sight: Sight, _: Row, **__: Any) -> Listing:
    mine = sight.account.id if sight.account else None
    return listings.newest("Authorization", sight.world.where("token_family", account_id=mine))


def Authorization_grantType(_: Sight, row: Row) -> str:
    return "CLIENT_CREDENTIALS" if row.auth_time is None else "AUTHORIZATION_CODE"


def Authorization_client(sight: Sight, row: Row) -> One:
    client = sight.world.one("oauth_client", client_id=row.client_id)
    return seen(sight, "Client", client.serial if client else None)


def Authorization_readOnly(sight: Sight, row: Row) -> bool:
    _, client = Authorization_client(sight, row)
    return "sangkien.write" not in row.scope or (client is not None and bool(client.read_only))


def Client_everywhere(_: Sight, row: Row) -> bool:
    return row.unit_id is None


def Client_username(sight: Sight, row: Row) -> str | None:
    account = sight.world.find("account", row.account_id)
    known = account is not None and (account is sight.account or account.id in sight.services())
    return str(account.username) if account is not None and known else None


def Client_authorizations(sight: Sight, row: Row, **_: Any) -> Listing:
    held = [one for one in sight.visible("token_family") if one.client_id == row.client_id]
    return listings.newest("Authorization", held)


def Unit_clients(sight: Sight, row: Row, **_: Any) -> Listing:
    here = {
        grant.account_id
        for grant in sight.visible("role_grant")
        if grant.unit_id == row.id and sight.lasts(grant)
    }
    found = [
        client
        for client in sight.visible("oauth_client")
        if client.account_id in here and client.removed_at is None
    ]
    return listings.newest("Client", found)
