"""The GraphQL endpoint: a request becomes a principal and a plan, the plan's JSON the response."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from time import perf_counter
from typing import Any, NamedTuple

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import answers, bodies, compression, etags, metrics
from api.bodies import GraphQLRequest, method_not_allowed
from api.graphiql_page import page
from api.identities import Identities, Identity, IdentityError
from api.introspection import Introspection
from api.limits import Crowd, Rate, stranger
from api.persisted import Documents
from api.refusals import refusal
from auth.principal import Principal, Principals
from auth.tokens import READ, WRITE, TokenError
from db.sessions import GrantsChangedError, Reader, TooSlowError, UnavailableError
from db.transactions import Writer
from schema.compiler.cache import Cache
from schema.compiler.plan import Compiler, Operation, Plan
from schema.messages import preferred
from schema.run import Asker, Mutations

MUTATION_SECONDS = 30.0  # of all its fields; a query is one statement, which has 10 seconds
_TRIES = 3  # of an operation whose caller's grants change meanwhile
_LARGEST_REMEMBERED = 4_000  # bytes of a body
_NEW_DOCUMENT = 1_000  # bytes of one that is not remembered count as an operation


@dataclass(frozen=True, slots=True)
class Rules:
    """What callers of the endpoint may do."""

    documents: Documents
    introspection: Introspection
    rate: Rate
    crowd: Crowd
    batch_limit: int


class Asking(NamedTuple):
    """Who asks, and the name that it is counted under."""

    identity: Identity
    counted_as: str

    @property
    def username(self) -> str | None:
        """Return the account; None for nobody."""
        return self.identity.username


class Prepared(NamedTuple):
    """A query with its plan and parameters, or a mutation, without a plan, and its variables."""

    operation: Operation
    plan: Plan | None
    values: Any


class GraphQLEndpoint:
    """Answers GraphQL over HTTP at one address, as an ASGI application."""

    def __init__(
        self,
        compiler: Compiler,
        identities: Identities,
        principals: Principals,
        reader: Reader,
        writer: Writer,
        *,
        rules: Rules,
    ) -> None:
        self._compiler = compiler
        self._identities = identities
        self._principals = principals
        self._reader = reader
        self._mutations = Mutations(compiler, writer)
        self._rules = rules
        # Clients send the same few bodies over and over: what became of one is remembered.
        self._prepared: Cache[Prepared] = Cache(2_048)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        started = perf_counter()
        try:
            response = await self._answer(request)
        except ClientDisconnect:
            return
        metrics.observe(response.status_code, perf_counter() - started)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        if request.method == "GET" and bodies.wants_page(request.headers, request.query_params):
            return page(request)
        media = answers.media_type(request.headers)
        try:
            response = await self._respond(request, media)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, it is answered
            response = refusal(error, media)
        return await _packed(request, response)

    async def _respond(self, request: Request, media: str) -> Response:
        """Go the way of a request, in order; each step may refuse it."""
        if request.method not in {"GET", "POST"}:
            raise method_not_allowed("Use GET or POST.")
        asking = await self._identify(request)
        self._rules.rate.take(asking.counted_as)
        if request.method == "GET":
            asked = bodies.parse_parameters(request.query_params)
            return await self._run(request, asking, self._prepare(asking, asked), media)
        body = await bodies.read_body(request)
        if self._rules.batch_limit and bodies.is_batch(body):
            return await self._batch(request, asking, body)
        return await self._run(request, asking, self._prepare_body(asking, body), media)

    async def _identify(self, request: Request) -> Asking:
        try:
            identity = await self._identities.of(request)
        except (TokenError, IdentityError):
            self._rules.rate.take(stranger(request.client))
            raise
        return Asking(identity, identity.username or stranger(request.client))

    def _prepare_body(self, asking: Asking, body: bytes) -> Prepared:
        def prepare() -> Prepared:
            self._rules.rate.take(asking.counted_as, len(body) // _NEW_DOCUMENT)
            return self._prepare(asking, bodies.parse_body(body))

        if len(body) > _LARGEST_REMEMBERED:
            return prepare()
        return self._prepared.remember(body, prepare)

    def _prepare(self, asking: Asking, asked: GraphQLRequest) -> Prepared:
        hints = self._rules.introspection.is_open_to(asking.username)
        query = self._rules.documents.text(asked.query, asked.reference)
        operation = self._compiler.operation(query, asked.operation_name, hints=hints)
        self._rules.documents.keep(query, asked.reference)
        variables = self._compiler.variables(operation, asked.variables, hints=hints)
        if operation.kind is OperationType.MUTATION:
            return Prepared(operation, None, variables)
        plan = self._compiler.plan(operation, variables)
        return Prepared(operation, plan, plan.values(variables))

    async def _run(
        self, request: Request, asking: Asking, prepared: Prepared, media: str
    ) -> Response:
        if request.method == "GET" and prepared.plan is None:
            raise method_not_allowed("Only queries may be sent by GET.")
        asking.identity.check(READ if prepared.plan else WRITE)
        self._rules.introspection.check(prepared.operation, asking.username)
        self._rules.crowd.enter(asking.counted_as)
        try:
            text = await self._data(request, asking.identity, prepared)
        finally:
            self._rules.crowd.leave(asking.counted_as)
        return answers.Data(text, media)

    async def _batch(self, request: Request, asking: Asking, body: bytes) -> Response:
        """Run several operations one after another; each succeeds or fails by itself."""
        batch = bodies.parse_batch(body, self._rules.batch_limit)
        self._rules.rate.take(asking.counted_as, len(batch) - 1)
        responses = []
        for asked in batch:
            try:
                prepared = self._prepare(asking, asked)
                response = await self._run(request, asking, prepared, answers.JSON)
            except Exception as error:  # noqa: BLE001 - as for a request of its own
                response = refusal(error, answers.JSON)
            responses.append(response)
        return answers.batch(responses)

    async def _data(self, request: Request, identity: Identity, prepared: Prepared) -> bytes:
        if prepared.plan is not None:
            return await self._read(identity, prepared.plan, prepared.values)
        asker = Asker(
            principal=lambda: self._principals.of(identity.username, identity.narrowing),
            grants_changed=lambda: self._principals.forget(identity.username),
            read=lambda plan, values: self._read(identity, plan, values),
            address=request.client.host if request.client else None,
            locale=preferred(request.headers.get("accept-language")),
        )
        try:
            async with asyncio.timeout(MUTATION_SECONDS):
                return await self._mutations.run(prepared.operation, prepared.values, asker)
        except TimeoutError:
            raise TooSlowError from None

    async def _read(self, identity: Identity, plan: Plan, values: Sequence[Any]) -> bytes:
        username = identity.username
        for _ in range(_TRIES):
            principal: Principal = await self._principals.of(username, identity.narrowing)
            try:
                return await self._reader.fetch_json(principal.caller, plan.sql, values)
            except GrantsChangedError:
                self._principals.forget(username)
        raise UnavailableError("the grants of the account keep changing")


async def _packed(request: Request, response: Response) -> Response:
    """Leave out what the client has already, and make the rest smaller."""
    coding = compression.coding(request, response)
    if (
        request.method == "GET"
        and isinstance(response, answers.Data)
        and etags.mark(request, response, coding)
    ):
        return etags.not_modified(response)
    if coding is not None:
        await compression.compress(response, coding)
    return response
