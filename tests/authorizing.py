"""Helpers for tests of authorizations: register an application, authorise it, revoke it."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import psycopg
from psycopg.rows import dict_row

from auth.issuer import clients, families
from auth.issuer.clients import CODE, CREDENTIALS, REFRESH, Client
from auth.issuer.families import Family
from auth.tokens import READ, WRITE
from db.rules import secret
from tests.mutating import ERRORS
from tests.token_holding import Holding

WHOLE = f"{READ} {WRITE}"
SECRET = "a secret of the application"
HOLD = 5.1  # seconds after which no worker accepts a revoked token
LIST = """{ viewer { authorizations { totalCount nodes { id grantType scope readOnly createdAt
    expiresAt lastUsedAt revokedAt client { clientId name permissions everywhere readOnly username
    unit { code } } } } } }"""
REVOKE = f"""mutation ($input: RevokeAuthorizationInput!) {{ revokeAuthorization(input: $input) {{
    ... on RevokeAuthorizationPayload {{ authorization {{ id revokedAt }} }} {ERRORS} }} }}"""
CLIENTS = """query ($unit: String!) { unit(code: $unit) { clients { nodes { id clientId username
    scope lastUsedAt revokedAt authorizations { nodes { id grantType } } } } } }"""
STOP = f"""mutation ($input: RevokeClientInput!) {{ revokeClient(input: $input) {{
    ... on RevokeClientPayload {{ client {{ id revokedAt }} }} {ERRORS} }} }}"""


class Held(NamedTuple):
    """An authorization of an application for an account: its family and its two tokens."""

    family: str
    access: str
    refresh: str


def register(url: str, client_id: str = "app", *, service: str | None = None, **given: Any) -> None:
    """Register an application, or register it again; with a service account if one is given."""
    ways = [CODE, REFRESH, *([CREDENTIALS] if service else [])]
    facts: dict[str, Any] = {
        "name": "An application",
        "secret_hash": secret.hashed(SECRET) if service else None,
        "redirect_uris": ["https://app.test/back"],
        "post_logout_redirect_uris": [],
        "grant_types": ways,
        "scope": WHOLE,
        "trusted": False,
        "may_introspect": False,
    }
    with psycopg.connect(url) as connection:
        found = connection.execute(
            "update account set kind = 'SERVICE' where username = %s returning id", (service,)
        ).fetchone()
        account_id = found and found[0]
        given = {**facts, "account_id": account_id, **given}
        clients.register(connection, Client(client_id=client_id, **given))


def authorize(http: Holding, username: str, client_id: str = "app", scope: str = WHOLE) -> Held:
    """Authorise an application to act for an account, as by a code."""
    url, now = http.settings.urls()[0], datetime.fromtimestamp(http.clock.now, UTC)
    with psycopg.connect(url, row_factory=dict_row) as connection:
        row = connection.execute("select id from account where username = %s", (username,))
        family = Family(
            id=uuid.uuid4(),
            client_id=client_id,
            account_id=(row.fetchone() or {})["id"],
            session_id=None,
            scope=scope,
            auth_time=now,
            amr=["pwd"],
            expires_at=now + timedelta(days=30),
        )
        families.start(connection, family, now)
        refresh = families.add_refresh_token(connection, family, now)
    claims = {"client_id": client_id, "family": str(family.id), "scope": scope}
    return Held(str(family.id), http.token(username, **claims), refresh)


async def held_by(http: Holding, username: str | None) -> list[Any]:
    """Return the authorizations that an account's own session lists."""
    nodes: list[Any] = (await http.data(LIST, username))["viewer"]["authorizations"]["nodes"]
    return nodes


async def revoke(http: Holding, username: str | None, authorization: str) -> Any:
    """Revoke an authorization as an account and return the response."""
    given = {"input": {"authorization": authorization}}
    return (await http.data(REVOKE, username, variables=given))["revokeAuthorization"]


async def clients_at(http: Holding, username: str | None, unit: str) -> list[Any]:
    """Return the applications that `Unit.clients` lists."""
    found = (await http.data(CLIENTS, username, variables={"unit": unit}))["unit"]
    return [] if found is None else list(found["clients"]["nodes"])


async def stop(http: Holding, username: str | None, client: str) -> Any:
    """Stop an application as an account and return the response."""
    given = {"input": {"client": client, "reason": "Khóa bị lộ"}}
    return (await http.data(STOP, username, variables=given))["revokeClient"]
