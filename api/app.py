"""The application: its routes and the objects behind them."""

import asyncio
import json
import logging
import os
import time
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any

from starlette.applications import Starlette
from starlette.datastructures import State
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route, WebSocketRoute

from api import health, logs, manifest, metrics, metrics_access
from api import settings as settings_
from api.answers import JSON
from api.cors import cors
from api.demo_accounts import demo_accounts
from api.door import Probe, Probes
from api.figures import Figures
from api.graphiql_page import assets
from api.graphql import GraphQLEndpoint
from api.headers import CarefulHeaders
from api.health import PROBES
from api.hosting import EMBEDDED
from api.identities import Identities
from api.limits import Crowd, Rate
from api.live.lifetime import Stopping
from api.live.socket import SocketEndpoint
from api.oauth.cookies import Cookies
from api.oauth.limits import Limits
from api.oauth.routes import ROUTES
from api.operation_log import Names, OperationLog
from api.operations import Operations, Rules
from api.persisted import Documents
from api.protocols import STOPPING
from api.proxies import FromProxies
from api.refusals import refusal
from api.request_log import RequestLog
from api.settings import DEFAULT_ISSUER, Settings
from api.workers import SUPERVISOR, leave_with
from auth import keys, uses
from auth.access_tokens import AccessTokens
from auth.client_limits import ClientLimits
from auth.external.accounts import LinkedAccounts
from auth.external.provider import Provider
from auth.external.verifiers import Trusted, Verifiers
from auth.issuer.grants import ACCESS_LIFE
from auth.issuer.issuer import Issuer
from auth.issuer.server import Terms
from auth.principal import Principals
from auth.tokens import LEEWAY, Clock, Verifier
from auth.uses import Key, Table, Uses
from db.announcing import Listener
from db.readiness import Readiness
from db.sessions import Reader, TooSlowError
from db.transactions import Writer
from db.unavailable import UnavailableError
from db.watching import Watch
from schema.build import SCHEMA
from schema.compiler.plan import Compiler
from schema.compiler.warming import warm

_REVOKED = "select id::text from revoked_families($1) as id"


