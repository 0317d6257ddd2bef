"""Helpers for tests of access tokens: creating one, and requests with it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import httpx
import psycopg

from api.app import create_app
from api.settings import DEMO_TODAY, Settings
from auth import keys, tokens
from tests.client import Client
from tests.mutating import ERRORS
from tests.visitor import Clock

CREATE = f"""mutation ($input: CreateAccessTokenInput!) {{ createAccessToken(input: $input) {{
    ... on CreateAccessTokenPayload {{ secret accessToken {{ id name permissions readOnly
        everywhere unit {{ code }} createdAt expiresAt lastUsedAt revokedAt }} }}
    ... on AccessTokenRejected {{ most }} {ERRORS} }} }}"""
REVOKE = f"""mutation ($input: RevokeAccessTokenInput!) {{ revokeAccessToken(input: $input) {{
    ... on RevokeAccessTokenPayload {{ accessToken {{ id revokedAt }} }} {ERRORS} }} }}"""
LIST = """{ viewer { accessTokens { totalCount nodes {
    id name lastUsedAt revokedAt unit { code } permissions } } } }"""
WHO = "{ viewer { account { username } } }"


class Holding(Client):
    """A client that also sends access tokens, at a time that a test sets."""

    clock: Clock

    def token(self, username: str, ttl: int = 600, **claims: Any) -> str:
        """Return an access token as `sangkien token` creates it, with a test's changes."""
        with psycopg.connect(self.settings.urls()[0]) as connection:
            key = keys.ensure(connection)
        good = {"issuer": self.settings.issuer, "audience": self.settings.audience, "ttl": ttl}
        return tokens.issue(key, username, **{**good, **claims})

    async def make(self, username: str, **fields: Any) -> Any:
        """Create a token as an account and return the response."""
        given = {"name": "A program", "days": 30, **fields}
        data = await self.data(CREATE, username, variables={"input": given})
        return data["createAccessToken"]

    async def secret(self, username: str, **fields: Any) -> str:
        """Create a token as an account and return its secret."""
        made = await self.make(username, **fields)
        assert "secret" in made, made
        return str(made["secret"])

    async def revoke(self, username: str, token_id: str) -> Any:
        """Revoke a token and return the response."""
        data = await self.data(REVOKE, username, variables={"input": {"accessToken": token_id}})
        return data["revokeAccessToken"]

    async def by(self, secret: str, query: str = WHO, **variables: Any) -> httpx.Response:
        """Send an operation with a token."""
        headers = {"Authorization": f"Bearer {secret}"}
        body = {"query": query, "variables": variables}
        return await self.http.post("/graphql", json=body, headers=headers)

    async def asked(self, secret: str, query: str, **variables: Any) -> Any:
        """Return the data of an operation with a token."""
        response = await self.by(secret, query, **variables)
        answer = response.json()
        assert response.status_code == 200, answer
        assert "errors" not in answer, answer
        return answer["data"]


@asynccontextmanager
async def holding(url: str, *, today: date = DEMO_TODAY, **changes: Any) -> AsyncIterator[Holding]:
    """A client of an application on this database, whose clock the test sets."""
    settings = Settings(database_url=url, today=today, **changes)
    clock = Clock()
    app = create_app(settings, clock)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            made = Holding(http, settings)
            made.clock = clock
            yield made


def code_of(response: httpx.Response) -> str:
    """Return the code of a rejection."""
    code: str = response.json()["errors"][0]["extensions"]["code"]
    return code
