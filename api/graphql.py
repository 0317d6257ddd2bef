"""The GraphQL endpoint: a request becomes a principal and a plan, the plan's JSON the response."""

from collections.abc import Sequence
from time import perf_counter
from typing import Any

from graphql import OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api import answers, metrics
from api.bodies import (
    GraphQLRequest,
    method_not_allowed,
    parse_body,
    parse_parameters,
    read_body,
    wants_page,
)
from api.graphiql_page import page
from api.identities import Identities
from api.refusals import refusal
from auth.principal import Principal, Principals
from db.sessions import GrantsChangedError, Reader, UnavailableError
from schema.compiler.plan import Cache, Compiler, Plan

_TRIES = 3  # of an operation whose caller's grants change meanwhile


class GraphQLEndpoint:
    """Answers GraphQL over HTTP at one address, as an ASGI application."""

    def __init__(
        self, compiler: Compiler, identities: Identities, principals: Principals, reader: Reader
    ) -> None:
        self._compiler = compiler
        self._identities = identities
        self._principals = principals
        self._reader = reader
        # Clients send the same few bodies over and over: what became of one is remembered.
        self._prepared: Cache[tuple[Plan, Sequence[Any]]] = Cache(2_048)

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
        if request.method == "GET" and wants_page(request.headers, request.query_params):
            return page(request)
        media = answers.media_type(request.headers)
        try:
            plan, values = await self._prepare(request)
            return answers.data(await self._run(request, plan, values), media)
        except ClientDisconnect:
            raise
        except Exception as error:  # noqa: BLE001 - the last resort: whatever it is, it is answered
            return refusal(error, media)

    async def _prepare(self, request: Request) -> tuple[Plan, Sequence[Any]]:
        if request.method == "POST":
            body = await read_body(request)
            return self._prepared.remember(body, lambda: self._plan(parse_body(body)))
        if request.method != "GET":
            raise method_not_allowed("Use GET or POST.")
        asked = parse_parameters(request.query_params)
        operation = self._compiler.operation(asked.query, asked.operation_name)
        if operation.kind is not OperationType.QUERY:
            raise method_not_allowed("Only queries may be sent by GET.")
        return self._plan(asked)

    def _plan(self, asked: GraphQLRequest) -> tuple[Plan, Sequence[Any]]:
        operation = self._compiler.operation(asked.query, asked.operation_name)
        variables = self._compiler.variables(operation, asked.variables)
        plan = self._compiler.plan(operation, variables)
        return plan, plan.values(variables)

    async def _run(self, request: Request, plan: Plan, values: Sequence[Any]) -> bytes:
        username = (await self._identities.of(request)).username
        for _ in range(_TRIES):
            principal: Principal = await self._principals.of(username)
            try:
                return await self._reader.fetch_json(principal.caller, plan.sql, values)
            except GrantsChangedError:
                self._principals.forget(username)
        raise UnavailableError("the grants of the account keep changing")
