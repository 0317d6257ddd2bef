"""The application: what is served where, and what it is made of."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse
from starlette.routing import Mount, Route

from api import manifest
from api import settings as settings_
from api.cors import cors
from api.demo_accounts import demo_accounts
from api.graphiql_page import assets
from api.graphql import GraphQLEndpoint, Rules
from api.headers import CarefulHeaders
from api.health import healthz, readyz
from api.limits import Crowd, Rate
from api.metrics import metrics
from api.persisted import Documents
from api.settings import Settings
from api.workers import leave_with
from auth.principal import Principals
from auth.tokens import Verifier
from db.sessions import Reader
from db.transactions import Writer
from schema.build import SCHEMA
from schema.compiler.plan import Compiler

# How the command line tells the processes that serve.
EMBEDDED = "SANGKIEN_SERVER_IS_EMBEDDED"
SUPERVISOR = "SANGKIEN_SUPERVISOR"  # its process id, where it started several workers
_KEYS = "select public_jwk::text as jwk from signing_key where retired_at is null"


def create_app(settings: Settings) -> Starlette:
    """Return the application for these settings; it opens its connections at start-up.

    Raises ManifestError.
    """
    _, reader_url, writer_url = settings.urls()
    reader = Reader(reader_url, size=settings.pool_size)
    writer = Writer(writer_url, size=settings.pool_size)

    async def load_keys() -> Sequence[Mapping[str, Any]]:
        return [json.loads(row["jwk"]) for row in await reader.fetch_rows(_KEYS)]

    endpoint = GraphQLEndpoint(
        Compiler(SCHEMA._schema),  # noqa: SLF001 - Strawberry offers no other way to the schema
        Verifier(load_keys, issuer=settings.issuer, audience=settings.audience),
        Principals(reader, settings.today),
        reader,
        writer,
        rules=Rules(
            documents=Documents(trusted_documents(settings)),
            introspection=settings.introspection_for,
            rate=Rate(settings.operations_a_second, settings.burst),
            crowd=Crowd(settings.concurrency, settings.concurrency_each),
            batch_limit=settings.batch_limit,
        ),
    )
    routes = [
        Route("/graphql", endpoint),
        Mount("/graphql/assets", app=assets().app),
        Route("/healthz", healthz),
        Route("/readyz", readyz),
        Route("/metrics", metrics),
        Route("/", _home),
    ]
    if settings.demo:
        routes.append(Route("/demo/accounts", demo_accounts))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await reader.open()
        await writer.open()
        supervisor = os.environ.get(SUPERVISOR)
        leaving = asyncio.create_task(leave_with(int(supervisor))) if supervisor else None
        try:
            yield
        finally:
            if leaving is not None:
                leaving.cancel()
            await writer.close()
            await reader.close()

    middleware = [Middleware(CarefulHeaders), *cors(settings.cors_origins)]
    app = Starlette(routes=routes, middleware=middleware, lifespan=lifespan)
    app.state.reader = reader
    app.state.settings = settings
    app.state.embedded = EMBEDDED in os.environ
    return app


def trusted_documents(settings: Settings) -> Mapping[str, str] | None:
    """Return the only documents that are run, by id; None where any is. Raises ManifestError."""
    if settings.trusted_documents is None:
        return None
    compiler = Compiler(SCHEMA._schema)  # noqa: SLF001 - as above
    return manifest.load(settings.trusted_documents, compiler.check)


def from_environment() -> Starlette:
    """Return the application for the settings of the environment; each worker calls it."""
    return create_app(settings_.load())


def _home(_: Request) -> RedirectResponse:
    return RedirectResponse("/graphql")