def create_app(settings: Settings, clock: Clock = time.time) -> Starlette:
    """Return the application for these settings; it opens its connections at start-up.

    Raises ManifestError.
    """
    reader_url, writer_url = settings.serving_urls()
    pooler = settings.behind_pooler
    reader = Reader(reader_url, size=settings.pool_size, pooler=pooler)
    # A writing connection occupies the database nearly all the time that it is in use: more of them
    # than processors would only compete for CPU caches.
    writer = Writer(writer_url, size=max(settings.pool_size // 2, 1), pooler=pooler)
    issuer = Issuer(_terms(settings), writer_url, clock, pooler=pooler)
    own = _verifier(settings, reader, clock)
    providers = [Provider(trust, clock) for trust in settings.oidc_issuers]
    verifier = _verifiers(settings, own, providers, reader, clock)
    token_uses = _uses(issuer, clock, "access_token")
    family_uses = _uses(issuer, clock, "token_family")
    access_tokens = AccessTokens(reader.fetch_row, token_uses, clock=clock)
    cookies = Cookies(secure=settings.issuer.startswith("https:"))
    identities = Identities(
        verifier,
        issuer,
        cookies,
        limits=ClientLimits(reader.fetch_rows, clock=clock),
        access_tokens=access_tokens,
        uses=family_uses,
    )
    # A pooler in transaction mode has no connection that can LISTEN.
    watch = Watch(reader, Listener(settings.direct_url or (None if pooler else writer_url)))
    rules = _rules(settings)
    operations = Operations(
        Compiler(SCHEMA._schema),  # noqa: SLF001 - Strawberry has no public way to the schema
        Principals(reader, settings.today, second_factor_required=settings.second_factor_required),
        reader,
        writer,
        watch=watch,
        rules=rules,
        log=OperationLog(_names(rules), slow=settings.slow_seconds, access=settings.access_log),
        clock=clock,
    )
    figures = Figures(
        *(reader, writer, issuer),
        watch_database=settings.metrics_port is not None,
        home=settings.home if EMBEDDED in os.environ else None,
    )
    stopping = Stopping()

    # Connections belong to an event loop, and the door and the application have one each.
    at_door, readiness = (Readiness(reader_url, writer_url) for _ in range(2))

    def ready(readiness: Readiness) -> Probe:
        return health.readiness(readiness, stopping, embedded=EMBEDDED in os.environ)

    routes = [
        Route("/graphql", GraphQLEndpoint(operations, identities, rules, stopping)),
        WebSocketRoute("/graphql", SocketEndpoint(operations, identities, rules, stopping)),
        Mount("/graphql/assets", app=assets().app),
        Route("/healthz", lambda _: JSONResponse({"status": "ok"})),
        Route("/readyz", health.endpoint(ready(readiness))),
        Route("/metrics", metrics_access.metrics),
        Route("/", _home),
        Route("/favicon.ico", lambda _: Response(status_code=204)),  # browsers ask for it anyway
        *ROUTES,
        *([Route("/demo/accounts", demo_accounts)] if settings.demo else []),
    ]

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[Mapping[str, Any]]:
        issuer.open()
        warm(SCHEMA._schema)  # noqa: SLF001 - as above
        figures.open()
        supervisor = os.environ.get(SUPERVISOR)
        leaving = asyncio.create_task(leave_with(int(supervisor))) if supervisor else None
        try:
            yield {
                STOPPING: stopping,
                PROBES: Probes(
                    {"/healthz": health.Liveness().probe, "/readyz": ready(at_door)}, at_door.close
                ),
            }
        finally:
            if leaving is not None:
                leaving.cancel()
            readiness.close()
            await figures.close()
            await watch.close()
            await operations.close()
            await _settle(issuer, token_uses, family_uses)
            await writer.close()
            await reader.close()
            await asyncio.to_thread(issuer.close)

    app = Starlette(
        routes=routes,
        middleware=_middleware(settings),
        lifespan=lifespan,
        exception_handlers={UnavailableError: _unavailable, TooSlowError: _unavailable},
    )
    # Starlette would redirect to the host named by the request, and repeat data from the request.
    app.router.redirect_slashes = False
    parts = {
        "reader": reader,
        "issuer": issuer,
        "verifier": own,
        "providers": {provider.trust.key: provider for provider in providers},
        "cookies": cookies,
        "oauth_limits": Limits(),
        "access_tokens": access_tokens,
        "settings": settings,
        "figures": figures,
    }
    app.state = State(parts)
    return app


def trusted_documents(settings: Settings) -> Mapping[str, str] | None:
    """Return the trusted documents by id; None allows any document. Raises ManifestError."""
    if settings.trusted_documents is None:
        return None
    compiler = Compiler(SCHEMA._schema)  # noqa: SLF001 - as above
    return manifest.load(settings.trusted_documents, compiler.check)


def _rules(settings: Settings) -> Rules:
    return Rules(
        documents=Documents(trusted_documents(settings)),
        introspection=settings.introspection_for,
        rate=Rate(settings.operations_a_second, settings.burst),
        crowd=Crowd(settings.concurrency, settings.concurrency_each),
        connections=Crowd(settings.connections, settings.connections_each, "connections"),
        subscriptions=Crowd(settings.subscriptions, settings.subscriptions_each, "subscriptions"),
        batch_limit=settings.batch_limit,
    )


def _names(rules: Rules) -> Names:
    return Names(rules.documents.operation_names())


def _middleware(settings: Settings) -> list[Middleware]:
    return [
        Middleware(FromProxies, proxies=settings.proxies),
        Middleware(RequestLog, access=settings.access_log),
        Middleware(CarefulHeaders),
        *cors(settings.cors_origins),
    ]


def _terms(settings: Settings) -> Terms:
    return Terms(
        issuer=settings.issuer,
        audience=settings.audience,
        second_factor_required=settings.second_factor_required,
        demo=settings.demo,
    )


def _verifier(settings: Settings, reader: Reader, clock: Clock) -> Verifier:
    async def load_keys() -> Sequence[Mapping[str, Any]]:
        return [json.loads(row["jwk"]) for row in await reader.fetch_rows(keys.PUBLISHED)]

    async def load_revoked() -> Collection[str]:
        still_alive = datetime.fromtimestamp(clock(), UTC) - timedelta(seconds=ACCESS_LIFE + LEEWAY)
        return {row["id"] for row in await reader.fetch_rows(_REVOKED, still_alive)}

    # `sangkien token` does not know the port of the server that its token will be used at.
    local = not settings.issuer.startswith("https:")
    return Verifier(
        load_keys,
        issuer=settings.issuer,
        audience=[settings.audience],
        aliases=[DEFAULT_ISSUER] if local else [],
        load_revoked=load_revoked,
        clock=clock,
    )


def _verifiers(
    settings: Settings,
    own: Verifier,
    providers: Sequence[Provider],
    reader: Reader,
    clock: Clock,
) -> Verifiers:
    others = {
        provider.trust.issuer: Trusted(
            provider.trust, provider.trust.verifier(provider.keys, settings.audience, clock)
        )
        for provider in providers
    }
    return Verifiers(own, others, LinkedAccounts(reader, clock))


def _uses(issuer: Issuer, clock: Clock, table: Table) -> Uses:
    async def note(keys: Sequence[Key]) -> None:
        await issuer.run(uses.note, table, keys)

    return Uses(note, clock=clock)


async def _settle(issuer: Issuer, *noted: Uses) -> None:
    """Wait for background work."""
    for token_uses in noted:
        await token_uses.close()
    await issuer.settle()


def from_environment() -> Starlette:
    """Return the application for the settings of the environment; each worker calls it."""
    settings = settings_.load()
    logs.configure(settings.log_format, settings.log_level)
    logs.take_uncaught()
    if settings.access_log:
        logs.ACCESS.setLevel(logging.INFO)
    metrics.WORKER_STARTS.inc()
    if settings.otlp_endpoint is not None:
        import_module("api.tracing").start(settings.otlp_endpoint)
    return create_app(settings)


def _unavailable(_: Request, error: Exception) -> Response:
    """Return the response to an outage for endpoints without their own handling."""
    return refusal(error, JSON)


def _home(_: Request) -> RedirectResponse:
    return RedirectResponse("/graphql")
