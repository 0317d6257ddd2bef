"""The idiomatic contender as an ASGI application; `BENCH_CONFIG` names its settings file."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import strawberry
from sqlalchemy import Row, Select
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.extensions import ParserCache, SchemaExtension, ValidationCache
from strawberry.schema.config import StrawberryConfig

from auth.tokens import Verifier
from tests.bench.idiomatic import SCALARS, Loaders, Query


class Work(Loaders):
    """One request: its caller's session for one transaction, and its batches."""

    def __init__(self, session: AsyncSession, binding: str) -> None:
        super().__init__(self._execute)
        self._session = session
        self._binding = binding
        self._turn = asyncio.Lock()  # a session runs one statement at a time

    async def begin(self) -> None:
        """Open the transaction and bind it to the caller."""
        connection = await self._session.connection()
        await connection.exec_driver_sql(self._binding)

    async def end(self) -> None:
        """Close the transaction and return its connection."""
        await self._session.commit()
        await self._session.close()

    async def _execute(self, statement: Select[Any]) -> Sequence[Row[Any]]:
        async with self._turn:
            rows: Sequence[Row[Any]] = (await self._session.execute(statement)).all()
            return rows


class OneTransaction(SchemaExtension):
    """Runs an operation within its transaction."""

    async def on_execute(self) -> AsyncIterator[None]:
        """Begin, run the resolvers, end."""
        work: Work = self.execution_context.context
        await work.begin()
        try:
            yield
        finally:
            await work.end()


class Endpoint(GraphQL[Work, None]):
    """Strawberry's own ASGI endpoint, with the caller of the bearer token."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        parsed, validated = ParserCache(maxsize=128), ValidationCache(maxsize=128)
        schema = strawberry.Schema(
            Query,
            extensions=[lambda: parsed, lambda: validated, OneTransaction],
            config=StrawberryConfig(scalar_map=SCALARS),
        )
        super().__init__(schema, graphql_ide=None)
        url = make_url(config["databaseUrl"]).set(drivername="postgresql+asyncpg")
        self._engine = create_async_engine(
            url, pool_size=config["poolSize"], max_overflow=0, pool_reset_on_return=None
        )
        self._bindings: Mapping[str, str] = config["bindings"]

        async def load_keys() -> Sequence[Mapping[str, Any]]:
            keys: Sequence[Mapping[str, Any]] = config["keys"]
            return keys

        self._verifier = Verifier(load_keys, issuer=config["issuer"], audience=[config["audience"]])

    async def get_context(self, request: Any, response: Any) -> Work:
        """Return the request's work: its caller and its session."""
        token = request.headers["authorization"].removeprefix("Bearer ")
        subject = (await self._verifier.verify(token)).subject
        session = AsyncSession(self._engine, expire_on_commit=False)
        return Work(session, self._bindings[subject])


async def _ready(_: Request) -> Response:
    return Response(status_code=204)


def from_environment() -> Starlette:
    """Return the application for the settings file; each worker calls it."""
    config = json.loads(Path(os.environ["BENCH_CONFIG"]).read_text(encoding="utf-8"))
    return Starlette(routes=[Route("/graphql", Endpoint(config)), Route("/healthz", _ready)])
