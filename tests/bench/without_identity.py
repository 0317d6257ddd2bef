"""This project's application with its identity left out, step by step, as ASGI applications.

`whole` is the unchanged application. `unauthenticated` accepts every request as one account's.
`unbound` also reads on connections whose settings were made when they were opened: the same
policies filter the same rows, but no transaction is begun and bound for a request.
"""

import os
from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request

from api.app import create_app
from api.graphql import GraphQLEndpoint
from api.identities import Identity
from api.settings import Settings
from auth.principal import Principal, Principals
from auth.tokens import READ
from db.sessions import Caller, Reader
from tests.bench.place import ACCOUNT

_SOMEBODY = Identity(ACCOUNT, frozenset({READ}))


class Anybody:
    """Authenticates every caller as one account."""

    async def of(self, _: Request) -> Identity:
        """Return that account."""
        return _SOMEBODY


class OnePrincipal:
    """Looks one account up once."""

    def __init__(self, principals: Principals) -> None:
        self._principals = principals
        self._found: Principal | None = None

    async def of(self, *_: object) -> Principal:
        """Return that account's principal."""
        if self._found is None:
            self._found = await self._principals.of(ACCOUNT)
        return self._found

    def account_id(self, _: object) -> int | None:
        """Return that account's id, once it is known."""
        return None if self._found is None else self._found.account_id


class UnboundReader(Reader):
    """Runs statements unchanged, on connections that always have a caller's settings."""

    async def fetch_json(self, caller: Caller, sql: str, values: Sequence[Any]) -> bytes:
        """Run one statement."""
        async with self._pool.link(5) as link:
            result: bytes = await link.value(sql, values)
            return result


def whole() -> Starlette:
    """Return the unchanged application."""
    return create_app(Settings())


def unauthenticated() -> Starlette:
    """Return it without authentication."""
    app = whole()
    endpoint = _endpoint(app)
    endpoint._identities = Anybody()  # type: ignore[assignment]
    operations = endpoint._operations
    operations._principals = OnePrincipal(operations._principals)  # type: ignore[assignment]
    return app


def unbound() -> Starlette:
    """Return it without authentication and session binding.

    `BENCH_BOUND_URL` is the reader's URL, with the settings of its connections.
    """
    app = unauthenticated()
    reader = _endpoint(app)._operations._reader
    reader.__class__ = UnboundReader
    reader._pool._url = os.environ["BENCH_BOUND_URL"]
    return app


def _endpoint(app: Starlette) -> GraphQLEndpoint:
    endpoint = next(route.endpoint for route in app.routes if route.path == "/graphql")  # type: ignore[attr-defined]
    assert isinstance(endpoint, GraphQLEndpoint)
    return endpoint
