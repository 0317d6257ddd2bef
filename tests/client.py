"""A GraphQL client of an application that runs within the test."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from functools import cached_property
from typing import Any

import httpx
import psycopg
from joserfc.jwk import ECKey

from api.app import create_app
from api.settings import DEMO_TODAY, Settings
from auth import keys, tokens

_TRIES = 10


class Client:
    """Sends operations as an account; None is anonymous."""

    def __init__(self, http: httpx.AsyncClient, settings: Settings) -> None:
        self.http = http
        self.settings = settings

    @cached_property
    def _key(self) -> ECKey:
        with psycopg.connect(self.settings.urls()[0]) as connection:
            return keys.ensure(connection)

    def token(self, username: str, ttl: int = 600) -> str:
        """Return an access token as `sangkien token` creates it."""
        issuer, audience = self.settings.issuer, self.settings.audience
        return tokens.issue(self._key, username, issuer=issuer, audience=audience, ttl=ttl)

    async def post(self, query: Any, username: str | None = None, **body: Any) -> httpx.Response:
        """Send a document; `body` adds variables and other members."""
        headers = {"Authorization": f"Bearer {self.token(username)}"} if username else {}
        return await self.http.post("/graphql", json={"query": query, **body}, headers=headers)

    async def data(self, query: str, username: str | None = None, **body: Any) -> Any:
        """Return the data of an operation, which must succeed.

        Repeat it after `Retry-After` while a lock that it needs is taken.
        """
        for _ in range(_TRIES):
            response = await self.post(query, username, **body)
            answer = response.json()
            if not _is_locked(answer):
                break
            await asyncio.sleep(0.2)
        assert response.status_code == 200, answer
        assert "errors" not in answer, answer
        return answer["data"]


def _is_locked(answer: Any) -> bool:
    errors = answer.get("errors", []) if isinstance(answer, dict) else []
    return any(error.get("extensions", {}).get("reason") == "LOCKED" for error in errors)


@asynccontextmanager
async def client(url: str, **changes: Mapping[str, Any] | Any) -> AsyncIterator[Client]:
    """A client of an application on this database, on the demo's day."""
    settings = Settings(database_url=url, **{"today": DEMO_TODAY, **changes})
    app = create_app(settings)
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as http:
            yield Client(http, settings)
